"""Remarks on a run that has ended: why it ended, and what is suspicious about it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from gdcli.engine.arrays import EPS, Array
from gdcli.engine.optimizers.plain import Momentum
from gdcli.engine.trace import DIVERGENCE_FACTOR, Status, Trace
from gdcli.experiment.automatic.optimal import is_optimal
from gdcli.experiment.plan import Plan
from gdcli.theory.stability import largest_stable_rate

ROUNDING = 1e-9  # of the starting loss: a smaller rise is not reported
LEAST_MOVE = 0.01  # of the way from the start to the optimum


# What a status alone does not say, the worst first.
NOTES = ("diverged", "above its start", "lr beyond its limit", "hardly moved")


class Remark(NamedTuple):
    """Something that the status alone does not say.

    Attributes:
        note: One of `NOTES`, shown beside the status.
        sentence: What happened, with figures, and what to do about it.
    """

    note: str
    sentence: str


class Ended(Protocol):
    """A run that has ended."""

    @property
    def plan(self) -> Plan:
        """The plan of the run."""

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What its status alone does not say."""


def tally(counts: Mapping[str, int], runs: int) -> str:
    """Count the endings of several runs: `4 of 10 diverged, 5 above its start`."""
    first, *others = sorted(counts, key=lambda note: NOTES.index(note) if note in NOTES else len(NOTES))
    return ", ".join([f"{counts[first]} of {runs} {first}", *(f"{counts[note]} {note}" for note in others)])


def worst_remark(runs: Sequence[Ended]) -> Remark | None:
    """Choose the remark on several runs that differ in their seed which must be known first.

    Args:
        runs: The runs of one name.

    Returns:
        The worst remark, with the seed of its run and a count of all remarks if there are several runs; None if there
        is nothing to remark.
    """
    remarks = [(remark, run) for run in runs for remark in run.remarks]
    if not remarks:
        return None
    worst, run = min(remarks, key=lambda pair: NOTES.index(pair[0].note))
    if len(runs) == 1:
        return worst
    counts = tally(Counter(remark.note for remark, _ in remarks), len(runs))
    return worst._replace(sentence=f"{worst.sentence} ({counts}; this is seed {run.plan.spec.seed})")


def remarks_on(plan: Plan, trace: Trace) -> Iterator[Remark]:
    """List the remarks on a run that has ended.

    Args:
        plan: The plan of the run.
        trace: The trace of the run.

    Yields:
        Remarks, the most important first: it diverged; it ended above its start; a rate was above the largest stable
        one; it hardly moved.
    """
    limit = largest_stable_lr(plan)
    if is_optimal(plan.spec) or plan.explanation:  # such rates may be unstable one by one, but not together
        limit = None
    rate = largest_rate(plan, trace)
    if trace.status is Status.DIVERGED:
        how = f"diverged at epoch {len(trace.gap) - 1}: {how_it_diverged(trace)}"
        yield Remark("diverged", f"{how}; {_advice(plan, rate, limit)}")
        return
    start, end = float(trace.mse[0]), float(trace.mse[-1])
    if rises(plan, trace.gap):
        how = f"ended above its start: the MSE went from {start:.6g} to {end:.6g}"
        yield Remark("above its start", f"{how}; {_advice(plan, rate, limit)}")
    elif limit is not None and rate > limit:
        yield Remark("lr beyond its limit", _advice(plan, rate, limit))
    yield from _hardly_moved(plan, trace)


def _advice(plan: Plan, rate: float, limit: float | None) -> str:
    """What to do about a run that grew, and why if its rate was above the largest stable one."""
    if limit == 0:
        return "no learning rate is stable with optimizer.dampening above 1: lower it"
    advice = "lower optimizer.lr" + ("" if _has_scaler(plan) else " or scale the features")
    if limit is None or rate <= limit:
        return advice
    return f"lr {rate:g} is above {limit:.4g}, the largest stable rate of {method(plan)} on these columns; {advice}"


def rises(plan: Plan, gap: Array) -> bool:
    """Whether the loss of a run ends above its start, by more than rounding.

    Args:
        plan: The plan of the run.
        gap: Gaps at the start and after each epoch.
    """
    objective = plan.rows.objective
    rounding = ROUNDING * max(objective.floor + float(gap[0]), objective.baseline_loss)
    return float(gap[-1]) - float(gap[0]) > rounding


def rounding_of(plan: Plan) -> float:
    """The largest gap that may consist of rounding errors alone.

    Up to eps·F*, the loss F* + gap is the same number as F*. If F* is zero, the bound below which `solve` sets F* to
    zero applies to the gap, too.
    """
    objective = plan.rows.objective
    zero = (8 * EPS) ** 2 * max(objective.n, len(objective.c)) * objective.baseline_loss
    return float(EPS * objective.floor + zero)


def method(plan: Plan) -> str:
    """The method that the limit of the largest stable rate applies to."""
    match plan.spec.optimizer:
        case Momentum(momentum=momentum, nesterov=nesterov):
            return f"full-batch descent with {'Nesterov ' if nesterov else ''}momentum {momentum:g}"
    return "full-batch descent"


def _has_scaler(plan: Plan) -> bool:
    return plan.spec.scaler.features != "none"


def how_it_diverged(trace: Trace) -> str:
    """Say by which sign a run was found to diverge, as a clause."""
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
    """Why the `stop` section of its spec ended a run before its last epoch.

    Args:
        plan: The plan of the run.
        trace: The trace of the run.

    Returns:
        One sentence with figures; None if the run ended otherwise.
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
    """The rate beyond which full-batch descent grows, with or without momentum; None for other optimizers."""
    return largest_stable_rate(plan.spec.optimizer, plan.rows.spectrum.largest)


def largest_rate(plan: Plan, trace: Trace) -> float:
    """The largest rate that the finished epochs of a run used; 0 if there are none."""
    return float(plan.rates[: len(trace.gap) - 1].max(initial=0.0))
