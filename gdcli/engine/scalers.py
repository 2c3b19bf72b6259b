"""Scalers: what each does to a column, fitted on the training rows only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import EPS, LARGEST, Array, BoolArray
from gdcli.engine.problems.factor import RowFactor

ROUNDINGS = 16  # of its largest number, by which a column may vary and still count as constant


@dataclass(frozen=True)
class ColumnStatistics:
    """What the scalers need to know of p columns, each of shape (p,), in the units of the column.

    Attributes:
        n: Number of rows.
        mean: Mean.
        deviation: Population standard deviation (ddof 0).
        minimum: Smallest value.
        maximum: Largest value.
        quartiles: First, second and third quartile, shape (3, p), by linear interpolation as NumPy's default; None
            where no scaler asks for them.
    """

    n: int
    mean: Array
    deviation: Array
    minimum: Array
    maximum: Array
    quartiles: Array | None

    def is_constant(self) -> BoolArray:
        """Whether a column is constant, or varies by no more than the rounding errors of its own numbers.

        The bound does not grow with the number of rows: deviations are those of rows shifted next to zero, whose
        rounding errors are far below those of the numbers themselves.

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
        undivided: Columns that hold no spread to divide by: their scale is 1.
        vanishing: Columns that are constant to rounding and shifted: they are zero, and not the rounding errors of
            their shift, which would pass for a column of their own once columns are brought to unit norm.
    """

    shift: Array
    scale: Array
    undivided: BoolArray
    vanishing: BoolArray

    def __call__(self, X: Array) -> Array:
        """Scale columns, shape (n, p)."""
        return np.where(self.vanishing, 0.0, (X - self.shift) / self.scale)


def column_statistics(rows: Array | None, factor: RowFactor, *, quartiles: bool) -> ColumnStatistics:
    """Gather the statistics of the features and the target.

    Args:
        rows: Features and target of the training rows, shape (n, p + 1); only quartiles need them.
        factor: The factor of the same rows: it already holds means, deviations and extremes.
        quartiles: Whether to sort the rows for their quartiles, which only the robust scaler asks for.

    Returns:
        The statistics of the p + 1 columns.

    Raises:
        ValueError: There are no rows to take quartiles of.
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

    A column is not divided where its quartiles agree to rounding, or where it would reach beyond ±`LARGEST`.

    Raises:
        ValueError: The statistics have no quartiles.
    """
    if columns.quartiles is None:
        raise ValueError("the robust scaler needs the quartiles")
    first, median, third = columns.quartiles
    constant, spread = columns.is_constant(), third - first
    reach = np.maximum(columns.maximum - median, median - columns.minimum)
    undivided = constant | _agree(first, third) | (reach > LARGEST * spread)
    return _divide(median, spread, undivided=undivided, vanishing=constant)


def sigmoid(x: Array) -> Array:
    """Map x to 1/(1 + e⁻ˣ), element by element, without overflow and to full relative precision."""
    decay = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, decay) / (1 + decay))


def mapped(rows: Array) -> Array:
    """Send the features of rows (n, p + 1) through the sigmoid, the one scaler that is not affine."""
    return np.column_stack([sigmoid(rows[:, :-1]), rows[:, -1]])


def _agree(low: Array, high: Array) -> BoolArray:
    """Where two numbers are the same to rounding: their difference is exact, they themselves are not."""
    return np.asarray(high - low <= ROUNDINGS * EPS * np.maximum(np.abs(low), np.abs(high)))


def _divide(shift: Array, scale: Array, *, undivided: BoolArray, vanishing: BoolArray) -> Affine:
    undivided = undivided | (scale == 0)  # the spread of the smallest numbers of all underflows
    return Affine(shift=shift, scale=np.where(undivided, 1.0, scale), undivided=undivided, vanishing=vanishing)


# The affine scalers, by name. `sigmoid` is the one scaler that is not affine; it needs no fitting.
AFFINE_SCALERS: dict[str, Callable[[ColumnStatistics], Affine]] = {
    "none": fit_none,
    "zscore": fit_zscore,
    "minmax": fit_minmax,
    "maxabs": fit_maxabs,
    "robust": fit_robust,
}
