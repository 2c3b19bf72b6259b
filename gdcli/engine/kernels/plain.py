"""The NumPy kernel: batch by batch, a dozen calls each."""

from __future__ import annotations

from itertools import chain, repeat

import numpy as np

from gdcli.engine.arrays import Array, per_run
from gdcli.engine.batches import Batches
from gdcli.engine.kernels.base import Stepper
from gdcli.engine.optimizers import Optimizer, Slots, Value


def numpy_stepper(optimizer: type[Optimizer], batches: Batches) -> Stepper:
    """Get what steps through epochs, one NumPy call after the other.

    Args:
        optimizer: Whose rule.
        batches: What the epochs take.

    Returns:
        The stepper.
    """
    update, steps, each = optimizer.update, batches.steps, chain.from_iterable(batches.epochs())

    def advance(w: Array, slots: Slots, rates: Array, t: int, h: tuple[Value, ...]) -> tuple[Array, Slots]:
        history, alone = np.empty((len(rates), *w.shape)), w.shape[1] == 1
        # Plain numbers are cheaper to multiply by than arrays of one.
        by_epoch = rates[:, :, 0].tolist() if rates.shape[2] == 1 else rates
        by_step = by_epoch if rates.shape[1] == steps else (repeat(lr, steps) for (lr,) in by_epoch)
        # One loop, and not one in another: with a full batch those took a tenth of the time.
        for step, (lr, (A, b, n)) in enumerate(zip(chain.from_iterable(by_step), each, strict=False), start=1):
            if alone:  # the same to the last bit, and a microsecond less
                g = (2 / n) * A.T.dot(A.dot(w) - b)
            else:
                residuals = per_run(A, np.ascontiguousarray(w.T)) - b.T
                g = (2 / n) * np.ascontiguousarray(per_run(A.T, residuals).T)
            w, slots = update(w, g, slots, lr, t + step, h)
            if step % steps == 0:
                history[step // steps - 1] = w
        return history, slots

    return advance
