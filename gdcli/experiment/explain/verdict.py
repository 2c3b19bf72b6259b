"""Whether a run is stable, and by how much, in words."""

from __future__ import annotations

import math

from gdcli.engine.optimizers.plain import Momentum
from gdcli.errors import counted
from gdcli.experiment.ending import largest_stable_lr, method
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.directions import formula, oriented
from gdcli.experiment.explain.explanation import Noise, Prediction
from gdcli.experiment.explain.wording import percent, rate, sentence, share_of, times

EDGE = 1e-9  # relative distance from the limit at which a gap neither falls nor grows


def verdict(case: Case, prediction: Prediction, noise: Noise | None) -> str:
    """Say whether a run is stable.

    Args:
        case: The case.
        prediction: Its curve.
        noise: What its mini-batches cost, if that is known.

    Returns:
        A sentence or two: `stability`, and for rates beyond the limit how fast the gap grows.
    """
    text = stability(case, prediction, noise)
    return f"{text} {_growth(case)}." if text.startswith("Unstable: ") and case.plan.is_full_batch else text


def stability(case: Case, prediction: Prediction, noise: Noise | None) -> str:
    """Say whether a run is stable, and by how much.

    Args:
        case: The case.
        prediction: Its curve.
        noise: What its mini-batches cost, if that is known.

    Returns:
        A sentence.
    """
    limit = largest_stable_lr(case.plan)
    if not case.spectrum.rank:
        return "Every column is zero: the loss is the same for all weights."
    if noise:
        return _of_batches(case, noise)
    if limit is None:
        return f"Nothing is predicted: {prediction.reason}, and no limit of its learning rate is known."
    if limit == 0:
        return "Unstable at every learning rate: dampening above 1 turns all steps but the first uphill."
    share = case.largest_rate / limit
    if case.plan.is_full_batch:
        return _of_full_batch(case, prediction, limit, share)
    return sentence(
        f"{_subject(case)} is {percent(share)} of {_whose(case, limit)}; on mini-batches the limit is smaller"
    )


def _of_full_batch(case: Case, prediction: Prediction, limit: float, share: float) -> str:
    whose = _whose(case, limit)
    if share < 1 - EDGE:
        return f"Stable: {_subject(case)} is {share_of(share, whose)}."
    if share <= 1 + EDGE:
        return f"On the edge of stability: {_subject(case)} equals {whose}."
    if case.is_constant:
        return f"Unstable: {_subject(case)} is {times(share)} {whose}."
    gap, above = prediction.gap, int((case.rates.max(axis=1) > limit).sum())
    beyond = f"the rates of {above} of {counted(case.spec.epochs, 'epoch')} are beyond the limit"
    if gap is not None:
        is_harmless = gap[-1] < gap[0] and case.divergence(gap) is None
        beyond += f", and the others {'make' if is_harmless else 'do not make'} up for them"
    return sentence(f"{_subject(case)} is {times(share)} {whose}; {beyond}")


def _of_batches(case: Case, noise: Noise) -> str:
    limit = noise.largest_stable_mean_square
    share, size = case.largest_rate / limit, case.spec.batch_size
    word = "Stable" if share < 1 else "Unstable" if case.is_constant else "Unstable in part"
    if share >= 1 and case.is_constant and math.isfinite(noise.floor):
        word = "On the edge of stability"
    amount = f"{percent(share)} of" if share < 1 else times(share)
    full = f"for full batches the limit is {rate(2 / case.spectrum.largest)}"
    grows = f"about {rate(limit)}, beyond which the expected gap grows on batches of {size} ({full})"
    return f"{word}: {_subject(case)} is {amount} {grows}."


def _whose(case: Case, limit: float) -> str:
    whose = f" of {method(case.plan)}" if isinstance(case.optimizer, Momentum) or not case.plan.is_full_batch else ""
    return f"{rate(limit)}, the largest stable rate{whose}"


def _subject(case: Case) -> str:
    if case.is_constant:
        return f"lr {case.optimizer.lr:g}"
    return f"the largest rate of the schedule, {case.largest_rate:.4g},"


def _growth(case: Case) -> str:
    """By how much the gap grows per epoch along the direction of the largest curvature."""
    names, direction = case.plan.rows.names, oriented(case.spectrum.directions[0])
    factor = case.factors[0] ** 2
    return f"Along {formula(names, direction)}, where the curvature is largest, the gap grows {times(factor)} per epoch"
