"""The sentences of an explanation, in the order in which they are of use."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gdcli.errors import counted
from gdcli.experiment.explain.alternatives import Scaled
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.change import change
from gdcli.experiment.explain.explanation import Explanation
from gdcli.experiment.explain.pace import pace
from gdcli.experiment.explain.slowness import slowness
from gdcli.experiment.explain.verdict import verdict
from gdcli.experiment.explain.wording import figure


def sentences(case: Case, explanation: Explanation, scalers: Sequence[Scaled]) -> Iterator[str]:
    """Put an explanation into words.

    Args:
        case: The case.
        explanation: Its figures.
        scalers: Full-batch sgd with each scaler.

    Yields:
        Whether the run is stable; how fast it is, and because of which columns; what to change first; what no method
        can beat.
    """
    yield verdict(case, explanation.prediction, explanation.noise)
    yield from pace(case, explanation)
    yield from slowness(case, explanation)
    yield from change(case, explanation, scalers)
    yield from _bound(case, explanation)


def _bound(case: Case, explanation: Explanation) -> Iterator[str]:
    """The smallest gap that any rates and any momentum reach, and whether a schedule reaches it."""
    krylov, count = explanation.bounds.krylov, case.spec.epochs
    if case.weight_decay or krylov is None or not count or not math.isfinite(krylov[-1]) or not krylov[0] > 0:
        return
    if krylov[-1] > 0:
        gradients = counted(count, "full-batch gradient")
        bound = f"No rates and no momentum have a gap below {figure(krylov[-1])} after {gradients}"
    else:
        gradients = counted(explanation.curvature.rank, "full-batch gradient")
        bound = f"The best rates there are reach the optimum in {gradients}"
    if not case.is_linear:
        yield f"{bound}; this does not bind {case.optimizer.kind}."
    elif explanation.bounds.optimal_schedule is None:
        yield f"{bound}, in exact arithmetic; in double precision no schedule carries it out."
    else:
        yield f"{bound}; `schedule: optimal` does it with sgd."
