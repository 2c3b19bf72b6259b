"""The optimum of designs that are difficult in double precision: exact, or reported as uncertain."""

from __future__ import annotations

import math
from fractions import Fraction
from operator import mul

import numpy as np
import pytest
from designs import awkward, smallest_loss
from problems import HAS_EXTENDED_PRECISION, about, factor_of, objective_of, regression, with_ones
from scaler_rows import ROWS

from gdcli.engine.arrays import EPS, Array
from gdcli.engine.problems.factor import factor_rows
from gdcli.engine.problems.least_squares import objective
from gdcli.engine.problems.optimum import Optimum, solve
from gdcli.engine.scalers import AFFINE_SCALERS, column_statistics

RESOLUTION = 1e-8  # of the target's power
SCALERS = ("none", "zscore", "minmax", "maxabs", "robust")  # a fixed few: each seed keeps its scaler

extended = pytest.mark.skipif(not HAS_EXTENDED_PRECISION, reason="the reference needs extended precision")


def solved(seed: int, X: Array, y: Array) -> tuple[Optimum, Array]:
    """The optimum under one of the scalers, and the exact design that it belongs to."""
    rows, factor = np.column_stack([X, y]), factor_rows(X, y)
    affine = AFFINE_SCALERS[SCALERS[seed % 5]](column_statistics(rows, factor, quartiles=True))
    shift, scale, vanishing = affine.shift.copy(), affine.scale.copy(), affine.vanishing.copy()
    shift[-1], scale[-1], vanishing[-1] = 0, 1, False
    intercept = seed % 3 > 0
    optimum = solve(factor.rescaled(shift, scale, intercept=intercept, vanishing=vanishing))
    scaled = np.where(vanishing, 0, (rows.astype(np.longdouble) - shift) / scale)[:, :-1]
    return optimum, np.column_stack([scaled, np.ones(len(y))]) if intercept else scaled


def errors(optimum: Optimum, design: Array, y: Array) -> list[float]:
    """The errors of the loss of the optimum and of the loss at its weights."""
    tolerance = 8 * EPS * math.sqrt(max(design.shape))
    best = smallest_loss(design, y.astype(np.longdouble), tolerance)
    reached = float(np.mean((design @ optimum.weights - y) ** 2))
    return [optimum.mse - best, reached - best, abs(reached - optimum.mse)]


@extended
@pytest.mark.parametrize("part", range(4))
def test_the_optimum_is_exact_or_known_to_be_uncertain(part: int) -> None:
    seeds = range(100 * part, 100 * part + 100)
    uncertain = 0
    for seed in seeds:
        X, y = awkward(seed)
        optimum, design = solved(seed, X, y)
        if optimum.uncertainty > RESOLUTION * optimum.power:
            uncertain += 1
        else:
            assert max(errors(optimum, design, y)) <= RESOLUTION * optimum.power, seed
    assert uncertain <= 15


def exact_loss(columns: list[Array], y: Array) -> float:
    """The smallest loss in exact arithmetic, by Gram and Schmidt."""
    residual, basis = [Fraction(value) for value in y.tolist()], list[list[Fraction]]()
    for column in [*columns, y]:
        rest = [Fraction(value) for value in column.tolist()]
        for direction in basis:
            share = sum(map(mul, rest, direction)) / sum(map(mul, direction, direction))
            rest = [a - share * b for a, b in zip(rest, direction, strict=True)]
        if column is y:
            residual = rest
        elif any(rest):
            basis.append(rest)
    return float(sum(a * a for a in residual) / len(y))


@pytest.mark.parametrize("seed", range(100))
def test_constants_of_all_sizes_hide_no_tiny_column(seed: int) -> None:
    random = np.random.RandomState(seed)
    n = random.randint(3, 7)
    columns = [np.full(n, random.choice([1, -1]) * 10.0**size) for size in random.choice([-100, -39.4, 0, 38, 120], 2)]
    shapes = [random.choice([0, 1, -1, 0.5], n) for _ in range(2)]
    *features, y = *columns, 3e-56 * shapes[0], 2e-15 * shapes[1]
    factor = factor_rows(np.column_stack(features), y)
    largest = np.abs(y).max() or 1.0
    optimum = solve(factor.rescaled(np.zeros(4), np.array([1, 1, 1, largest]), intercept=True))
    expected = exact_loss([*features, np.ones(n)], y)
    assert optimum.mse * largest**2 == about(expected, rel=1e-9, abs=1e-12 * largest**2)
    assert optimum.rank == 1 + (np.ptp(features[-1]) > 0)


@extended
@pytest.mark.parametrize("seed", range(12))
def test_the_optimum_of_many_rows_is_exact_or_known_to_be_uncertain(seed: int) -> None:
    X, y = awkward(seed, rows=(9000,))
    optimum, design = solved(seed, X, y)
    certain = optimum.uncertainty <= RESOLUTION * optimum.power
    assert not certain or max(errors(optimum, design, y)) <= RESOLUTION * optimum.power


def near_copies(noise: float) -> tuple[Array, Array]:
    """A column in three units, one with noise, and a target that consists mostly of the noise."""
    random = np.random.RandomState(5)
    a, u = random.randn(300), random.randn(300)
    return np.column_stack([a, 1e6 * a, 1e-6 * (a + noise * u)]), u + 1e-3 * random.randn(300)


