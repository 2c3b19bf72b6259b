from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from problems import about, factor_of, objective_of, regression, with_ones

from gdcli.engine.arrays import Array, Real
from gdcli.engine.problems import triangular
from gdcli.engine.problems.base import loss
from gdcli.engine.problems.factor import Factor, Factoring, RowFactor, factor_rows
from gdcli.engine.problems.least_squares import LeastSquares, objective

Rows = tuple[Array, Array]


def wide() -> Rows:
    random = np.random.RandomState(2)
    return random.randn(5, 9), random.randn(5)


def collinear() -> Rows:
    X, y = regression(n=200, p=2)
    return np.column_stack([X, X[:, 0], X[:, 0] - 2 * X[:, 1], np.full(200, 3.0), np.zeros(200)]), y


def badly_scaled() -> Rows:
    X, y = regression(n=400, p=4)
    return X * [1.0, 1e8, 1e-8, 1.0] + [0.0, 0.0, 0.0, 1e6], y + 1e3


ROWS: dict[str, Callable[[], Rows]] = {
    "long": lambda: regression(n=300, p=4),
    "many blocks": lambda: regression(n=30_000, p=6),
    "wide": wide,
    "one row": lambda: (np.array([[2.0, 3.0]]), np.array([4.0])),
    "no features": lambda: (np.zeros((7, 0)), np.arange(7.0)),
    "collinear": collinear,
    "badly scaled": badly_scaled,
    "badly scaled, many blocks": lambda: (np.tile(badly_scaled()[0], (60, 1)), np.tile(badly_scaled()[1], 60)),
}


def balanced_weights(X: Array, y: Array, k: int = 3) -> Array:
    sizes = np.linalg.norm(X, axis=0)
    size = np.linalg.norm(y) / np.where(sizes > 0, sizes, 1)
    return np.asarray(np.random.RandomState(7).randn(X.shape[1], k) * size[:, None])


def direct(X: Array, y: Array, w: Array) -> tuple[Real, Real]:
    exact = X.astype(np.longdouble)
    residual = exact @ w.astype(np.longdouble) - y.astype(np.longdouble)[:, None]
    return (residual**2).sum(axis=0) / len(y), 2 / len(y) * (exact.T @ residual)


def loss_of_factor(factor: Factor, w: Array) -> Array:
    residual = factor.R @ w - factor.c[:, None]
    return np.asarray(((residual**2).sum(axis=0) + factor.rss) / factor.n, dtype=np.float64)


def gradient(goal: LeastSquares, w: Array) -> Array:
    return np.asarray(2 / goal.n * (goal.R.T @ (goal.R @ w - goal.c[:, None])))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", ROWS)
def test_the_factor_gives_the_loss_and_the_gradient_of_the_rows(name: str, intercept: bool) -> None:
    X, y = ROWS[name]()
    design = with_ones(X) if intercept else X
    w = balanced_weights(design, y)
    expected_loss, expected_gradient = direct(design, y, w)
    factor = factor_of(X, y, intercept=intercept)
    goal = objective(factor)
    np.testing.assert_allclose(loss_of_factor(factor, w), expected_loss, rtol=1e-12)
    np.testing.assert_allclose(loss(goal, w), expected_loss, rtol=1e-11)
    size = np.linalg.norm(design, axis=0)[:, None] * np.sqrt(expected_loss.astype(float) / goal.n)
    assert (np.abs(gradient(goal, w) - expected_gradient) <= 1e-13 * np.maximum(size, 1e-300)).all()


@pytest.mark.parametrize("name", ROWS)
def test_a_factor_is_an_upper_triangle_with_the_inner_products_of_the_rows(name: str) -> None:
    X, y = ROWS[name]()
    design, factor = with_ones(X).astype(np.longdouble), factor_of(X, y)
    d = X.shape[1] + 1
    r = min(len(y), d)
    assert (factor.R.shape, factor.c.shape, factor.n) == ((r, d), (r,), len(y))
    np.testing.assert_array_equal(factor.R, np.triu(factor.R))
    sizes = np.sqrt((design**2).sum(axis=0))
    sizes[sizes == 0] = 1
    difference = factor.R.T @ factor.R - design.T @ design
    assert np.abs(difference / np.outer(sizes, sizes)).max() < 1e-13
    difference = factor.R.T @ factor.c - design.T @ y
    assert np.abs(difference / sizes).max() < 1e-13 * np.linalg.norm(y)


