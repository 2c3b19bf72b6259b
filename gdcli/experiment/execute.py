"""Run a plan, which gives a result; and the choice of a kernel, which affects speed only and is not part of a spec."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import get_args

from gdcli.engine.descent import Watch, descend
from gdcli.engine.kernels.choice import KernelChoice, choose_kernel, numba_trouble, numpy_seconds
from gdcli.errors import Fault, Place, SpecError
from gdcli.experiment.plan import Plan
from gdcli.experiment.result import Draw, Result
from gdcli.spec.messages import one_of


def execute(
    plan: Plan,
    *,
    draw: Draw,
    watch: Watch | None = None,
    keep_interrupted: bool = False,
    kernel: KernelChoice = "auto",
) -> Result:
    """Run a plan.

    Args:
        plan: The plan.
        draw: Draws `curve.png` of the result.
        watch: Called with the progress of the run.
        keep_interrupted: Whether Ctrl-C gives a result with status `interrupted` instead of KeyboardInterrupt.
        kernel: The kernel that steps through the epochs.

    Returns:
        The result, also of a run that diverged.

    Raises:
        ImportError: The kernel is the compiled one, and Numba cannot be imported.
        KeyboardInterrupt: Ctrl-C was pressed, and `keep_interrupted` is not set.
    """
    used = choose_kernel(kernel, predicted_seconds([plan]))
    batches = plan.batches()
    began = time.perf_counter()
    (trace,) = descend(
        plan.start[:, None],
        batches,
        optimizers=[plan.spec.optimizer],
        rates=plan.rates,
        objective=plan.rows.objective,
        validation=plan.rows.validation,
        stopping=plan.spec.stop.stopping() if plan.spec.stop else None,
        watch=watch,
        keep_interrupted=keep_interrupted,
        kernel=used,
    )
    return Result(plan=plan, trace=trace, seconds=time.perf_counter() - began, draw=draw, kernel=used)


def checked_kernel(word: str, *, place: str = "kernel") -> KernelChoice:
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
