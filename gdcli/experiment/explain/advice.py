"""The sentences of an explanation, in the order in which they are of use."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gdcli.errors import counted
from gdcli.experiment.explain.alternatives import Scaled
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.change import change
from gdcli.experiment.explain.explanation import Explanation
from gdcli.experiment.explain.pace import pace, slowness
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
    first = verdict(case, explanation)
    yield first[0].upper() + first[1:]
    yield from pace(case, explanation)
    yield from slowness(case, explanation)
    yield from change(case, explanation, scalers)
    yield from _bound(case, explanation)


def _bound(case: Case, explanation: Explanation) -> Iterator[str]:
    krylov, count = explanation.bounds.krylov, case.spec.epochs
    if krylov is None or not count or not math.isfinite(krylov[-1]) or krylov[0] == 0:
        return
    methods = "no rate, schedule or momentum"
    scope = (
        "" if case.is_linear else f" (this does not bind {case.optimizer.kind}, whose steps are not sums of gradients)"
    )
    if krylov[-1] == 0:
        return
    reached = explanation.bounds.optimal_schedule is not None
    best = "; sgd with `schedule: optimal` reaches it" if reached else ", and rounding keeps sgd from reaching it"
    yield f"After {counted(count, 'full-batch gradient')} {methods} has a gap below {figure(krylov[-1])}{best}{scope}."
