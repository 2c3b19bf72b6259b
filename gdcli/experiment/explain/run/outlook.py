"""Whether a run is stable, in one sentence before it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.trace import has_diverged
from gdcli.experiment.ending import largest_stable_lr, rises
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Noise, Prediction
from gdcli.experiment.explain.run.affordable import quick_noise, quick_prediction
from gdcli.experiment.explain.verdict import stability
from gdcli.experiment.plan import Plan


@dataclass(frozen=True)
class Outlook:
    """What is known of a run before it starts.

    Attributes:
        sentence: Whether it is stable, and by how much.
        fate: What must become of it: it diverges, or it ends above its start; None if neither is certain.
    """

    sentence: str
    fate: str | None


def outlook(plan: Plan) -> Outlook | None:
    """Say whether a run is stable before it starts.

    Args:
        plan: The plan of the run.

    Returns:
        The outlook; None for runs of no epochs and for optimizers of which no stable rate is known.
    """
    if not plan.spec.epochs or largest_stable_lr(plan) is None:
        return None
    case = Case(plan)
    prediction = quick_prediction(case) if plan.is_full_batch else Prediction("none")
    noise = quick_noise(case)
    fate = _fate_of_batches(case, noise) if noise else _fate(case, prediction.gap)
    return Outlook(stability(case, prediction, noise), fate)


def _fate_of_batches(case: Case, noise: Noise) -> str | None:
    is_beyond = case.is_constant and case.optimizer.lr > noise.largest_stable_mean_square
    return "In the long run its loss must grow." if is_beyond and not math.isfinite(noise.floor) else None


def _fate(case: Case, gap: Array | None) -> str | None:
    """What the exact curve of a full-batch run comes to, unless the run may stop before."""
    stop = case.spec.stop
    if gap is None or not np.isfinite(gap[0]) or (stop and stop.patience is not None):
        return None
    if stop and stop.gap is not None and (gap <= stop.gap).any():
        return None
    diverged = np.flatnonzero(has_diverged(gap[1:], gap[:-1], gap[0], case.objective.baseline_loss))
    if len(diverged):
        return f"It must diverge at epoch {diverged[0] + 1}."
    return "It must end above its start." if rises(case.plan, gap) else None
