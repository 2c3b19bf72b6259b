"""What to change first, and what it buys, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.experiment.explain.alternatives import Scaled
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Explanation
from gdcli.experiment.explain.wording import epochs, figure, percent, rate
from gdcli.theory.epochs import epochs_to, first_epoch
from gdcli.theory.modes import Modes
from gdcli.theory.rates import best_heavy_ball

WORTH = 1.5  # how many times fewer epochs a change must take to be worth a sentence
SIMPLER = 2.0  # how many times more epochs a simpler change may take and still come first
ACTIONS = {
    "none": "leave the columns as they are",
    "zscore": "z-score the columns",
    "minmax": "scale the columns to [0, 1]",
    "maxabs": "divide the columns by their largest value",
    "robust": "scale the columns by median and quartiles",
}


@dataclass(frozen=True)
class Move:
    """A change of a spec.

    Attributes:
        words: What to do, with its settings.
        epochs: Epochs until the goal; None where it is never reached.
        is_rate: Whether it changes nothing but the rate.
    """

    words: str
    epochs: int | None
    is_rate: bool = False

    @property
    def cost(self) -> float:
        """The epochs, infinite for never."""
        return math.inf if self.epochs is None else self.epochs


def change(case: Case, explanation: Explanation, scalers: Sequence[Scaled]) -> Iterator[str]:
    """Say what to change first in a spec, and what it buys.

    Args:
        case: The case.
        explanation: Its figures.
        scalers: Full-batch sgd with each scaler.

    Yields:
        Sentences.
    """
    if not explanation.curvature.rank or case.modes.gap == 0:
        return
    if explanation.noise:
        yield from _on_batches(case, explanation)
    elif case.is_linear and case.plan.is_full_batch:
        yield from _decay(case)
        yield from _first_move(case, explanation, _moves(case, scalers))
    yield from _comparison(case, scalers)


def _moves(case: Case, scalers: Sequence[Scaled]) -> list[Move]:
    """The changes that least squares tells the outcome of."""
    goal, own = case.goal.gap, case.spec.scaler.features
    moves = []
    for scaled in scalers:
        figures, name = scaled.figures, scaled.figures.scaler
        if not (scaled.is_same and 0 < figures.best < math.inf):
            continue
        settings = f"`optimizer.lr: {rate(figures.best)}`"
        kind = "" if isinstance(case.optimizer, SGD) else ", `optimizer.kind: sgd`"
        count = epochs_to(scaled.modes, SGD(weight_decay=case.weight_decay), figures.best, goal)
        if name == own:
            moves.append(Move(f"set {settings}{kind.replace(',', ' and', 1)}", count, is_rate=not kind))
        else:
            moves.append(Move(f"{ACTIONS.get(name, name)} (`scaler: {name}`, {settings}{kind})", count))
    return [*moves, _heavy_ball(case, case.modes)]


def _heavy_ball(case: Case, modes: Modes) -> Move:
    lr, momentum = best_heavy_ball(case.spectrum, case.weight_decay)
    optimizer = Momentum(lr=lr, momentum=momentum, weight_decay=case.weight_decay)
    kind = "" if isinstance(case.optimizer, Momentum) else "kind: momentum, "
    words = f"set `optimizer: {{{kind}lr: {rate(lr)}, momentum: {figure(momentum, 4)}}}`"
    count = epochs_to(modes, optimizer, lr, case.goal.gap) if math.isfinite(lr) else None
    return Move(words, count, is_rate=not kind)


def _first_move(case: Case, explanation: Explanation, moves: Sequence[Move]) -> Iterator[str]:
    now, best = _now(case, explanation), min(moves, key=lambda move: move.cost)
    simple = min((move for move in moves if move.is_rate), key=lambda move: move.cost, default=best)
    first = simple if simple.cost <= SIMPLER * best.cost else best
    if first.epochs is None:
        return
    if first.cost * WORTH > now:
        yield f"No other rate, scaler or momentum is much faster: at best it is {case.goal.words} after {epochs(first.epochs)}."
        return
    instead = f"instead of {now:,.0f}" if math.isfinite(now) else _never(case)
    yield f"Change first: {first.words}. Then the gap is {case.goal.words} after {epochs(first.epochs)} {instead}."
    others = [move for move in (simple, moves[-1], best) if move is not first and move.epochs is not None]
    others = [move for i, move in enumerate(others) if move not in others[:i] and move.cost * WORTH <= now]
    if others:
        yield f"Or {'; or '.join(f'{move.words}: {epochs(int(move.cost))}' for move in others[:2])}."


def _now(case: Case, explanation: Explanation) -> float:
    """Epochs until the goal as the spec is, infinite for never, or not within a run whose rate changes."""
    assert explanation.prediction.gap is not None
    if case.is_constant:
        count = epochs_to(case.modes, case.optimizer, case.optimizer.lr, case.goal.gap)
    else:
        count = first_epoch(explanation.prediction.gap, case.goal.gap)
    return math.inf if count is None else count


def _never(case: Case) -> str:
    return "instead of never" if case.is_constant else "; this run does not get there"


def _decay(case: Case) -> Iterator[str]:
    """Weight decay that keeps the run from the optimum."""
    fixed = case.modes.fixed_point(case.weight_decay)
    gap = float(fixed @ fixed) * case.modes.unit
    if gap > case.goal.gap:
        share = f", {percent(gap / case.optimum_mse)} of the optimum's MSE" if case.optimum_mse else ""
        yield f"Weight decay {case.weight_decay:g} leads away from the optimum, to a gap of {figure(gap)}{share}."


def _on_batches(case: Case, explanation: Explanation) -> Iterator[str]:
    """The floor of a constant rate, and what lowers it."""
    noise, gap = explanation.noise, explanation.prediction.gap
    assert noise is not None
    assert gap is not None
    if not math.isfinite(noise.floor):
        yield f"Change first: lower `optimizer.lr` below {rate(noise.largest_stable_mean_square)}, or enlarge the batches."
        return
    share = f", {percent(noise.floor / case.optimum_mse)} of the optimum's MSE" if case.optimum_mse else ""
    verb = "keeps" if case.is_constant else "would keep"
    held = f"At a constant lr {case.optimizer.lr:g} the noise of the batches {verb} the expected gap near {figure(noise.floor)}{share}"
    if not case.is_constant:
        yield f"{held}; a rate that falls gets below it."
    elif gap[-1] > 2 * noise.floor:
        yield f"{held}; after {epochs(case.spec.epochs)} it is still above that: here curvature, not noise, is what takes time."
    else:
        yield f"{held}. To get below it, let the rate fall (`schedule: cosine`), lower `optimizer.lr`, or enlarge the batches."


def _comparison(case: Case, scalers: Sequence[Scaled]) -> Iterator[str]:
    """What plain full-batch descent would take, for runs whose own course does not answer that."""
    if case.is_linear and case.plan.is_full_batch:
        return
    own = next(scaled for scaled in scalers if scaled.figures.scaler == case.spec.scaler.features)
    best = min((scaled for scaled in scalers if scaled.is_same), key=lambda scaled: _cost(case, scaled), default=own)
    if math.isinf(_cost(case, own)):
        return
    text = (
        f"For comparison: full-batch sgd at its best constant rate, {rate(own.figures.best)}, is {case.goal.words} after "
        f"{epochs(int(_cost(case, own)))}"
    )
    if _cost(case, best) * WORTH <= _cost(case, own):
        text += f"; on columns with `scaler: {best.figures.scaler}` after {epochs(int(_cost(case, best)))}"
    yield f"{text}."


def _cost(case: Case, scaled: Scaled) -> float:
    lr = scaled.figures.best
    count = epochs_to(scaled.modes, SGD(), lr, case.goal.gap) if math.isfinite(lr) else 0
    return math.inf if count is None else count
