from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest
from optimizer_rows import ROWS
from problems import about, factor_of, line, objective_of, regression, with_ones

from gdcli.engine import descent
from gdcli.engine.arrays import EPS, Array
from gdcli.engine.batches import Batch, Batches, mini_batches
from gdcli.engine.descent import descend
from gdcli.engine.optimizers import OPTIMIZERS, Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.engine.problems.base import loss
from gdcli.engine.problems.least_squares import LeastSquares, objective
from gdcli.engine.trace import Status, Stopping, Trace

COMPLETED, REACHED, STALLED = Status.COMPLETED, Status.TARGET_REACHED, Status.STALLED
DIVERGED, INTERRUPTED = Status.DIVERGED, Status.INTERRUPTED


def make(kind: str) -> Optimizer:
    cls: Callable[[], Optimizer] = OPTIMIZERS[kind]
    return cls()


def constant(lr: float, epochs: int) -> Array:
    return np.full((epochs, 1, 1), lr)


def run(
    goal: LeastSquares, start: Sequence[float], rates: Array, *, optimizer: Optimizer | None = None, **rest: Any
) -> Trace:
    column = np.array(start, dtype=float)[:, None]
    batches = rest.pop("batches", None) or goal.full_batch()
    (trace,) = descend(column, batches, optimizers=[optimizer or SGD()], rates=rates, objective=goal, **rest)
    return trace


# Against a naive loop on the rows


def naive(X: Array, y: Array, w: Array, rates: Array, batches: Iterable[list[Any]]) -> tuple[Array, Array]:
    losses = [np.mean((X @ w - y) ** 2)]
    for lr, epoch in zip(rates, batches, strict=False):
        for i, rows in enumerate(epoch):
            gradient = np.zeros(len(w))
            for x, target in zip(X[rows], y[rows], strict=True):
                gradient += 2 * (x @ w - target) * x / len(y[rows])
            w = w - lr[i % len(lr)] * gradient
        losses.append(np.mean((X @ w - y) ** 2))
    return np.array(losses), w


def test_the_full_batch_is_a_naive_loop_over_all_rows() -> None:
    X, y = regression(n=40, p=3)
    goal, start, epochs = objective_of(X, y), [1.0, -1.0, 2.0, 0.5], 30
    trace = run(goal, start, constant(0.1, epochs))
    losses, w = naive(with_ones(X), y, np.array(start), np.full((epochs, 1), 0.1), [[slice(None)]] * epochs)
    np.testing.assert_allclose(trace.mse, losses, rtol=1e-10)
    np.testing.assert_allclose(trace.weights, w, rtol=1e-10)
    np.testing.assert_allclose(trace.gap, losses - goal.floor, rtol=1e-10, atol=1e-14)
    assert trace.status is COMPLETED


def test_mini_batches_are_a_naive_loop_over_their_rows() -> None:
    X, y = regression(n=23, p=2)
    design, start, epochs = with_ones(X), [1.0, -1.0, 2.0], 12
    rates = 0.05 / (1 + np.arange(float(epochs * 5)).reshape(epochs, 5))
    generator = np.random.RandomState(9)
    orders = [generator.permutation(23) for _ in range(epochs)]
    losses, w = naive(design, y, np.array(start), rates, [[o[i : i + 5] for i in range(0, 23, 5)] for o in orders])
    batches = mini_batches(design, y, size=5, shuffle="each_epoch", seed=9)
    trace = run(objective_of(X, y), start, rates[:, :, None], batches=batches)
    np.testing.assert_allclose(trace.mse, losses, rtol=1e-10)
    np.testing.assert_allclose(trace.weights, w, rtol=1e-10)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_one_batch_of_all_rows_is_the_full_batch(kind: str) -> None:
    X, y = regression(n=40, p=3)
    goal, optimizer = objective_of(X, y), replace(make(kind), lr=0.03)
    rows = mini_batches(with_ones(X), y, size=40, shuffle="never", seed=0)
    left = run(goal, [1.0, -1.0, 2.0, 0.5], constant(0.03, 25), optimizer=optimizer)
    right = run(goal, [1.0, -1.0, 2.0, 0.5], constant(0.03, 25), optimizer=optimizer, batches=rows)
    np.testing.assert_allclose(left.mse, right.mse, rtol=1e-10)


