from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from problems import HAS_EXTENDED_PRECISION, about, factor_of, golden, regression, with_ones

from gdcli.engine.arrays import Array
from gdcli.engine.problems import dependence
from gdcli.engine.problems.factor import factor_rows
from gdcli.engine.problems.optimum import Optimum, solve


def optimum_of(X: Array, y: Array, *, intercept: bool = True) -> Optimum:
    return solve(factor_of(X, y, intercept=intercept))


def correct_digits(actual: Array, certified: Array) -> float:
    def digits(value: float, truth: float) -> float:
        error = abs(value - truth) / (abs(truth) or 1.0)
        return 15.0 if error == 0 else min(15.0, -math.log10(error))

    return min(digits(float(a), float(b)) for a, b in zip(actual, certified, strict=True))


# NIST's Statistical Reference Datasets

NIST = {name: entry for name, entry in golden("nist_strd.json").items() if name != "source"}


def powers(x: Array, degree: int) -> Array:
    return np.column_stack([x**k for k in range(1, degree + 1)])


def nist_problem(entry: dict[str, Any]) -> tuple[Array, Array, Array]:
    columns = np.column_stack([np.array(column, dtype=float) for column in entry["columns"].values()])
    X = columns if entry["degree"] is None else powers(columns[:, 0], entry["degree"])
    certified = np.array(entry["certified"]["weights"])
    # NIST puts the intercept first, we put it last.
    return X, np.array(entry["y"], dtype=float), np.roll(certified, -1) if entry["intercept"] else certified


@pytest.mark.parametrize("name", NIST)
@pytest.mark.parametrize("cutoff", [None, -1])
def test_weights_have_at_least_the_correct_digits_of_numpy(name: str, cutoff: float | None) -> None:
    X, y, certified = nist_problem(NIST[name])
    intercept = NIST[name]["intercept"]
    theirs = np.asarray(np.linalg.lstsq(with_ones(X) if intercept else X, y, rcond=cutoff)[0], dtype=np.float64)
    ours = optimum_of(X, y, intercept=intercept).weights
    # In plain double the last digit is a draw between two backward stable methods.
    slack = 0 if HAS_EXTENDED_PRECISION else 1
    assert correct_digits(ours, certified) >= correct_digits(theirs, certified) - slack


# With extended precision, and without.
DIGITS = {
    "Norris": (13, 12),
    "Pontius": (13, 11),
    "NoInt1": (14, 14),
    "NoInt2": (14, 14),
    "Filip": (7, 7),
    "Longley": (13, 11),
    "Wampler1": (12, 9),
    "Wampler2": (12, 12),
    "Wampler3": (12, 9),
    "Wampler4": (10, 8),
    "Wampler5": (8, 6),
}


@pytest.mark.parametrize("name", NIST)
def test_weights_of_nist_have_their_digits(name: str) -> None:
    X, y, certified = nist_problem(NIST[name])
    optimum = optimum_of(X, y, intercept=NIST[name]["intercept"])
    assert correct_digits(optimum.weights, certified) >= DIGITS[name][0 if HAS_EXTENDED_PRECISION else 1]
    assert optimum.rank == len(certified)
    assert optimum.dependent == ()


@pytest.mark.parametrize("name", [name for name in NIST if name not in ("Wampler1", "Wampler2")])
def test_the_residual_deviation_of_nist_has_its_digits(name: str) -> None:
    X, y, certified = nist_problem(NIST[name])
    optimum = optimum_of(X, y, intercept=NIST[name]["intercept"])
    deviation = math.sqrt(optimum.mse * len(y) / (len(y) - len(certified)))
    assert deviation == about(NIST[name]["certified"]["residual_standard_deviation"], rel=1e-7)
    assert not optimum.is_zero


@pytest.mark.parametrize(("ratio", "digits"), [(1, 8), (10, 12)])
def test_wampler_from_its_formula(ratio: int, digits: int) -> None:
    x = np.arange(21.0)
    y = np.array([math.fsum((i / ratio) ** k for k in range(6)) for i in range(21)])
    certified = np.array([*((1 / ratio) ** k for k in range(1, 6)), 1.0])
    optimum = optimum_of(powers(x, 5), y)
    assert correct_digits(optimum.weights, certified) >= digits
    assert (optimum.rank, optimum.is_zero) == (6, True)


