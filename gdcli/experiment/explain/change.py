"""What to change first, and what it buys, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from gdcli.experiment.explain.alternatives import Scaled
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Explanation, Noise
from gdcli.experiment.explain.move import Kind, Move, descent_epochs, moves
from gdcli.experiment.explain.wording import epochs, figure, rate, sentence, share_of
from gdcli.theory.epochs import epochs_to, first_epoch

WORTH = 1.5  # how many times better a change must be to be worth a sentence
SIMPLER = 2.0  # how many times more epochs a simpler change may take and still come first
OPTIMUM = "the optimum's MSE"
ABOVE = 2.0  # a gap so many times the floor is still falling


def change(case: Case, explanation: Explanation, scalers: Sequence[Scaled]) -> Iterator[str]:
    """Say what to change first in a spec, and what it buys.

    Args:
        case: The case.
        explanation: Its figures.
        scalers: Full-batch sgd with each scaler.

    Yields:
        Sentences.
    """
    if not explanation.curvature.rank or not case.modes.gap > 0:
        return
    if case.is_linear and case.plan.is_full_batch:
        yield from _decay(case)
        yield from _first(case, explanation, list(moves(case, scalers)))
        return
    if explanation.noise:
        yield from _noise(case, explanation, explanation.noise)
        yield from _best_rate(case, explanation)
    yield from _comparison(case, scalers)


def _first(case: Case, explanation: Explanation, choices: Sequence[Move]) -> Iterator[str]:
    """The change that takes the fewest epochs, or a simpler one that takes not many more; then others."""
    now, cheapest = _now(case, explanation), _cheapest(choices)
    best = min(cheapest.values(), key=_cost)
    first = next(move for move in cheapest.values() if move.cost <= SIMPLER * best.cost)
    if not math.isfinite(first.cost):
        return
    if first.cost * WORTH > now:
        yield f"No other constant rate, scaler or momentum is much faster: they take {epochs(int(best.cost))} or more."
        return
    before = f" instead of {now:,.0f}" if math.isfinite(now) else " instead of never" if case.is_constant else ""
    yield f"Change first: {first.words}. Then the gap first {case.goal.words} after {epochs(int(first.cost))}{before}."
    useful = [move for move in _others(cheapest, first) if move.cost * WORTH <= now]
    if useful:
        yield sentence("; ".join(f"or {move.words}: {epochs(int(move.cost))}" for move in useful))


def _others(cheapest: Mapping[Kind, Move], first: Move) -> Iterator[Move]:
    """The other changes that are faster than all simpler ones, and momentum, so that it is known what it would do."""
    least = math.inf
    for kind, move in cheapest.items():
        if move is not first and (move.cost < least or (kind == "momentum" and math.isfinite(move.cost))):
            yield move
        least = min(least, move.cost)


def _cheapest(choices: Sequence[Move]) -> dict[Kind, Move]:
    """The cheapest change of each kind, the simplest kind first."""
    groups = {kind: [move for move in choices if move.kind == kind] for kind in get_args(Kind)}
    return {kind: min(group, key=_cost) for kind, group in groups.items() if group}


def _cost(move: Move) -> float:
    return move.cost


def _now(case: Case, explanation: Explanation) -> float:
    """Epochs until the goal as the spec is; infinite for never, or not within a run whose rate changes."""
    assert explanation.prediction.gap is not None
    if case.is_constant:
        count = epochs_to(case.modes, case.optimizer, case.optimizer.lr, case.goal.gap)
    else:
        count = first_epoch(explanation.prediction.gap, case.goal.gap)
    return math.inf if count is None else count


def _decay(case: Case) -> Iterator[str]:
    """Weight decay that keeps the run from the optimum."""
    if not case.weight_decay:
        return
    fixed = case.modes.fixed_point(case.weight_decay)
    gap = float(fixed @ fixed) * case.modes.unit
    if gap > case.goal.gap:
        held = f"Weight decay {case.weight_decay:g} leads away from the optimum, to a gap of {figure(gap)}"
        yield f"{held}{_of_optimum(case, gap)}."


def _noise(case: Case, explanation: Explanation, noise: Noise) -> Iterator[str]:
    """The floor of a constant rate, and what lowers it."""
    gap, limit = explanation.prediction.gap, rate(noise.largest_stable_mean_square)
    if gap is None or math.isnan(noise.floor):
        return
    if math.isinf(noise.floor):
        if case.is_constant and explanation.rate.best_for_epochs is None:
            yield f"Change first: lower `optimizer.lr` below {limit}, or enlarge the batches."
        return
    verb = "keeps" if case.is_constant else "would keep"
    floor = f"{figure(noise.floor)}{_of_optimum(case, noise.floor)}"
    held = f"At a constant lr {case.optimizer.lr:g} the noise of the batches {verb} the expected gap near {floor}"
    if not case.is_constant:
        yield f"{held}; a rate that falls gets below it."
    elif gap[-1] > ABOVE * noise.floor:
        yield f"{held}; the run ends above that: what takes time is curvature, not noise."
    else:
        yield f"{held}; a rate that falls (`schedule: cosine`), a smaller one or larger batches get below it."


def _best_rate(case: Case, explanation: Explanation) -> Iterator[str]:
    """The constant rate with the smallest expected gap at the end."""
    best, gap = explanation.rate.best_for_epochs, explanation.prediction.gap
    if best is None or gap is None:
        return
    end = case.expected_end(best)
    if end * WORTH <= gap[-1]:
        settings = " and ".join(
            [f"`optimizer.lr: {figure(best)}`", *([] if case.is_constant else ["`schedule: constant`"])]
        )
        before = f", instead of {figure(gap[-1])}" if math.isfinite(gap[-1]) else ""
        then = f"Then the expected gap after {epochs(case.spec.epochs)} is {figure(end)}{_of_optimum(case, end)}"
        yield f"Change first: set {settings}. {then}{before}."


def _of_optimum(case: Case, gap: float) -> str:
    return f", {share_of(gap / case.optimum_mse, OPTIMUM)}" if case.optimum_mse else ""


def _comparison(case: Case, scalers: Sequence[Scaled]) -> Iterator[str]:
    """What full-batch sgd would take, for runs whose own course does not answer that."""
    counts = {
        scaled.figures.scaler: (descent_epochs(case, scaled), scaled.figures.best)
        for scaled in scalers
        if scaled.is_same
    }
    own = case.spec.scaler.features
    (count, lr), best = counts[own], min(counts, key=lambda name: counts[name][0])
    if not math.isfinite(count):
        return
    goal = f"{case.goal.words} after {epochs(int(count))}"
    text = f"For comparison: full-batch sgd at its best constant rate, {rate(lr)}, {goal}"
    fewer = counts[best][0]
    yield f"{text}{f'; with `scaler: {best}` after {epochs(int(fewer))}' if fewer * WORTH <= count else ''}."
