"""Whether a run is stable, and by how much, in words."""

from __future__ import annotations

import math

from gdcli.errors import counted
from gdcli.experiment.ending import method
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.directions import formula, oriented
from gdcli.experiment.explain.explanation import Explanation, Noise
from gdcli.experiment.explain.wording import percent, rate, times
from gdcli.theory.epochs import Motion

EDGE = 1e-9  # relative distance from the limit at which a gap neither falls nor grows


def verdict(case: Case, explanation: Explanation) -> str:
    """Say whether a run is stable.

    Args:
        case: The case.
        explanation: Its figures.

    Returns:
        A sentence.
    """
    limit, share, kind = explanation.rate.largest_stable, explanation.rate.share, case.optimizer.kind
    if not explanation.curvature.rank:
        return "Every column is zero: the loss is the same for all weights, and no step changes it."
    if explanation.noise:
        return _of_batches(case, explanation.noise)
    if limit is None or share is None:
        return f"Nothing is known about the stability of {kind}: its step is not linear in the gradient."
    if limit == 0:
        return "Unstable at every learning rate: dampening above 1 turns all steps but the first uphill."
    if not case.plan.is_full_batch:
        return (
            f"{_subject(case)} is {percent(share)} of {rate(limit)}, the largest stable rate of {method(case.plan)} on "
            "these columns. On mini-batches the limit is smaller, by an amount that is not known here."
        )
    return _of_full_batch(case, limit, share)


def _of_full_batch(case: Case, limit: float, share: float) -> str:
    whose = f"{rate(limit)}, the largest stable rate of {method(case.plan)} on these columns"
    if share < 1 - EDGE:
        return f"Stable: {_subject(case)} is {percent(share)} of {whose}."
    if share <= 1 + EDGE:
        return f"On the edge of stability: {_subject(case)} equals {whose}."
    if case.is_constant:
        return f"Unstable: {_subject(case)} is {times(share)} {whose}{_growth(case)}."
    above = int((case.rates.max(axis=1) > limit).sum())
    return (
        f"{_subject(case)} is {times(share)} {whose}; {above} of {counted(case.spec.epochs, 'epoch')} are above it. What "
        "this costs is in the prediction."
    )


def _of_batches(case: Case, noise: Noise) -> str:
    limit = noise.largest_stable_mean_square
    share, size = case.largest_rate / limit, case.spec.batch_size
    whose = f"about {rate(limit)}, beyond which the expected gap grows on batches of {size}"
    full = f"(for full batches the limit is {rate(2 / case.spectrum.largest)})"
    if share < 1:
        return f"Stable: {_subject(case)} is {percent(share)} of {whose} {full}."
    if case.is_constant and math.isfinite(noise.floor):
        return f"On the edge of stability: {_subject(case)} is {times(share)} {whose} {full}."
    word = "Unstable" if case.is_constant else "Unstable in part"
    return f"{word}: {_subject(case)} is {times(share)} {whose} {full}."


def _subject(case: Case) -> str:
    if case.is_constant:
        return f"lr {case.optimizer.lr:g}"
    return f"the largest rate of the schedule, {case.largest_rate:.4g},"


def _growth(case: Case) -> str:
    """By how much the error grows per epoch along the direction of the largest curvature."""
    names, direction = case.plan.rows.names, oriented(case.spectrum.directions[0])
    r1, r2 = Motion(case.modes, case.optimizer, case.optimizer.lr).eigenvalues
    factor = max(abs(r1[0]), abs(r2[0])) ** 2
    return f": there the gap along {formula(names, direction)} grows {times(factor)} per epoch"