def test_what_no_weights_can_reach_is_the_residual_of_numpy() -> None:
    X, y = regression(n=300, p=4)
    _, rss, *_ = np.linalg.lstsq(with_ones(X), y, rcond=None)
    assert factor_of(X, y).rss == about(rss[0], rel=1e-12)


def test_nothing_is_out_of_reach_of_a_wide_design() -> None:
    goal = objective_of(*wide())
    assert goal.floor < 1e-30


@pytest.mark.parametrize("name", ROWS)
def test_means_and_deviations_are_those_of_the_rows(name: str) -> None:
    X, y = ROWS[name]()
    rows = np.column_stack([X, y])
    exact = rows.astype(np.longdouble)
    factor = factor_rows(X, y)
    size = np.abs(rows).max(axis=0)
    assert (np.abs(factor.means() - exact.mean(axis=0)) <= 1e-14 * size).all()
    np.testing.assert_allclose(factor.deviations(), exact.std(axis=0), rtol=1e-12, atol=1e-15)


def in_blocks(X: Array, y: Array, size: int) -> RowFactor:
    rows, factoring = np.column_stack([X, y]), Factoring()
    for i in range(0, len(rows), size):
        factoring.add(rows[i : i + size])
    return factoring.result()


@pytest.mark.parametrize("size", [1, 2, 7, 100, 399, 400])
@pytest.mark.parametrize("name", ["long", "wide", "collinear", "badly scaled"])
def test_the_size_of_the_blocks_does_not_matter(name: str, size: int) -> None:
    X, y = ROWS[name]()
    whole, pieces = factor_rows(X, y), in_blocks(X, y, size)
    largest = np.abs(np.column_stack([X, y])).max(axis=0)
    assert pieces.n == whole.n == len(y)
    assert (np.abs(pieces.means() - whole.means()) <= 1e-14 * largest).all()
    np.testing.assert_allclose(pieces.deviations(), whole.deviations(), rtol=1e-12, atol=1e-15)
    w = balanced_weights(with_ones(X), y)
    p = X.shape[1] + 1
    expected, actual = (f.rescaled(np.zeros(p), np.ones(p), intercept=True) for f in (whole, pieces))
    np.testing.assert_allclose(loss_of_factor(actual, w), loss_of_factor(expected, w), rtol=1e-12)


def test_a_first_block_far_from_the_others_loses_nothing() -> None:
    X, y = regression(n=100, p=2)
    X[:10] += 1e6
    expected, _ = direct(with_ones(X), y, np.ones((3, 1)))
    factor = in_blocks(X, y, 10).rescaled(np.zeros(3), np.ones(3), intercept=True)
    np.testing.assert_allclose(loss_of_factor(factor, np.ones((3, 1))), expected, rtol=1e-12)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", ["long", "many blocks", "wide", "badly scaled", "badly scaled, many blocks"])
def test_scaling_the_factor_is_factoring_scaled_rows(name: str, intercept: bool) -> None:
    X, y = ROWS[name]()
    rows = np.column_stack([X, y])
    shift, scale = rows.mean(axis=0), rows.std(axis=0)
    scaled = (rows - shift) / scale
    expected = factor_of(scaled[:, :-1], scaled[:, -1], intercept=intercept)
    actual = factor_rows(X, y).rescaled(shift, scale, intercept=intercept)
    # A mean of 1e6 beside a deviation of 1 costs six digits of the rows themselves.
    tolerance = 1e-11 if name.startswith("badly") else 1e-13
    np.testing.assert_allclose(actual.R.T @ actual.R, expected.R.T @ expected.R, rtol=0, atol=tolerance * len(y))
    np.testing.assert_allclose(actual.R.T @ actual.c, expected.R.T @ expected.c, rtol=0, atol=tolerance * len(y))
    assert abs(actual.rss - expected.rss) <= tolerance * len(y)
    assert actual.n == expected.n


