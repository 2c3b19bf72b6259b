"""The NumPy kernel: about a dozen calls per batch."""

from __future__ import annotations

from itertools import chain, repeat

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches
from gdcli.engine.kernels.base import Stepper
from gdcli.engine.optimizers import Optimizer, Slots, Value
from gdcli.engine.problems.base import Problem


def numpy_stepper(optimizer: type[Optimizer], batches: Batches, problem: Problem) -> Stepper:
    """Make the stepper that calls NumPy.

    Args:
        optimizer: The optimizer whose rule updates the weights.
        batches: The rows of each epoch.
        problem: The problem whose gradient is followed.

    Returns:
        The stepper.
    """
    update, gradient, steps = optimizer.update, problem.gradient, batches.steps
    each = chain.from_iterable(batches.epochs())

    def advance(w: Array, slots: Slots, rates: Array, t: int, h: tuple[Value, ...]) -> tuple[Array, Slots]:
        history = np.empty((len(rates), *w.shape))
        # Multiplying by a float is cheaper than by an array of one element.
        by_epoch = rates[:, :, 0].tolist() if rates.shape[2] == 1 else rates
        by_step = by_epoch if rates.shape[1] == steps else (repeat(lr, steps) for (lr,) in by_epoch)
        # Two nested loops instead of this one took a tenth of the time of a full batch.
        for step, (lr, (A, b, n)) in enumerate(zip(chain.from_iterable(by_step), each, strict=False), start=1):
            w, slots = update(w, gradient(w, A, b, n), slots, lr, t + step, h)
            if step % steps == 0:
                history[step // steps - 1] = w
        return history, slots

    return advance
