"""The curve of a run before it runs, as far as it is known."""

from __future__ import annotations

import math

from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Noise, Prediction
from gdcli.experiment.plan import Plan
from gdcli.theory.fixed_order import fixed_order
from gdcli.theory.modes import gaps, positions
from gdcli.theory.moments import MOST_DIRECTIONS
from gdcli.theory.noise import mean_square_limit
from gdcli.theory.reshuffling import floor

CLOSURE = f"the rows are taken as Gaussian, since there are more than {MOST_DIRECTIONS} directions"
RESHUFFLED = "the batches of an epoch are drawn without replacement, which is taken to second order"


def predict(plan: Plan) -> Prediction:
    """Predict the curve of a run.

    Exact for full-batch sgd and momentum under any schedule, and for sgd on mini-batches in a fixed order. For sgd on
    reshuffled mini-batches the expected gap and its spread, approximately. Nothing for other optimizers. `stop` is left
    aside: the curve goes on.

    Args:
        plan: The plan of the run.

    Returns:
        The prediction.
    """
    return predict_case(Case(plan))


def predict_case(case: Case) -> Prediction:
    """Predict the curve of a case: see `predict`."""
    if reason := _obstacle(case):
        return Prediction("none", reason=reason)
    if case.plan.is_full_batch:
        return Prediction("exact", gaps(case.modes, positions(case.modes, case.optimizer, case.rates[:, 0])))
    if case.spec.shuffle != "each_epoch":
        return _in_fixed_order(case)
    expected = case.expected(case.rates)
    reasons = [RESHUFFLED] + ([] if case.moments.exact else [CLOSURE])
    return Prediction("expected", expected.gap, expected.sd, f"approximate: {'; '.join(reasons)}")


def _obstacle(case: Case) -> str | None:
    """Why the curve of a case is not known, whatever the rows are; None if it is."""
    kind = case.optimizer.kind
    if not case.is_linear:
        return f"the step of {kind} is not linear in the gradient, so its course has no formula"
    if case.plan.is_full_batch:
        return None
    if kind != "sgd":
        return f"the course of {kind} is known for full batches only"
    return "the course on mini-batches is known without weight decay only" if case.weight_decay else None


def _in_fixed_order(case: Case) -> Prediction:
    """The curve of batches that are the same in every epoch."""
    if case.plan.rows.kept is None:
        return Prediction("none", reason="batches in a fixed order need the rows, which were not kept")
    batches, optimum = case.plan.batches(), case.objective.optimum.weights
    residual = batches.b[:, 0] - batches.A @ optimum
    curve = fixed_order(
        case.spectrum, batches.A, residual, case.modes.start, case.rates, batches.size, unit=case.modes.unit
    )
    if curve is None:
        return Prediction("none", reason="the batches of an epoch are too many to follow one by one")
    return Prediction("exact", curve.gap)


def noise(case: Case) -> Noise | None:
    """Compute what mini-batches cost.

    Args:
        case: The case.

    Returns:
        The mean-square limit and the floor of the constant rate `lr`, NaN for batches in a fixed order; None for full
        batches, other optimizers than sgd and weight decay.
    """
    if case.plan.is_full_batch or _obstacle(case):
        return None
    limit = mean_square_limit(case.moments, int(case.sizes.max()))
    is_random = case.spec.shuffle == "each_epoch"
    lr, unit = case.optimizer.lr, case.modes.unit
    return Noise(limit, floor(case.moments, lr, case.sizes, unit=unit) if is_random else math.nan)