def test_validation_losses_are_those_of_the_validation_rows() -> None:
    X, y = regression(n=50, p=2)
    goal, held_out = objective_of(X[:30], y[:30]), objective_of(X[30:], y[30:])
    trace = run(goal, [1.0, -1.0, 2.0], constant(0.1, 8), validation=held_out)
    assert trace.val_mse is not None
    assert trace.val_mse.shape == (9,)
    for epoch in range(9):
        weights = run(goal, [1.0, -1.0, 2.0], constant(0.1, epoch)).weights
        expected = np.mean((with_ones(X[30:]) @ weights - y[30:]) ** 2)
        assert trace.val_mse[epoch] == about(expected, rel=1e-12)


def test_losses_are_in_the_units_of_the_file() -> None:
    X, y = regression(n=50, p=2)
    scaled = objective(factor_of(X, y / 10), unit=100.0)
    plain = run(objective_of(X, y), [1.0, -1.0, 2.0], constant(0.1, 8))
    trace = run(scaled, [0.1, -0.1, 0.2], constant(0.1, 8))
    np.testing.assert_allclose(trace.mse, plain.mse, rtol=1e-12)
    np.testing.assert_allclose(trace.gap, plain.gap, rtol=1e-11)


# Rates


def test_rates_of_epochs_hold_for_all_their_steps() -> None:
    X, y = regression(n=20, p=1)
    by_epoch = np.array([0.1, 0.05, 0.02])[:, None, None]

    def trace(rates: Array) -> Trace:
        batches = mini_batches(with_ones(X), y, size=6, shuffle="once", seed=0)
        return run(objective_of(X, y), [1.0, 1.0], rates, batches=batches)

    np.testing.assert_array_equal(trace(by_epoch).mse, trace(np.repeat(by_epoch, 4, axis=1)).mse)


def test_each_column_may_have_rates_of_its_own() -> None:
    goal = objective_of(*regression())
    start = np.tile([[1.0], [-1.0], [2.0]], 3)
    rates = np.linspace(0.1, 0.01, 8)[:, None, None] * np.array([1.0, 0.5, 0.1])
    together = descend(start, goal.full_batch(), optimizers=[SGD()] * 3, rates=rates, objective=goal)
    for j, trace in enumerate(together):
        alone = run(goal, [1.0, -1.0, 2.0], rates[:, :, j : j + 1])
        np.testing.assert_allclose(trace.mse, alone.mse, rtol=1e-12)


