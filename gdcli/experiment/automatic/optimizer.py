"""`lr: auto` and `momentum: auto`: the numbers that replace them in the resolved spec."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.errors import SpecError, counted
from gdcli.experiment.automatic.open_run import OpenRun
from gdcli.spec.messages import path_text
from gdcli.spec.validate import Request


class Choice(NamedTuple):
    """An optimizer with numbers only, and a sentence that gives them."""

    optimizer: Optimizer
    sentence: str


def chosen_optimizer(request: Request, run: OpenRun) -> Choice:
    """Replace `auto` by numbers.

    Args:
        request: The spec as the user gives it, with `auto` for a setting.
        run: Its run.

    Returns:
        The optimizer, and a sentence with the numbers.

    Raises:
        SpecError: There is no best number, or it is not known.
    """
    if not run.rows.spectrum.rank:
        raise _refusal(request, ": no weight changes the loss on these columns; write a number")
    if isinstance(run.spec.optimizer, Momentum):
        return _heavy_ball(request, run, run.spec.optimizer)
    assert isinstance(run.spec.optimizer, SGD)
    if not run.slope:
        raise _refusal(request, ": no rate of this run depends on it; leave optimizer.lr out")
    search = _full_batch if run.steps == 1 else _mini_batches
    lr, what = search(request, run, run.spec.optimizer)
    return Choice(replace(run.spec.optimizer, lr=_checked(request, lr)), f"lr auto: {lr:.4g}, {what}")


def _full_batch(request: Request, run: OpenRun, optimizer: SGD) -> tuple[float, str]:
    """The best base rate of full-batch sgd, and what it is."""
    from gdcli.experiment.automatic.full_batch import best_full_batch_rate
    from gdcli.theory.stability import largest_stable_rate

    lr = _checked(request, best_full_batch_rate(run, optimizer))
    limit = largest_stable_rate(optimizer, run.rows.spectrum.largest) or 0.0
    is_above = run.rates(lr).max() > limit
    above = f"; some of its rates are above {limit:.4g}, the largest stable constant one, and others make up for it"
    return lr, f"the best {_rate(run)} for {counted(run.spec.epochs, 'epoch')}{above if is_above else ''}"


def _mini_batches(request: Request, run: OpenRun, optimizer: SGD) -> tuple[float, str]:
    """The best base rate of mini-batch sgd, and what it is."""
    from gdcli.experiment.automatic.mini_batches import best_mini_batch_rate

    spec, epochs = run.spec, counted(run.spec.epochs, "epoch")
    if optimizer.weight_decay:
        beside = f" with batch_size {spec.batch_size} and weight_decay {optimizer.weight_decay:g}"
        way_out = "set weight_decay to 0, use batch_size: full, or write a number"
        raise _refusal(request, f"{beside}: the expected gap is known without weight decay only; {way_out}")
    lr = best_mini_batch_rate(run)
    if lr is None:
        beside = f" with shuffle {spec.shuffle} and {counted(run.steps, 'step')} per epoch"
        raise _refusal(request, f"{beside}: the search would take too long; use each_epoch, or write a number")
    gap, how = ("expected gap", _approximation(run)) if spec.shuffle == "each_epoch" else ("gap", "")
    return lr, f"the {_rate(run)} with the smallest {gap} after {epochs} of batches of {spec.batch_size}{how}"


def _heavy_ball(request: Request, run: OpenRun, optimizer: Momentum) -> Choice:
    """Momentum with the best pair of numbers."""
    from gdcli.theory.rates import best_heavy_ball

    lr, momentum = best_heavy_ball(run.rows.spectrum, optimizer.weight_decay)
    sentence = f"lr auto: {lr:.4g}, momentum auto: {momentum:.4g}, the fastest pair in the limit of many epochs"
    return Choice(replace(optimizer, lr=_checked(request, lr), momentum=momentum), sentence)


def _rate(run: OpenRun) -> str:
    """What the base rate is to the schedule."""
    kinds = "+".join(schedule.kind for schedule in run.spec.schedule)
    return "constant rate" if run.is_constant else f"base rate of schedule {kinds}"


def _approximation(run: OpenRun) -> str:
    """How the expected gap of reshuffled batches is known."""
    return " (approximately)" if run.rows.moments.exact else " (approximately, as if the rows were Gaussian)"


def _checked(request: Request, lr: float) -> float:
    if math.isnan(lr):
        raise _refusal(request, ": the run diverges at every base rate; lower the fixed rates of its schedule")
    if not 0 < lr < math.inf:
        raise _refusal(request, f": the best rate is {lr:g} in double precision; scale the features")
    return lr


def _refusal(request: Request, reason: str) -> SpecError:
    path = ("optimizer", min(request.automatic))  # lr before momentum
    return SpecError([request.fault(path, f"{path_text(path)} cannot be auto{reason}")])
