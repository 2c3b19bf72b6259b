"""The loss of given weights against the exact optimum, O(d²) whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gdcli.engine.arrays import Array, per_run
from gdcli.engine.problems.factor import Factor
from gdcli.engine.problems.optimum import Optimum, solve


@dataclass(frozen=True)
class Objective:
    """Mean squared error on a fixed set of rows, known by its factor.

    Attributes:
        R: Upper triangle of the rows' factor, shape (r, d) with r ≤ d.
        c: The target in the basis of R, shape (r,).
        n: Number of rows.
        optimum: The exact least-squares optimum, in trained coordinates.
        unit: Squared units of the file in one squared unit of the target as trained.
    """

    R: Array
    c: Array
    n: int
    optimum: Optimum
    unit: float

    @property
    def optimum_mse(self) -> float:
        """F*, in squared units of the file."""
        return self.optimum.mse * self.unit

    @property
    def target_power(self) -> float:
        """Mean square of the target as trained, in squared units of the file: the loss of predicting zeros."""
        return self.unit * self.optimum.power

    def gap(self, w: Array) -> Array:
        """F(w) − F* = ‖R(w − w*)‖²/n, never the difference of two losses.

        Each run's gap is the same to the last bit whatever runs and epochs stand beside it.

        Args:
            w: Weights, shape (…, d, k).

        Returns:
            One gap a column, shape (…, k), in squared units of the file; infinite where it is not finite.
        """
        runs = np.ascontiguousarray(np.swapaxes(w, -1, -2))
        with np.errstate(all="ignore"):  # weights beyond all numbers have an infinite gap
            if self.optimum.is_resolved:
                distance = per_run(self.R, runs - self.optimum.weights)
            else:
                distance = per_run(self.R, runs) - self.optimum.image
            gap = np.einsum("...i,...i->...", distance, distance) * (self.unit / self.n)
        return np.where(np.isfinite(gap), gap, np.inf)

    def mse(self, w: Array) -> Array:
        """F(w) = F* + gap, shape (…, k), in squared units of the file."""
        return np.asarray(self.optimum_mse + self.gap(w))

    def curvature(self) -> float:
        """The largest eigenvalue of the Hessian (2/n) RᵀR: plain full-batch descent is stable below 2 over it."""
        return self._curvature

    @cached_property
    def _curvature(self) -> float:
        return float(2 * (np.linalg.norm(self.R, 2) / np.sqrt(self.n)) ** 2)  # every run of a sweep asks for it


def objective(factor: Factor, *, unit: float = 1.0) -> Objective:
    """Make the objective of a factor, optimum included.

    Args:
        factor: The triangular factor of the rows, in trained coordinates.
        unit: Squared units of the file in one squared unit of the target as trained.

    Returns:
        The objective.
    """
    return Objective(
        R=factor.R.astype(np.float64), c=factor.c.astype(np.float64), n=factor.n, optimum=solve(factor), unit=unit
    )