def test_filip_keeps_its_rank_where_numpy_drops_it() -> None:
    X, y, _ = nist_problem(NIST["Filip"])
    optimum = optimum_of(X, y)
    assert np.linalg.lstsq(with_ones(X), y, rcond=None)[2] == 10
    assert (optimum.rank, optimum.dependent) == (11, ())
    assert 1e15 < optimum.condition_number < 1e16


# Below full rank


def deficient(name: str) -> tuple[Array, Array]:
    X, y = regression(n=40, p=3)
    a, b, c = np.round(X * 2**16).T / 2**16  # short enough for every sum and product below to be exact
    columns = {
        "duplicate": [a, a, b],
        "multiple": [a, b, -250 * a],
        "sum": [a, b, a + b],
        "sum in front": [a + b, a, b],
        "constant": [a, np.full(40, 3.0), b],
        "two constants": [np.full(40, 3.0), a, np.full(40, -7.0)],
        "zero": [a, np.zeros(40), b],
        "all zero": [np.zeros(40), np.zeros(40)],
        "shares of one": [a, b, 1 - a - b],
        "two relations": [a, a, b, b + c, c],
        "indicators": [np.arange(40) % 3 == i for i in range(3)],
        "badly scaled": [1e9 * a, b, 1e-9 * a],
        "affine": [a, 1e3 + 2 * a, b],
        "large mean": [1e6 + a, b, 1e6 + a - b],
    }[name]
    return np.column_stack(columns).astype(float), y


LAST = -1  # stands for the intercept
RELATIONS: dict[str, list[tuple[int, tuple[int, ...]]]] = {
    "duplicate": [(1, (0,))],
    "multiple": [(2, (0,))],
    "sum": [(2, (0, 1))],
    "sum in front": [(2, (0, 1))],
    "constant": [(1, (LAST,))],
    "two constants": [(0, (LAST,)), (2, (LAST,))],
    "zero": [(1, ())],
    "all zero": [(0, ()), (1, ())],
    "shares of one": [(2, (0, 1, LAST))],
    "two relations": [(1, (0,)), (4, (2, 3))],
    "indicators": [(2, (0, 1, LAST))],
    "badly scaled": [(2, (0,))],
    "affine": [(1, (0, LAST))],
    "large mean": [(2, (0, 1))],
}


@pytest.mark.parametrize("name", RELATIONS)
def test_dependent_columns_are_named_with_what_they_are_made_of(name: str) -> None:
    X, y = deficient(name)
    p = X.shape[1]
    expected = tuple((j, tuple(p if i == LAST else i for i in parts)) for j, parts in RELATIONS[name])
    optimum = optimum_of(X, y)
    assert optimum.dependent == expected
    assert optimum.rank == p + 1 - len(expected)


@pytest.mark.parametrize(
    ("intercept", "expected"), [(False, ((1, (0,)), (2, (0,)))), (True, ((1, (0,)), (2, (0,)), (3, ())))]
)
def test_the_last_column_comes_before_others_as_an_intercept_only(intercept: bool, expected: Any) -> None:
    a = np.arange(1.0, 6)
    X = np.column_stack([a, 2 * a, 3 * a, np.zeros(5)][: 4 if intercept else 3])
    assert optimum_of(X, a**2, intercept=intercept).dependent == expected


@pytest.mark.parametrize("name", RELATIONS)
def test_the_condition_number_is_infinite_below_full_rank(name: str) -> None:
    assert optimum_of(*deficient(name)).condition_number == math.inf


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", [name for name in RELATIONS if name not in ("badly scaled", "large mean")])
def test_the_solution_is_the_smallest_of_all_that_fit_best(name: str, intercept: bool) -> None:
    X, y = deficient(name)
    design = with_ones(X) if intercept else X
    expected = np.linalg.pinv(design, rcond=1e-11) @ y
    optimum = optimum_of(X, y, intercept=intercept)
    np.testing.assert_allclose(optimum.weights, expected, rtol=0, atol=1e-11 * max(1, np.abs(expected).max()))
    assert optimum.rank == np.linalg.matrix_rank(design)
    assert optimum.mse == about(np.mean((design @ expected - y) ** 2), rel=1e-10)


