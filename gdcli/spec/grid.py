"""The axes of a grid, from a `sweep:` block or options, and the points that they span."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from gdcli.errors import Fault, Place, SpecError
from gdcli.spec.automatic import AUTO, AUTOMATIC_KEYS
from gdcli.spec.draft import MOST_RUNS, Draft
from gdcli.spec.messages import shown
from gdcli.spec.model import plain
from gdcli.spec.strict_yaml import KeyPath, dump

SPACINGS = ("log", "linear")


@dataclass(frozen=True)
class Axis:
    """One key of a spec and its values.

    Attributes:
        key: Dotted, as for `--set`.
        values: Plain values.
        places: The place of each value; empty if unknown.
    """

    key: str
    values: tuple[Any, ...]
    places: tuple[Place, ...] = field(default=(), compare=False, repr=False)

    def place(self, i: int) -> Place:
        """The place of value i in messages."""
        return self.places[i] if self.places else Place(f"sweep {self.key}={written(self.values[i])}")

    @property
    def is_numeric(self) -> bool:
        """Whether all values are numbers, or become numbers, so that they have a place on a numeric axis."""
        automatic = (AUTO,) if self.key in AUTOMATIC_KEYS else ()
        numbers = (value for value in self.values if value not in automatic)
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers)


def written(value: Any) -> str:
    """Write a value on one line, as YAML."""
    return dump(plain(value)).removesuffix("\n").removesuffix("\n...").replace("\n", " ")


def axes_of_block(block: Any, place: Callable[[KeyPath], Place]) -> list[Axis]:
    """Read the `sweep:` block of a spec.

    Args:
        block: Dotted keys → a list, `{log: [a, b, n]}` or `{linear: [a, b, n]}`.
        place: Returns the place of the block, by the path (), of a key, or of a value by its index.

    Returns:
        The axes, in their order.

    Raises:
        SpecError: An axis has none of these forms; all faults at once.
    """
    if not isinstance(block, Mapping) or not block:
        raise SpecError(
            [Fault(place(()), "sweep must be a mapping of keys to values, such as optimizer.lr: [0.01, 0.1]")]
        )
    faults, axes = [], []
    for key, given in block.items():
        try:
            values = values_of(given)
            axes.append(Axis(key, values, tuple(place((key, i)) for i in range(len(values)))))
        except ValueError as error:
            faults.append(Fault(place((key,)), f"sweep.{key} {error}"))
    if faults:
        raise SpecError(faults)
    return axes


def axes_of(draft: Draft, given: Sequence[Axis], *, place: str, way_out: str) -> list[Axis]:
    """Combine the axes of a spec's `sweep:` block with further axes.

    Args:
        draft: The spec.
        given: The further axes; an axis replaces the block's axis with the same key.
        place: The place of the further axes in messages.
        way_out: How to give axes, for the message when there are none.

    Returns:
        The axes of the block in order, then the others.

    Raises:
        SpecError: The block is wrong, a key is given twice, or there is no axis at all.
    """
    block = draft.values.get("sweep")
    in_block = axes_of_block(block, lambda path: draft.place(("sweep", *path))) if block is not None else []
    counts = Counter(axis.key for axis in given)
    for key in (key for key, count in counts.items() if count > 1):
        raise SpecError([Fault(Place(place), f"{key} is given twice; give all of its values at once")])
    axes = {axis.key: axis for axis in (*in_block, *given)}
    if not axes:
        raise SpecError([Fault(Place(draft.label), f"nothing to vary: give a `sweep:` block or {way_out}")])
    return list(axes.values())


def values_of(values: Any) -> tuple[Any, ...]:
    """Write out the values of an axis.

    Args:
        values: A list, `{log: [from, to, count]}` or `{linear: [from, to, count]}`.

    Returns:
        The values.

    Raises:
        ValueError: They are not one of these.
    """
    if isinstance(values, Mapping):
        if len(values) != 1 or next(iter(values)) not in SPACINGS:
            raise ValueError("must be a list, {log: [from, to, count]} or {linear: [from, to, count]}")
        ((spacing, bounds),) = values.items()
        return _spaced(spacing, bounds)
    if not isinstance(values, tuple):
        raise ValueError(f"must be a list, or {{log: [from, to, count]}}, got {shown(values)}")
    if not values:
        raise ValueError("has no values")
    if len(set(map(repr, values))) < len(values):
        raise ValueError("has the same value twice")
    return values


def _spaced(spacing: str, bounds: Any) -> tuple[int | float, ...]:
    numbers = isinstance(bounds, tuple) and all(
        isinstance(b, int | float) and not isinstance(b, bool) and np.isfinite(b) for b in bounds
    )
    if not numbers or len(bounds) != 3 or not isinstance(bounds[2], int) or not 2 <= bounds[2] <= MOST_RUNS:
        raise ValueError(f"{spacing} needs [from, to, count], the count an integer from 2 to {MOST_RUNS}")
    low, high, count = bounds
    if low == high or (spacing == "log" and min(low, high) <= 0):
        raise ValueError(f"{spacing} needs two different ends" + (" above 0" if spacing == "log" else ""))
    spaced = np.geomspace(low, high, count) if spacing == "log" else np.linspace(low, high, count)
    # Twelve digits: 0.01 and not 0.010000000000000002.
    values = tuple(float(f"{value:.12g}") for value in spaced)
    # If the ends and all values are whole, the values are integers: they may be epochs or batch sizes.
    is_whole = isinstance(low, int) and isinstance(high, int) and all(value.is_integer() for value in values)
    return tuple(map(int, values)) if is_whole else values


def points(axes: Sequence[Axis], *, paired: bool) -> Iterator[dict[str, Any]]:
    """List the points of a grid.

    Args:
        axes: At least one axis; all keys differ.
        paired: Whether to pair the axes value by value instead of crossing them.

    Yields:
        Points, key → value; the last axis varies fastest.

    Raises:
        SpecError: Paired axes differ in length, or there are too many points.
    """
    place = Place("sweep")
    keys = [axis.key for axis in axes]
    lengths = [len(axis.values) for axis in axes]
    if paired and len(set(lengths)) > 1:
        counts = ", ".join(f"{axis.key} {len(axis.values)}" for axis in axes)
        raise SpecError([Fault(place, f"paired axes must have the same number of values, got {counts}")])
    if not paired and np.prod(lengths, dtype=float) > MOST_RUNS:
        raise SpecError([Fault(place, f"the grid has {np.prod(lengths, dtype=float):g} points; at most {MOST_RUNS}")])
    columns = [axis.values for axis in axes]
    for values in zip(*columns, strict=True) if paired else product(*columns):
        yield dict(zip(keys, values, strict=True))
