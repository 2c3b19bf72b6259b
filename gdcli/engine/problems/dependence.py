"""Which columns of a rank-deficient design depend on which."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import Array, IntArray, Real
from gdcli.engine.problems.triangular import back_substitute, triangle, working_precision

RELATIONS = 4  # to name; people do not read more
NEGLIGIBLE = 1e-8  # coefficient of a column of unit norm


@dataclass(frozen=True)
class Basis:
    """Columns that span all others, A[:, rest] = A[:, kept]·K, and the least-squares solution on them alone.

    Attributes:
        kept: Indices of the r columns kept, shape (r,).
        rest: Indices of the others, shape (q,).
        K: The others in terms of them, shape (r, q).
        z: Weights of the columns kept, of least squares on them, shape (r,).
        rss: What these weights leave of the target: its squared norm.
        slack: By how much `rss` depends on the choice of the columns kept, and by how much the others could lower it
            by what in them is no combination of the columns kept.
        intercept: Whether the last column is the intercept.
    """

    kept: IntArray
    rest: IntArray
    K: Real
    z: Real
    rss: float
    slack: float
    intercept: bool


def basis(A: Real, c: Real, Vt: Array, rank: int, *, noise: float, intercept: bool) -> Basis:
    """Choose columns that span all others and are as far from dependent as may be; an intercept is always kept.

    Args:
        A: Columns of unit norm, shape (n, d).
        c: Target, shape (n,).
        Vt: Right singular vectors of A, shape (min(n, d), d).
        rank: Number of columns to keep.
        noise: Norm up to which what remains of a dependent column is rounding.
        intercept: Whether the last column is the intercept.

    Returns:
        The basis.

    Source: Golub and Van Loan, Matrix Computations (4th ed.), section 5.5.7, subset selection by the SVD.
    """
    d = A.shape[1]
    given = {d - 1} if intercept else set()
    if len(Vt) == d and d - rank < rank:
        rest = np.sort(_pivots(Vt[rank:], never=given))
        kept = np.setdiff1d(np.arange(d), rest)
    else:
        kept = np.sort(_pivots(Vt[:rank], first=given))
        rest = np.setdiff1d(np.arange(d), kept)
    T = triangle(working_precision(np.column_stack([A[:, kept], A[:, rest], c])))
    solved = back_substitute(T[:rank, :rank], T[:rank, rank:])
    K, z, remains, left = solved[:, :-1], solved[:, -1], T[rank:, rank:-1], T[rank:, -1]
    slack = 2 * np.abs(z).max(initial=0.0) * np.abs(left @ remains).sum()
    lower = left[np.abs(remains).max(axis=1, initial=0.0) > noise]
    rss, slack = float(left @ left), float(slack + lower @ lower)
    return Basis(kept=kept, rest=rest, K=K, z=z, rss=rss, slack=slack, intercept=intercept)


def relations(basis: Basis) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Name the first few columns that those before them make up, an intercept before all others.

    Returns:
        At most `RELATIONS` entries: the index of a column, and the indices of the columns that it is a combination of.
    """
    r, d = len(basis.kept), len(basis.kept) + len(basis.rest)
    order = np.roll(np.arange(d), 1 if basis.intercept else 0)[: r + RELATIONS]  # enough to meet so many dependent ones
    coefficients = np.zeros((r, d))
    coefficients[np.arange(r), basis.kept] = 1.0
    coefficients[:, basis.rest] = basis.K
    C = coefficients[:, order]
    owners = np.full(r, -1)  # of each row of C, the column before this one that alone has an entry in it
    found = []
    for j, column in enumerate(order):
        free = np.where(owners < 0, np.abs(C[:, j]), 0.0)
        row = int(free.argmax()) if r else 0
        if r and free[row] > NEGLIGIBLE:
            _eliminate(C, row, j)
            owners[row] = column
        else:
            parts = owners[(owners >= 0) & (np.abs(C[:, j]) > NEGLIGIBLE)]
            found.append((int(column), tuple(sorted(parts.tolist()))))
        if len(found) == RELATIONS:
            break
    return tuple(sorted(found))


def _pivots(rows: Array, *, first: Collection[int] = (), never: Collection[int] = ()) -> IntArray:
    """Columns that a QR of rows (m, d) with column pivoting takes first, m of them."""
    rows, columns = rows.copy(), list[int]()
    rows[:, list(never)] = 0.0
    for _ in range(len(rows)):
        squares = np.einsum("ij,ij->j", rows, rows)
        j = int(squares.argmax()) if columns or not first else min(first)
        direction = rows[:, j] / np.sqrt(squares[j])
        rows -= np.outer(direction, direction @ rows)
        rows[:, j] = 0.0
        columns.append(j)
    return np.array(columns, dtype=np.int64)


def _eliminate(C: Array, row: int, j: int) -> None:
    """Turn column j into a unit vector, in place, unless it is one already."""
    others = np.flatnonzero(C[:, j])
    if len(others) > 1 or C[row, j] != 1:
        C[row, j:] /= C[row, j]
        others = others[others != row]
        C[others, j:] -= np.outer(C[others, j], C[row, j:])
