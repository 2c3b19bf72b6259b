"""The objective as its triangular factor: one pass over the rows, then every evaluation costs O(d²).

A QR factorisation of [X y] holds everything about the rows that least squares needs:

    F(w) = (‖Rw − c‖² + rss)/n,    ∇F(w) = (2/n) Rᵀ(Rw − c)

The normal equations would do the same, but they square the condition number. Before they are factored, the rows are
shifted by the means of the first strip, and a column of ones is put in front. Every affine scaler is then a small
product on the factor instead of another pass over the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import Array, BoolArray, Real
from gdcli.engine.problems.triangular import column_norms, triangle, working_precision
from gdcli.engine.threads import one_blas_thread

STRIP_ROWS = 8192  # measured: strips of 8,000 to 16,000 rows stay in cache and are faster than one QR of all rows


@dataclass(frozen=True)
class Factor:
    """The triangular factor of a design X, shape (n, d), and a target y, shape (n,).

    Attributes:
        R: Upper triangle, shape (r, d) with r ≤ d, and RᵀR = XᵀX; in extended precision where the problem is small.
        c: The target in the basis of R, shape (r,): Rᵀc = Xᵀy.
        rss: Residual sum of squares of the optimum, in squared target units: the part of y outside the span of X.
        n: Number of rows.
        eps: Machine epsilon of the arithmetic that the rows were factored in.
        intercept: Whether the last column is the intercept.
    """

    R: Real
    c: Real
    rss: float
    n: int
    eps: float
    intercept: bool


@dataclass(frozen=True)
class RowFactor:
    """The triangular factor of [1, X − shift, y − shift_y] for raw rows: the basis of every affine scaling.

    Attributes:
        triangle: Upper triangle, shape (min(n, p + 2), p + 2), columns in the order: ones, p features, target.
        shift: What was subtracted from each feature and the target, shape (p + 1,).
        n: Number of rows.
        minimum: Smallest value of each feature and of the target, shape (p + 1,).
        maximum: Largest value, likewise.
    """

    triangle: Real
    shift: Array
    n: int
    minimum: Array
    maximum: Array

    def means(self) -> Array:
        """Compute the mean of each feature and of the target, shape (p + 1,), in their units."""
        return np.asarray(self.shift + self.triangle[0, 1:] / self.triangle[0, 0], dtype=np.float64)

    def deviations(self) -> Array:
        """Compute the population standard deviation (ddof 0) of each feature and of the target, shape (p + 1,)."""
        return np.asarray(column_norms(self.triangle[1:, 1:]) / np.sqrt(self.n), dtype=np.float64)

    def r2(self, mse: float) -> float | None:
        """Compute the coefficient of determination 1 − mse/variance; None for a target without variance.

        Args:
            mse: Mean squared error, in squared units of the target.

        Returns:
            R², without unit.
        """
        variance = float(self.deviations()[-1] ** 2)
        return None if variance == 0 or self.minimum[-1] == self.maximum[-1] else 1 - mse / variance

    def rescaled(self, shift: Array, scale: Array, *, intercept: bool, vanishing: BoolArray | None = None) -> Factor:
        """Factor the rows after the affine scaling (value − shift)/scale, without touching the rows.

        Args:
            shift: Shift of each feature and the target, in their units, shape (p + 1,).
            scale: Scale of each, likewise, never zero.
            intercept: Whether a column of ones follows the features.
            vanishing: Columns that the scaling makes zero except for rounding errors, shape (p + 1,).

        Returns:
            The factor of the scaled design, its columns in the order: features, intercept.
        """
        offset = self.shift.astype(self.triangle.dtype) - shift
        columns = (self.triangle[:, 1:] + np.outer(self.triangle[:, 0], offset)) / scale
        if vanishing is not None:
            columns = np.where(vanishing, 0.0, columns)
        ones = self.triangle[:, :1] if intercept else self.triangle[:, :0]
        with one_blas_thread:
            T = triangle(working_precision(np.hstack([columns[:, :-1], ones, columns[:, -1:]])))
        d = T.shape[1] - 1
        eps = float(np.finfo(self.triangle.dtype).eps)
        rss = float(np.sum(T[d:, d] ** 2))
        return Factor(R=T[:d, :d], c=T[:d, d], rss=rss, n=self.n, eps=eps, intercept=intercept)


def factor_rows(X: Array, y: Array) -> RowFactor:
    """Factor raw rows strip by strip, in one pass.

    Args:
        X: Features without an intercept column, shape (n, p), n ≥ 1.
        y: Target, shape (n,).

    Returns:
        The factor of the shifted rows.

    Raises:
        ValueError: There are no rows.
    """
    factoring = Factoring()
    factoring.add(np.column_stack([X, y]))
    return factoring.result()


class Factoring:
    """Factors rows as they are added, R ← qr([R; next strip]).

    A strip is the next `STRIP_ROWS` rows, however they arrive, so the factor does not depend on how the rows are
    divided, to the last bit. Only one strip and the triangle are in memory.
    """

    def __init__(self) -> None:
        self._n, self._waiting = 0, 0
        self._triangle: Real | None = None
        self._minimum = self._maximum = self._shift = np.empty(0)
        self._buffer = np.empty((0, 0))  # columns × rows, the triangle first, so that LAPACK needs no copy

    def add(self, rows: Array) -> None:
        """Add rows.

        Args:
            rows: Features and target, shape (b, p + 1); column-major order is the fastest.
        """
        if not len(rows):
            return
        minimum, maximum = rows.min(axis=0), rows.max(axis=0)
        if not self._n:
            self._buffer = np.empty((rows.shape[1] + 1, 0))
            self._minimum, self._maximum = minimum, maximum
        self._minimum, self._maximum = np.minimum(self._minimum, minimum), np.maximum(self._maximum, maximum)
        self._n += len(rows)
        first = 0
        while first < len(rows):
            if self._waiting == STRIP_ROWS:  # not before another row arrives: a single strip may use extended precision
                self._fold()
            count = min(STRIP_ROWS - self._waiting, len(rows) - first)
            self._place(count)[1:] = rows[first : first + count].T
            self._waiting, first = self._waiting + count, first + count

    def result(self) -> RowFactor:
        """Return the factor of all rows added, shifted by the means of the first strip.

        Raises:
            ValueError: No rows were added.
        """
        if not self._n:
            raise ValueError("there are no rows to factor")
        if self._waiting:
            self._fold()
        assert self._triangle is not None
        return RowFactor(
            triangle=self._triangle,
            shift=self._shift[1:],
            n=self._n,
            minimum=self._minimum,
            maximum=self._maximum,
        )

    @property
    def _offset(self) -> int:
        """Index of the first row in the buffer: the triangle, once there is one, comes before it."""
        return 0 if self._triangle is None else len(self._buffer)

    def _place(self, count: int) -> Array:
        """The part of the buffer for the next rows; it grows as needed, because a strip of many columns is large."""
        begin = self._offset + self._waiting
        if begin + count > self._buffer.shape[1]:
            wider = np.empty((len(self._buffer), self._offset + min(STRIP_ROWS, 2 * self._waiting + count)))
            wider[:, self._offset : begin] = self._buffer[:, self._offset : begin]
            self._buffer = wider
        return self._buffer[:, begin : begin + count]

    def _fold(self) -> None:
        """Factor the rows in the buffer into the triangle."""
        m = self._offset
        strip = self._buffer[:, m : m + self._waiting]
        strip[0] = 1.0
        if self._triangle is None:
            self._shift = _rounded(strip.mean(axis=1))
            self._shift[0] = 0.0
        is_only = self._waiting == self._n
        rows = working_precision(strip.T) if is_only else strip.T
        rows -= self._shift
        if self._triangle is not None:
            first = m - len(self._triangle)
            self._buffer[:, first:m] = self._triangle.T
            rows = self._buffer[:, first : m + self._waiting].T
        with one_blas_thread:
            self._triangle = triangle(rows)
        self._waiting = 0


def _rounded(mean: Array) -> Array:
    """Round a mean to 24 bits, which makes subtracting it exact for most data: integers and short decimals."""
    mantissa, exponent = np.frexp(mean)
    return np.asarray(np.ldexp(np.round(mantissa * 2**24), exponent - 24))
