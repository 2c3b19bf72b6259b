"""The choice of a kernel for a plan. It affects speed only, so it is not part of a spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from gdcli.engine.kernels.choice import KernelChoice, numba_trouble, numpy_seconds
from gdcli.errors import Fault, Place, SpecError
from gdcli.experiment.plan import Plan
from gdcli.spec.messages import one_of


def kernel_choice(word: str, *, place: str = "kernel") -> KernelChoice:
    """Check the name of a kernel.

    Args:
        word: `auto`, `numpy` or `compiled`.
        place: The option or argument in messages.

    Returns:
        The same name.

    Raises:
        SpecError: There is no such kernel, or it needs Numba, which is not available.
    """
    for kernel in get_args(KernelChoice):
        if word == kernel:
            trouble = numba_trouble() if word == "compiled" else None
            if trouble:
                message = f"needs Numba, which {trouble}; pip install numba"
                raise SpecError([Fault(Place(f"{place} compiled"), message)])
            choice: KernelChoice = kernel
            return choice
    raise SpecError([Fault(Place(place), one_of(word, get_args(KernelChoice)))])


def predicted_seconds(together: Sequence[Plan]) -> float:
    """Predict how long NumPy takes for plans that run in lockstep.

    Args:
        together: Plans that share rows, batches and steps.

    Returns:
        The time in seconds.
    """
    first = together[0]
    rows = len(first.rows.names) if first.is_full_batch else int(first.spec.batch_size)
    return numpy_seconds(steps=first.spec.epochs * first.steps, rows=rows, d=len(first.rows.names), k=len(together))
