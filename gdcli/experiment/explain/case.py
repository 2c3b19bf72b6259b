"""A plan as the theory takes it: modes, rates, batch sizes and moments."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from gdcli.data.design import Needs
from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.plain import SGD
from gdcli.engine.problems.least_squares import LeastSquares
from gdcli.experiment.plan import Plan
from gdcli.experiment.rows import Rows
from gdcli.spec.model import Spec
from gdcli.theory.epochs import Motion
from gdcli.theory.expected import Expected
from gdcli.theory.modes import PREDICTABLE, Modes, modes_of, positions, weight_decay_of
from gdcli.theory.moments import MOST_DIRECTIONS, Moments, gaussian, moments_of
from gdcli.theory.reshuffling import reshuffled
from gdcli.theory.spectrum import Spectrum

GOAL = 0.01
BLOCK = 65_536  # rows that are scaled at once
_MOMENTS: WeakKeyDictionary[Rows, Moments] = WeakKeyDictionary()  # runs on the same rows share them


class Goal(NamedTuple):
    """A gap to reach, in squared units of the file, and its words."""

    gap: float
    words: str


@dataclass(frozen=True, eq=False)
class Case:
    """A plan, with what follows from it for the theory. Each part is computed when it is first asked for.

    Attributes:
        plan: The plan.
    """

    plan: Plan

    @property
    def spec(self) -> Spec:
        """The resolved spec."""
        return self.plan.spec

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer of the run."""
        return self.plan.spec.optimizer

    @property
    def objective(self) -> LeastSquares:
        """The loss on the training rows."""
        return self.plan.rows.objective

    @property
    def spectrum(self) -> Spectrum:
        """Its curvatures."""
        return self.plan.rows.spectrum

    @property
    def is_linear(self) -> bool:
        """Whether the optimizer's step is linear in weight, gradient and velocity: sgd and momentum."""
        return self.optimizer.kind in PREDICTABLE

    @property
    def weight_decay(self) -> float:
        """Weight decay of a linear optimizer, else 0."""
        return weight_decay_of(self.optimizer) if self.is_linear else 0.0

    @cached_property
    def modes(self) -> Modes:
        """Curvatures, start and optimum in residual coordinates."""
        return modes_of(self.objective, self.plan.start)

    @property
    def rates(self) -> Array:
        """Learning rates, shape (epochs, 1 or steps)."""
        return self.plan.rates[:, :, 0]

    @property
    def is_constant(self) -> bool:
        """Whether the rate stays the same, however long the run is."""
        return [schedule.kind for schedule in self.spec.schedule] == ["constant"]

    @property
    def largest_rate(self) -> float:
        """The largest rate in force."""
        return float(self.rates.max(initial=0.0)) if self.rates.size else self.optimizer.lr

    @cached_property
    def end_shares(self) -> Array | None:
        """The share of the final gap in each mode; None where it is not known, overflows, or is of no gap at all."""
        if not (self.is_linear and self.plan.is_full_batch):
            return None
        z = np.abs(positions(self.modes, self.optimizer, self.rates[:, 0])[-1])
        largest = z.max(initial=0.0)
        if not 0 < largest < math.inf:
            return None
        squares = (z / largest) ** 2
        return np.asarray(squares / squares.sum())

    @property
    def factors(self) -> Array:
        """What a full-batch step at the constant rate `lr` makes of the error in each mode, in the long run."""
        with np.errstate(all="ignore"):  # a factor may be 0, or overflow
            larger, smaller = Motion(self.modes, self.optimizer, self.optimizer.lr).eigenvalues
        return np.maximum(np.abs(larger), np.abs(smaller))

    @property
    def sizes(self) -> IntArray:
        """Rows per batch, shape (steps,)."""
        n, steps = len(self.plan.rows.training), self.plan.steps
        if self.plan.is_full_batch:
            return np.array([n])
        size = int(self.spec.batch_size)
        return np.append(np.full(steps - 1, size), n - (steps - 1) * size)

    @property
    def optimum_mse(self) -> float | None:
        """F*, in squared units of the file; None where it is 0, to which no gap can be compared."""
        objective = self.objective
        return None if objective.optimum.is_zero or objective.optimum_mse <= 0 else objective.optimum_mse

    @property
    def goal(self) -> Goal:
        """What counts as converged: 1 % of the optimum's MSE, or of the starting gap where the optimum is 0."""
        if self.optimum_mse is None:
            return Goal(GOAL * self.modes.gap, "comes to 1 % of the starting gap")
        return Goal(GOAL * self.optimum_mse, "comes within 1 % of the optimum")

    @property
    def moments(self) -> Moments:
        """Fourth moments of the rows, or the Gaussian closure where there are too many directions or no rows."""
        rows = self.plan.rows
        if rows not in _MOMENTS:
            exact = rows.kept is not None and self.spectrum.rank <= MOST_DIRECTIONS
            _MOMENTS[rows] = moments_of(self.spectrum, _blocks(rows)) if exact else gaussian(self.spectrum)
        return _MOMENTS[rows]

    def expected(self, rates: Array) -> Expected:
        """Compute the expected curve of sgd on reshuffled mini-batches at other rates, shape (epochs, 1 or steps)."""
        return reshuffled(self.moments, self.modes.start, rates, self.sizes, unit=self.modes.unit)

    @property
    def work(self) -> float:
        """Operations of an expected curve."""
        return (self.spec.epochs + 50.0) * (self.spectrum.rank + 1) ** 4

    def expected_end(self, lr: float) -> float:
        """Compute the expected gap after the epochs of the run at a constant rate."""
        return float(self.expected(np.full((self.spec.epochs, 1), lr)).gap[-1])


def needs(spec: Spec) -> Needs:
    """Say what an explanation needs from the rows: less than a run, which steps through them.

    The rows are kept for the fourth moments of mini-batch sgd, and for the order of batches that are not reshuffled.

    Args:
        spec: The spec.

    Returns:
        The needs.
    """
    own = Needs.of(spec)
    steps = isinstance(spec.optimizer, SGD) and spec.batch_size != "full"
    few = len(spec.columns.features or ()) <= MOST_DIRECTIONS or spec.shuffle != "each_epoch"
    quartiles = "robust" in (spec.scaler.features, spec.scaler.target)
    keeps = bool(spec.split) or quartiles or (steps and few)
    return Needs(own.factors, rows=keeps, hashes=False)


def _blocks(rows: Rows) -> Iterator[tuple[Array, Array]]:
    """The training rows in trained coordinates, with their residuals y − Xw*."""
    optimum = rows.objective.optimum.weights
    for i in range(0, len(rows.training), BLOCK):
        X, y = rows.trained(slice(i, i + BLOCK))
        yield X, y - X @ optimum
