"""A run whose base rate is not known yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gdcli.engine.arrays import Array
from gdcli.engine.trace import DIVERGENCE_FACTOR
from gdcli.experiment.rows import Rows
from gdcli.spec.model import Spec
from gdcli.spec.rates import learning_rates


@dataclass(frozen=True, eq=False)
class OpenRun:
    """What a run is planned from, except the base rate.

    Attributes:
        spec: The spec with its resolved schedule; the `lr` of its optimizer is not read.
        rows: Its rows.
        start: Initial weights, shape (d,).
        steps: Steps per epoch, 1 for full batches.
    """

    spec: Spec
    rows: Rows
    start: Array
    steps: int

    def rates(self, base: float) -> Array:
        """Return the learning rates for a base rate, shape (epochs, 1 or steps)."""
        return learning_rates(self.spec.schedule, base, self.spec.epochs, self.steps)[:, :, 0]

    @cached_property
    def slope(self) -> float:
        """By how much the largest rate rises where the base rate rises by 1; every schedule is linear in it."""
        return float((self.rates(2.0) - self.rates(1.0)).max())

    def divergence_bound(self, gap: float) -> float:
        """Return the gap above which a run that starts with a gap and rises has diverged, as the engine has it."""
        return max(DIVERGENCE_FACTOR * gap, self.rows.objective.baseline_loss)

    @property
    def is_constant(self) -> bool:
        """Whether every step has the base rate."""
        return [schedule.kind for schedule in self.spec.schedule] == ["constant"]
