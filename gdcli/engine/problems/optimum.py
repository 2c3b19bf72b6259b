"""The exact least-squares optimum of a factor: weights, rank, and which columns depend on which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import EPS, Array, Real
from gdcli.engine.problems.dependence import Basis, basis, relations
from gdcli.engine.problems.factor import Factor
from gdcli.engine.problems.triangular import back_substitute, column_norms, forward_substitute, qr, working_precision

RESOLVED = 1e-20  # share of the target's power: a smaller cost of rounding w* affects no gap


@dataclass(frozen=True)
class Optimum:
    """The least-squares solution of smallest norm.

    Attributes:
        weights: w*, rounded to double, shape (d,).
        mse: F*, before that rounding, in squared units of the target as trained.
        rounding: ‖R(weights − w*)‖²/n, the gap that the rounding of w* costs, likewise.
        uncertainty: How far F*, F(weights) and the smallest possible loss may be from each other, likewise.
        image: Rw* before that rounding, shape (r,).
        power: Mean square of the target, in squared units of the target as trained.
        rank: Numerical rank of the design, with its columns scaled to unit norm.
        condition_number: σ_max/σ_min of the design without that scaling, at most the largest double; infinite below
            full rank.
        dependent: One entry for each of the first few dependent columns: its index, and the indices of the columns
            that it is a combination of.
        is_smallest: Whether no weights of smaller norm fit as well. If rounding would spoil the fit of the smallest
            weights, others are used, which are zero for as many columns as possible.
        is_zero: Whether F* is zero to rounding, so that a ratio to it would be noise.
    """

    weights: Array
    mse: float
    rounding: float
    uncertainty: float
    image: Array
    power: float
    rank: int
    condition_number: float
    dependent: tuple[tuple[int, tuple[int, ...]], ...]
    is_smallest: bool
    is_zero: bool

    @property
    def is_resolved(self) -> bool:
        """Whether w* is precise enough after rounding to compute gaps from it."""
        return self.rounding <= RESOLVED * self.power


@dataclass(frozen=True)
class _Solution:
    """Weights w before rounding, with their image Rw and ‖Rw − c‖² = rss."""

    w: Real
    image: Real
    rss: float
    slack: float
    dependent: tuple[tuple[int, tuple[int, ...]], ...]
    is_smallest: bool


@np.errstate(all="ignore")  # weights beyond the largest double become infinite
def solve(factor: Factor) -> Optimum:
    """Solve min ‖Rw − c‖, taking the solution of smallest ‖w‖ where there are many.

    The rank is decided on columns of unit norm, so that it does not depend on units. A singular value counts if it
    exceeds 8·eps·√max(n, d) times the largest.

    Args:
        factor: The triangular factor of the training rows.

    Returns:
        The optimum, in the coordinates of the factor.

    Source: Golub and Van Loan, Matrix Computations (4th ed.), sections 5.3 and 5.5; van der Sluis (1969) on
    equilibration.
    """
    R, c, d = factor.R, factor.c, factor.R.shape[1]
    tolerance = 8 * EPS * np.sqrt(max(factor.n, d))
    norms = column_norms(R)
    norms = np.where(norms > 0, norms, 1)
    A = R / norms
    _, s, Vt = np.linalg.svd(A.astype(np.float64), full_matrices=d < 2 * len(A))  # and a small null space
    rank = int(np.sum(s > tolerance * s[0])) if d else 0
    power = float(c @ c) + factor.rss
    if rank == d:
        solution = _Solution(back_substitute(R, c), c, 0.0, 0.0, (), is_smallest=True)
    else:
        noise = 2 * EPS if factor.eps < EPS else tolerance
        spanning = basis(A, c, Vt, rank, noise=noise, intercept=factor.intercept)
        solution = _below_full_rank(A, norms, c, spanning, enough=1e-10 * power)
    weights, rss = _rounded(solution.w), solution.rss + factor.rss
    error = factor.eps * float(norms @ np.abs(weights))  # of Rw, from the rounding of the factorisation
    lost = abs(_rss(R, weights, c) - solution.rss) + solution.slack + 2 * error * np.sqrt(rss) + error**2
    return Optimum(
        weights=weights,
        mse=rss / factor.n,
        rounding=_rss(R, weights, solution.image) / factor.n,
        uncertainty=float(lost) / factor.n,
        image=solution.image.astype(np.float64),
        power=power / factor.n,
        rank=rank,
        condition_number=_condition(A, norms) if rank == d else np.inf,
        dependent=solution.dependent,
        is_smallest=solution.is_smallest,
        is_zero=bool(rss <= tolerance**2 * power),
    )


def _below_full_rank(A: Real, norms: Real, c: Real, spanning: Basis, *, enough: float) -> _Solution:
    """Choose the smallest solution, or that of the basis if rounding the smallest costs more than that and `enough`."""
    basic = np.zeros(len(norms), dtype=A.dtype)
    basic[spanning.members] = spanning.z / norms[spanning.members]
    smallest = _smallest(spanning, norms)
    costs = [_rss(A * norms, _rounded(w), c) - spanning.rss for w in (smallest, basic)]
    is_smallest = costs[0] <= max(costs[1], enough)
    return _Solution(
        w=smallest if is_smallest else basic,
        image=A[:, spanning.members] @ spanning.z,
        rss=spanning.rss,
        slack=spanning.slack,
        dependent=relations(spanning),
        is_smallest=is_smallest,
    )


def _rounded(w: Real) -> Array:
    """Round to double, without negative zeros."""
    return w.astype(np.float64) + 0.0


def _rss(R: Real, weights: Array, c: Real) -> float:
    return float(np.sum((R @ weights - c) ** 2))


def _condition(A: Real, norms: Real) -> float:
    """Divide the largest by the smallest singular value of A·norms, at full rank.

    If the units differ so much that the smallest is lost in the rounding errors of the largest, it is computed from
    the inverse, whose rows keep their digits.
    """
    if not len(norms):
        return 1.0
    singular = np.linalg.svd((A * norms).astype(np.float64), compute_uv=False)
    if singular[-1] > 1e-8 * singular[0]:
        return float(singular[0] / singular[-1])
    inverse = back_substitute(A, np.eye(len(norms), dtype=A.dtype)) / norms[:, None]
    size = np.abs(inverse).max()
    largest = np.linalg.norm((inverse / size).astype(np.float64), 2) * size
    return float(min(singular[0] * largest, np.finfo(np.float64).max))


def _smallest(basis: Basis, norms: Real) -> Real:
    """Find the weights of smallest norm, in units given by `norms`, among those that fit as well as those of a basis.

    With M = [I K] in these units, they solve Mw = z, and Mᵀ = QL gives w = Q L⁻ᵀ z. The largest rows and columns of M
    come first, so that a QR keeps the digits of the small ones.
    """
    order = np.append(basis.members, basis.rest)
    M = np.hstack([np.eye(len(basis.members)), basis.K]) * norms[order]
    rows, columns = (np.argsort(-sizes, kind="stable") for sizes in (column_norms(M), column_norms(M.T)))
    Q, L = qr(working_precision(M[np.ix_(columns, rows)].T))
    w = np.empty(len(norms), dtype=Q.dtype)
    w[order[rows]] = Q @ forward_substitute(L, basis.z[columns])
    return w
