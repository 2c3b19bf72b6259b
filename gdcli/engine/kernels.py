"""Kernels: two ways to step through epochs, of one meaning. NumPy goes batch by batch; the compiled one is a loop."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from itertools import chain, repeat
from typing import Literal, TypeAlias

import numpy as np

from gdcli.engine.arrays import Array, per_run
from gdcli.engine.batches import Batches
from gdcli.engine.optimizers import Optimizer, Slots, Value

Kernel: TypeAlias = Literal["numpy", "compiled"]
# Steps through the next epochs. Takes the weights (d, k), the slots, the rates (epochs, 1 or steps, 1 or k), the steps
# before them and the hyperparameters; returns the weights after each epoch (epochs, d, k) and the slots after the last
# one, and leaves what it was given as it was.
Stepper: TypeAlias = Callable[[Array, Slots, Array, int, tuple[Value, ...]], tuple[Array, Slots]]

# Measured on abalone (d = 3, batches of 50): a step of NumPy's takes 4 µs (sgd) to 18 µs (nadam), nearly all of it the
# overhead of a dozen calls, and 1 ns more for each number of its rows and each run. Numba takes 0.4 s to load a kernel
# from its cache; what takes NumPy less than twice that is not worth the wait.
STEP_SECONDS = 10e-6
NUMBER_SECONDS = 1e-9
LOADING_SECONDS = 0.8


def stepper(kernel: Kernel, optimizer: type[Optimizer], batches: Batches) -> Stepper:
    """Get what steps through epochs, from the first one on.

    Args:
        kernel: Which one.
        optimizer: Whose rule.
        batches: What the epochs take.

    Returns:
        The stepper.

    Raises:
        ImportError: The kernel is the compiled one, and Numba cannot be imported.
    """
    if kernel == "compiled":
        from gdcli.engine.compiled.loop import compiled_stepper  # Numba is an extra, and takes 0.4 s to import

        return compiled_stepper(optimizer, batches)
    return _numpy_stepper(optimizer, batches)


def _numpy_stepper(optimizer: type[Optimizer], batches: Batches) -> Stepper:
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


def numba_trouble() -> str | None:
    """Say why Numba cannot be used; None where it can."""
    try:
        import_module("numba")
    except ModuleNotFoundError as error:
        return "is not installed" if error.name == "numba" else f"cannot be imported: {error}"
    except ImportError as error:  # an old Numba refuses a new NumPy
        return f"cannot be imported: {error}"
    return None


def numpy_seconds(*, steps: int, rows: int, d: int, k: int = 1) -> float:
    """Predict how long the NumPy kernel takes.

    Args:
        steps: That it makes.
        rows: A batch.
        d: Weights.
        k: Runs in lockstep.

    Returns:
        Seconds.
    """
    return steps * (STEP_SECONDS + NUMBER_SECONDS * rows * d * k)


def fastest(seconds: float) -> Kernel:
    """Choose a kernel: the compiled one where NumPy would take longer than loading it, and Numba is there.

    Args:
        seconds: That NumPy would take, as `numpy_seconds` predicts it.

    Returns:
        The kernel.
    """
    return "compiled" if seconds > LOADING_SECONDS and numba_trouble() is None else "numpy"
