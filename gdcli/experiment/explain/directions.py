"""Directions in words: which columns they are made of, and why the loss is flat along them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gdcli.engine.arrays import Array
from gdcli.experiment.explain.wording import figure, listed
from gdcli.experiment.rows import Rows

LEAST_COMPONENT = 0.2  # of a direction of unit norm: smaller ones are left out of its formula
LEAST_PART = 0.3  # of the largest part of a sum of columns
MOST_COLUMNS = 4
CANCELS = 0.1  # share of the squares of its parts that is left of a sum whose columns cancel
COPY = 0.9  # correlation of columns that nearly copy each other
FLAT = 0.1  # curvature relative to the largest: steeper directions need no reason


@dataclass(frozen=True)
class Columns:
    """The trained columns, as far as their products tell.

    Attributes:
        names: One per weight.
        norms: Root mean squares, shape (d,).
        cosines: Of the angles between columns, shape (d, d).
        means: Their means, shape (d,).
        deviations: Their standard deviations, shape (d,).
        correlations: Shape (d, d); 0 where a column does not vary.
    """

    names: tuple[str, ...]
    norms: Array
    cosines: Array
    means: Array
    deviations: Array
    correlations: Array

    @classmethod
    def of(cls, rows: Rows) -> Columns:
        """Describe the columns of rows, in O(d³)."""
        R, n = rows.objective.R, rows.objective.n
        norms, cosines = _angles(R / np.sqrt(n))
        affine, intercept = rows.scaling.affine, rows.scaling.intercept
        centred = np.asarray(rows.factor.triangle[1:, 1:-1], dtype=np.float64) / affine.scale[:-1] / np.sqrt(n)
        deviations, correlations = _angles(np.where(affine.vanishing[:-1], 0.0, centred))
        means = (rows.factor.means() - affine.shift)[:-1] / affine.scale[:-1]
        ones = int(intercept)
        return cls(
            names=rows.names,
            norms=norms,
            cosines=cosines,
            means=np.append(means, np.ones(ones)),
            deviations=np.append(deviations, np.zeros(ones)),
            correlations=np.pad(correlations, (0, ones)),
        )


def _angles(A: Array) -> tuple[Array, Array]:
    """Norms of columns, and the cosines of the angles between them."""
    with np.errstate(all="ignore"):
        norms = np.linalg.norm(A, axis=0)
        unit = A / np.where(norms > 0, norms, 1)
        return norms, unit.T @ unit


def oriented(direction: Array) -> Array:
    """Turn a direction so that its largest component is positive: an eigenvector has no sign of its own."""
    return direction * (np.sign(direction[np.argmax(np.abs(direction) > 0.999999 * np.abs(direction).max())]) or 1.0)


def formula(names: Sequence[str], direction: ArrayLike) -> str:
    """Write a direction: `0.71·Length − 0.71·Diameter`, or the name of a column that it is almost parallel to."""
    direction = np.asarray(direction, dtype=np.float64)
    order = [int(i) for i in np.argsort(-np.abs(direction), kind="stable")[:MOST_COLUMNS]]
    kept = [i for i in order if abs(direction[i]) >= LEAST_COMPONENT] or order[:1]
    if len(kept) == 1 and abs(direction[kept[0]]) > 0.95:
        return names[kept[0]]
    first, *others = (f"{'−' if direction[i] < 0 else '+'} {abs(direction[i]):.2g}·{names[i]}" for i in kept)
    missing = " + …" if np.sum(direction[kept] ** 2) < 0.9 else ""
    return " ".join([first.removeprefix("+ "), *others]) + missing


def reasons(columns: Columns, direction: Array, curvature: float, largest: float) -> Iterator[str]:
    """Say why the loss is flat along a direction v of curvature h.

    Along v the prediction changes by Σ vⱼxⱼ, whose mean square is h/2. It is small because its parts vⱼxⱼ are small
    (the columns have small scales), or because they cancel (the columns nearly depend on each other), or both:

        h/L = [h/2 / Σ vⱼ²·mean xⱼ²] · [Σ vⱼ²·mean xⱼ² / (L/2)]

    Args:
        columns: The columns as trained.
        direction: v, shape (d,), of unit norm.
        curvature: h.
        largest: L.

    Yields:
        Clauses, the first one about dependence.
    """
    if not 0 < curvature < FLAT * largest:
        return
    parts = np.abs(direction) * columns.norms
    squares = float(parts @ parts)
    if curvature / 2 < CANCELS * squares:
        yield _dependence(columns, direction, parts)
    if 2 * squares < FLAT * largest:
        yield from _scales(columns, parts)


def _dependence(columns: Columns, direction: Array, parts: Array) -> str:
    """Which columns nearly cancel each other, and how."""
    order = [int(i) for i in np.argsort(-parts, kind="stable") if parts[i] >= LEAST_PART * parts.max()]
    names = [_named(columns, i) for i in order[:MOST_COLUMNS]]
    if len(order) == 2:
        return _pair(columns, *order)
    more = f" and {len(order) - MOST_COLUMNS} more" if len(order) > MOST_COLUMNS else ""
    together = ", ".join(names) + more if more else listed(names)
    return f"{together} nearly depend on each other: they almost cancel in this combination"


def _pair(columns: Columns, i: int, j: int) -> str:
    """How two columns that nearly cancel are related."""
    constant = [k for k in (i, j) if columns.deviations[k] <= 1e-6 * columns.norms[k]]
    correlation, cosine = columns.correlations[i, j], columns.cosines[i, j]
    if constant:
        k = i if constant[0] == j else j
        mean, deviation = abs(columns.means[k]), columns.deviations[k]
        return (
            f"{columns.names[k]} is not centred: its mean is {figure(mean / deviation)} times its standard deviation, "
            f"so it nearly repeats {_named(columns, constant[0])}"
        )
    first, second = sorted((i, j))
    names = f"{columns.names[first]} and {columns.names[second]}"
    if abs(correlation) >= COPY:
        verb = "nearly copy each other" if correlation > 0 else "are nearly mirror images of each other"
        return f"{names} {verb} (correlation {_correlation(correlation)})"
    return f"{names} are nearly proportional (cosine {_correlation(cosine)}): their means are large for their spread"


def _correlation(value: float) -> str:
    """Enough digits to tell it from 1."""
    for digits in range(2, 16):
        if abs(float(f"{value:.{digits}f}")) < 1:
            return f"{value:.{min(digits + 1, 15)}f}".replace("-", "−").rstrip("0")
    return f"{value:.0f}".replace("-", "−")


def _scales(columns: Columns, parts: Array) -> Iterator[str]:
    """Whose scale is small beside that of the largest column."""
    small, large = int(np.argmax(parts)), int(np.argmax(columns.norms))
    if columns.norms[small] < columns.norms[large] / 3:
        yield (
            f"{_named(columns, large)} has {figure(columns.norms[large] / columns.norms[small])} times the scale of "
            f"{_named(columns, small)} (root mean square {figure(columns.norms[large])} against "
            f"{figure(columns.norms[small])})"
        )


def _named(columns: Columns, i: int) -> str:
    is_intercept = columns.names[i] == "intercept" and i == len(columns.names) - 1
    return "the intercept" if is_intercept else columns.names[i]
