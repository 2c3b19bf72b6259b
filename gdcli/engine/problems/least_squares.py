"""Least squares as a problem: its loss and gradient cost O(d²), whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import Array, per_run
from gdcli.engine.batches import Batches
from gdcli.engine.problems.factor import Factor
from gdcli.engine.problems.optimum import Optimum, solve
from gdcli.engine.threads import one_blas_thread


@dataclass(frozen=True)
class LeastSquares:
    """Mean squared error on a fixed set of rows, which are represented by their factor.

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
    def d(self) -> int:
        """Number of weights."""
        return int(self.R.shape[1])

    @property
    def floor(self) -> float:
        """F*, the loss of the optimum, in squared units of the file."""
        return self.optimum.mse * self.unit

    @property
    def baseline_loss(self) -> float:
        """The loss of predicting zeros: mean square of the target as trained, in squared units of the file."""
        return self.unit * self.optimum.power

    def gradient(self, w: Array, A: Array, b: Array, n: int) -> Array:
        """Gradient of the mean loss over a batch, (2/n) Aᵀ(Aw − b).

        The gradient of a run does not depend on the other runs, to the last bit.

        Args:
            w: Weights, shape (d, k).
            A: Rows of the batch, shape (m, d).
            b: Their targets, shape (m, 1).
            n: Number of rows that the mean is taken over.

        Returns:
            One gradient per run, shape (d, k).
        """
        if w.shape[1] == 1:  # the same bits as below, a microsecond faster
            g: Array = (2 / n) * A.T.dot(A.dot(w) - b)
            return g
        residuals = per_run(A, np.ascontiguousarray(w.T)) - b.T
        return (2 / n) * np.ascontiguousarray(per_run(A.T, residuals).T)

    def excess(self, w: Array) -> Array:
        """Compute the gap F(w) − F* = ‖R(w − w*)‖²/n, without subtracting two losses.

        The gap of a run does not depend on other runs and epochs, to the last bit.

        Args:
            w: Weights, shape (…, d, k).

        Returns:
            One gap per column, shape (…, k), in squared units of the file; infinite where it is not finite.
        """
        runs = np.ascontiguousarray(np.swapaxes(w, -1, -2))
        with np.errstate(all="ignore"):  # weights that overflow have an infinite gap
            if self.optimum.is_resolved:
                distance = per_run(self.R, runs - self.optimum.weights)
            else:
                distance = per_run(self.R, runs) - self.optimum.image
            gap = np.einsum("...i,...i->...", distance, distance) * (self.unit / self.n)
        return np.where(np.isfinite(gap), gap, np.inf)

    def full_batch(self) -> Batches:
        """Return all rows as one batch per epoch: Rᵀ(Rw − c) = Xᵀ(Xw − y), with d rows instead of n."""
        return Batches(self.R, self.c[:, None], size=len(self.R), count=self.n)

    def compiled(self) -> float:
        """Return the factor c of the gradient (c/n) Aᵀ(Aw − b)."""
        return 2.0


def objective(factor: Factor, *, unit: float = 1.0) -> LeastSquares:
    """Make the objective of a factor, optimum included.

    Args:
        factor: The triangular factor of the rows, in trained coordinates.
        unit: Squared units of the file in one squared unit of the target as trained.

    Returns:
        The objective.
    """
    with one_blas_thread:
        optimum = solve(factor)
    return LeastSquares(
        R=factor.R.astype(np.float64), c=factor.c.astype(np.float64), n=factor.n, optimum=optimum, unit=unit
    )
