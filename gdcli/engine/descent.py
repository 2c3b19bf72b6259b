"""The one loop: k runs that share rows, batches and optimizer kind descend side by side, one column each.

It goes by stretches of epochs. A kernel steps through one, then all its epochs are judged at once, which costs hardly
more than judging one. A stretch is as long as what came before it, so that a run that ends early has made no more
epochs in vain than it lasted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches
from gdcli.engine.kernels.base import Kernel
from gdcli.engine.kernels.choice import numpy_seconds, stepper
from gdcli.engine.optimizers import Optimizer, stack_hyperparameters
from gdcli.engine.problems.base import Problem
from gdcli.engine.trace import Record, Stopping, Trace

# Called now and then: with the epochs done, and the loss and the gap of the runs still under way, (k,) each.
Watch: TypeAlias = Callable[[int, Array, Array], None]

LONGEST = 256  # epochs in a stretch
STRETCH_SECONDS = 0.1  # that it may take, as far as can be told


def descend(
    start: Array,
    batches: Batches,
    *,
    optimizers: Sequence[Optimizer],
    rates: Array,
    objective: Problem,
    validation: Problem | None = None,
    stopping: Stopping | None = None,
    watch: Watch | None = None,
    keep_interrupted: bool = False,
    kernel: Kernel = "numpy",
) -> tuple[Trace, ...]:
    """Run gradient descent, w ← update(w, g, …) with g = (2/n)·Aᵀ(Aw − b) a batch.

    Args:
        start: Initial weights, one column a run, shape (d, k).
        batches: The rows to step through.
        optimizers: k optimizers of one kind.
        rates: Learning rates, shape (epochs, 1 or steps an epoch, 1 or k).
        objective: The loss on the training rows.
        validation: The loss on the validation rows, where there are any.
        stopping: When to end early.
        watch: Told how far the runs have come.
        keep_interrupted: Whether Ctrl-C ends the runs as `interrupted`, with the epochs that they finished, in
            place of raising KeyboardInterrupt.
        kernel: What steps through the epochs.

    Returns:
        One trace a run.
    """
    h = stack_hyperparameters(optimizers)
    w, slots = start, tuple(np.zeros_like(start) for _ in range(optimizers[0].n_slots))
    running = np.arange(start.shape[1])
    with np.errstate(all="ignore"):  # a run that overflows has diverged, and its status says so
        record = Record.begin(start, len(rates), objective, validation)
        try:
            advance = stepper(kernel, type(optimizers[0]), batches, objective)
            for first, last in _stretches(len(rates), batches, *start.shape):
                lr = rates[first:last, :, running] if rates.shape[2] > 1 else rates[first:last]
                history, slots = advance(w, slots, lr, first * batches.steps, h)
                going_on = record.add(first, running, history, stopping or Stopping())
                w = history[-1]
                if not going_on.any():
                    break
                if not going_on.all():
                    running, w = running[going_on], w[:, going_on]
                    slots = tuple(slot[:, going_on] for slot in slots)
                    h = tuple(value[going_on] if np.ndim(value) else value for value in h)
                if watch:
                    gap = record.gap[last, running]
                    watch(last, record.floor + gap, gap)
        except KeyboardInterrupt:
            if not keep_interrupted:
                raise
            record.interrupt(running)
    return record.traces()


def _stretches(epochs: int, batches: Batches, d: int, k: int) -> Iterator[tuple[int, int]]:
    """Cut epochs into stretches: the number of those before one, and before the next."""
    seconds = numpy_seconds(steps=batches.steps, rows=min(batches.size, len(batches.A)), d=d, k=k)
    longest, done = min(LONGEST, max(1, int(STRETCH_SECONDS / seconds))), 0
    while done < epochs:
        stretch = min(max(1, done), longest, epochs - done)
        yield done, done + stretch
        done += stretch
