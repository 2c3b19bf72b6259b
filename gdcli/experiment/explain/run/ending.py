"""Why a run ended, and what it would have needed, in one sentence afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.engine.trace import Status, Trace
from gdcli.errors import counted, some_of
from gdcli.experiment.ending import how_it_diverged, largest_rate, largest_stable_lr, reason_to_stop, rises, rounding_of
from gdcli.experiment.explain.alternatives import stable_rates
from gdcli.experiment.explain.case import GOAL, Case
from gdcli.experiment.explain.move import DIGITS, SHARES
from gdcli.experiment.explain.run.affordable import has_modes, has_quick_count, quick_noise
from gdcli.experiment.explain.wording import epochs, figure, listed, percent, rate, share_of, times
from gdcli.experiment.plan import Plan
from gdcli.theory.epochs import epochs_to, first_epoch
from gdcli.theory.rates import best_constant, best_heavy_ball

WORTH = 1.5  # how many times fewer epochs another rate must take to be worth a clause
TIED = 0.9  # of the largest component of a direction: columns that set a limit together
MOST_COLUMNS = 3


class Pace(NamedTuple):
    """How fast the optimizer of a run would be at other numbers.

    Attributes:
        needed: Epochs until the goal.
        settings: The numbers: `lr 0.5`.
    """

    needed: int
    settings: str


def ending(plan: Plan, trace: Trace) -> str | None:
    """Say why a run ended, how near the optimum that is, and what it would have needed.

    Args:
        plan: The plan of the run.
        trace: Its trace.

    Returns:
        A sentence; None for a run of no epochs.
    """
    case, done, total = Case(plan), len(trace.gap) - 1, plan.spec.epochs
    if not total:
        return None
    match trace.status:
        case Status.DIVERGED:
            return f"Diverged at epoch {done}: {'; '.join(_causes(case, trace)) or how_it_diverged(trace)}."
        case Status.TARGET_REACHED:
            return f"Stopped {reason_to_stop(case.plan, trace)}."
        case Status.STALLED:
            return f"Stopped {reason_to_stop(case.plan, trace)}; it ended {_place(case, trace)}."
        case Status.INTERRUPTED:
            start = f"Interrupted after {done} of {counted(total, 'epoch')}"
        case _:
            start = f"Completed {f'all {total} epochs' if total > 1 else 'its epoch'}"
    return f"{'; '.join([f'{start} {_place(case, trace)}', *_needs(case, trace)])}."


def _place(case: Case, trace: Trace) -> str:
    """How far above the optimum a run ended."""
    first, gap, optimum = float(trace.gap[0]), float(trace.gap[-1]), case.optimum_mse
    if rises(case.plan, trace.gap):
        return "above its start"
    rounding = rounding_of(case.plan)
    if first <= rounding:
        return "where it started, at the optimum"
    if gap <= rounding:
        return "at the optimum, to rounding"
    if optimum is None:
        return f"with {percent(gap / first)} of the starting gap left"
    ratio = gap / optimum
    return f"at {times(1 + ratio)} the optimum" if ratio >= 10 else f"at {percent(ratio)} above the optimum"


def _needs(case: Case, trace: Trace) -> Iterator[str]:
    """What a run needs to come within 1 % of the optimum, as far as theory knows."""
    if rises(case.plan, trace.gap):
        yield from _causes(case, trace)
        return
    if trace.gap[0] <= rounding_of(case.plan):
        return
    goal = GOAL * (case.optimum_mse or float(trace.gap[0]))
    epoch, is_left = first_epoch(trace.gap, goal), bool(trace.gap[-1] > goal)
    if epoch:
        yield f"{_goal(case)} was reached at epoch {epoch}{' and left again' if is_left else ''}"
    if is_left and not case.plan.is_full_batch:
        yield from _noise(case)
    elif epoch is None and case.is_linear and has_quick_count(case.optimizer, case):
        yield from _paces(case)


def _goal(case: Case) -> str:
    return f"{100 * GOAL:g} %" + ("" if case.optimum_mse else " of the starting gap")


def _paces(case: Case) -> Iterator[str]:
    """How many epochs 1 % takes, at the rate of the run and at a better one."""
    now = epochs_to(case.modes, case.optimizer, case.optimizer.lr, case.goal.gap) if case.is_constant else None
    best = _best_pace(case)
    is_worth = best is not None and (now is None or best.needed * WORTH <= now)
    if not case.is_constant:
        if best:
            yield f"{_goal(case)} takes {epochs(best.needed)} at a constant {best.settings}"
    elif now is None:
        other = f", but {epochs(best.needed)} with {best.settings}" if best else ""
        yield f"{_goal(case)} is never reached at this rate{other}"
    else:
        other = f", or {best.needed:,} with {best.settings}" if best and is_worth else ""
        yield f"{_goal(case)} takes {epochs(now)} at this rate{other}"


def _best_pace(case: Case) -> Pace | None:
    """The fewest epochs at a few constant rates, as they are written; None where 1 % is never reached."""
    return min(_other_paces(case), default=None)


def _other_paces(case: Case) -> Iterator[Pace]:
    optimizer, a = case.optimizer, case.weight_decay
    lr, momentum = best_constant(case.spectrum, a), 0.0
    if isinstance(optimizer, Momentum):
        if optimizer.nesterov or optimizer.dampening:
            return
        lr, momentum = best_heavy_ball(case.spectrum, a)
        momentum = 1 - float(f"{1 - momentum:.2g}")
    if not (0 < lr < math.inf):
        return
    for share in SHARES:
        text = rate(share * lr, DIGITS)
        other = Momentum(momentum=momentum, weight_decay=a) if momentum else SGD(weight_decay=a)
        count = epochs_to(case.modes, other, float(text), case.goal.gap) if has_quick_count(other, case) else None
        if count is not None:
            yield Pace(count, f"lr {text}" + (f" and momentum {momentum:.9g}" if momentum else ""))


def _noise(case: Case) -> Iterator[str]:
    """Whether the noise of mini-batches keeps a run from 1 %."""
    noise = quick_noise(case)
    if noise and case.is_constant and case.goal.gap < noise.floor < math.inf:
        size, optimum = case.spec.batch_size, case.optimum_mse
        share = f", {share_of(noise.floor / optimum, 'the optimum')}" if optimum else ""
        yield f"at this rate the noise of batches of {size} keeps the expected gap near {figure(noise.floor)}{share}"


def _causes(case: Case, trace: Trace) -> Iterator[str]:
    """What made the loss grow, where a rate was beyond its limit, and what would be safe."""
    noise, limit = quick_noise(case), largest_stable_lr(case.plan)
    limit = noise.largest_stable_mean_square if noise else limit
    used = largest_rate(case.plan, trace)
    if limit is None or used <= limit:
        return
    if limit == 0:
        yield "no rate is stable with `optimizer.dampening` above 1"
        return
    about = "" if case.plan.is_full_batch else "about " if noise else "below "
    columns = f", set by {_columns(case)}" if has_modes(case) else ""
    yield f"the largest safe rate is {about}{rate(limit)}{columns}"
    if case.plan.is_full_batch:
        yield from _safe_scaler(case, used)


def _columns(case: Case) -> str:
    """The columns with the largest components of the direction of the largest curvature."""
    sizes = np.abs(case.spectrum.directions[0])
    names = [case.plan.rows.names[i] for i in np.flatnonzero(sizes >= TIED * sizes.max())]
    return listed(names) if len(names) <= MOST_COLUMNS else some_of(names, MOST_COLUMNS)


def _safe_scaler(case: Case, used: float) -> Iterator[str]:
    """The scaler with which the largest rate of the run would be the safest."""
    limits = stable_rates(case)
    name = max(limits, key=limits.__getitem__, default=None)
    if name and used < limits[name]:
        yield f"with `scaler: {name}` lr {used:g} would be stable: the limit there is {rate(limits[name])}"
