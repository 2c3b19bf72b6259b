"""The exact least-squares optimum of a factor: weights, rank, and which columns depend on which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import EPS, Array, Real
from gdcli.engine.factor import Factor


@dataclass(frozen=True)
class Optimum:
    """The least-squares solution of smallest norm.

    Attributes:
        weights: w*, shape (d,).
        mse: F* = F(w*), in squared units of the target as trained.
        rank: Numerical rank of the design, its columns brought to unit norm first.
        condition_number: σ_max/σ_min of the design as it stands; infinite below full rank.
        dependent: One entry a dependent column: its index, and the indices of the columns it is a combination of.
        is_zero: Whether F* is zero to rounding, so that a ratio to it would be noise.
    """

    weights: Array
    mse: float
    rank: int
    condition_number: float
    dependent: tuple[tuple[int, tuple[int, ...]], ...]
    is_zero: bool


def solve(factor: Factor) -> Optimum:
    """Solve min ‖Rw − c‖, taking the solution of smallest ‖w‖ where there are many.

    The columns are brought to unit norm before the rank is decided, so that units cannot hide a column: a
    singular value counts when it exceeds 8·eps·√max(n, d) times the largest.

    Args:
        factor: The triangular factor of the training rows.

    Returns:
        The optimum, in the coordinates of the factor.

    Source: Golub and Van Loan, Matrix Computations (4th ed.), sections 5.3 and 5.5; van der Sluis (1969) on
    equilibration.
    """
    R, c, d = factor.R.astype(np.float64), factor.c.astype(np.float64), len(factor.c)
    tolerance = 8 * EPS * np.sqrt(max(factor.n, d))
    norms = np.linalg.norm(R, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    U, s, Vt = np.linalg.svd(R / norms)
    rank = int(np.sum(s > tolerance * s[0])) if d else 0
    if rank == d:
        w = _back_substitute(factor.R, factor.c)
        singular = np.linalg.svd(R, compute_uv=False)
        condition = float(singular[0] / singular[-1]) if d else 1.0
        dependent: tuple[tuple[int, tuple[int, ...]], ...] = ()
    else:
        # Of all solutions the smallest lies in the row space, whose basis is that of the unit-norm columns in the
        # units of w. Its largest rows first, so that a QR keeps the digits of the small ones.
        order = np.argsort(-norms, kind="stable")
        Q, T = np.linalg.qr((Vt[:rank] * norms).T[order])
        w = np.empty(d)
        w[order] = Q @ np.linalg.solve(T.T, (U[:, :rank].T @ c) / s[:rank])
        condition = float("inf")
        dependent = _relations(Vt[rank:])
    residual = R @ w - c
    rss = float(residual @ residual) + factor.rss
    target = float(c @ c) + factor.rss
    return Optimum(
        weights=w,
        mse=rss / factor.n,
        rank=rank,
        condition_number=condition,
        dependent=dependent,
        is_zero=bool(rss <= tolerance**2 * target),
    )


def _back_substitute(R: Real, c: Real) -> Array:
    """Solve the triangular system Rw = c in its own precision, and round once."""
    w = np.zeros_like(c)
    for i in range(len(c) - 1, -1, -1):
        w[i] = (c[i] - R[i, i + 1 :] @ w[i + 1 :]) / R[i, i]
    return w.astype(np.float64)


def _relations(null: Array) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Read dependent columns off a basis of the null space, shape (d − rank, d), of unit-norm columns.

    Row reduction from the right leaves one column a row that the columns before it make up.
    """
    null, d = null.copy(), null.shape[1]
    relations = []
    # The last column is the intercept: taken as given, so that a constant column depends on it and not it on them.
    order = [d - 1, *range(d - 1)]
    for row in range(len(null)):
        rest = np.abs(null[row:, order])
        position = int(np.flatnonzero(rest.max(axis=0) > 1e-8)[-1])
        column = order[position]
        best = row + int(np.argmax(rest[:, position]))
        null[[row, best]] = null[[best, row]]
        null[row] /= null[row, column]
        others = np.arange(len(null)) != row
        null[others] -= np.outer(null[others, column], null[row])
        relations.append(column)
    return tuple(
        sorted(
            (column, tuple(int(j) for j in np.flatnonzero(np.abs(null[row]) > 1e-8) if j != column))
            for row, column in enumerate(relations)
        )
    )
