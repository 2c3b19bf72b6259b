"""How fast a run is, and which columns make it slow, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.errors import counted
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.directions import Columns, formula, oriented, reasons
from gdcli.experiment.explain.explanation import Explanation, Prediction, Standing
from gdcli.experiment.explain.wording import epochs, figure, percent, times
from gdcli.theory.epochs import Motion

WELL_CONDITIONED = 10.0
SHARES = {"0.01": "1 %", "0.0001": "0.01 %", "1e-06": "1e-06"}
MUCH = 0.5  # of the gap in one direction


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
        yield f"The curve is not predicted: {prediction.reason}."
    elif prediction.gap[0] == 0:
        yield "The run starts at the optimum."
    else:
        yield _course(case, prediction, prediction.gap) + _arrivals(case, explanation)
    if explanation.standing:
        yield _standing(case, explanation.standing)


def _course(case: Case, prediction: Prediction, gap: Array) -> str:
    count = case.spec.epochs
    if not count:
        return f"The gap of the start is {figure(gap[0])}{_relation(case, gap[0], gap[0])}"
    after = f"After {counted(count, 'epoch')} the"
    if not math.isfinite(gap[-1]):
        return f"{after} gap is beyond the largest number; it grows from {figure(gap[0])}"
    how = "exact" if prediction.kind == "exact" else "approximate" if prediction.reason else "exact"
    what = "predicted gap" if prediction.kind == "exact" else "expected gap"
    spread = f" ± {figure(prediction.sd[-1], 2)}" if prediction.sd is not None else ""
    return f"{after} {what} is {figure(gap[-1])}{spread} ({how}){_relation(case, gap[0], gap[-1])}"


def _relation(case: Case, start: float, end: float) -> str:
    """How large a gap is: above the start, or relative to the optimum."""
    if end > start:
        return f", {times(end / start)} that of the start"
    if case.optimum_mse is None:
        return f", {percent(end / start)} of that of the start; the optimum's MSE is 0"
    return f", {percent(end / case.optimum_mse)} of the optimum's MSE"


def _arrivals(case: Case, explanation: Explanation) -> str:
    """The epochs until the gap is small, as far as they are known."""
    if case.optimum_mse is None:
        return "."
    known = {SHARES[key]: count for key, count in explanation.epochs_to.items() if count is not None}
    if not known:
        is_final = explanation.prediction.kind == "exact" and case.is_constant
        return (
            "; it is never within 1 % of the optimum." if is_final else "; not within 1 % of the optimum in this run."
        )
    parts = [f"{share} after {epochs(count)}" for share, count in known.items()]
    return f"; within {parts[0]}{''.join(f', {part}' for part in parts[1:])}."


def _standing(case: Case, standing: Standing) -> str:
    """A finished run, measured against its prediction."""
    status = standing.status.replace("_", " ")
    measured = (
        f"The run ended after {counted(standing.epochs, 'epoch')} ({status}) with a gap of {figure(standing.gap)}"
    )
    if standing.predicted is None or standing.ratio is None or not math.isfinite(standing.predicted):
        return f"{measured}."
    if standing.deviations is not None:
        away = f"{abs(standing.deviations):.1f} standard deviations {'above' if standing.deviations > 0 else 'below'}"
        return f"{measured}, {away} the expected one, {figure(standing.predicted)}."
    return f"{measured}; measured/predicted is {standing.ratio:.6g}."


def slowness(case: Case, explanation: Explanation) -> Iterator[str]:
    """Say which columns make a run slow.

    Args:
        case: The case.
        explanation: Its figures.

    Yields:
        Sentences.
    """
    curvature, names = explanation.curvature, case.plan.rows.names
    flat = len(names) - curvature.rank
    if flat and curvature.rank:
        yield (
            f"In {counted(flat, 'direction')} of {len(names)} the loss is flat: some columns depend on others. No "
            "descent moves along them, and they cost nothing."
        )
    if not curvature.rank:
        return
    if curvature.condition_number < WELL_CONDITIONED:
        yield f"The columns are well conditioned: condition number {figure(curvature.condition_number)}."
        return
    directions, h = [oriented(direction) for direction in case.spectrum.directions], case.modes.h
    last = f"{figure(h[-1])} along {formula(names, directions[-1])}"
    yield (
        f"The condition number is {figure(curvature.condition_number, 4)}: the curvature falls from {figure(h[0])} along "
        f"{formula(names, directions[0])} to {last}."
    )
    yield from _bottleneck(case, explanation, directions)


def _bottleneck(case: Case, explanation: Explanation, directions: list[Array]) -> Iterator[str]:
    """The direction that keeps most of the gap, why the loss is flat there, and how fast the error falls."""
    i, share = slowest(case, explanation)
    columns = Columns.of(case.plan.rows)
    causes = list(reasons(columns, directions[i], float(case.modes.h[i]), float(case.modes.h[0])))
    why = "; ".join(causes)
    halving = _halving(case, i)
    if share is None:
        parts = [
            why and why[0].upper() + why[1:],
            halving and f"Along {formula(columns.names, directions[i])} {halving}",
        ]
        yield from (f"{part}." for part in parts if part)
        return
    where = f"{percent(share)} of what remains lies along {formula(columns.names, directions[i])}"
    pieces = [where + (f", where {halving}" if halving else ""), why]
    sentence = ": ".join(piece for piece in pieces if piece)
    yield f"{sentence}."


def slowest(case: Case, explanation: Explanation) -> tuple[int, float | None]:
    """Find the direction that holds most of the final gap, or the flattest one where that is not known.

    Args:
        case: The case.
        explanation: Its figures.

    Returns:
        The index of its curvature, and its share of the final gap.
    """
    shares = [(mode.end, mode.curvature) for mode in explanation.modes if mode.end is not None]
    is_growing = explanation.prediction.gap is not None and bool(
        explanation.prediction.gap[-1] > explanation.prediction.gap[0]
    )
    if not shares or is_growing:
        return len(case.modes.h) - 1, None
    share, curvature = max(shares)
    return int(np.flatnonzero(case.modes.h == curvature)[-1]), share


def _halving(case: Case, i: int) -> str:
    """How long the error along a direction takes to halve, at a constant rate."""
    if not (case.is_linear and case.is_constant) or case.optimizer.lr >= 2 / case.modes.h[0] * 10:
        return ""
    r1, r2 = Motion(case.modes, case.optimizer, case.optimizer.lr).eigenvalues
    factor = max(abs(r1[i]), abs(r2[i]))
    if not 0 < factor < 1:
        return ""
    count = math.log(2) / -math.log(factor) / case.plan.steps
    if count < 1:
        return ""
    expected = "" if case.plan.is_full_batch else "expected "
    return f"the {expected}error halves every {epochs(round(count))}"
