"""Batches drawn independently of each other: the expected gap, and the rates that are stable in the mean square."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.threads import one_blas_thread
from gdcli.theory.expected import Dense, Expected, Map, Separable, Stretch, expected, stretches
from gdcli.theory.moments import Moments, smat, svec


def independent(
    moments: Moments, start: Array, rates: Array, sizes: IntArray, *, replacement: bool = False, unit: float = 1.0
) -> Expected:
    """Compute the expected gaps of plain descent whose batches are drawn independently of each other.

    With η = lr·h, a = 1 − η, c = 1/b with replacement and (n − b)/(b(n − 1)) without, and 𝒦(M) the mean of
    uuᵀ(u·Mu), a step makes of M = E[zzᵀ]

        M ← aaᵀ ∘ M + c·ηηᵀ ∘ (𝒦(M) − M)

    A step costs O(rank⁴); many steps at one rate are taken by a power of their map.

    Args:
        moments: Those of the rows.
        start: √λ ∘ V(w − w*) of the initial weights, shape (rank,).
        rates: Learning rates, shape (epochs, 1 or steps).
        sizes: Rows per batch, shape (steps,).
        replacement: Whether the rows of a batch are drawn with replacement.
        unit: Squared units of the file in one squared unit of the target as trained.

    Returns:
        The expected curve.

    Source: the recursion is derived as in Défossez and Bach (2015), Averaged least-mean-squares.
    """
    plan = [tuple(stretches(row, sizes)) for row in rates]
    uses = Counter(stretch for epoch in plan for stretch in epoch)

    @lru_cache(maxsize=32)
    def advance(stretch: Stretch) -> Callable[[Array], Array]:
        lr, size, count = stretch
        step = _step(moments, lr, moments.drawing(size, replacement=replacement))
        if count * uses[stretch] > 2 * len(moments.pairs[0]) * math.log2(count + 1):
            step, count = step.power(count), 1
        return partial(step.times, count=count)

    def epoch(M: Array, stretches: tuple[Stretch, ...]) -> Array:
        for stretch in stretches:
            M = advance(stretch)(M)
        return M

    with one_blas_thread:
        epochs = (partial(epoch, stretches=stretches) for stretches in plan)
        return expected(moments, start, epochs, unit=unit, exact=moments.exact)


def mean_square_limit(moments: Moments, size: int, *, replacement: bool = False) -> float:
    """The learning rate below which the expected gap stays bounded, and beyond which it grows.

    1/λ_max(𝒫⁻¹𝒢) with 𝒫(M) = (hᵢ + hⱼ) ∘ M and 𝒢(M) = hhᵀ ∘ (M + c(𝒦(M) − M)). It is at most 2/L, the limit of
    the full batch.

    Args:
        moments: Those of the rows.
        size: Rows per batch.
        replacement: Whether the rows of a batch are drawn with replacement.

    Returns:
        The limit; infinite where the loss is constant.

    Source: Défossez and Bach (2015), Averaged least-mean-squares: bias-variance trade-offs and optimal sampling.
    """
    weights, growth, _ = _steady(moments, moments.drawing(size, replacement=replacement))
    if not len(weights):
        return math.inf
    root = np.sqrt(weights)
    with one_blas_thread:
        largest = np.linalg.eigvalsh(root[:, None] * growth * root)[-1]
    return 1 / float(largest)


def floor(moments: Moments, lr: float, size: int, *, replacement: bool = False, unit: float = 1.0) -> float:
    """The expected gap that a constant rate tends to.

    The fixed point of the step of `independent`: M = lr·𝒫⁻¹(𝒢(M) + c·hhᵀ ∘ S), with S the mean of r²·uuᵀ.

    Args:
        moments: Those of the rows.
        lr: The learning rate.
        size: Rows per batch.
        replacement: Whether the rows of a batch are drawn with replacement.
        unit: Squared units of the file in one squared unit of the target as trained.

    Returns:
        The gap; infinite from the mean-square limit on.
    """
    if lr >= mean_square_limit(moments, size, replacement=replacement):
        return math.inf
    weights, growth, source = _steady(moments, moments.drawing(size, replacement=replacement))
    with one_blas_thread:
        M = np.linalg.solve(np.eye(len(weights)) - lr * weights[:, None] * growth, lr * weights * source)
    i, j = _rows_only(moments)
    return unit * float(M[i == j].sum())


@dataclass(frozen=True, eq=False)
class _Step:
    """M → decay ∘ M + gain ∘ 𝒦(M), on svec."""

    decay: Array
    gain: Array
    fourth: Array

    def times(self, M: Array, count: int) -> Array:
        v = svec(M)
        for _ in range(count):
            v = self.decay * v + self.gain * (self.fourth @ v)
        return smat(v)

    def power(self, count: int) -> Dense:
        return Dense(np.diag(self.decay) + self.gain[:, None] * self.fourth).power(count)


def _step(moments: Moments, lr: float, c: float) -> Map:
    shrinkage = moments.shrinkage(lr)
    keep, gain = np.outer(1 - shrinkage, 1 - shrinkage), c * np.outer(shrinkage, shrinkage)
    if moments.fourth is not None:
        return _Step((keep - gain)[moments.pairs], gain[moments.pairs], moments.fourth)
    factors = keep + gain
    return Separable(factors, np.diag(factors.diagonal()) + np.outer(gain.diagonal(), moments.present))


def _rows_only(moments: Moments) -> tuple[IntArray, IntArray]:
    """The pairs of directions that M of a steady state has; the Gaussian closure has nothing off the diagonal."""
    i, j = moments.pairs
    inside = j < len(moments.curvatures)
    return (i[inside], j[inside]) if moments.exact else (np.arange(len(moments.curvatures)),) * 2


def _steady(moments: Moments, c: float) -> tuple[Array, Array, Array]:
    """hh/(h + h), the matrix of M → M + c(𝒦(M) − M), and c·S, on the pairs of `_rows_only`."""
    i, j = _rows_only(moments)
    h, mse = moments.curvatures, moments.optimum_mse
    weights = h[j] / (1 + h[j] / h[i])  # h falls, so that the quotient cannot overflow
    if moments.fourth is None:
        return weights, (1 + c) * np.eye(len(h)) + c, np.full(len(h), c * mse)
    inside = moments.pairs[1] < len(h)
    mean_square = moments.scale**2 * moments.fourth[inside, -1]
    return weights, (1 - c) * np.eye(len(i)) + c * moments.fourth[np.ix_(inside, inside)], c * mean_square
