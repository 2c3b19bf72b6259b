"""The scalers, fitted on the training rows only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import EPS, LARGEST, Array, BoolArray
from gdcli.engine.problems.factor import RowFactor

ROUNDINGS = 16  # a column that varies by at most so many roundings of its largest number counts as constant


@dataclass(frozen=True)
class ColumnStatistics:
    """Statistics of p columns, each of shape (p,), in the units of the column.

    Attributes:
        n: Number of rows.
        mean: Mean.
        deviation: Population standard deviation (ddof 0).
        minimum: Smallest value.
        maximum: Largest value.
        quartiles: First, second and third quartile, shape (3, p), by linear interpolation, NumPy's default; None
            where no scaler needs them.
    """

    n: int
    mean: Array
    deviation: Array
    minimum: Array
    maximum: Array
    quartiles: Array | None

    def is_constant(self) -> BoolArray:
        """Whether a column is constant, or varies by no more than the rounding errors of its own numbers.

        The bound does not grow with the number of rows: deviations are computed from rows that are shifted close to
        zero, and the rounding errors of those are far smaller than those of the numbers themselves.

        Returns:
            One boolean per column, shape (p,).
        """
        return _agree(self.minimum, self.maximum)


@dataclass(frozen=True)
class Affine:
    """The scaling (x − shift)/scale of p columns, each of shape (p,).

    Attributes:
        shift: In the units of the column.
        scale: Likewise, never zero.
        undivided: Columns without a spread to divide by; their scale is 1. Shape (p,).
        vanishing: Columns that are constant to rounding, so that the shift leaves only rounding errors; these are set
            to zero, because they would look like data once columns are scaled to unit norm. Shape (p,).
    """

    shift: Array
    scale: Array
    undivided: BoolArray
    vanishing: BoolArray

    def __call__(self, X: Array) -> Array:
        """Scale the columns of X, shape (n, p), and return them in the same shape."""
        return np.where(self.vanishing, 0.0, (X - self.shift) / self.scale)


def column_statistics(rows: Array | None, factor: RowFactor, *, quartiles: bool) -> ColumnStatistics:
    """Gather the statistics of the features and the target.

    Args:
        rows: Features and target of the training rows, shape (n, p + 1); only quartiles need them.
        factor: The factor of the same rows: it already holds means, deviations and extremes.
        quartiles: Whether to compute the quartiles, which takes a sort of the rows; only the robust scaler needs them.

    Returns:
        The statistics of the p + 1 columns.

    Raises:
        ValueError: Quartiles are needed, and `rows` is None.
    """
    if quartiles and rows is None:
        raise ValueError("quartiles need the rows")
    return ColumnStatistics(
        n=factor.n,
        mean=factor.means(),
        deviation=factor.deviations(),
        minimum=factor.minimum,
        maximum=factor.maximum,
        quartiles=np.quantile(rows, [0.25, 0.5, 0.75], axis=0) if quartiles and rows is not None else None,
    )


def fit_none(columns: ColumnStatistics) -> Affine:
    """Leave x as it is."""
    zero = np.zeros(len(columns.mean))
    return Affine(shift=zero, scale=zero + 1, undivided=zero > 0, vanishing=zero > 0)


def fit_zscore(columns: ColumnStatistics) -> Affine:
    """Scale to (x − mean)/deviation, with the population deviation (ddof 0)."""
    constant = columns.is_constant()
    return _divide(columns.mean, columns.deviation, undivided=constant, vanishing=constant)


def fit_minmax(columns: ColumnStatistics) -> Affine:
    """Scale to (x − min)/(max − min), into [0, 1] on the training rows."""
    constant = columns.is_constant()
    return _divide(columns.minimum, columns.maximum - columns.minimum, undivided=constant, vanishing=constant)


def fit_maxabs(columns: ColumnStatistics) -> Affine:
    """Scale to x/max|x|, into [−1, 1] on the training rows."""
    largest = np.maximum(np.abs(columns.minimum), np.abs(columns.maximum))
    zero = largest == 0
    return _divide(np.zeros(len(largest)), largest, undivided=zero, vanishing=zero)


def fit_robust(columns: ColumnStatistics) -> Affine:
    """Scale to (x − median)/(third quartile − first quartile).

    A column is not divided if its quartiles are equal to rounding, or if the result would exceed ±`LARGEST`.

    Raises:
        ValueError: `columns` has no quartiles.
    """
    if columns.quartiles is None:
        raise ValueError("the robust scaler needs the quartiles")
    first, median, third = columns.quartiles
    constant, spread = columns.is_constant(), third - first
    reach = np.maximum(columns.maximum - median, median - columns.minimum)
    undivided = constant | _agree(first, third) | (reach > LARGEST * spread)
    return _divide(median, spread, undivided=undivided, vanishing=constant)


def sigmoid(x: Array) -> Array:
    """Map x to 1/(1 + e⁻ˣ), element by element, without overflow and to full relative precision.

    Args:
        x: Any shape.

    Returns:
        The values, from 0 to 1, in the shape of x.
    """
    decay = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, decay) / (1 + decay))


def mapped(rows: Array) -> Array:
    """Apply the sigmoid to the features of rows, but not to their target.

    Args:
        rows: Features and target, shape (n, p + 1).

    Returns:
        The rows with the sigmoid of their features, shape (n, p + 1).
    """
    return np.column_stack([sigmoid(rows[:, :-1]), rows[:, -1]])


def _agree(low: Array, high: Array) -> BoolArray:
    """Whether two numbers are equal to rounding. Their difference is exact; they themselves are rounded."""
    return np.asarray(high - low <= ROUNDINGS * EPS * np.maximum(np.abs(low), np.abs(high)))


def _divide(shift: Array, scale: Array, *, undivided: BoolArray, vanishing: BoolArray) -> Affine:
    undivided = undivided | (scale == 0)  # the spread of tiny numbers underflows
    return Affine(shift=shift, scale=np.where(undivided, 1.0, scale), undivided=undivided, vanishing=vanishing)


# The affine scalers, by name: functions that turn the statistics of p columns into their scaling. `sigmoid` is the one
# scaler that is not affine; it needs no fitting.
AFFINE_SCALERS: dict[str, Callable[[ColumnStatistics], Affine]] = {
    "none": fit_none,
    "zscore": fit_zscore,
    "minmax": fit_minmax,
    "maxabs": fit_maxabs,
    "robust": fit_robust,
}
