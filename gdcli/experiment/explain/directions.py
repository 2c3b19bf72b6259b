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
CONSTANT = 1e-6  # standard deviation relative to the root mean square
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


def formula(names: Sequence[str], direction: ArrayLike, most: int = MOST_COLUMNS) -> str:
    """Write a direction: `0.71·Length − 0.71·Diameter`, or the name of a column that it is almost parallel to."""
    direction = np.asarray(direction, dtype=np.float64)
    sizes = np.abs(direction).round(6)  # columns with equal components keep their order
    order = [int(i) for i in np.argsort(-sizes, kind="stable")[:most]]
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
        yield _dependence(columns, parts)
    if 2 * squares < FLAT * largest:
        yield from _scales(columns, parts)


def _dependence(columns: Columns, parts: Array) -> str:
    """Which columns nearly cancel each other, and how."""
    order = [int(i) for i in np.argsort(-parts, kind="stable") if parts[i] >= LEAST_PART * parts.max()]
    constant = [i for i in order if columns.deviations[i] <= CONSTANT * columns.norms[i]]
    others = [i for i in order if i not in constant]
    if constant and others and all(abs(columns.means[i]) > columns.deviations[i] for i in others):
        return _uncentred(columns, others, constant[0])
    if len(order) == 2:
        return _pair(columns, *sorted(order))
    return (
        f"{_several([_named(columns, i) for i in order])} nearly depend on each other: in this sum they almost cancel"
    )


def _uncentred(columns: Columns, varying: list[int], constant: int) -> str:
    """Columns that nearly cancel with a constant one, because their means are larger than their deviations."""
    ratios = [figure(abs(columns.means[i]) / columns.deviations[i]) for i in varying[:MOST_COLUMNS]]
    names = _several([columns.names[i] for i in varying])
    are, means = ("is", "its mean is") if len(varying) == 1 else ("are", "their means are")
    spread = "its standard deviation" if len(varying) == 1 else "their standard deviations"
    more = "" if len(varying) <= MOST_COLUMNS else " and more"
    pronoun, cancel = ("it", "cancels") if len(varying) == 1 else ("they", "cancel")
    return (
        f"{names} {are} not centred: {means} {listed(ratios)}{more} times {spread}, so "
        f"{pronoun} nearly {cancel} with {_named(columns, constant)}"
    )


def _pair(columns: Columns, i: int, j: int) -> str:
    """How two columns that nearly cancel are related."""
    names, correlation = f"{_named(columns, i)} and {_named(columns, j)}", float(columns.correlations[i, j])
    if abs(correlation) >= COPY:
        verb = "nearly copy each other" if correlation > 0 else "are nearly mirror images of each other"
        return f"{names} {verb} (correlation {_correlation(correlation)})"
    return f"{names} are nearly proportional (cosine {_correlation(float(columns.cosines[i, j]))})"


def _several(names: list[str]) -> str:
    if len(names) <= MOST_COLUMNS:
        return listed(names)
    return f"{', '.join(names[:MOST_COLUMNS])} and {len(names) - MOST_COLUMNS} more"


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