@pytest.mark.parametrize(("n", "p"), [(5, 9), (1, 3), (4, 4), (3, 40)])
def test_the_solution_of_a_wide_design_is_the_smallest(n: int, p: int) -> None:
    random = np.random.RandomState(8)
    X, y = random.randn(n, p), random.randn(n)
    optimum = optimum_of(X, y)
    np.testing.assert_allclose(optimum.weights, np.linalg.pinv(with_ones(X)) @ y, rtol=0, atol=1e-13)
    assert (optimum.rank, optimum.condition_number) == (n, math.inf)
    # The intercept is taken as given; the first few of the columns that it and those before them make up are named.
    first = range(n - 1, min(p, n - 1 + dependence.RELATIONS))
    assert [column for column, _ in optimum.dependent] == list(first)
    assert optimum.mse < 1e-28
    assert optimum.is_zero


@pytest.mark.parametrize("ratio", [1e3, 1e6, 1e9, 1e18])
def test_the_same_column_in_two_units_fits_as_well_as_once(ratio: float) -> None:
    X, y = deficient("duplicate")
    a, b = X[:, 0], X[:, 2]
    once = optimum_of(np.column_stack([a, b]), y)
    twice = optimum_of(np.column_stack([ratio * a, a, b]), y)
    assert twice.rank == 3
    assert twice.mse == about(once.mse, rel=1e-12)
    # Of all w with ratio·w₀ + w₁ = weight, the smallest is that along (ratio, 1).
    smallest = once.weights[0] * np.array([ratio, 1]) / (ratio**2 + 1)
    np.testing.assert_allclose(twice.weights[:2] * [ratio, 1], smallest * [ratio, 1], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("scales", [[1, 1, 1, 1, 1], [1e6, 1e-3, 1, 1e9, 1e-9], [1e-12, 1e12, 1e-3, 1, 1e3]])
def test_relations_across_units_cost_no_fit(scales: list[float]) -> None:
    X, y = deficient("duplicate")
    a, b = X[:, 0], X[:, 2]
    once = optimum_of(np.column_stack([a, b]), y)
    tangled = np.column_stack([a, a, b, a + b, b]) * scales
    optimum = optimum_of(tangled, y)
    assert (optimum.rank, [column for column, _ in optimum.dependent]) == (3, [1, 3, 4])
    assert optimum.mse == about(once.mse, rel=1e-12)
    # What a and b weigh together does not depend on the units they are split over.
    v0, v1, v2, v3, v4 = optimum.weights[:5] * scales
    np.testing.assert_allclose([v0 + v1 + v3, v2 + v3 + v4], once.weights[:2], rtol=1e-9)
    # Of all solutions the smallest is at right angles to the null space.
    null = np.array([[1, -1, 0, 0, 0], [1, 0, 1, -1, 0], [0, 0, 1, 0, -1]]) / scales
    slope = null @ optimum.weights[:5] / np.linalg.norm(null, axis=1) / np.linalg.norm(optimum.weights[:5])
    assert (np.abs(slope) < 1e-9).all()


# At full rank


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("n", [60, 30_000])
def test_weights_and_loss_are_those_of_numpy(n: int, intercept: bool) -> None:
    X, y = regression(n=n, p=4)
    design = with_ones(X) if intercept else X
    expected = np.linalg.lstsq(design, y, rcond=None)[0]
    optimum = optimum_of(X, y, intercept=intercept)
    np.testing.assert_allclose(optimum.weights, expected, rtol=1e-12)
    assert optimum.mse == about(np.mean((design @ expected - y) ** 2), rel=1e-12)
    assert (optimum.rank, optimum.dependent, optimum.is_zero) == (design.shape[1], (), False)


@pytest.mark.parametrize(
    ("scale", "rtol"), [([1.0, 1.0, 1.0], 1e-12), ([1e3, 1.0, 1e-3], 1e-9), ([1e5, 1.0, 1.0], 1e-10)]
)
def test_the_condition_number_is_that_of_the_design_as_it_stands(scale: list[float], rtol: float) -> None:
    X, y = regression(n=80, p=3)
    assert optimum_of(X * scale, y).condition_number == about(np.linalg.cond(with_ones(X * scale)), rel=rtol)


def test_no_columns_have_nothing_to_solve() -> None:
    y = np.array([1.0, 2.0, 4.0])
    optimum = optimum_of(np.zeros((3, 0)), y, intercept=False)
    assert (optimum.weights.shape, optimum.rank, optimum.dependent) == ((0,), 0, ())
    assert optimum.mse == about(7.0, rel=1e-15)


def test_an_intercept_alone_is_the_mean() -> None:
    optimum = optimum_of(np.zeros((3, 0)), np.array([1.0, 2.0, 6.0]))
    assert optimum.weights[0] == about(3.0, rel=1e-15)
    assert optimum.mse == about(14 / 3, rel=1e-15)
    assert optimum.condition_number == 1.0


def test_permuting_columns_permutes_weights() -> None:
    X, y = regression(n=60, p=5)
    order = [3, 0, 4, 2, 1]
    straight, permuted = optimum_of(X, y), optimum_of(X[:, order], y)
    np.testing.assert_allclose(permuted.weights, straight.weights[[*order, 5]], rtol=1e-13)
    assert permuted.mse == about(straight.mse, rel=1e-13)


@pytest.mark.parametrize("scale", [1e12, 1e-12, -1e6])
@pytest.mark.parametrize("n", [60, 30_000])
def test_scaling_a_column_scales_its_weight_inversely_and_keeps_the_rank(scale: float, n: int) -> None:
    X, y = regression(n=n, p=3)
    factors = np.array([1.0, scale, 1.0, 1.0])
    straight, scaled = optimum_of(X, y), optimum_of(X * factors[:3], y)
    np.testing.assert_allclose(scaled.weights * factors, straight.weights, rtol=1e-12)
    assert scaled.rank == straight.rank == 4
    assert scaled.mse == about(straight.mse, rel=1e-12)


def test_a_column_with_a_large_mean_keeps_its_digits_and_its_rank() -> None:
    X, y = regression(n=200, p=2)
    moved = optimum_of(X + np.array([1e6, 0.0]), y)
    straight = optimum_of(np.column_stack([(X[:, 0] + 1e6) - 1e6, X[:, 1]]), y)
    np.testing.assert_allclose(moved.weights[:2], straight.weights[:2], rtol=1e-11)
    assert moved.rank == 3
    assert moved.mse == about(straight.mse, rel=1e-11)


@pytest.mark.parametrize("name", ["duplicate", "constant", "indicators", "affine", "large mean"])
def test_an_affine_scaler_leaves_the_loss_and_the_rank_of_the_optimum(name: str) -> None:
    X, y = deficient(name)
    rows = factor_rows(X, y)
    scale = np.where(rows.deviations() > 1e-6, rows.deviations(), 1.0)
    scaled = solve(rows.rescaled(rows.means(), scale, intercept=True))
    straight = optimum_of(X, y)
    assert scaled.mse * scale[-1] ** 2 == about(straight.mse, rel=1e-11)
    assert scaled.rank == straight.rank


# Zero to rounding

ZERO: dict[str, Callable[[Array], Array]] = {
    "plane": lambda X: X @ [1.0, -2.0] + 3,
    "plane far away": lambda X: X @ [1.0, -2.0] + 1e9,
    "small plane": lambda X: 1e-150 * (X @ [1.0, -2.0]),
    "zero": lambda X: np.zeros(len(X)),
    "constant": lambda X: np.full(len(X), 0.1),
}


@pytest.mark.parametrize("name", ZERO)
@pytest.mark.parametrize("n", [30, 20_000])
def test_an_exact_fit_has_an_optimum_of_zero(name: str, n: int) -> None:
    X, _ = regression(n=n)
    assert optimum_of(X, ZERO[name](X)).is_zero


@pytest.mark.parametrize("size", [1.0, 1e-6, 1e-11])
def test_noise_above_rounding_is_not_zero(size: float) -> None:
    X, _ = regression(n=100)
    assert not optimum_of(X, X @ [1.0, -2.0] + size * np.random.RandomState(9).randn(100)).is_zero


def test_the_figures_of_an_optimum_are_plain_python_numbers() -> None:
    X, y = regression()
    for optimum in (optimum_of(X, y), optimum_of(X * 0, y)):
        types = [type(optimum.mse), type(optimum.rank), type(optimum.condition_number), type(optimum.is_zero)]
        assert types == [float, int, float, bool]
