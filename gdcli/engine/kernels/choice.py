"""Which kernel steps through the epochs, and how long NumPy would take."""

from __future__ import annotations

from importlib import import_module

from gdcli.engine.batches import Batches
from gdcli.engine.kernels.base import Kernel, Stepper
from gdcli.engine.kernels.plain import numpy_stepper
from gdcli.engine.optimizers import Optimizer
from gdcli.engine.problems.base import Problem

# Measured on abalone (d = 3, batches of 50): a step of NumPy's takes 4 µs (sgd) to 18 µs (nadam), nearly all of it the
# overhead of a dozen calls, and 1 ns more for each number of its rows and each run. Numba takes 0.4 s to load a kernel
# from its cache; what takes NumPy less than twice that is not worth the wait.
STEP_SECONDS = 10e-6
NUMBER_SECONDS = 1e-9
LOADING_SECONDS = 0.8


def stepper(kernel: Kernel, optimizer: type[Optimizer], batches: Batches, problem: Problem) -> Stepper:
    """Get what steps through epochs, from the first one on.

    Args:
        kernel: Which one; a problem that has no compiled form is stepped by NumPy.
        optimizer: Whose rule.
        batches: What the epochs take.
        problem: Whose gradient.

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
