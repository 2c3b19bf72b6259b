"""Run a plan, which gives a result."""

from __future__ import annotations

import time

from gdcli.engine.descent import Watch, descend
from gdcli.engine.kernels.choice import KernelChoice, choose_kernel
from gdcli.experiment.kernels import predicted_seconds
from gdcli.experiment.plan import Plan
from gdcli.experiment.result import Draw, Result


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
