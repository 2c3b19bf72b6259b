"""The trace of a run, its status, and the record of epochs that decides when a run ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from gdcli.engine.arrays import Array, BoolArray, IntArray
from gdcli.engine.problems.base import Problem, loss

DIVERGENCE_FACTOR = 1e6


class Status(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    TARGET_REACHED = "target_reached"
    STALLED = "stalled"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Stopping:
    """When a run ends before its last epoch.

    Attributes:
        gap: End with `target_reached` at the first epoch whose gap is at most this, in squared file units. It has no
            effect where the problem's floor is not known.
        patience: End with `stalled` when the loss has not improved by `min_delta` for this many epochs.
        min_delta: Smallest decrease of the loss that counts as an improvement, in squared file units.
    """

    gap: float | None = None
    patience: int | None = None
    min_delta: float = 0.0


@dataclass(frozen=True)
class Trace:
    """The losses and final weights of one run. Entry e of each loss is the state after epoch e; entry 0 is the start.

    Attributes:
        status: How it ended.
        mse: Loss on the training rows, shape (epochs + 1,), in squared file units.
        gap: Distance of `mse` from the problem's floor, likewise; `mse` itself where the floor is not known.
        val_mse: Loss on the validation rows, likewise; None where there are none.
        weights: Weights after the last finished epoch, shape (d,), as trained.
    """

    status: Status
    mse: Array
    gap: Array
    val_mse: Array | None
    weights: Array


def has_diverged(gap: Array, before: Array, first: ArrayLike, baseline_loss: float) -> BoolArray:
    """Whether a run has diverged after an epoch: its gap is not finite; or it is rising and has passed two bounds.

    One is the starting gap times `DIVERGENCE_FACTOR`. The other is for a start near the optimum, where that is still
    tiny: such a run has diverged once it is worse than a model that has learned nothing.

    Args:
        gap: Gaps after each epoch, shape (epochs, …).
        before: Gaps one epoch earlier, likewise.
        first: The starting gap, shape (…).
        baseline_loss: The loss of predicting zeros.

    Returns:
        Shape (epochs, …).
    """
    bound = np.maximum(DIVERGENCE_FACTOR * np.asarray(first), baseline_loss)
    return np.asarray(~np.isfinite(gap) | ((gap > bound) & (gap > before)))


@dataclass
class Record:
    """The epochs of k runs so far: arrays of shape (epochs + 1, k), and the state of each run."""

    objective: Problem
    validation: Problem | None
    gap: Array
    val_mse: Array
    weights: Array
    last: IntArray
    status: list[Status]
    best: Array
    best_epoch: IntArray

    @classmethod
    def begin(cls, start: Array, epochs: int, objective: Problem, validation: Problem | None) -> Record:
        """Make a record that holds the start only.

        Args:
            start: Initial weights, shape (d, k).
            epochs: Number of epochs to make room for.
            objective: The loss on the training rows.
            validation: The loss on the validation rows, where there are any.

        Returns:
            The record.
        """
        k = start.shape[1]
        rows = (epochs + 1, k)
        record = cls(
            objective=objective,
            validation=validation,
            gap=np.empty(rows),
            val_mse=np.empty(rows if validation else (0, k)),
            weights=start.copy(),
            last=np.zeros(k, dtype=np.int64),
            status=[Status.COMPLETED] * k,
            best=np.full(k, np.inf),
            best_epoch=np.zeros(k, dtype=np.int64),
        )
        record.gap[0] = objective.excess(start)
        if validation:
            record.val_mse[0] = loss(validation, start)
        record.best = record.watched()[0].copy()
        return record

    @property
    def floor(self) -> float:
        """F*, or zero where it is not known: a loss is this plus a gap."""
        return self.objective.floor or 0.0

    def watched(self) -> Array:
        """Return the loss that patience watches, up to a constant: the gap keeps digits that the loss does not."""
        return self.val_mse if self.validation else self.gap

    def add(self, done: int, running: IntArray, history: Array, stopping: Stopping) -> BoolArray:
        """Add a stretch of epochs, and set the status of the runs that end in it.

        Args:
            done: Epochs before the stretch.
            running: Indices of the runs under way, shape (k,).
            history: Their weights after each epoch of the stretch, shape (epochs, d, k).
            stopping: When to end early.

        Returns:
            Which of the runs continue, shape (k,).
        """
        before, stretch = slice(done, done + len(history)), slice(done + 1, done + len(history) + 1)
        self.gap[stretch, running] = gap = self.objective.excess(history)
        if self.validation:
            self.val_mse[stretch, running] = loss(self.validation, history)
        diverged = has_diverged(gap, self.gap[before, running], self.gap[0, running], self.objective.baseline_loss)
        target = None if self.objective.floor is None else stopping.gap
        reached = gap <= (-np.inf if target is None else target)
        ended = diverged | reached | self._stalled(stretch, running, stopping)
        over = ended.any(axis=0)
        end = np.where(over, ended.argmax(axis=0), len(history) - 1)
        for j in np.flatnonzero(over):
            reason = Status.TARGET_REACHED if reached[end[j], j] else Status.STALLED
            self.status[running[j]] = Status.DIVERGED if diverged[end[j], j] else reason
        self.weights[:, running] = history[end, :, np.arange(len(running))].T
        self.last[running] = done + 1 + end
        return np.asarray(~over)

    def _stalled(self, stretch: slice, running: IntArray, stopping: Stopping) -> BoolArray:
        """Whether patience ends a run after an epoch of a stretch, shape (epochs, k)."""
        losses = self.watched()[stretch, running]
        stalled = np.zeros(losses.shape, dtype=np.bool_)
        if stopping.patience is not None:
            for epoch, loss, out in zip(range(stretch.start, stretch.stop), losses, stalled, strict=True):
                improved = loss < self.best[running] - stopping.min_delta
                self.best[running] = np.where(improved, loss, self.best[running])
                self.best_epoch[running] = np.where(improved, epoch, self.best_epoch[running])
                out[:] = epoch - self.best_epoch[running] >= stopping.patience
        return stalled

    def interrupt(self, running: IntArray) -> None:
        """Mark the runs of these indices, shape (k,), as interrupted."""
        for column in running:
            self.status[column] = Status.INTERRUPTED

    def traces(self) -> tuple[Trace, ...]:
        """Return one trace per run, with the epochs that it finished."""
        return tuple(
            Trace(
                status=status,
                mse=self.floor + self.gap[: last + 1, column],
                gap=self.gap[: last + 1, column].copy(),
                val_mse=self.val_mse[: last + 1, column].copy() if self.validation else None,
                weights=self.weights[:, column].copy(),
            )
            for column, (status, last) in enumerate(zip(self.status, self.last, strict=True))
        )
