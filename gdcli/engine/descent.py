"""The one loop: k runs that share rows, batches and optimizer kind descend side by side, one column each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Epochs
from gdcli.engine.kernels import Kernel, stepper
from gdcli.engine.objective import Objective
from gdcli.engine.optimizers import Optimizer, stack_hyperparameters
from gdcli.engine.trace import Record, Stopping, Trace

# Called with the epoch, the loss and the gap of the runs still under way, (k,) each, after every epoch.
Watch: TypeAlias = Callable[[int, Array, Array], None]


def descend(
    start: Array,
    epochs: Epochs,
    *,
    optimizers: Sequence[Optimizer],
    rates: Array,
    objective: Objective,
    validation: Objective | None = None,
    stopping: Stopping | None = None,
    watch: Watch | None = None,
    keep_interrupted: bool = False,
    kernel: Kernel = "numpy",
) -> tuple[Trace, ...]:
    """Run gradient descent, w ← update(w, g, …) with g = (2/n)·Aᵀ(Aw − b) a batch.

    Args:
        start: Initial weights, one column a run, shape (d, k).
        epochs: The rows to step through.
        optimizers: k optimizers of one kind.
        rates: Learning rates, shape (epochs, 1 or steps an epoch, 1 or k).
        objective: The loss on the training rows.
        validation: The loss on the validation rows, where there are any.
        stopping: When to end early.
        watch: Told of every epoch.
        keep_interrupted: Whether Ctrl-C ends the runs as `interrupted`, with the epochs that they finished, in
            place of raising KeyboardInterrupt.
        kernel: What steps through an epoch.

    Returns:
        One trace a run.
    """
    h = stack_hyperparameters(optimizers)
    w, slots = start, tuple(np.zeros_like(start) for _ in range(optimizers[0].n_slots))
    running, t = np.arange(start.shape[1]), 0
    with np.errstate(all="ignore"):  # a run that overflows has diverged, and its status says so
        record = Record.begin(start, len(rates), objective, validation)
        try:
            step = stepper(kernel, type(optimizers[0]))
            for epoch, (all_rates, rows) in enumerate(zip(rates, epochs, strict=False), start=1):
                lr = all_rates[:, running] if all_rates.shape[1] > 1 else all_rates
                w, slots = step(rows, w, slots, lr, t, h)
                t += rows.steps
                record.add(epoch, running, w)
                if watch:
                    gap = record.gap[epoch, running]
                    watch(epoch, objective.optimum_mse + gap, gap)
                going_on = record.judge(epoch, running, stopping or Stopping())
                if not going_on.any():
                    break
                if not going_on.all():
                    running, w = running[going_on], w[:, going_on]
                    slots = tuple(slot[:, going_on] for slot in slots)
                    h = tuple(value[going_on] if np.ndim(value) else value for value in h)
        except KeyboardInterrupt:
            if not keep_interrupted:
                raise
            record.interrupt(running)
    return record.traces()
