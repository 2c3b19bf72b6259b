"""The choice of a kernel: which one steps through the epochs, and how long NumPy would take."""

from __future__ import annotations

from importlib import import_module
from typing import Literal, TypeAlias

from gdcli.engine.batches import Batches
from gdcli.engine.kernels.base import Kernel, Stepper
from gdcli.engine.kernels.plain import numpy_stepper
from gdcli.engine.optimizers import Optimizer
from gdcli.engine.problems.base import Problem

KernelChoice: TypeAlias = Literal["auto", "numpy", "compiled"]

# Measured on abalone (d = 3, batches of 50): a NumPy step takes 4 µs (sgd) to 18 µs (nadam), nearly all of it the
# overhead of a dozen calls, plus 1 ns per number in its rows and run. Numba takes 0.4 s to load a kernel from its
# cache, so the compiled kernel is used only where NumPy would need twice that.
STEP_SECONDS = 10e-6
NUMBER_SECONDS = 1e-9
LOADING_SECONDS = 0.8


def stepper(kernel: Kernel, optimizer: type[Optimizer], batches: Batches, problem: Problem) -> Stepper:
    """Make a stepper, which begins with the first epoch.

    Args:
        kernel: The kernel; a problem without a compiled form always uses NumPy.
        optimizer: The optimizer whose rule updates the weights.
        batches: The rows of each epoch.
        problem: The problem whose gradient is followed.

    Returns:
        The stepper.

    Raises:
        ImportError: The kernel is the compiled one, and Numba cannot be imported.
    """
    factor = problem.compiled()
    if kernel == "compiled" and factor is not None:
        from gdcli.engine.kernels.compiled.loop import compiled_stepper  # Numba is an extra, and takes 0.4 s to import

        return compiled_stepper(optimizer, batches, factor)
    return numpy_stepper(optimizer, batches, problem)


def numba_trouble() -> str | None:
    """Say why Numba cannot be used, as the end of a sentence about it; None where it can."""
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
        steps: Number of steps.
        rows: Rows per batch.
        d: Number of weights.
        k: Number of runs in lockstep.

    Returns:
        Seconds.
    """
    return steps * (STEP_SECONDS + NUMBER_SECONDS * rows * d * k)


def choose_kernel(choice: KernelChoice, seconds: float) -> Kernel:
    """Choose a kernel: `auto` is the compiled one if Numba is there and NumPy would take longer than loading it.

    Args:
        choice: What the user asked for.
        seconds: Time that NumPy would take, as `numpy_seconds` predicts it.

    Returns:
        The kernel.
    """
    if choice != "auto":
        return choice
    return "compiled" if seconds > LOADING_SECONDS and numba_trouble() is None else "numpy"
