"""Test data for each affine scaler: one row per name, in `ROWS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, pstdev, quantiles
from typing import TypeAlias

Reference: TypeAlias = Callable[[list[float]], tuple[float, float]]  # shift and scale of one column


@dataclass(frozen=True)
class Row:
    """Test data for one scaler.

    Attributes:
        reference: Shift and scale of a column with at least two different values, in plain Python.
        shifts: Whether an offset disappears, so that a constant column becomes zeros.
        divides: Whether the unit disappears, so that 1000 times the column is scaled to the same values.
    """

    reference: Reference
    shifts: bool = True
    divides: bool = True


def maxabs(column: list[float]) -> tuple[float, float]:
    largest = 0.0
    for x in column:
        largest = max(largest, abs(x))
    return 0.0, largest


def robust(column: list[float]) -> tuple[float, float]:
    first, median, third = quantiles(column, n=4, method="inclusive")
    return median, third - first


ROWS: dict[str, Row] = {
    "none": Row(lambda _: (0.0, 1.0), shifts=False, divides=False),
    "zscore": Row(lambda column: (fmean(column), pstdev(column))),
    "minmax": Row(lambda column: (min(column), max(column) - min(column))),
    "maxabs": Row(maxabs, shifts=False),
    "robust": Row(robust),
}
