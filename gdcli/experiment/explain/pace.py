"""How fast a run is, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.trace import DIVERGENCE_FACTOR
from gdcli.errors import counted
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Explanation, Prediction, Standing
from gdcli.experiment.explain.wording import epochs, figure, percent, share_of, times

SHARES = {"0.01": "1 %", "0.0001": "0.01 %", "1e-06": "1e-06"}
ROUNDING = 1e-15  # of the optimum's MSE: smaller gaps are lost in the loss


def pace(case: Case, explanation: Explanation) -> Iterator[str]:
    """Say how fast a run is.

    Args:
        case: The case.
        explanation: Its figures.

    Yields:
        Sentences.
    """
    prediction = explanation.prediction
    if prediction.gap is None:
        if explanation.rate.largest_stable is not None:
            yield f"The curve is not predicted: {prediction.reason}."
    elif prediction.gap[0] == 0:
        yield "The run starts at the optimum."
    else:
        yield _course(case, prediction, prediction.gap) + _arrivals(case, explanation)
    if explanation.standing:
        yield _standing(explanation.standing)


def _course(case: Case, prediction: Prediction, gap: Array) -> str:
    if not case.spec.epochs:
        return f"The gap of the start is {figure(gap[0])}, {_relation(case, gap[0], gap[0])}"
    what = "expected gap" if prediction.kind == "expected" else "predicted gap"
    diverged = np.flatnonzero(~(gap <= max(DIVERGENCE_FACTOR * gap[0], case.objective.baseline_loss)))
    if len(diverged):
        when = f"After {counted(int(diverged[0]), 'epoch')} the {what} is more than {DIVERGENCE_FACTOR:,.0f} times"
        return f"{when} that of the start: the run ends as diverged"
    spread = "" if prediction.sd is None else f" ± {figure(prediction.sd[-1], 2)}"
    how = "approximate" if prediction.kind == "expected" else "exact"
    after = f"After {counted(case.spec.epochs, 'epoch')} the {what} is {figure(gap[-1])}{spread} ({how})"
    return f"{after}, {_relation(case, gap[0], gap[-1])}"


def _relation(case: Case, start: float, end: float) -> str:
    """How large a gap is: above the start, or relative to the optimum."""
    if end > start:
        return f"{times(end / start)} that of the start"
    if case.optimum_mse is None:
        return f"{percent(end / start)} of that of the start; the optimum's MSE is 0"
    if end < ROUNDING * case.optimum_mse:
        return "which is the optimum to rounding"
    return share_of(end / case.optimum_mse, "the optimum's MSE")


def _arrivals(case: Case, explanation: Explanation) -> str:
    """The epochs until the gap is small, as far as they are known."""
    gap = explanation.prediction.gap
    if case.optimum_mse is None or gap is None or gap[-1] > gap[0]:
        return "."
    counts = {SHARES[key]: count for key, count in explanation.epochs_to.items() if count is not None}
    if not counts:
        is_final = explanation.prediction.kind == "exact" and case.is_constant and case.plan.is_full_batch
        return (
            f"; it is {'never' if is_final else 'not'} within 1 % of the optimum{'' if is_final else ' in this run'}."
        )
    shares = list(dict.fromkeys(counts.values()))
    latest = {count: [share for share, other in counts.items() if other == count][-1] for count in shares}
    first, *others = (f"{latest[count]} after {epochs(count)}" for count in shares)
    return f"; within {', '.join([first, *(other.removesuffix(' epochs') for other in others)])}."


def _standing(standing: Standing) -> str:
    """A finished run, measured against its prediction."""
    status = standing.status.replace("_", " ")
    measured = (
        f"The run ended after {counted(standing.epochs, 'epoch')} ({status}) with a gap of {figure(standing.gap)}"
    )
    if standing.predicted is None or standing.ratio is None or not math.isfinite(standing.ratio):
        return f"{measured}."
    if standing.deviations is not None:
        side = "above" if standing.deviations > 0 else "below"
        away = f"{abs(standing.deviations):.1f} standard deviations {side} the expected one"
        return f"{measured}, {away}, {figure(standing.predicted)}."
    return f"{measured}; measured divided by predicted is {standing.ratio:.9g}."