@extended
def test_weights_of_smallest_norm_that_lose_their_fit_are_given_up() -> None:
    X, y = near_copies(1e-11)
    optimum = solve(factor_of(X * [1, 1e6, 1], y))
    assert (optimum.rank, optimum.is_smallest) == (3, False)
    reached = np.mean((with_ones(X * [1, 1e6, 1]).astype(np.longdouble) @ optimum.weights - y) ** 2)
    assert float(reached) == about(optimum.mse, rel=1e-3)


def test_ordinary_designs_are_certain() -> None:
    for X, y in (regression(), regression(n=20_000, p=4), (np.arange(20.0)[:, None] + 2000, np.arange(20.0) ** 2)):
        optimum = solve(factor_of(X, y))
        assert optimum.uncertainty < 1e-10 * optimum.power
        assert optimum.is_smallest
        assert optimum.is_resolved


@extended
def test_gaps_to_an_optimum_that_cannot_be_represented_are_exact() -> None:
    random = np.random.RandomState(6)
    a, u = random.randn(50), random.randn(50)
    X, y = np.column_stack([a, a + 1e-12 * u]), u + 0.1 * random.randn(50)
    goal, w = objective_of(X, y), random.randn(3, 4)
    assert not goal.optimum.is_resolved
    design = with_ones(X).astype(np.longdouble)
    losses = np.mean((design @ w - y[:, None]) ** 2, axis=0)
    best = smallest_loss(design, y.astype(np.longdouble), 1e-14)
    np.testing.assert_allclose(goal.excess(w), (losses - best).astype(float), rtol=1e-9)


def test_few_rows_of_many_columns() -> None:
    random = np.random.RandomState(7)
    X, y = random.randn(5, 200), random.randn(5)
    goal = objective_of(X, y)
    assert goal.R.shape == (5, 201)
    np.testing.assert_allclose(goal.optimum.weights, np.linalg.pinv(with_ones(X)) @ y, rtol=0, atol=1e-13)


# Scales


SCALES = [[1, 1e-140, 1], [1e149, 1, 1e-300], [1, 1e-310, 1], [2.0**60, 2.0**-60, 1], [1e149, 1e149, 1e149]]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("n", [40, 20_000])
def test_units_change_neither_the_loss_nor_the_rank(scale: list[float], n: int) -> None:
    X, y = regression(n=n, p=3)
    straight, scaled = solve(factor_of(X, y)), solve(factor_of(X * scale, y))
    # A number near 1e-310 has 14 digits.
    assert scaled.mse == about(straight.mse, rel=1e-12 if min(scale) > 1e-300 else 1e-9)
    assert scaled.rank == straight.rank == 4
    assert math.isfinite(scaled.condition_number)


@pytest.mark.parametrize("unit", [1e-140, 1e-12, 1e100, 1e149])
def test_the_condition_number_survives_units(unit: float) -> None:
    X = np.array([[1.0, 1], [1, -1], [1, 1], [1, -1]]) * [1, unit]
    expected = max(unit, 1 / unit)
    assert solve(factor_of(X, X[:, 0], intercept=False)).condition_number == about(expected, rel=1e-12)


def test_a_condition_number_beyond_all_doubles_is_the_largest() -> None:
    X, y = regression(p=2)
    assert solve(factor_of(X * [1e149, 1e-300], y)).condition_number == np.finfo(float).max


@pytest.mark.parametrize("size", [1e149, 1e-120, 1e-139])
def test_the_size_of_the_target_is_that_of_the_gap(size: float) -> None:
    X, y = regression()
    straight, scaled = objective_of(X, y), objective_of(X, y * size)
    w = np.random.RandomState(8).randn(3, 2)
    np.testing.assert_allclose(scaled.excess(w * size) / size / size, straight.excess(w), rtol=1e-11)
    assert scaled.floor / size / size == about(straight.floor, rel=1e-11)
    assert not scaled.optimum.is_zero


def test_weights_beyond_all_doubles_leave_the_gap_as_it_is() -> None:
    X, y = regression(p=1)
    goal = objective(factor_of(X * 1e-300, y * 1e149, intercept=False))
    assert not np.isfinite(goal.optimum.weights).all()
    assert goal.excess(np.zeros((1, 1)))[0] + goal.floor == about(np.mean((y * 1e149) ** 2), rel=1e-12)


@pytest.mark.parametrize("name", AFFINE_SCALERS)
@pytest.mark.parametrize("power", [-1000, -500, 480])
def test_powers_of_two_pass_through_every_scaler(name: str, power: int) -> None:
    rows = np.random.RandomState(9).randn(30, 3)
    here, there = (
        AFFINE_SCALERS[name](column_statistics(r, factor_rows(r[:, :-1], r[:, -1]), quartiles=True))
        for r in (rows, np.ldexp(rows, power))
    )
    assert there.undivided.tolist() == here.undivided.tolist()
    if ROWS[name].divides:
        assert not here.undivided.any()
        np.testing.assert_array_equal(there(np.ldexp(rows, power)), here(rows))


def test_no_weight_is_a_negative_zero() -> None:
    X = np.array([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
    weights = solve(factor_of(-X, np.zeros(3))).weights
    assert not np.signbit(weights).any()