@pytest.mark.parametrize("intercept", [True, False])
def test_an_arbitrary_shift_and_scale_is_that_of_the_rows(intercept: bool) -> None:
    X, y = regression(n=50, p=2)
    shift, scale = np.array([3.0, -40.0, 0.5]), np.array([0.1, -2.0, 7.0])
    scaled = (np.column_stack([X, y]) - shift) / scale
    design = with_ones(scaled[:, :-1]) if intercept else scaled[:, :-1]
    w = np.random.RandomState(3).randn(design.shape[1], 4)
    expected, _ = direct(design, scaled[:, -1], w)
    np.testing.assert_allclose(
        loss_of_factor(factor_rows(X, y).rescaled(shift, scale, intercept=intercept), w), expected, rtol=1e-13
    )


@pytest.mark.parametrize("name", ["long", "wide", "collinear", "badly scaled"])
def test_duplicating_all_rows_changes_no_loss(name: str) -> None:
    X, y = ROWS[name]()
    w = balanced_weights(with_ones(X), y)
    once, twice = objective_of(X, y), objective_of(np.vstack([X, X]), np.concatenate([y, y]))
    np.testing.assert_allclose(
        loss_of_factor(factor_of(np.vstack([X, X]), np.tile(y, 2)), w), loss_of_factor(factor_of(X, y), w), rtol=1e-12
    )
    np.testing.assert_allclose(loss(twice, w), loss(once, w), rtol=1e-11)
    assert twice.floor == about(once.floor, rel=1e-11, abs=1e-25)


def test_the_order_of_the_rows_changes_no_loss() -> None:
    X, y = regression(n=20_000, p=5)
    order, w = np.random.RandomState(4).permutation(len(y)), np.random.RandomState(5).randn(6, 3)
    np.testing.assert_allclose(
        loss_of_factor(factor_of(X[order], y[order]), w), loss_of_factor(factor_of(X, y), w), rtol=1e-13
    )


def test_the_unit_turns_losses_into_those_of_the_file() -> None:
    X, y = regression()
    w = np.random.RandomState(6).randn(3, 2)
    plain, scaled = objective_of(X, y), objective(factor_of(X, y / 4), unit=16.0)
    np.testing.assert_allclose(loss(scaled, w / 4), loss(plain, w), rtol=1e-12)
    np.testing.assert_allclose(scaled.excess(w / 4), plain.excess(w), rtol=1e-12)
    assert scaled.floor == about(plain.floor, rel=1e-12)
    assert scaled.baseline_loss == about(plain.baseline_loss, rel=1e-12)


def test_target_power_is_the_mean_square_of_the_target() -> None:
    X, y = regression(n=80, p=3)
    assert objective_of(X, y).baseline_loss == about(np.mean(y**2), rel=1e-12)


def test_a_gap_that_is_not_finite_is_infinite() -> None:
    goal = objective_of(*regression())
    w = np.array([[np.nan, np.inf, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    with np.errstate(invalid="ignore"):
        gap = goal.excess(w)
    assert gap[:2].tolist() == [np.inf, np.inf]
    assert np.isfinite(gap[2])


def test_the_shift_of_whole_numbers_and_short_decimals_is_short_enough_to_subtract_exactly() -> None:
    rows = np.random.RandomState(8).randint(-1000, 1000, (97, 3)) / 8.0 + np.array([0.0, 1e4, -7.0])
    shift = factor_rows(rows[:, :2], rows[:, 2]).shift
    for row in rows:
        for value, moved in zip(row, shift, strict=True):
            assert Fraction(float(value)) - Fraction(float(moved)) == Fraction(float(value - moved))


@pytest.mark.parametrize("shape", [(30, 4), (300, 300)])
def test_without_extended_precision_everything_is_factored_by_lapack(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Real) -> None:
        raise AssertionError("factored by a loop in Python")

    monkeypatch.setattr(np, "longdouble", np.float64)
    monkeypatch.setattr(triangular, "IS_EXTENDED", False, raising=False)
    monkeypatch.setattr(triangular, "_reflected", refuse)
    A = np.random.RandomState(11).randn(*shape)
    held = triangular.working_precision(A)
    assert held.dtype == np.float64
    Q, R = triangular.qr(held)
    np.testing.assert_allclose(Q @ R, A, rtol=0, atol=1e-12)
    np.testing.assert_allclose(triangular.triangle(held), R, rtol=0, atol=1e-12)
    factor_rows(A[:, :-1], A[:, -1])
