"""What the picture of a run shows beside the measured curve."""

from __future__ import annotations

from dataclasses import dataclass

from gdcli.engine.arrays import Array
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Prediction
from gdcli.experiment.explain.run.affordable import quick_bound, quick_prediction
from gdcli.experiment.plan import Plan


@dataclass(frozen=True, eq=False)
class Forecast:
    """Curves that were known before the run.

    Attributes:
        prediction: The predicted gaps; of kind `none` where they are not known, or take too long for every run.
        bound: The gaps below which no gradient method comes, shape (epochs + 1,); None likewise.
    """

    prediction: Prediction
    bound: Array | None


def forecast(plan: Plan) -> Forecast:
    """Compute what is known of the curve of a run, as far as it costs little.

    Args:
        plan: The plan of the run.

    Returns:
        The curves.
    """
    case = Case(plan)
    return Forecast(quick_prediction(case), quick_bound(case))
