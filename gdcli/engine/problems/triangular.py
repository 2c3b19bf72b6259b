"""QR factorisations and triangular systems, in extended precision where that takes milliseconds.

The classic ill-conditioned problems are small, so extended precision is cheap where it matters: in double, the rounding
errors of a QR cost NIST's Wampler and Filip datasets their last digits. Where `long double` is no wider than double,
everything is computed in double.
"""

from __future__ import annotations

import numpy as np

from gdcli.engine.arrays import EPS, Real

IS_EXTENDED = bool(np.finfo(np.longdouble).eps < EPS)  # not on Windows, and not on macOS with ARM
EXTENDED_FLOPS = 1_000_000  # n·m·min(n, m) up to which a QR in extended precision stays within milliseconds


def working_precision(A: Real) -> Real:
    """Convert a matrix to extended precision if its QR is cheap there, else to double.

    Args:
        A: Shape (n, m).

    Returns:
        The same numbers; A itself if it has that precision already.
    """
    n, m = A.shape
    is_cheap = n * m * min(n, m) <= EXTENDED_FLOPS
    return A.astype(np.longdouble if IS_EXTENDED and is_cheap else np.float64, copy=False)


def triangle(A: Real) -> Real:
    """Compute the triangular factor of a matrix in its own precision: RᵀR = AᵀA.

    Args:
        A: Shape (n, m).

    Returns:
        R, an upper triangle, shape (min(n, m), m).
    """
    return _reflected(A)[0] if _is_extended(A) else np.asarray(np.linalg.qr(A, mode="r"))


def qr(A: Real) -> tuple[Real, Real]:
    """Factor a matrix in its own precision: A = QR.

    Args:
        A: Shape (n, m).

    Returns:
        Orthonormal columns Q, shape (n, r), and an upper triangle R, shape (r, m), with r = min(n, m).
    """
    if not _is_extended(A):
        Q, R = np.linalg.qr(A)
        return np.asarray(Q), np.asarray(R)
    R, reflectors = _reflected(A)
    Q = np.eye(len(A), len(R), dtype=R.dtype)
    for v in reversed(reflectors):
        _reflect(Q[len(Q) - len(v) :], v)
    return Q, R


def back_substitute(R: Real, c: Real) -> Real:
    """Solve Rx = c.

    Args:
        R: Upper triangle, shape (m, m).
        c: One or several right-hand sides, shape (m,) or (m, k).

    Returns:
        x, in the shape of c.
    """
    x = np.zeros_like(c)
    for i in range(len(c) - 1, -1, -1):
        x[i] = (c[i] - R[i, i + 1 :] @ x[i + 1 :]) / R[i, i]
    return x


def forward_substitute(R: Real, c: Real) -> Real:
    """Solve Rᵀx = c.

    Args:
        R: Upper triangle, shape (m, m).
        c: Right-hand side, shape (m,).

    Returns:
        x, shape (m,).
    """
    x = np.zeros_like(c)
    for i in range(len(c)):
        x[i] = (c[i] - R[:i, i] @ x[:i]) / R[i, i]
    return x


def column_norms(A: Real) -> Real:
    """Compute the Euclidean norms of columns, without overflow or underflow of the squares.

    Args:
        A: Shape (n, m).

    Returns:
        The norms, shape (m,).
    """
    A, units = _in_range(A)
    return np.asarray(np.sqrt(np.einsum("ij,ij->j", A, A)) * units)


def _is_extended(A: Real) -> bool:
    """Whether A is in extended precision, for which LAPACK has no QR."""
    return IS_EXTENDED and A.dtype == np.longdouble


def _in_range(A: Real) -> tuple[Real, Real]:
    """Divide columns by powers of two so that no square overflows or underflows; return them and these powers."""
    ones = np.ones(A.shape[1], dtype=A.dtype)
    if np.finfo(A.dtype).maxexp > 10_000:  # extended precision has exponents to spare
        return A, ones
    exponents = np.frexp(np.abs(A).max(axis=0, initial=0.0))[1]
    units = np.ldexp(ones, np.where(np.abs(exponents) < 300, 0, np.clip(exponents, -1000, 1000)))
    return A / units, units


def _reflected(A: Real) -> tuple[Real, list[Real]]:
    """Factor A by Householder reflections; return R and the vectors of the reflections."""
    A, units = _in_range(A.copy(order="K"))
    n, m = A.shape
    reflectors = []
    for j in range(min(n - 1, m)):
        v = A[j:, j].copy()
        v[0] += np.copysign(np.sqrt(v @ v), v[0])
        _reflect(A[j:, j:], v)
        reflectors.append(v)
    return np.triu(A[:m]) * units, reflectors


def _reflect(A: Real, v: Real) -> None:
    """Reflect the columns of A in the hyperplane orthogonal to v, in place; a zero v changes nothing."""
    square = v @ v
    if square > 0:
        A -= np.outer(v, (2 / square) * (v @ A))
