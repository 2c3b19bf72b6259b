"""The loop trains any problem: here a tanh unit, which has no known floor and no compiled form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from optimizer_rows import ROWS
from problems import objective_of, regression, with_ones
from tanh_unit import TanhUnit
from test_descent import make

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches, mini_batches
from gdcli.engine.descent import descend
from gdcli.engine.kernels import choice
from gdcli.engine.kernels.base import Kernel, Stepper
from gdcli.engine.kernels.plain import numpy_stepper
from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.optimizers.plain import SGD
from gdcli.engine.problems.base import Problem, loss
from gdcli.engine.trace import Status, Stopping, Trace

EPOCHS = 40


def rows(n: int = 60) -> tuple[Array, Array]:
    X = with_ones(np.random.RandomState(2).randn(n, 2))
    return X, np.tanh(X @ [0.8, -0.5, 0.2]) + 0.05 * np.random.RandomState(3).randn(n)


X, Y = rows()
UNIT, VALIDATION = TanhUnit(X[:48], Y[:48]), TanhUnit(X[48:], Y[48:])
STARTS = np.random.RandomState(4).randn(3, 3)
BATCHES: dict[str, Callable[[], Batches]] = {
    "full batch": UNIT.full_batch,
    "mini-batches": lambda: mini_batches(UNIT.X, UNIT.y, size=7, shuffle="each_epoch", seed=3),
}


def train(which: list[int], kind: str, batches: Batches, **options: Any) -> tuple[Trace, ...]:
    optimizers = [ROWS[kind].lockstep[j] for j in which]
    rates = np.tile([optimizer.lr for optimizer in optimizers], (EPOCHS, 1, 1))
    return descend(
        STARTS[:, which],
        batches,
        optimizers=optimizers,
        rates=rates,
        objective=UNIT,
        validation=VALIDATION,
        **options,
    )


def central_differences(problem: Problem, w: Array) -> Array:
    h = 1e-6
    rises = [loss(problem, w + h * e[:, None]) - loss(problem, w - h * e[:, None]) for e in np.eye(len(w))]
    return np.array(rises) / (2 * h)


@pytest.mark.parametrize("problem", [UNIT, objective_of(*regression())], ids=["tanh unit", "least squares"])
def test_the_gradient_is_that_of_the_loss(problem: Problem) -> None:
    (batch,) = next(problem.full_batch().epochs())
    expected = central_differences(problem, STARTS)
    np.testing.assert_allclose(problem.gradient(STARTS, *batch), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("batches", BATCHES)
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_optimizer_trains_a_tanh_unit_in_lockstep(kind: str, batches: str) -> None:
    together = train([0, 1, 2], kind, BATCHES[batches]())
    for j, trace in enumerate(together):
        (alone,) = train([j], kind, BATCHES[batches]())
        assert trace.status is alone.status is Status.COMPLETED
        assert trace.val_mse is not None
        assert alone.val_mse is not None
        assert trace.mse[-1] < trace.mse[0]
        for name in ("weights", "mse", "gap", "val_mse"):
            np.testing.assert_array_equal(getattr(trace, name), getattr(alone, name))


def test_without_a_floor_the_gap_is_the_loss() -> None:
    (trace,) = train([0], "adam", UNIT.full_batch())
    np.testing.assert_array_equal(trace.gap, trace.mse)
    final = np.mean((np.tanh(UNIT.X @ trace.weights) - UNIT.y) ** 2)
    assert trace.mse[-1] == pytest.approx(final, rel=1e-12)
    assert trace.val_mse is not None
    held_out = np.mean((np.tanh(VALIDATION.X @ trace.weights) - VALIDATION.y) ** 2)
    assert trace.val_mse[-1] == pytest.approx(held_out, rel=1e-12)


def test_without_a_floor_no_target_is_reached() -> None:
    traces = train([0, 1, 2], "adam", UNIT.full_batch(), stopping=Stopping(gap=1e9))
    assert [(trace.status, len(trace.gap)) for trace in traces] == [(Status.COMPLETED, EPOCHS + 1)] * 3


def test_without_a_floor_patience_watches_the_loss() -> None:
    (trace,) = descend(
        STARTS[:, :1],
        UNIT.full_batch(),
        optimizers=[SGD()],
        rates=np.zeros((20, 1, 1)),
        objective=UNIT,
        stopping=Stopping(patience=3),
    )
    assert (trace.status, len(trace.gap)) == (Status.STALLED, 4)


def test_watch_gets_the_loss_as_the_gap() -> None:
    told: list[tuple[list[float], list[float]]] = []
    train([0, 1], "sgd", UNIT.full_batch(), watch=lambda _, loss, gap: told.append((loss.tolist(), gap.tolist())))
    assert told
    assert all(losses == gaps for losses, gaps in told)


def test_divergence_is_seen() -> None:
    class Linear(TanhUnit):
        """The same with the identity instead of tanh, so that the loss has no bound."""

        def gradient(self, w: Array, A: Array, b: Array, n: int) -> Array:
            return np.asarray((2 / n) * A.T @ (A @ w - b))

        def excess(self, w: Array) -> Array:
            losses = np.asarray(((self.X @ w - self.y[:, None]) ** 2).mean(axis=-2))
            return np.where(np.isfinite(losses), losses, np.inf)

    unit = Linear(UNIT.X, UNIT.y)
    rates = np.tile([5.0, 0.1, 1e200], (100, 1, 1))
    traces = descend(STARTS, unit.full_batch(), optimizers=[SGD()] * 3, rates=rates, objective=unit)
    assert [trace.status for trace in traces] == [Status.DIVERGED, Status.COMPLETED, Status.DIVERGED]
    assert len(traces[0].mse) < 20
    assert traces[2].mse.tolist() == [traces[2].mse[0], np.inf]


@pytest.mark.parametrize("kernel", ["numpy", "compiled"])
def test_a_problem_without_a_compiled_form_is_stepped_by_numpy(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def counted(*arguments: Any) -> Stepper:
        calls.append(arguments)
        return numpy_stepper(*arguments)

    monkeypatch.setattr(choice, "numpy_stepper", counted)
    rates = np.full((3, 1, 1), 0.01)
    descend(STARTS, UNIT.full_batch(), optimizers=[make("adam")] * 3, rates=rates, objective=UNIT, kernel=kernel)
    assert len(calls) == 1
