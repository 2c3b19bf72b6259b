"""The curve of a run before it runs, as far as it is known."""

from __future__ import annotations

from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Noise, Prediction
from gdcli.experiment.plan import Plan
from gdcli.theory.expected import Expected
from gdcli.theory.modes import gaps, positions
from gdcli.theory.moments import MOST_DIRECTIONS
from gdcli.theory.noise import mean_square_limit
from gdcli.theory.reshuffling import floor as reshuffled_floor
from gdcli.theory.reshuffling import reshuffled

CLOSURE = f"the rows are taken as Gaussian, since there are more than {MOST_DIRECTIONS} directions"
RESHUFFLED = "the batches of an epoch are drawn without replacement, which is taken to second order"


def predict(plan: Plan) -> Prediction:
    """Predict the curve of a run.

    Exact for full-batch sgd and momentum under any schedule. For sgd on reshuffled mini-batches the expected gap and
    its spread, approximately. Nothing for other optimizers. `stop` is left aside: the curve goes on.

    Args:
        plan: The plan of the run.

    Returns:
        The prediction.
    """
    return predict_case(Case(plan))


def predict_case(case: Case) -> Prediction:
    """Predict the curve of a case: see `predict`."""
    if reason := obstacle(case):
        return Prediction("none", reason=reason)
    if case.plan.is_full_batch:
        return Prediction("exact", gaps(case.modes, positions(case.modes, case.optimizer, case.rates[:, 0])))
    expected = _expected(case)
    reasons = [RESHUFFLED] + ([] if case.moments.exact else [CLOSURE])
    return Prediction("expected", expected.gap, expected.sd, f"approximate: {'; '.join(reasons)}")


def obstacle(case: Case) -> str | None:
    """Say why the curve of a case is not known.

    Args:
        case: The case.

    Returns:
        The reason; None if the curve is known.
    """
    kind = case.optimizer.kind
    if not case.is_linear:
        return f"the step of {kind} is not linear in the gradient, so its course has no formula"
    if case.plan.is_full_batch:
        return None
    if kind != "sgd":
        return f"the course of {kind} is known for full batches only"
    if case.weight_decay:
        return "the expected course on mini-batches is known without weight decay only"
    if case.spec.shuffle != "each_epoch":
        return f"the course on mini-batches is known for `shuffle: each_epoch` only, not for `{case.spec.shuffle}`"
    return None


def noise(case: Case) -> Noise | None:
    """Compute what mini-batches cost.

    Args:
        case: The case.

    Returns:
        The mean-square limit and the floor of the constant rate `lr`; None if the expected curve is not known.
    """
    if case.plan.is_full_batch or obstacle(case):
        return None
    moments, lr, unit = case.moments, case.optimizer.lr, case.modes.unit
    limit = mean_square_limit(moments, int(case.sizes.max()))
    return Noise(limit, reshuffled_floor(moments, lr, case.sizes, unit=unit))


def _expected(case: Case) -> Expected:
    return reshuffled(case.moments, case.modes.start, case.rates, case.sizes, unit=case.modes.unit)
