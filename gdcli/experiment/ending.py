"""What is to be said of a run once it has ended: why it ended, and whether it should be believed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gdcli.engine.trace import DIVERGENCE_FACTOR, Status, Trace
from gdcli.experiment.plan import Plan

ROUNDING = 1e-9  # of the starting loss: what a loss may rise by without a word
LEAST_MOVE = 0.01  # of the way from the start to the optimum


# What a status alone does not say, the worst first.
NOTES = ("diverged", "above its start", "lr beyond its limit", "hardly moved")


class Remark(NamedTuple):
    """Something that a status alone does not say.

    Attributes:
        note: One of `NOTES`, to stand beside the status.
        sentence: What happened, with figures, and what to do about it.
    """

    note: str
    sentence: str


def tally(counts: Mapping[str, int], runs: int) -> str:
    """Write how many of several runs ended how: `4 of 10 diverged, 5 above its start`."""
    first, *others = sorted(counts, key=lambda note: NOTES.index(note) if note in NOTES else len(NOTES))
    return ", ".join([f"{counts[first]} of {runs} {first}", *(f"{counts[note]} {note}" for note in others)])


def remarks_on(plan: Plan, trace: Trace) -> tuple[Remark, ...]:
    """What a person should know of a run that has ended.

    Args:
        plan: What was run.
        trace: What happened.

    Returns:
        Remarks, the most important first: it diverged; it ended above its start; a rate was beyond the largest that
        is stable; it hardly moved.
    """
    return tuple(_remarks(plan, trace))


def _remarks(plan: Plan, trace: Trace) -> Iterator[Remark]:
    limit = largest_stable_lr(plan)
    rate, limit = largest_rate(plan, trace), math.inf if limit is None else limit
    beyond = rate > limit
    excess = f"lr {rate:g} is above {limit:.4g}, the largest stable rate of full-batch descent on these columns"
    advice = "lower optimizer.lr" + ("" if _has_scaler(plan) else " or scale the features")
    advice = f"{excess}; {advice}" if beyond else advice
    if trace.status is Status.DIVERGED:
        yield Remark("diverged", f"diverged at epoch {len(trace.gap) - 1}: {_how(trace)}; {advice}")
        return
    start, end = float(trace.mse[0]), float(trace.mse[-1])
    if end - start > ROUNDING * max(start, plan.rows.objective.baseline_loss):
        yield Remark("above its start", f"ended above its start: the MSE went from {start:.6g} to {end:.6g}; {advice}")
    elif beyond:
        yield Remark("lr beyond its limit", advice)
    yield from _hardly_moved(plan, trace)


def _has_scaler(plan: Plan) -> bool:
    return plan.spec.scaler.features != "none"


def _how(trace: Trace) -> str:
    if math.isfinite(trace.mse[-1]):
        return f"its gap passed {DIVERGENCE_FACTOR:g} times that of the start"
    return "its loss is no longer finite"


def _hardly_moved(plan: Plan, trace: Trace) -> Iterator[Remark]:
    start, end = float(trace.gap[0]), float(trace.gap[-1])
    if len(trace.gap) == 1 or start <= ROUNDING * plan.rows.objective.baseline_loss:
        return
    if (1 - LEAST_MOVE) * start < end <= start:
        share = f"{100 * (1 - end / start):.2g} %"
        advice = "raise optimizer.lr or epochs" + ("" if _has_scaler(plan) else ", or scale features and target")
        sentence = f"moved only {share} of the way from its start to the optimum: the gap is still {end:.4g}; {advice}"
        yield Remark("hardly moved", sentence)


def reason_to_stop(plan: Plan, trace: Trace) -> str | None:
    """Why a run ended before its last epoch, where its spec's `stop` made it.

    Args:
        plan: What was run.
        trace: What happened.

    Returns:
        One sentence with figures; None for every other end.
    """
    stop, epoch = plan.spec.stop, len(trace.gap) - 1
    if stop is None or trace.status not in (Status.TARGET_REACHED, Status.STALLED):
        return None
    if trace.status is Status.TARGET_REACHED:
        return f"at epoch {epoch}: the gap is at most stop.gap, {stop.gap:g}"
    watched, losses = ("MSE", trace.mse) if trace.val_mse is None else ("validation MSE", trace.val_mse)
    best = epoch - (stop.patience or 0)
    least = f" by {stop.min_delta:g}" if stop.min_delta else ""
    return f"at epoch {epoch}: the {watched} has not improved{least} on {losses[best]:.6g}, that of epoch {best}"


def largest_stable_lr(plan: Plan) -> float | None:
    """2 over the largest curvature: beyond it plain full-batch descent diverges; None for other optimizers."""
    optimizer = plan.spec.optimizer
    if optimizer.kind != "sgd":
        return None
    curvature = plan.rows.objective.curvature() + float(getattr(optimizer, "weight_decay", 0.0))
    return 2 / curvature if curvature > 0 else math.inf


def largest_rate(plan: Plan, trace: Trace) -> float:
    """The largest rate that the finished epochs of a run used; 0 where there were none."""
    return float(plan.rates[: len(trace.gap) - 1].max(initial=0.0))
