"""Which kernel runs a plan: a choice of speed alone, and so no part of a spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

from gdcli.engine.kernels import Kernel, fastest, numba_trouble
from gdcli.errors import Fault, Place, SpecError
from gdcli.experiment.faults import one_of
from gdcli.experiment.plan import Plan

KernelChoice: TypeAlias = Literal["auto", "numpy", "compiled"]


def kernel_choice(word: str, *, place: str = "kernel") -> KernelChoice:
    """Check what was asked for.

    Args:
        word: `auto`, `numpy` or `compiled`.
        place: What messages call it.

    Returns:
        The same.

    Raises:
        SpecError: There is no such kernel, or it needs Numba, which is not there.
    """
    for known in get_args(KernelChoice):
        if word == known:
            trouble = numba_trouble() if word == "compiled" else None
            if trouble:
                message = f"needs Numba, which {trouble}; pip install 'gdcli[fast]'"
                raise SpecError([Fault(Place(f"{place} compiled"), message)])
            choice: KernelChoice = known
            return choice
    raise SpecError([Fault(Place(place), one_of(word, get_args(KernelChoice)))])


def settled(choice: KernelChoice, plans: Sequence[Plan]) -> Kernel:
    """Settle on a kernel for plans that run one after the other: `auto` takes the one that is done first."""
    if choice != "auto":
        return choice
    largest = max(plans, key=lambda plan: plan.steps * plan.spec.epochs)
    d = len(largest.names)
    rows = d if largest.is_full_batch else int(largest.spec.batch_size)
    return fastest(steps=sum(plan.steps * plan.spec.epochs for plan in plans), rows=rows, d=d)
