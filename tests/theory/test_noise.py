"""Expected gaps of independent batches against thousands of descents, and their limits from both sides."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from draws import PROBLEMS, QUICK, SEEDS, Problem, descents, independent_batches

from gdcli.engine.arrays import Array
from gdcli.theory.expected import Expected
from gdcli.theory.moments import MOST_DIRECTIONS, Moments, gaussian, moments_of
from gdcli.theory.noise import floor, independent, mean_square_limit

SIZE = 5


def curve(moments: Moments, start: Array, lr: float, epochs: int, *, replacement: bool = False) -> Expected:
    """Of `epochs` epochs of 20 steps."""
    return independent(moments, start, np.full((epochs, 1), lr), np.full(20, SIZE), replacement=replacement)


def spread(prediction: Expected) -> Array:
    assert prediction.sd is not None
    return prediction.sd


def fourth(moments: Moments) -> Array:
    assert moments.fourth is not None
    return moments.fourth


@pytest.mark.parametrize("replacement", [True, False], ids=["with replacement", "subsets"])
@pytest.mark.parametrize("share", [0.05, 0.3])
@pytest.mark.parametrize("name", PROBLEMS)
def test_the_mean_of_descents_is_the_expected_gap(name: str, share: float, replacement: bool) -> None:
    problem = PROBLEMS[name]
    lr = share * mean_square_limit(problem.moments, SIZE, replacement=replacement)
    for steps in (4, 40):
        batches = independent_batches(len(problem.X), SIZE, steps, replacement=replacement)
        gaps, rates, sizes = descents(problem, batches, lr), np.full((1, 1), lr), np.full(steps, SIZE)
        prediction = independent(problem.moments, problem.start, rates, sizes, replacement=replacement)
        assert prediction.exact
        assert abs(gaps.mean() - prediction.gap[-1]) <= 3 * gaps.std() / math.sqrt(SEEDS)
    np.testing.assert_allclose(spread(prediction)[-1], gaps.std(), rtol=0.25)  # after 40 steps


def test_changing_rates_and_a_short_last_batch() -> None:
    problem = PROBLEMS["curved"]
    rates = np.array([0.02, 0.05, 0.01])
    sizes = np.array([30, 30, 20])
    batches = [
        batch[:, :size] for batch, size in zip(independent_batches(80, 30, 3, replacement=False), sizes, strict=True)
    ]
    gaps = descents(problem, batches, rates)
    prediction = independent(problem.moments, problem.start, rates[None], sizes)
    assert abs(gaps.mean() - prediction.gap[-1]) <= 3 * gaps.std() / math.sqrt(SEEDS)


@pytest.mark.parametrize("moments_of", [lambda p: p.moments, lambda p: gaussian(p.spectrum)], ids=["exact", "gaussian"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_powers_of_an_epoch_equal_its_steps(name: str, moments_of: Callable[[Problem], Moments]) -> None:
    problem = PROBLEMS[name]
    moments = moments_of(problem)
    lr = 0.4 * mean_square_limit(moments, SIZE)
    powers = curve(moments, problem.start, lr, 10)
    almost = np.array([[lr, *np.full(19, lr * (1 + 1e-15))]] * 10)
    almost[:, ::2] = lr  # no two steps alike: taken one by one
    steps = independent(moments, problem.start, almost, np.full(20, SIZE))
    np.testing.assert_allclose(powers.gap, steps.gap, rtol=1e-11)


@pytest.mark.parametrize("replacement", [True, False], ids=["with replacement", "subsets"])
@pytest.mark.parametrize("moments_of", [lambda p: p.moments, lambda p: gaussian(p.spectrum)], ids=["exact", "gaussian"])
@pytest.mark.parametrize("name", QUICK)
def test_the_expected_gap_converges_below_the_limit_and_grows_beyond_it(
    name: str, moments_of: Callable[[Problem], Moments], replacement: bool
) -> None:
    problem = PROBLEMS[name]
    moments = moments_of(problem)
    limit = mean_square_limit(moments, SIZE, replacement=replacement)
    assert limit < 2 / problem.spectrum.largest
    below = curve(moments, problem.start, 0.99 * limit, 4000, replacement=replacement).gap
    steady = floor(moments, 0.99 * limit, SIZE, replacement=replacement)
    np.testing.assert_allclose(below[-1], steady, rtol=1e-9, atol=1e-12 * below[0])
    beyond = curve(moments, problem.start, 1.01 * limit, 400, replacement=replacement).gap
    assert beyond[-1] > 1e6 * beyond[len(beyond) // 2] > 1e6 * beyond[0]
    assert floor(moments, limit, SIZE, replacement=replacement) == math.inf


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_full_batch_is_free_of_noise(name: str) -> None:
    problem = PROBLEMS[name]
    n, lr = len(problem.X), 0.9 / problem.spectrum.largest
    prediction = independent(problem.moments, problem.start, np.full((7, 1), lr), np.array([n]))
    shrinkage = 1 - lr * problem.spectrum.curvatures
    exact = [np.sum((problem.start * shrinkage**t) ** 2) for t in range(8)]
    np.testing.assert_allclose(prediction.gap, exact, rtol=1e-11)
    np.testing.assert_allclose(mean_square_limit(problem.moments, n), 2 / problem.spectrum.largest, rtol=1e-12)
    assert floor(problem.moments, lr, n) == 0.0


def test_gaussian_rows_have_nearly_the_moments_of_the_closure() -> None:
    random = np.random.RandomState(3)
    X = random.randn(200_000, 3)
    problem = Problem(X, X @ np.ones(3) + random.randn(200_000), np.zeros(3))
    closure = gaussian(problem.spectrum)
    assert not closure.exact
    for size in (1, 10):
        exact = mean_square_limit(problem.moments, size)
        np.testing.assert_allclose(mean_square_limit(closure, size), exact, rtol=0.02)
        np.testing.assert_allclose(floor(closure, 0.05, size), floor(problem.moments, 0.05, size), rtol=0.02)
        curves = [curve(moments, problem.start, 0.05, 3) for moments in (closure, problem.moments)]
        np.testing.assert_allclose(spread(curves[0]), spread(curves[1]), rtol=0.02)


def test_many_directions_take_the_closure_without_reading_a_row() -> None:
    random = np.random.RandomState(3)
    X = random.randn(100, MOST_DIRECTIONS + 1)
    problem = Problem(X, random.randn(100), np.zeros(MOST_DIRECTIONS + 1))
    assert moments_of(problem.spectrum, iter(lambda: pytest.fail("a row was read"), None)).fourth is None


def test_blocks_of_rows_add_up() -> None:
    problem = PROBLEMS["heavy tails"]
    parts = [slice(0, 1), slice(1, 50), slice(50, None)]
    blocks = moments_of(problem.spectrum, [(problem.X[part], problem.residual[part]) for part in parts])
    np.testing.assert_allclose(fourth(blocks), fourth(problem.moments), rtol=1e-12, atol=1e-12)


def test_huge_rows_keep_their_moments() -> None:
    problem = PROBLEMS["heavy tails"]
    huge = Problem(problem.X * 1e100, problem.y * 1e120, problem.w)
    np.testing.assert_allclose(fourth(huge.moments), fourth(problem.moments), rtol=1e-10, atol=1e-10)
    limits = [mean_square_limit(moments, SIZE) for moments in (huge.moments, problem.moments)]
    np.testing.assert_allclose(limits[0] * 1e200, limits[1], rtol=1e-10)
    start = problem.start * 1e120
    spreads = [spread(curve(huge.moments, start, 0.05e-200, 2)), spread(curve(problem.moments, problem.start, 0.05, 2))]
    np.testing.assert_allclose(spreads[0] / 1e240, spreads[1], rtol=1e-9)


def test_a_gap_that_overflows_is_infinite() -> None:
    problem = PROBLEMS["gaussian"]
    prediction = curve(problem.moments, problem.start, 1e6, 10)
    assert prediction.gap[-1] == math.inf
    assert spread(prediction)[-1] == math.inf


def test_a_single_row_is_a_full_batch() -> None:
    problem = Problem(np.array([[2.0, 1.0]]), np.array([3.0]), np.zeros(2))
    assert mean_square_limit(problem.moments, 1) == pytest.approx(0.2, rel=1e-12)
    np.testing.assert_allclose(curve(problem.moments, problem.start, 0.05, 1).gap, [9.0, 9 * 0.5**40], rtol=1e-9)


def test_a_constant_loss_has_no_limit() -> None:
    problem = Problem(np.zeros((4, 2)), np.arange(4.0), np.ones(2))
    assert mean_square_limit(problem.moments, 1) == math.inf
    assert floor(problem.moments, 1.0, 1) == 0.0
    assert curve(problem.moments, problem.start, 1.0, 2).gap.tolist() == [0.0, 0.0, 0.0]


def test_the_limit_of_curvatures_whose_quotient_overflows() -> None:
    moments = Moments(n=3, curvatures=np.array([1e200, 1e-200]), optimum_mse=1.0, scale=1.0, fourth=np.eye(6))
    assert 0 < mean_square_limit(moments, 1) <= 2 / 1e200
