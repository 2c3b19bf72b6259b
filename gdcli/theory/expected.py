"""Expected gaps of a run whose second moments E[zzᵀ] follow one linear map per epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from gdcli.engine.arrays import Array, IntArray
from gdcli.theory.moments import Moments, smat, svec

# So many steps in a row at the same rate, on batches of the same size.
Stretch: TypeAlias = tuple[float, int, int]


@dataclass(frozen=True, eq=False)
class Expected:
    """The expected curve of a run.

    Attributes:
        gap: Expected gaps, shape (epochs + 1,), in squared units of the file; infinite where they overflow.
        sd: Their standard deviations over the draws, as if z were Gaussian; None where nothing is random.
        exact: Whether the gaps are exact, apart from rounding.
    """

    gap: Array
    sd: Array | None
    exact: bool


class Map(Protocol):
    """A linear map of symmetric matrices M = E[zzᵀ]."""

    def times(self, M: Array, count: int) -> Array:
        """Return what `count` applications make of M."""
        ...

    def power(self, count: int) -> Map:
        """Return the map of `count` applications."""
        ...


@dataclass(frozen=True, eq=False)
class Dense:
    """M → smat(matrix · svec M). Its power costs O(log count · q³), an application O(q²)."""

    matrix: Array

    def times(self, M: Array, count: int) -> Array:
        """Return what `count` applications make of M."""
        v = svec(M)
        for _ in range(count):
            v = self.matrix @ v
        return smat(v)

    def power(self, count: int) -> Dense:
        """Return the map of `count` applications."""
        return Dense(np.linalg.matrix_power(self.matrix, count))

    def fixed_trace(self, scale: float) -> float:
        """Return the trace of its fixed point without the last entry, `scale`²; infinite where it has none."""
        v = _fixed(self.matrix, scale)
        return math.inf if v is None else float(smat(v).trace() - scale**2)


@dataclass(frozen=True, eq=False)
class Separable:
    """M → factors ∘ M off the diagonal, and diag M → coupling · diag M on it: the maps of the Gaussian closure."""

    factors: Array
    coupling: Array

    def times(self, M: Array, count: int) -> Array:
        """Return what `count` applications make of M."""
        for _ in range(count):
            diagonal = self.coupling @ M.diagonal()
            M = self.factors * M
            np.fill_diagonal(M, diagonal)
        return M

    def power(self, count: int) -> Separable:
        """Return the map of `count` applications."""
        return Separable(self.factors**count, np.linalg.matrix_power(self.coupling, count))

    def fixed_trace(self, scale: float) -> float:
        """Return the trace of its fixed point without the last entry, `scale`²; infinite where it has none."""
        diagonal = _fixed(self.coupling, scale)
        return math.inf if diagonal is None else float(diagonal[:-1].sum())


def stretches(rates: Array, sizes: IntArray) -> Iterator[Stretch]:
    """Divide the steps of an epoch into stretches.

    Args:
        rates: Learning rates, shape (1,) or (steps,).
        sizes: Rows per batch, shape (steps,).
    """
    steps = np.broadcast_to(rates, sizes.shape)
    changes = np.flatnonzero((np.diff(steps) != 0) | (np.diff(sizes) != 0)) + 1
    starts = [0, *changes.tolist()]
    for first, last in zip(starts, [*starts[1:], len(sizes)], strict=True):
        yield float(steps[first]), int(sizes[first]), last - first


def expected(
    moments: Moments, start: Array, epochs: Iterable[Callable[[Array], Array]], *, unit: float, exact: bool
) -> Expected:
    """Follow M = E[zzᵀ] from its start, epoch by epoch.

    Args:
        moments: Those of the rows.
        start: z of the initial weights, shape (rank,).
        epochs: What each epoch makes of M.
        unit: Squared units of the file in one squared unit of the target as trained.
        exact: Whether the maps are exact.

    Returns:
        The expected curve.
    """
    z = np.append(start, moments.scale)
    M = np.outer(z, z)
    with np.errstate(all="ignore"):
        figures = [_gap_and_variance(M, moments.scale)]
        for epoch in epochs:
            M = epoch(M)
            figures.append(_gap_and_variance(M, moments.scale))
        gap, variance = np.array(figures).T
        sd = np.sqrt(np.maximum(variance, 0.0))
    return Expected(_finite(unit * gap), _finite(unit * sd), exact)


def _fixed(A: Array, scale: float) -> Array | None:
    """The vector that A keeps and that ends in scale²; None if A has an eigenvalue beyond 1 besides the last one."""
    inner, last = A[:-1, :-1], scale**2
    if not np.isfinite(A).all() or np.abs(np.linalg.eigvals(inner)).max(initial=0.0) >= 1:
        return None
    return np.append(np.linalg.solve(np.eye(len(inner)) - inner, A[:-1, -1] * last), last)


def _gap_and_variance(M: Array, scale: float) -> tuple[float, float]:
    """Compute tr M and 2 tr(C²) + 4 m·Cm without the last entry of z, with m = E[z] and C = M − mmᵀ."""
    m, M = M[:-1, -1] / scale, M[:-1, :-1]
    C = M - np.outer(m, m)
    return float(M.trace()), float(2 * np.sum(C * C) + 4 * m @ C @ m)


def _finite(figures: Array) -> Array:
    return np.where(np.isfinite(figures), figures, np.inf)
