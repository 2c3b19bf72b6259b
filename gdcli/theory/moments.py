"""Fourth moments of the rows: all that the expected curve of a mini-batch run needs of them.

Rows and residuals are whitened first. In residual coordinates z = √λ ∘ V(w − w*), with V the eigenvectors of
Σ = XᵀX/n as rows and λ its eigenvalues, the gap is Σ zᵢ² and a row with its residual r = y − x·w* becomes

    u = (Vx/√λ, −r/s),   s = √F*

so that the mean of uuᵀ is the identity. With s as the last entry of z, x·w − y = u·z: one matrix E[zzᵀ] holds second
moments and means, and one tensor E[uᵢuⱼuₖuₗ] holds the fourth moments of the rows and what the residuals add to them.
Where F* is 0 up to rounding, s is larger than √F*, so that no residual is divided by 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gdcli.engine.arrays import EPS, Array, IntArray
from gdcli.engine.problems.least_squares import LeastSquares
from gdcli.engine.threads import one_blas_thread
from gdcli.theory.spectrum import Spectrum

MOST_DIRECTIONS = 30  # beyond that, the pass over the rows costs more than half a million operations per row
STRIP = 2**17  # products of pairs that are in memory at once


@dataclass(frozen=True, eq=False)
class Moments:
    """Fourth moments of the whitened rows and residuals.

    Attributes:
        n: Number of rows.
        curvatures: The non-zero curvatures h = 2λ, shape (rank,), the largest one first.
        optimum_mse: F*, in squared units of the target as trained.
        scale: The last entry s of z.
        fourth: Mean of svec(uuᵀ) svec(uuᵀ)ᵀ, shape (q, q) with q = (rank + 1)(rank + 2)/2; None for the Gaussian
            closure, in which the mean of uuᵀ(u·Mu) is 2M + tr(M)·I.
    """

    n: int
    curvatures: Array
    optimum_mse: float
    scale: float
    fourth: Array | None

    @property
    def exact(self) -> bool:
        """Whether they are those of the rows."""
        return self.fourth is not None

    @property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """Indices i ≤ j of the entries of svec."""
        return upper(len(self.curvatures) + 1)[:2]

    @property
    def present(self) -> Array:
        """Mean squares of the entries of u, shape (rank + 1,): 1, but less for residuals that are 0 up to rounding."""
        return np.append(np.ones(len(self.curvatures)), self.optimum_mse / self.scale**2)

    def shrinkage(self, lr: float) -> Array:
        """η = lr·h, the share of each entry of z that a full-batch step takes away, shape (rank + 1,)."""
        return np.append(lr * self.curvatures, 0.0)

    def drawing(self, size: int, *, replacement: bool) -> float:
        """Variance of the mean of a batch, relative to that of one row: 1/b, or (n − b)/(b(n − 1))."""
        if replacement:
            return 1 / size
        return (self.n - size) / (size * (self.n - 1)) if self.n > 1 else 0.0


def moments_of(spectrum: Spectrum, blocks: Iterable[tuple[Array, Array]]) -> Moments:
    """Compute the fourth moments in one pass over the rows, in O(n·rank⁴).

    Args:
        spectrum: That of the loss on these rows.
        blocks: The rows in trained coordinates: designs (m, d) and residuals y − Xw*, shape (m,).

    Returns:
        The moments; the Gaussian closure for more than `MOST_DIRECTIONS` directions, with no row read.
    """
    if spectrum.rank > MOST_DIRECTIONS:
        return gaussian(spectrum)
    scale = upper(spectrum.rank + 1)[2]
    fourth = np.zeros((len(scale), len(scale)))
    with one_blas_thread, np.errstate(all="ignore"):
        for X, residual in blocks:
            for rows in _strips(whitened(spectrum, X, residual), STRIP // len(scale)):
                Z = _products(rows)
                fourth += Z @ Z.T
    fourth *= scale[:, None] * scale / spectrum.problem.n
    return replace(gaussian(spectrum), fourth=fourth)


def gaussian(spectrum: Spectrum) -> Moments:
    """Return the moments of Gaussian rows with independent residuals, which need no rows: an approximation.

    It is low where columns have heavy tails, and high along columns whose values hardly vary, such as the intercept.
    """
    problem = spectrum.problem
    return Moments(problem.n, spectrum.curvatures, problem.optimum.mse, residual_scale(problem), fourth=None)


def residual_scale(problem: LeastSquares) -> float:
    """Return s: √F*, but at least the rounding of a typical target; 1 where the target is 0."""
    return math.sqrt(max(problem.optimum.mse, EPS**2 * problem.optimum.power)) or 1.0


def whitened(spectrum: Spectrum, X: Array, residual: Array) -> Array:
    """Return the columns u = (Vx/√λ, −r/s), shape (rank + 1, m), of rows (m, d) and their residuals (m,)."""
    V = spectrum.directions / np.sqrt(spectrum.curvatures / 2)[:, None]
    return np.vstack([V @ X.T, residual / -residual_scale(spectrum.problem)])


def svec(M: Array) -> Array:
    """Entries of a symmetric matrix on and above the diagonal, those above it times √2, so that A·B = svec A·svec B."""
    i, j, scale = upper(len(M))
    return np.asarray(M[i, j] * scale)


def smat(v: Array) -> Array:
    """The symmetric matrix of a vector: the inverse of `svec`."""
    size = math.isqrt(2 * len(v))
    i, j, scale = upper(size)
    M = np.empty((size, size))
    M[i, j] = M[j, i] = v / scale
    return M


@cache
def upper(size: int) -> tuple[IntArray, IntArray, Array]:
    """Indices i ≤ j of the entries of `svec`, and their factors: 1 on the diagonal, √2 above it."""
    i, j = np.triu_indices(size)
    return i, j, np.where(i == j, 1.0, math.sqrt(2.0))


def _strips(columns: Array, size: int) -> Iterator[Array]:
    for i in range(0, columns.shape[1], size):
        yield columns[:, i : i + size]


def _products(u: Array) -> Array:
    """The products uᵢuⱼ, i ≤ j, shape (q, m)."""
    return np.concatenate([row * u[i:] for i, row in enumerate(u)])
