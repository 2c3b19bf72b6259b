"""The curvatures of least squares: the eigenvalues of its Hessian, which decide how fast descent is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.problems.least_squares import LeastSquares
from gdcli.engine.threads import one_blas_thread


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues and eigenvectors of the Hessian 2Σ = (2/n) RᵀR, from the singular values of R.

    RᵀR is never formed: that would square the condition number. Each part is computed when it is first asked for.

    Attributes:
        problem: The loss, in trained coordinates.
    """

    problem: LeastSquares

    @cached_property
    def curvatures(self) -> Array:
        """The non-zero eigenvalues 2σ²/n, shape (rank,), the largest one first.

        The problem's optimum decides how many are not zero: it brings columns to unit norm first, so that units
        cannot hide a column. At full rank it also gives the smallest one, which the singular values of R lose where
        the units are very different.
        """
        with one_blas_thread:
            singular = np.linalg.svd(self.problem.R, compute_uv=False)[: self.problem.optimum.rank]
        if len(singular) == self.problem.d:
            smallest = singular[0] / self.problem.optimum.condition_number
            singular = np.append(np.maximum(singular[:-1], smallest), smallest)
        curvatures = 2 * (singular / np.sqrt(self.problem.n)) ** 2
        return np.asarray(curvatures[curvatures > 0])  # the square of a tiny one may underflow

    @cached_property
    def directions(self) -> Array:
        """The eigenvectors, one row of unit norm per curvature, shape (rank, d)."""
        with one_blas_thread:  # six times the work of the curvatures alone
            _, _, directions = np.linalg.svd(self.problem.R, full_matrices=False)
        return directions[: self.rank]

    @property
    def rank(self) -> int:
        """Number of directions in which the loss is curved."""
        return len(self.curvatures)

    @property
    def largest(self) -> float:
        """L, the largest curvature; 0 where the loss is constant."""
        return float(self.curvatures.max(initial=0.0))

    @property
    def smallest(self) -> float:
        """μ, the smallest curvature that is not zero; 0 where the loss is constant."""
        return float(self.curvatures[-1]) if self.rank else 0.0

    @property
    def condition_number(self) -> float:
        """κ = L/μ, the square of that of the design; 1 where the loss is constant."""
        return self.largest / self.smallest if self.rank else 1.0
