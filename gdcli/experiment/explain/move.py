"""Changes of a spec whose outcome least squares tells exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.experiment.explain.alternatives import Scaled
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.wording import rate
from gdcli.theory.epochs import epochs_to
from gdcli.theory.modes import Modes
from gdcli.theory.rates import best_heavy_ball

DIGITS = 3  # of the rates that are written
SHARES = (1.0, 0.9, 0.7)  # of the best rate in the limit, at which the first epochs may be slow
ACTIONS = {
    "none": "leave the columns as they are",
    "zscore": "z-score the columns",
    "minmax": "scale the columns to [0, 1]",
    "maxabs": "divide the columns by their largest values",
    "robust": "scale the columns by their quartiles",
}


# The simplest first.
Kind: TypeAlias = Literal["numbers", "scaler", "momentum"]


@dataclass(frozen=True)
class Move:
    """A change of a spec.

    Attributes:
        words: What to do, with the keys to set.
        cost: Epochs until the goal; infinite where it is never reached.
        kind: Whether it changes only numbers of the optimizer, the scaler, or the optimizer to momentum.
    """

    words: str
    cost: float
    kind: Kind


def moves(case: Case, scalers: Sequence[Scaled]) -> Iterator[Move]:
    """List the changes: of the rate, of the scaler with the rate, and to the best heavy ball.

    Args:
        case: The case.
        scalers: Full-batch sgd with each scaler.

    Yields:
        The changes, each at the constant rate of a few that takes the fewest epochs.
    """
    for scaled in scalers:
        if scaled.is_same and 0 < scaled.figures.best < math.inf:
            yield min((_scaler(case, scaled, share * scaled.figures.best) for share in SHARES), key=_cost)
    lr, momentum = best_heavy_ball(case.spectrum, case.weight_decay)
    if 0 < lr < math.inf and momentum > 0:
        yield min((_heavy_ball(case, share * lr, momentum) for share in SHARES), key=_cost)


def descent_epochs(case: Case, scaled: Scaled) -> float:
    """Count the epochs of full-batch sgd at its best constant rate, as it is written, until the goal."""
    if not math.isfinite(scaled.figures.best):
        return 0.0
    return _count(case, scaled.modes, SGD(lr=_written(scaled.figures.best), weight_decay=case.weight_decay))


def _count(case: Case, modes: Modes, optimizer: SGD | Momentum) -> float:
    count = epochs_to(modes, optimizer, optimizer.lr, case.goal.gap)
    return math.inf if count is None else count


def _written(value: float) -> float:
    return float(rate(value, DIGITS))


def _cost(move: Move) -> float:
    return move.cost


def _scaler(case: Case, scaled: Scaled, best: float) -> Move:
    name, lr, is_sgd = scaled.figures.scaler, rate(best, DIGITS), isinstance(case.optimizer, SGD)
    own, optimizer = case.spec.scaler, f"`optimizer: {{kind: sgd, lr: {lr}{_decay(case)}}}`"
    settings = [f"`optimizer.lr: {lr}`" if is_sgd else optimizer, *_schedule(case)]
    cost = _count(case, scaled.modes, SGD(lr=_written(best), weight_decay=case.weight_decay))
    if name == own.features:
        return Move(f"set {' and '.join(settings)}", cost, "numbers" if is_sgd else "scaler")
    key = f"scaler: {name}" if own.target == "none" else f"scaler: {{features: {name}, target: {own.target}}}"
    return Move(f"{ACTIONS.get(name, name)} ({', '.join([f'`{key}`', *settings])})", cost, "scaler")


def _heavy_ball(case: Case, lr: float, momentum: float) -> Move:
    """At the numbers as they are written, to which the first epochs are sensitive."""
    momentum = 1 - float(f"{1 - momentum:.2g}")
    optimizer = Momentum(lr=_written(lr), momentum=momentum, weight_decay=case.weight_decay)
    settings = f"`optimizer: {{kind: momentum, lr: {rate(lr, DIGITS)}, momentum: {momentum:.9g}{_decay(case)}}}`"
    words = " and ".join([f"set {settings}", *_schedule(case)])
    kind: Kind = "numbers" if isinstance(case.optimizer, Momentum) else "momentum"
    return Move(words, _count(case, case.modes, optimizer), kind)


def _decay(case: Case) -> str:
    return f", weight_decay: {case.weight_decay:g}" if case.weight_decay else ""


def _schedule(case: Case) -> list[str]:
    return [] if case.is_constant else ["`schedule: constant`"]
