"""Kernels: two ways to step through an epoch, of one meaning. NumPy goes batch by batch; the compiled one is a loop."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Literal, TypeAlias

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Epoch
from gdcli.engine.optimizers import Optimizer, Slots, Value

Kernel: TypeAlias = Literal["numpy", "compiled"]
# Steps through an epoch. Takes its rows, the weights (d, k), the slots, the rates (1 or steps, 1 or k), the steps
# before it and the hyperparameters; returns the new weights and slots, and leaves the old ones as they were.
Stepper: TypeAlias = Callable[[Epoch, Array, Slots, Array, int, tuple[Value, ...]], tuple[Array, Slots]]

# Measured on abalone (d = 3, batches of 50): a step of NumPy's takes 10 µs (sgd) to 19 µs (adam), nearly all of it
# the overhead of a dozen calls, and 1 ns more for each number of its rows and each run. Numba takes half a second to
# load a kernel from its cache; what takes NumPy less than twice that is not worth the wait.
STEP_SECONDS = 12e-6
NUMBER_SECONDS = 1e-9
LOADING_SECONDS = 1.0


def stepper(kernel: Kernel, optimizer: type[Optimizer]) -> Stepper:
    """Get what steps through an epoch.

    Args:
        kernel: Which one.
        optimizer: Whose rule.

    Returns:
        The stepper.

    Raises:
        ImportError: The kernel is the compiled one, and Numba cannot be imported.
    """
    if kernel == "compiled":
        from gdcli.engine.compiled import compiled_stepper  # Numba is an extra, and takes 0.4 s to import

        return compiled_stepper(optimizer)
    update = optimizer.update

    def step(epoch: Epoch, w: Array, slots: Slots, rates: Array, t: int, h: tuple[Value, ...]) -> tuple[Array, Slots]:
        for i, (A, b, n) in enumerate(epoch):
            g = (2 / n) * (A.T @ (A @ w - b))
            w, slots = update(w, g, slots, rates[i if len(rates) > 1 else 0], t + i + 1, h)
        return w, slots

    return step


def numba_trouble() -> str | None:
    """Say why Numba cannot be used; None where it can."""
    try:
        import_module("numba")
    except ModuleNotFoundError as error:
        return "is not installed" if error.name == "numba" else f"cannot be imported: {error}"
    except ImportError as error:  # an old Numba refuses a new NumPy
        return f"cannot be imported: {error}"
    return None


def fastest(*, steps: int, rows: int, d: int, k: int = 1) -> Kernel:
    """Choose a kernel: the compiled one where NumPy would take longer than loading it, and Numba is there.

    Args:
        steps: Of the whole run.
        rows: A batch.
        d: Weights.
        k: Runs in lockstep.

    Returns:
        The kernel.
    """
    seconds = steps * (STEP_SECONDS + NUMBER_SECONDS * rows * d * k)
    return "compiled" if seconds > LOADING_SECONDS and numba_trouble() is None else "numpy"
