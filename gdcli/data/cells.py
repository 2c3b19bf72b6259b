"""What the cells of a column are, counted chunk by chunk: whether it is text, and which cells cannot serve."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from gdcli.engine.arrays import BoolArray
from gdcli.errors import Fault, Place, counted


@dataclass(frozen=True)
class Spot:
    """Where a cell stands.

    Attributes:
        place: For the start of a message.
        where: How a sentence names it: "on line 7".
        short: What is wrong with its row, where that ends before the cell.
    """

    place: Place
    where: str
    short: str = ""

    @classmethod
    def of_line(cls, label: str, line: int, cells: int, columns: int) -> Spot:
        """The spot of a cell in a row of a CSV file, given how many cells that has."""
        short = f"{counted(cells, 'cell')}, but the header names {counted(columns, 'column')}; complete this line"
        return cls(Place(label, line), f"on line {line}", short if cells < columns else "")


# By column and row.
Spots: TypeAlias = Callable[[str, int], Spot]


@dataclass(frozen=True)
class Finding:
    """Cells of one kind.

    Attributes:
        count: How many there are.
        row: Of the first one, counted from 0.
        cell: The first one as text.
    """

    count: int
    row: int
    cell: str


@dataclass(frozen=True)
class Census:
    """The cells of a column, or of a part of one.

    Attributes:
        given: Cells that are not blank.
        words: Those of them that are no numbers, and do not say NaN either.
        found: Cells that cannot serve in a numeric column, by kind: see `_KINDS`.
    """

    given: int = 0
    words: int = 0
    found: tuple[tuple[str, Finding], ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether less than half of the cells are numbers."""
        return 2 * self.words > self.given

    def unfit(self, *, text: bool) -> dict[str, Finding]:
        """The cells that cannot serve in a column that serves as text, or as numbers, by kind."""
        found = {kind: finding for kind, finding in self.found if not text or kind in ("blank", "nested")}
        if "infinite" in found:
            found.pop("huge", None)
        if "nested" in found:
            found.pop("worded", None)
        return found

    def and_then(self, later: Census) -> Census:
        """The census of these cells and of those after them."""
        found = dict(self.found)
        for kind, finding in later.found:
            first = found.get(kind)
            found[kind] = replace(first, count=first.count + finding.count) if first else finding
        return Census(self.given + later.given, self.words + later.words, tuple(found.items()))


def cell_faults(
    findings: Mapping[str, Mapping[str, Finding]],
    spots: Callable[[Collection[int]], Spots],
    advice: Callable[[str, str], str],
) -> Iterator[Fault]:
    """Say which cells cannot serve.

    Args:
        findings: Of each column, the cells that cannot serve, by kind.
        spots: Finds the places of cells, given all of their rows at once.
        advice: What else can be done about cells, by their kind and the first of them.

    Yields:
        One fault a column and kind, at the first of its cells; or one for its row, where that is too short.
    """
    rows = {finding.row for kinds in findings.values() for finding in kinds.values()}
    spot = spots(rows) if rows else None
    for name, kinds in findings.items():
        for kind, found in kinds.items():
            assert spot
            at = spot(name, found.row)
            if kind == "blank" and at.short:
                yield Fault(at.place, at.short)
                continue
            one, many, todo = _KINDS[kind]
            cells = f"1 {one}" if found.count == 1 else f"{found.count} {many}"
            shown = f"'{found.cell[:40]}'" if found.cell.isprintable() else repr(found.cell[:40])
            todo = todo.replace("{cell}", shown) + advice(kind, found.cell)
            yield Fault(at.place, f"column '{name}' has {cells}, the first {at.where}; {todo}")


def finding(cells: BoolArray, start: int, text: Callable[[int], str]) -> Finding | None:
    """The first of some cells and their number; None where there are none."""
    count = int(np.count_nonzero(cells))
    if not count:
        return None
    first = int(np.argmax(cells))
    return Finding(count=count, row=start + first, cell=text(first))


# Kind → what one such cell is called, what several are, and what to do about them.
_KINDS: dict[str, tuple[str, str, str]] = {
    "blank": ("blank cell", "blank cells", "fill them in"),
    "nan": ("NaN cell", "NaN cells", "fill them in"),
    "worded": ("cell that is not a number", "cells that are not numbers", "the first is {cell}"),
    "infinite": ("infinite cell", "infinite cells", "correct them or drop these rows"),
    "huge": ("cell beyond ±1e150", "cells beyond ±1e150", "give them in a larger unit"),
    "complex": ("complex cell", "complex cells", "give real and imaginary parts as columns of their own"),
    "nested": ("cell of several values", "cells of several values", "give each of their parts as a column of its own"),
}
