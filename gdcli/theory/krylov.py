"""The gap that no method built from gradients can beat, and the schedule that reaches it.

Coordinates are those of the residual: gap = unit·Σz², and a full-batch step of plain descent is z ← (1 − lr·h)·z.

Krylov spaces are spanned in decimal arithmetic of 60 digits: in double precision a curvature of L/κ would keep only
16 − log₁₀ κ of its digits, even with a basis that is orthogonal to the last digit. A basis of k vectors costs 4k²r
operations of about 0.1 µs each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, TypeAlias

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.threads import one_blas_thread
from gdcli.engine.trace import DIVERGENCE_FACTOR

Exact: TypeAlias = np.ndarray[Any, np.dtype[np.object_]]  # of Decimal

_DIGITS = 60
_EPS = float(np.finfo(np.float64).eps)
_ROUNDING = 8 * _EPS  # of coordinates and curvatures as singular vectors and values give them
MARGIN = 0.01  # by which an optimal schedule may miss the bound
ZERO = float(np.sqrt(_EPS))  # share of the starting gap that counts as reaching a bound of 0


@dataclass(frozen=True)
class Refusal:
    """Why there is no optimal schedule in double precision. Both gaps are shares of the starting gap.

    Attributes:
        epochs: Length of the schedule.
        gap: The gap that the run may end with, because its rates and steps are rounded.
        bound: The smallest gap that any schedule could reach with exact numbers.
    """

    epochs: int
    gap: float
    bound: float

    @property
    def reason(self) -> str:
        """The refusal in words."""
        target = f"{self.bound:.3g} of the starting gap" if self.bound else "the optimum"
        return (
            f"in double precision its {self.epochs} rates cannot be carried out: with exact numbers they lead to "
            f"{target}, with rounded ones to as much as {self.gap:.3g} of the starting gap"
        )


def bound(curvatures: Array, start: Array, gradient: Array, epochs: int, unit: float = 1.0) -> Array:
    """Smallest gaps that methods can reach whose steps lie in the span of the gradients.

    Let H = diag(h), let z be the start and g the first gradient in these coordinates: H·z, and with weight decay a
    (H + a)·z + a·z*. A step changes z by a multiple of the gradient, and the gradient by (H + a) times that step. So if
    the first k gradients lie in K_k(H + a, g) = span{g, (H + a)g, …}, the (k + 1)-th one lies in K_{k+1}(H + a, g), and
    by induction z_k − z lies in K_k(H + a, g), whatever the rates and the momentum are. A multiple of the identity does
    not change a Krylov space: it is K_k(H, g). Therefore

        gap_k ≥ unit · min ‖z − v‖² over v in K_k(H, g) = unit · ‖z − P_k z‖²

    with P_k the orthogonal projection. Without weight decay conjugate gradients reach it. It does not bind optimizers
    that scale coordinates, such as Adam.

    The data are rounded: curvatures by about eps·√(L·h), coordinates by about eps·‖z‖. The projection is computed
    twice, once with the data changed by eight times that much, and twice the difference is subtracted. So the bound
    stays below what runs reach, and is 0 where rounding decides. After as many epochs as there are curvatures it is 0.

    Args:
        curvatures: h, shape (r,), greater than 0.
        start: z, shape (r,).
        gradient: g, shape (r,).
        epochs: T.
        unit: Squared units of the file in one squared unit of z.

    Returns:
        Lower bounds of the gap after 0, 1, …, T steps, shape (T + 1,); the first one is the gap of the start.

    Source: Nemirovski and Yudin (1983), Problem complexity and method efficiency in optimization; Saad (2003),
    Iterative methods for sparse linear systems, section 6.11.
    """
    gaps = np.zeros(epochs + 1)
    if len(curvatures) and start.any():
        exact = _left(curvatures, start, gradient, epochs)
        other = _left(*_rounded(curvatures, start, gradient), epochs)
        gaps[: len(curvatures)] = np.maximum(exact - 2 * np.abs(other - exact), 0)[: len(curvatures)]
        gaps[0] = start @ start
    return unit * np.minimum.accumulate(gaps)


def optimal_rates(curvatures: Array, start: Array, epochs: int) -> Array | Refusal:
    """Rates of the schedule that ends with the smallest gap that any schedule can after T epochs from this start.

    Conjugate gradients multiply z by the polynomial p_T with p_T(0) = 1 for which ‖p_T(H)z‖ is smallest. Its roots θ_k
    are the Ritz values of H = diag(h) on K_T(H, √H·z), and plain descent with the rates 1/θ_k, in any order, multiplies
    z by the same polynomial. Rising rates keep the gap from growing on its way; where they let rounding grow too much,
    Leja's order is taken. Where the space is exhausted after fewer epochs, the other rates are 1/L, which shrink every
    coordinate.

    A schedule is refused if its run may miss the bound by more than `MARGIN`, or `ZERO` of the starting gap where the
    bound is 0. What a run may end with is computed in double precision: z by its own steps, and beside it what rounding
    adds in the worst case. A step rounds z by eps·max(1, lr·L)·‖z‖, and later steps multiply this by |1 − lr·h|.

    Args:
        curvatures: h, shape (r,), greater than 0.
        start: z, shape (r,).
        epochs: T.

    Returns:
        The rates, shape (T,), or why there are none.

    Source: Hestenes and Stiefel (1952), Methods of conjugate gradients for solving linear systems; Reichel (1990),
    Newton interpolation at Leja points.
    """
    if not len(curvatures) or not epochs:
        return np.zeros(epochs)
    lowest, initial = float(bound(curvatures, start, curvatures * start, epochs)[-1]), float(start @ start)
    roots, worst = _roots(curvatures, start, epochs), np.inf
    for order in (roots, _leja_order(roots)):
        rates = np.concatenate([1 / order, np.full(epochs - len(order), 1 / curvatures.max())])
        worst = min(worst, _worst_gap(curvatures, start, rates))
        if worst <= (lowest * (1 + MARGIN) if lowest else ZERO * initial):
            return rates
    return Refusal(epochs, gap=worst / initial, bound=lowest / initial)


def _rounded(curvatures: Array, start: Array, gradient: Array) -> tuple[Array, Array, Array]:
    """The data, changed by as much as they may be rounded, neighbours in opposite directions."""
    signs = np.resize([1.0, -1.0], len(curvatures))
    other = curvatures * (1 + signs * np.minimum(_ROUNDING * np.sqrt(curvatures.max() / curvatures), 0.5))
    moved = start + np.roll(signs, 1) * _ROUNDING * np.linalg.norm(start)
    return other, moved, gradient + other * moved - curvatures * start


def _left(curvatures: Array, start: Array, gradient: Array, epochs: int) -> Array:
    """‖z − P_k z‖² for k = 0, …, T, each with its own digits."""
    with localcontext(prec=_DIGITS):
        z, lengths = _exact(start), np.zeros(epochs + 1)
        lengths[0] = float(z @ z)
        for k, (q, _, _) in enumerate(_lanczos(_exact(curvatures), _exact(gradient), epochs), 1):
            z = z - q * (q @ z)  # what is left, step by step: z − P_k z at once would keep the digits of z only
            lengths[k:] = float(z @ z)
    return lengths


def _roots(curvatures: Array, start: Array, epochs: int) -> Array:
    """Ritz values of diag(h) on the Krylov space of √h·z, at most T of them, falling, each with its own digits.

    They are the squared singular values of the bidiagonal Cholesky factor of Lanczos' tridiagonal matrix.
    """
    diagonal: list[Decimal] = []
    beside: list[Decimal] = []
    with localcontext(prec=_DIGITS):
        h = _exact(curvatures)
        for _, alpha, beta in _lanczos(h, np.sqrt(h) * _exact(start), epochs):
            beside.append(beta / diagonal[-1] if diagonal else beta)
            diagonal.append((alpha - beside[-1] ** 2).sqrt())
    factor = np.diag(np.array(diagonal, dtype=np.float64))
    below = np.diag(np.array(beside[1:], dtype=np.float64), -1) if beside else factor
    with one_blas_thread:
        return np.asarray(np.linalg.svd(factor + below, compute_uv=False) ** 2) if beside else np.zeros(0)


def _lanczos(h: Exact, v: Exact, steps: int) -> Iterator[tuple[Exact, Decimal, Decimal]]:
    """Yield an orthonormal basis of K_steps(diag(h), v), with the diagonal and the entries beside it.

    Every vector is made orthogonal to all before it, twice: the recurrence of three terms would lose this. The basis
    ends where the space is exhausted: where the next vector is left with less than half of its digits.
    """
    smallest = Decimal(1).scaleb(-_DIGITS // 2) * max(h)
    basis = np.empty((min(steps, len(h)), len(h)), dtype=object)
    beta, norm = Decimal(0), (v @ v).sqrt()
    for k in range(len(basis) if norm else 0):
        basis[k] = v / norm
        v = h * basis[k]
        alpha = basis[k] @ v
        yield basis[k], alpha, beta
        for _ in range(2):
            v = v - (basis[: k + 1] @ v) @ basis[: k + 1]
        beta = norm = (v @ v).sqrt()
        if norm <= smallest:
            return


def _exact(values: Array) -> Exact:
    return np.array([Decimal(float(value)) for value in values], dtype=object)


def _leja_order(roots: Array) -> Array:
    """The largest root first, then always the one with the largest product of distances to those before."""
    order, rest = list[float](), roots
    closeness = np.zeros(len(rest))
    while len(rest):
        i = int(np.argmax(closeness))
        order.append(float(rest[i]))
        rest, closeness = np.delete(rest, i), np.delete(closeness, i)
        with np.errstate(divide="ignore"):
            closeness = closeness + np.log(np.abs(rest - order[-1]))
    return np.array(order)


def _worst_gap(curvatures: Array, start: Array, rates: Array) -> float:
    """The gap Σz² that a run ends with, all rounding errors at their largest; it ends early where it diverges."""
    z, error, largest = start, np.zeros(len(start)), curvatures.max()
    limit = DIVERGENCE_FACTOR * float(start @ start)
    for rate in rates:
        factor = 1 - rate * curvatures
        error = np.abs(factor) * error + _EPS * max(1.0, rate * largest) * np.linalg.norm(z)
        z = factor * z
        if (gap := float(np.sum((np.abs(z) + error) ** 2))) > limit:
            return gap
    return float(np.sum((np.abs(z) + error) ** 2))
