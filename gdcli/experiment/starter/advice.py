"""Advise a scaler, a rate and a number of epochs for plain full-batch descent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context

from gdcli.engine.optimizers.plain import SGD
from gdcli.experiment.plan import Plan
from gdcli.theory.modes import Modes, modes_of
from gdcli.theory.rates import best_constant, best_for_epochs, epochs_to
from gdcli.theory.stability import largest_stable_rate

ALIKE = 2  # columns are alike in scale if zscore lowers the condition number by no more than this factor
GOAL = 0.01  # gap / optimum
NEGLIGIBLE = 1e-8  # gap / variance of the target: the goal where the optimum fits nearly exactly
ROUNDING = 1e-20  # gap / gap at the start: the goal where the target is constant too
FEWEST_EPOCHS, MOST_EPOCHS = 20, 10_000


@dataclass(frozen=True)
class Advice:
    """Settings for a first run.

    Attributes:
        plan: The plan with the advised scaler.
        condition_number: κ of the Hessian with this scaler.
        condition_number_raw: κ without a scaler.
        lr: The rate, two significant digits.
        largest_stable: The largest stable constant rate.
        epochs: Number of epochs.
        goal: The gap to be reached, in squared units of the target.
        needed: Number of epochs until it is reached at the best constant rate; None if it never is.
        is_nearly_exact: Whether the optimum is so small that the goal is more than 1 % of it.
    """

    plan: Plan
    condition_number: float
    condition_number_raw: float
    lr: float
    largest_stable: float
    epochs: int
    goal: float
    needed: int | None
    is_nearly_exact: bool


def advise(raw: Plan, scaled: Plan) -> Advice:
    """Advise settings.

    The rate is 2/(L + μ), the fastest one in the limit, rounded down to two significant digits, so that it is stable.
    If the goal takes more than 10,000 epochs, it is the rate with the smallest gap after 10,000, rounded likewise.

    Args:
        raw: The plan of a run without a scaler.
        scaled: The plan of the same run with `zscore`.

    Returns:
        The advice.
    """
    before, after = (plan.rows.spectrum.condition_number for plan in (raw, scaled))
    plan = raw if before <= ALIKE * after else scaled
    objective, spectrum = plan.rows.objective, plan.rows.spectrum
    modes = modes_of(objective, plan.start)
    least = max(NEGLIGIBLE * float(plan.rows.factor.deviations()[-1]) ** 2, ROUNDING * modes.gap)
    goal = max(GOAL * objective.floor, least)
    lr = rounded_down(best_constant(spectrum))
    needed = epochs_to(modes, SGD(), lr, goal)
    return Advice(
        plan=plan,
        condition_number=spectrum.condition_number,
        condition_number_raw=before,
        lr=lr if _is_attainable(needed) else _best_effort(modes, lr),
        largest_stable=largest_stable_rate(SGD(), spectrum.largest) or math.inf,
        epochs=max(needed, FEWEST_EPOCHS) if needed is not None and _is_attainable(needed) else MOST_EPOCHS,
        goal=goal,
        needed=needed,
        is_nearly_exact=goal == least,
    )


def rounded_down(rate: float) -> float:
    """Round a rate down to two significant digits: 0.2985 becomes 0.29."""
    return float(Context(prec=2, rounding=ROUND_DOWN).create_decimal_from_float(rate))


def _is_attainable(needed: int | None) -> bool:
    return needed is not None and needed <= MOST_EPOCHS


def _best_effort(modes: Modes, otherwise: float) -> float:
    """The rate with the smallest gap after the most epochs; another one if there is no gap."""
    rate = best_for_epochs(modes, MOST_EPOCHS)
    return rounded_down(rate) if math.isfinite(rate) else otherwise
