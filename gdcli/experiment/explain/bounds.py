"""What no method built from gradients can beat, and the schedule that reaches it."""

from __future__ import annotations

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Bounds
from gdcli.theory.krylov import Refusal, bound, optimal_rates

MOST_PRODUCTS = 1_000_000  # k²·rank for k gradients: about a second


def bounds(case: Case) -> Bounds:
    """Compute the bound of a full-batch run, and the rates that reach it.

    Args:
        case: The case.

    Returns:
        The bound after every epoch, NaN from where it takes too long; the rates of plain descent without weight decay,
        None where rounding forbids them or where they take too long. Neither for mini-batches.
    """
    if not case.plan.is_full_batch:
        return Bounds(None, None)
    modes, epochs, rank = case.modes, case.spec.epochs, len(case.modes.h)
    affordable = int((MOST_PRODUCTS / max(rank, 1)) ** 0.5)  # beyond the rank, more gradients cost nothing
    most = epochs if rank <= affordable else min(epochs, affordable)
    gradient = modes.h * modes.start + case.weight_decay * (modes.start + modes.optimum)
    curve = np.full(epochs + 1, np.nan)
    curve[: most + 1] = bound(modes.h, modes.start, gradient, most, modes.unit)
    return Bounds(curve, _schedule(case) if most == epochs and epochs else None)


def _schedule(case: Case) -> Array | None:
    rates = optimal_rates(case.modes.h, case.modes.start, case.spec.epochs)
    return None if isinstance(rates, Refusal) or case.weight_decay else rates