def test_no_epochs_leave_the_start() -> None:
    goal = objective_of(*regression())
    start = np.array([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
    traces = descend(start, goal.full_batch(), optimizers=[SGD()] * 2, rates=np.zeros((0, 1, 1)), objective=goal)
    for j, trace in enumerate(traces):
        assert (trace.status, trace.val_mse) == (COMPLETED, None)
        np.testing.assert_array_equal(trace.weights, start[:, j])
        np.testing.assert_array_equal(trace.gap, goal.excess(start)[[j]])
        np.testing.assert_array_equal(trace.mse, loss(goal, start)[[j]])


def test_descent_leaves_the_start_as_it_was() -> None:
    goal, start = objective_of(*regression()), np.ones((3, 1))
    start.flags.writeable = False
    descend(start, goal.full_batch(), optimizers=[Momentum()], rates=constant(0.1, 3), objective=goal)
    assert start.tolist() == [[1.0], [1.0], [1.0]]


# Runs in lockstep


def assert_same(together: Trace, alone: Trace) -> None:
    assert together.status is alone.status
    np.testing.assert_allclose(together.mse, alone.mse, rtol=1e-12)
    np.testing.assert_allclose(together.gap, alone.gap, rtol=1e-11)
    np.testing.assert_allclose(together.weights, alone.weights, rtol=1e-11)
    if together.val_mse is not None and alone.val_mse is not None:
        np.testing.assert_allclose(together.val_mse, alone.val_mse, rtol=1e-12)
    assert (together.val_mse is None) == (alone.val_mse is None)


def rates_of(optimizers: Sequence[Optimizer], epochs: int) -> Array:
    return np.tile([optimizer.lr for optimizer in optimizers], (epochs, 1, 1))


@pytest.mark.parametrize("full", [True, False], ids=["full batch", "mini-batches"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_runs_in_lockstep_are_single_runs(kind: str, full: bool) -> None:
    X, y = regression(n=30, p=2)
    goal, held_out, optimizers = objective_of(X[:24], y[:24]), objective_of(X[24:], y[24:]), ROWS[kind].lockstep

    def batches() -> Batches:
        return (
            goal.full_batch() if full else mini_batches(with_ones(X)[:24], y[:24], size=7, shuffle="each_epoch", seed=3)
        )

    starts, rates = np.random.RandomState(6).randn(3, 3), rates_of(optimizers, 12)
    together = descend(starts, batches(), optimizers=optimizers, rates=rates, objective=goal, validation=held_out)
    for j, trace in enumerate(together):
        alone = run(
            goal,
            starts[:, j].tolist(),
            rates[:, :, [j]],
            optimizer=optimizers[j],
            batches=batches(),
            validation=held_out,
        )
        assert len(trace.mse) == 13
        assert_same(trace, alone)


def assert_columns_end_as_single_runs_do(
    optimizers: Sequence[Optimizer], rates: Array, ends: Sequence[tuple[Status, int]], stopping: Stopping
) -> None:
    goal = line()
    starts = np.array([[3.0, 2.0, -1.0, 5.0, 0.0]])
    together = descend(starts, goal.full_batch(), optimizers=optimizers, rates=rates, objective=goal, stopping=stopping)
    assert [(trace.status, len(trace.mse) - 1) for trace in together] == list(ends)
    for j, trace in enumerate(together):
        column = rates[:, :, [j]] if rates.shape[-1] > 1 else rates
        assert_same(trace, run(goal, starts[:, j].tolist(), column, optimizer=optimizers[j], stopping=stopping))


def test_columns_with_different_hyperparameters_end_independently() -> None:
    # On F = F* + (w − 1)² a weight decay of λ makes descent contract by 1 − lr·(2 + λ) towards 2/(2 + λ).
    optimizers = [SGD(lr=0.1, weight_decay=decay) for decay in (30.0, 0.0, 8.0, 1.0, 0.01)]
    ends = [(DIVERGED, 9), (REACHED, 31), (STALLED, 11), (STALLED, 17), (COMPLETED, 80)]
    stopping = Stopping(gap=1e-6, patience=10, min_delta=1e-9)
    assert_columns_end_as_single_runs_do(optimizers, constant(0.1, 80), ends, stopping)


def test_columns_with_different_rates_end_independently() -> None:
    # Descent contracts by 1 − 2·lr: by −3, 0.5, 1, 0.9 and 0.8 here.
    rates = np.tile([2.0, 0.25, 0.0, 0.05, 0.1], (25, 1, 1))
    ends = [(DIVERGED, 7), (REACHED, 10), (STALLED, 12), (COMPLETED, 25), (COMPLETED, 25)]
    stopping = Stopping(gap=1e-6, patience=12)
    assert_columns_end_as_single_runs_do([SGD()] * 5, rates, ends, stopping)


def test_columns_with_slots_end_independently() -> None:
    optimizers = [Momentum(momentum=momentum) for momentum in (0.9, 0.5, 0.3, 0.8, 0.7)]
    rates = np.tile([2.5, 0.05, 0.02, 1e-4, 0.1], (40, 1, 1))
    ends = [(DIVERGED, 7), (REACHED, 12), (STALLED, 32), (STALLED, 12), (REACHED, 11)]
    assert_columns_end_as_single_runs_do(optimizers, rates, ends, Stopping(gap=1e-3, patience=12, min_delta=0.5))


def test_columns_that_share_the_rate_of_each_step_end_independently() -> None:
    X = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    goal = objective_of(X, X[:, 0] * 2, intercept=False)
    starts, rates = np.array([[3.0, 2.5, 2.0 + 1e-6]]), np.tile([[0.1], [0.2]], (6, 1, 1))

    def batches() -> Batches:
        return mini_batches(X, X[:, 0] * 2, size=2, shuffle="never", seed=0)

    # An epoch contracts by 0.8·0.6; the gap is the squared distance to 2.
    stopping = Stopping(gap=0.02)
    together = descend(starts, batches(), optimizers=[SGD()] * 3, rates=rates, objective=goal, stopping=stopping)
    assert [(trace.status, len(trace.gap) - 1) for trace in together] == [(REACHED, 3), (REACHED, 2), (REACHED, 1)]
    for j, trace in enumerate(together):
        assert_same(trace, run(goal, [float(starts[0, j])], rates, batches=batches(), stopping=stopping))


# Stretches of epochs


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_stretches_are_epochs_one_by_one_to_the_last_digit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = regression(n=30, p=2)
    goal, held_out = objective_of(X[:24], y[:24]), objective_of(X[24:], y[24:])
    batches = mini_batches(with_ones(X)[:24], y[:24], size=7, shuffle="each_epoch", seed=3)
    starts, rates = np.random.RandomState(6).randn(3, 3), rates_of(ROWS[kind].lockstep, 40)

    def alone(j: int) -> Trace:
        return run(
            goal,
            starts[:, j].tolist(),
            rates[:, :, [j]],
            optimizer=ROWS[kind].lockstep[j],
            batches=batches,
            validation=held_out,
            stopping=Stopping(gap=1e-2, patience=4, min_delta=1e-3),
        )

    by_stretches = [alone(j) for j in range(3)]
    monkeypatch.setattr(descent, "LONGEST", 1)
    for j, other in enumerate(by_stretches):
        one = alone(j)
        assert one.status is other.status
        for left, right in ((one.gap, other.gap), (one.val_mse, other.val_mse), (one.weights, other.weights)):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("end", [1, 2, 3, 5, 8, 9, 17])
def test_a_run_that_ends_early_computes_at_most_twice_its_epochs(end: int) -> None:
    goal, taken = line(), []

    class Counted(Batches):
        def epochs(self) -> Iterator[Iterable[Batch]]:
            for epoch in super().epochs():
                taken.append(epoch)
                yield epoch

    batches = Counted(goal.R, goal.c[:, None], size=1, count=goal.n)
    trace = run(goal, [2.0], constant(0.25, 500), batches=batches, stopping=Stopping(gap=4.0**-end * (1 + 1e-12)))
    assert (trace.status, len(trace.gap) - 1) == (REACHED, end)
    assert end <= len(taken) <= max(2 * end - 2, end)


def test_long_epochs_are_checked_one_by_one() -> None:
    A, b = np.ones((20_000, 1)), np.zeros(20_000)
    goal, told = objective_of(A, b, intercept=False), []
    batches = mini_batches(A, b, size=2, shuffle="never", seed=0)
    run(goal, [1.0], constant(1e-6, 4), batches=batches, watch=lambda epoch, *_: told.append(epoch))
    assert told == [1, 2, 3, 4]


# Digits of the gap


def exact_gap(X: Array, w: Sequence[Fraction], w_best: Sequence[Fraction]) -> float:
    total = Fraction(0)
    for x in X.tolist():
        total += sum((Fraction(a) * (b - c) for a, b, c in zip(x, w, w_best, strict=True)), Fraction(0)) ** 2
    return float(total / len(X))


@pytest.mark.parametrize("distance", [1e-1, 1e-4, 1e-8, 1e-11, 1e-14])
def test_the_gap_keeps_its_digits_where_subtraction_has_none(distance: float) -> None:
    # Normal equations that are whole numbers: the exact optimum is (1, 2, 5) and F* = 2.
    X = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1], [3, 0], [-3, 0], [0, 2], [0, -2]])
    noise = np.array([1.0, 1, 1, 1, -1, -1, -1, -1])
    design = with_ones(X)
    assert (design.T @ noise).tolist() == [0, 0, 0]
    goal = objective_of(X, X @ [1.0, 2.0] + 5 + np.sqrt(4) * noise)
    w = np.array([1 + distance, 2 - distance, 5.0])
    expected = exact_gap(design, [Fraction(float(v)) for v in w], [Fraction(1), Fraction(2), Fraction(5)])
    # An optimum off by a rounding error or two is all that may come between.
    assert goal.excess(w[:, None])[0] == about(expected, rel=16 * EPS / distance)
    assert goal.floor == about(4, rel=4 * EPS)


def test_the_gap_falls_by_the_same_factor_down_to_1e_28() -> None:
    # F = F* + (w − 1)² and lr 0.25: the distance to the optimum halves in every epoch, exactly.
    goal = line()
    trace = run(goal, [3.0], constant(0.25, 46))
    distance = 2.0 ** (1 - np.arange(47.0))
    assert trace.gap[-1] < 1e-26
    assert (np.abs(trace.gap / distance**2 - 1) <= 1e-12 + 16 * EPS / distance).all()


def test_the_loss_is_the_optimum_plus_the_gap() -> None:
    goal = objective_of(*regression())
    trace = run(goal, [1.0, -1.0, 2.0], constant(0.1, 50))
    np.testing.assert_array_equal(trace.mse, goal.floor + trace.gap)
    assert (np.diff(trace.gap) < 0).all()


# Divergence


def test_a_run_beyond_a_million_starting_gaps_has_diverged() -> None:
    # lr 1.5 on (w − 1)²: the gap grows fourfold an epoch, and 4¹⁰ is the first power above 10⁶.
    trace = run(line(), [2.0], constant(1.5, 100))
    assert (trace.status, len(trace.gap)) == (DIVERGED, 11)
    np.testing.assert_allclose(trace.gap, 4.0 ** np.arange(11), rtol=1e-12)
    assert trace.weights[0] == about(1 + 2.0**10, rel=1e-12)


def test_a_rise_short_of_a_million_starting_gaps_is_no_divergence() -> None:
    trace = run(line(), [2.0], constant(1.5, 9))
    assert (trace.status, len(trace.gap)) == (COMPLETED, 10)


def test_a_run_may_rise_and_come_back() -> None:
    rates = np.array([1.5] * 9 + [0.25] * 30)[:, None, None]
    assert run(line(), [2.0], rates).status is COMPLETED


@pytest.mark.parametrize("lr", [1e200, 1e308])
def test_a_loss_that_is_not_finite_has_diverged(lr: float) -> None:
    trace = run(line(), [2.0], constant(lr, 100))
    assert trace.status is DIVERGED
    assert len(trace.gap) == 2
    assert trace.gap[-1] == trace.mse[-1] == np.inf


def test_an_infinite_start_has_diverged_without_a_warning() -> None:
    trace = run(line(8.0), [1e308], constant(0.1, 5))
    assert trace.status is DIVERGED
    assert trace.gap.tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("exact", [True, False], ids=["exact fit", "with residual"])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_start_at_the_optimum_is_no_divergence(kind: str, exact: bool) -> None:
    X, y = regression()
    goal = objective_of(X, with_ones(X) @ [1.0, -2.0, 3.0] if exact else y)
    optimizer = make(kind)
    start = goal.optimum.weights.tolist()
    assert goal.excess(np.array(start)[:, None])[0] == 0
    trace = run(goal, start, constant(optimizer.lr, 100), optimizer=optimizer)
    assert (trace.status, len(trace.gap)) == (COMPLETED, 101)


def test_a_start_beside_the_optimum_diverges_once_the_rise_is_seen() -> None:
    goal = objective_of(*regression())
    trace = run(goal, (goal.optimum.weights + 1e-12).tolist(), constant(5.0, 1000))
    assert trace.status is DIVERGED
    assert goal.floor < trace.gap[-1] < np.inf


# Stopping


def test_a_target_ends_the_run_at_its_first_epoch() -> None:
    # The gap after epoch e is 4⁻ᵉ.
    for epoch in (1, 5, 12):
        trace = run(line(), [2.0], constant(0.25, 30), stopping=Stopping(gap=4.0**-epoch * (1 + 1e-12)))
        assert (trace.status, len(trace.gap)) == (REACHED, epoch + 1)
        trace = run(line(), [2.0], constant(0.25, 30), stopping=Stopping(gap=4.0**-epoch * (1 - 1e-12)))
        assert (trace.status, len(trace.gap)) == (REACHED, epoch + 2)


def test_a_target_that_is_never_reached_lets_the_run_complete() -> None:
    trace = run(line(), [2.0], constant(0.25, 5), stopping=Stopping(gap=1e-9))
    assert (trace.status, len(trace.gap)) == (COMPLETED, 6)


def test_a_target_may_be_zero() -> None:
    goal = line()
    trace = run(goal, goal.optimum.weights.tolist(), constant(1e-20, 5), stopping=Stopping(gap=0.0))
    assert (trace.status, trace.gap.tolist()) == (REACHED, [0, 0])


def patient_end(losses: Array, patience: int, min_delta: float) -> tuple[Status, int]:
    best, since = losses[0], 0
    for epoch, now in enumerate(losses[1:], start=1):
        if now < best - min_delta:
            best, since = now, 0
        else:
            since += 1
        if since == patience:
            return STALLED, epoch
    return COMPLETED, len(losses) - 1


@pytest.mark.parametrize("min_delta", [0.0, 1e-6, 1e-3, 0.05, 10.0])
@pytest.mark.parametrize("patience", [1, 3, 10])
def test_patience_ends_a_run_that_stops_improving(patience: int, min_delta: float) -> None:
    goal, rates = line(), constant(0.05, 150)
    whole = run(goal, [3.0], rates)
    expected = patient_end(whole.gap, patience, min_delta)
    trace = run(goal, [3.0], rates, stopping=Stopping(patience=patience, min_delta=min_delta))
    assert (trace.status, len(trace.gap) - 1) == expected
    np.testing.assert_array_equal(trace.gap, whole.gap[: expected[1] + 1])


def test_slow_progress_adds_up_to_an_improvement() -> None:
    # Ten epochs of 0.06 each against a min_delta of 0.1: every second one beats the best by enough.
    goal = line()
    distances = np.sqrt(2 - 0.06 * np.arange(11))
    rates = ((1 - distances[1:] / distances[:-1]) / 2)[:, None, None]
    start = [1 + float(distances[0])]
    assert run(goal, start, rates, stopping=Stopping(patience=2, min_delta=0.1)).status is COMPLETED
    assert run(goal, start, rates, stopping=Stopping(patience=1, min_delta=0.1)).status is STALLED


def test_patience_sees_the_digits_that_the_loss_has_lost() -> None:
    # From epoch 27 on the loss stands at F* to the last digit, and the gap still falls.
    trace = run(line(), [3.0], constant(0.25, 40), stopping=Stopping(patience=2))
    assert (trace.status, len(trace.gap)) == (COMPLETED, 41)
    assert trace.mse[30] == trace.mse[40]


def overfitting() -> tuple[LeastSquares, LeastSquares]:
    # Training pulls w from 0 to 1, validation is best at 0.6.
    held_out = np.array([[1.0], [-1.0]])
    return line(), objective_of(held_out, 0.6 * held_out[:, 0] + 0.2, intercept=False)


@pytest.mark.parametrize("min_delta", [0.0, 0.01])
@pytest.mark.parametrize("patience", [1, 4])
def test_patience_watches_validation_where_there_is_some(patience: int, min_delta: float) -> None:
    goal, held_out = overfitting()
    rates = constant(0.02, 100)
    whole = run(goal, [0.0], rates, validation=held_out)
    assert whole.val_mse is not None
    expected = patient_end(whole.val_mse, patience, min_delta)
    trace = run(goal, [0.0], rates, validation=held_out, stopping=Stopping(patience=patience, min_delta=min_delta))
    assert expected[0] is STALLED
    assert 10 < expected[1] < 40
    assert (trace.status, len(trace.gap) - 1) == expected


def test_a_run_that_never_improves_stalls_after_its_patience() -> None:
    trace = run(line(), [2.0], constant(1.2, 50), stopping=Stopping(patience=4))
    assert (trace.status, len(trace.gap)) == (STALLED, 5)


def test_a_target_reached_as_patience_ends_counts_as_reached() -> None:
    trace = run(line(), [2.0], constant(0.25, 9), stopping=Stopping(gap=0.3, patience=1, min_delta=5.0))
    assert (trace.status, len(trace.gap)) == (REACHED, 2)


def test_divergence_comes_before_patience() -> None:
    trace = run(line(), [2.0], constant(1.5, 50), stopping=Stopping(patience=10))
    assert (trace.status, len(trace.gap)) == (DIVERGED, 11)


# Watching


def test_watch_is_called_at_the_end_of_every_stretch_with_its_losses() -> None:
    goal, told = line(), []

    def watch(epoch: int, loss: Array, gap: Array) -> None:
        told.append((epoch, loss.tolist(), gap.tolist()))

    trace = run(goal, [2.0], constant(0.25, 11), watch=watch)
    assert told == [(e, [trace.mse[e]], [trace.gap[e]]) for e in (1, 2, 4, 8, 11)]


def test_watch_gets_the_runs_that_are_not_finished() -> None:
    goal, told = line(), []
    starts = np.array([[2.0, 1.5]])
    descend(
        starts,
        goal.full_batch(),
        optimizers=[SGD()] * 2,
        rates=constant(0.25, 4),
        objective=goal,
        stopping=Stopping(gap=1 / 60),
        watch=lambda epoch, loss, gap: told.append((epoch, len(loss), len(gap))),
    )
    # Gaps 4⁻ᵉ and 4⁻⁽ᵉ⁺¹⁾: the second ends after epoch 2, the first after epoch 3.
    assert told == [(1, 2, 2), (2, 1, 1)]


# Ctrl-C


def interrupting(epoch: int) -> Callable[[int, Array, Array], None]:
    def watch(now: int, loss: Array, gap: Array) -> None:
        del loss, gap
        if now == epoch:
            raise KeyboardInterrupt

    return watch


def interrupted_within(goal: LeastSquares, finished: int) -> Batches:
    """Two steps per epoch, and an interrupt between the two steps after this many epochs."""
    A, b, n = next(iter(next(goal.full_batch().epochs())))

    class Broken(Batches):
        def epochs(self) -> Iterator[Iterable[Batch]]:
            yield from islice(super().epochs(), finished)
            yield self.broken()

        def broken(self) -> Iterator[Batch]:
            yield A, b, n
            raise KeyboardInterrupt

    return Broken(np.vstack([A, A]), np.vstack([b, b]), size=len(A), count=n)


def test_an_interrupt_is_kept_with_the_epochs_that_were_finished() -> None:
    whole = run(line(), [2.0], constant(0.1, 9))
    trace = run(line(), [2.0], constant(0.1, 9), watch=interrupting(4), keep_interrupted=True)
    assert trace.status is INTERRUPTED
    np.testing.assert_array_equal(trace.mse, whole.mse[:5])


@pytest.mark.parametrize("finished", [2, 3])
def test_an_interrupt_within_a_stretch_leaves_the_end_of_the_one_before(finished: int) -> None:
    goal = line()
    trace = run(goal, [2.0], constant(0.25, 9), batches=interrupted_within(goal, finished), keep_interrupted=True)
    assert (trace.status, len(trace.gap)) == (INTERRUPTED, 3)
    assert trace.weights[0] == about(1 + 2.0**-4, rel=1e-15)
    assert goal.excess(trace.weights[:, None])[0] == trace.gap[-1]


def test_an_interrupt_in_the_first_epoch_leaves_the_start() -> None:
    goal = line()
    trace = run(goal, [2.0], constant(0.25, 9), batches=interrupted_within(goal, 0), keep_interrupted=True)
    assert (trace.status, trace.gap.tolist(), trace.weights.tolist()) == (INTERRUPTED, [about(1, rel=1e-15)], [2.0])


def test_an_interrupt_is_raised_by_default() -> None:
    goal = line()
    with pytest.raises(KeyboardInterrupt):
        run(goal, [2.0], constant(0.1, 9), watch=interrupting(4))
    with pytest.raises(KeyboardInterrupt):
        run(goal, [2.0], constant(0.1, 9), batches=interrupted_within(goal, 2))


def test_an_interrupt_leaves_the_status_of_columns_that_had_ended() -> None:
    goal = line()
    traces = descend(
        np.array([[2.0, 1.125, 3.0]]),
        goal.full_batch(),
        optimizers=[SGD()] * 3,
        rates=constant(0.25, 20),
        objective=goal,
        stopping=Stopping(gap=1e-2),
        watch=interrupting(2),
        keep_interrupted=True,
    )
    assert [(trace.status, len(trace.gap)) for trace in traces] == [(INTERRUPTED, 3), (REACHED, 2), (INTERRUPTED, 3)]


def test_other_errors_are_never_kept() -> None:
    def watch(*_: object) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        run(line(), [2.0], constant(0.1, 3), watch=watch, keep_interrupted=True)
