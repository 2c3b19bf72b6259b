"""Which columns of a rank-deficient design depend on which."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import Array, IntArray, Real
from gdcli.engine.problems.triangular import back_substitute, triangle, working_precision

RELATIONS = 4  # the most that are reported
NEGLIGIBLE = 1e-8  # smaller coefficients of columns of unit norm count as zero


@dataclass(frozen=True)
class Basis:
    """Columns that span all others, A[:, rest] = A[:, members]·K, and the least-squares solution on them alone.

    Attributes:
        members: Indices of the r columns of the basis, shape (r,).
        rest: Indices of the other columns, shape (q,).
        K: Coefficients that make the rest from the members, shape (r, q).
        z: Least-squares weights of the members, shape (r,).
        rss: Residual sum of squares of these weights.
        slack: How much `rss` depends on the choice of the members, plus how much it could decrease by the small parts
            of the rest that are not combinations of the members.
        intercept: Whether the last column is the intercept.
    """

    members: IntArray
    rest: IntArray
    K: Real
    z: Real
    rss: float
    slack: float
    intercept: bool


def basis(A: Real, c: Real, Vt: Array, rank: int, *, noise: float, intercept: bool) -> Basis:
    """Choose columns that span all others and are as independent as possible; an intercept is always one of them.

    Args:
        A: Columns of unit norm, shape (n, d).
        c: Target, shape (n,).
        Vt: Right singular vectors of A, shape (min(n, d), d).
        rank: Number of columns to choose.
        noise: Norm up to which the remainder of a dependent column counts as rounding.
        intercept: Whether the last column is the intercept.

    Returns:
        The basis.

    Source: Golub and Van Loan, Matrix Computations (4th ed.), section 5.5.7, subset selection by the SVD.
    """
    d = A.shape[1]
    ones = {d - 1} if intercept else set()
    if len(Vt) == d and d - rank < rank:
        rest = np.sort(_pivots(Vt[rank:], never=ones))
        members = np.setdiff1d(np.arange(d), rest)
    else:
        members = np.sort(_pivots(Vt[:rank], first=ones))
        rest = np.setdiff1d(np.arange(d), members)
    T = triangle(working_precision(np.column_stack([A[:, members], A[:, rest], c])))
    coefficients = back_substitute(T[:rank, :rank], T[:rank, rank:])
    K, z, remainders, residual = coefficients[:, :-1], coefficients[:, -1], T[rank:, rank:-1], T[rank:, -1]
    slack = 2 * np.abs(z).max(initial=0.0) * np.abs(residual @ remainders).sum()
    reachable = residual[np.abs(remainders).max(axis=1, initial=0.0) > noise]
    rss, slack = float(residual @ residual), float(slack + reachable @ reachable)
    return Basis(members=members, rest=rest, K=K, z=z, rss=rss, slack=slack, intercept=intercept)


def relations(basis: Basis) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Find the first few columns that are combinations of columns before them; an intercept comes before all others.

    Args:
        basis: The basis of the columns.

    Returns:
        At most `RELATIONS` entries: the index of a column, and the indices of the columns that it is a combination of.
    """
    r, d = len(basis.members), len(basis.members) + len(basis.rest)
    order = np.roll(np.arange(d), 1 if basis.intercept else 0)[: r + RELATIONS]  # enough columns
    coefficients = np.zeros((r, d))
    coefficients[np.arange(r), basis.members] = 1.0
    coefficients[:, basis.rest] = basis.K
    C = coefficients[:, order]
    owners = np.full(r, -1)  # for each row of C, the earlier column that is now the unit vector of this row
    dependent = []
    for j, column in enumerate(order):
        free = np.where(owners < 0, np.abs(C[:, j]), 0.0)
        row = int(free.argmax()) if r else 0
        if r and free[row] > NEGLIGIBLE:
            _eliminate(C, row, j)
            owners[row] = column
        else:
            parts = owners[(owners >= 0) & (np.abs(C[:, j]) > NEGLIGIBLE)]
            dependent.append((int(column), tuple(sorted(parts.tolist()))))
        if len(dependent) == RELATIONS:
            break
    return tuple(sorted(dependent))


def _pivots(rows: Array, *, first: Collection[int] = (), never: Collection[int] = ()) -> IntArray:
    """Choose the m columns that a QR of rows (m, d) with column pivoting takes first."""
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
