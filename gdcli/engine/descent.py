"""The one loop: k runs that share rows, batches and optimizer kind descend side by side, one column each.

Epochs are run in stretches. A kernel steps through a stretch, then the losses of all its epochs are computed at once,
which costs hardly more than the loss of one epoch. A stretch is at most as long as all epochs before it, so a run that
ends early computes at most twice the epochs that it keeps.
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

# Called after each stretch with the number of epochs done, and with the losses and gaps of the runs still under way,
# shape (k,) each.
Watch: TypeAlias = Callable[[int, Array, Array], None]

LONGEST = 256  # epochs in a stretch
STRETCH_SECONDS = 0.1  # the longest time for a stretch, by the cost model of the NumPy kernel


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
    """Run gradient descent, w ← update(w, g, …) with g the gradient of the objective on a batch.

    Args:
        start: Initial weights, one column per run, shape (d, k).
        batches: The rows to step through.
        optimizers: k optimizers of one kind.
        rates: Learning rates, shape (epochs, 1 or steps per epoch, 1 or k).
        objective: The loss on the training rows.
        validation: The loss on the validation rows, where there are any.
        stopping: When to end early.
        watch: Called after each stretch of epochs: see `Watch`.
        keep_interrupted: Whether Ctrl-C ends the runs as `interrupted`, with the epochs that they finished, instead
            of raising KeyboardInterrupt.
        kernel: The kernel to use; an objective without a compiled form always uses NumPy.

    Returns:
        One trace per run.

    Raises:
        ImportError: The kernel is the compiled one, and Numba cannot be imported.
        KeyboardInterrupt: Ctrl-C was pressed, and `keep_interrupted` is not set.
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
                under_way = record.add(first, running, history, stopping or Stopping())
                w = history[-1]
                if not under_way.any():
                    break
                if not under_way.all():
                    running, w = running[under_way], w[:, under_way]
                    slots = tuple(slot[:, under_way] for slot in slots)
                    h = tuple(value[under_way] if np.ndim(value) else value for value in h)
                if watch:
                    gap = record.gap[last, running]
                    watch(last, record.floor + gap, gap)
        except KeyboardInterrupt:
            if not keep_interrupted:
                raise
            record.interrupt(running)
    return record.traces()


def _stretches(epochs: int, batches: Batches, d: int, k: int) -> Iterator[tuple[int, int]]:
    """Divide epochs into stretches. Each is given by the number of epochs before it, and the number up to its end."""
    seconds = numpy_seconds(steps=batches.steps, rows=min(batches.size, len(batches.A)), d=d, k=k)
    longest, done = min(LONGEST, max(1, int(STRETCH_SECONDS / seconds))), 0
    while done < epochs:
        stretch = min(max(1, done), longest, epochs - done)
        yield done, done + stretch
        done += stretch
