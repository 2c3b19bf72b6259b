"""Which columns make a run slow, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from gdcli.errors import counted
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.directions import Columns, formula, oriented, reasons
from gdcli.experiment.explain.explanation import Explanation
from gdcli.experiment.explain.wording import epochs, figure, percent, sentence

WELL_CONDITIONED = 10.0
ALMOST_ALL = 0.9995
NOTHING = 1e-6  # of the goal: what remains of the gap then is of no interest


def slowness(case: Case, explanation: Explanation) -> Iterator[str]:
    """Say which columns make a run slow.

    Args:
        case: The case.
        explanation: Its figures.

    Yields:
        Sentences.
    """
    curvature, names = explanation.curvature, case.plan.rows.names
    if flat := len(names) - curvature.rank:
        yield f"The loss is flat in {counted(flat, 'direction')} of {len(names)}; they slow nothing down."
    if not curvature.rank:
        return
    if curvature.condition_number < WELL_CONDITIONED:
        yield f"The columns are well conditioned: condition number {figure(curvature.condition_number)}."
        return
    steepest, flattest = (formula(names, oriented(case.spectrum.directions[i])) for i in (0, -1))
    yield (
        f"The condition number is {figure(curvature.condition_number, 4)}: the curvature falls from "
        f"{figure(curvature.largest)} along {steepest} to {figure(curvature.smallest)} along {flattest}."
    )
    if explanation.prediction.gap is None or explanation.prediction.gap[-1] > NOTHING * case.goal.gap:
        yield from _bottleneck(case, explanation)


def _bottleneck(case: Case, explanation: Explanation) -> Iterator[str]:
    """The direction that keeps most of the gap, why the loss is flat there, and how fast the gap falls."""
    i, share = _slowest(case, explanation)
    columns, direction = Columns.of(case.plan.rows), oriented(case.spectrum.directions[i])
    halving, where = _halving(case, i), formula(columns.names, direction)
    if share is not None:
        part = "Almost all" if share >= ALMOST_ALL else percent(share)
        yield f"{part} of the gap that remains lies along {where}{halving and f', where it {halving}'}."
    elif halving:
        yield f"Along {where} the {'' if case.plan.is_full_batch else 'mean '}gap {halving}."
    causes = reasons(columns, direction, float(case.modes.h[i]), float(case.modes.h[0]))
    yield from map(sentence, causes)


def _slowest(case: Case, explanation: Explanation) -> tuple[int, float | None]:
    """The direction that holds most of the final gap, with its share; the flattest one where that is not known."""
    shares, gap = case.end_shares, explanation.prediction.gap
    if shares is None or gap is None or gap[-1] > gap[0]:
        return len(case.modes.h) - 1, None
    i = int(np.argmax(shares))
    return i, float(shares[i])


def _halving(case: Case, i: int) -> str:
    """How long the gap along a direction takes to halve at a constant rate; empty for less than an epoch."""
    factor = case.factors[i] if case.is_linear and case.is_constant else 0
    if not 0 < factor < 1:
        return ""
    count = math.log(2) / (-2 * math.log(factor)) / case.plan.steps
    return f"halves every {epochs(round(count))}" if count >= 1 else ""
