"""What the cells of a column are, counted chunk by chunk: whether it is text, and which cells cannot serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from gdcli.engine.arrays import BoolArray
from gdcli.errors import Fault, Place

# The place of a cell, by column and row, and how a sentence names it: "on line 7".
Spot: TypeAlias = Callable[[str, int], tuple[Place, str]]


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
        found: Cells that cannot serve in a numeric column, by kind: `blank`, `nan`, `worded`, `infinite`, `huge`.
    """

    given: int = 0
    words: int = 0
    found: tuple[tuple[str, Finding], ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether less than half of the cells are numbers."""
        return 2 * self.words > self.given

    def is_unfit(self, *, text: bool) -> bool:
        """Whether any cell cannot serve."""
        return any(kind == "blank" or not text for kind, _ in self.found)

    def and_then(self, later: Census) -> Census:
        """The census of these cells and of those after them."""
        found = dict(self.found)
        for kind, finding in later.found:
            first = found.get(kind)
            found[kind] = replace(first, count=first.count + finding.count) if first else finding
        return Census(self.given + later.given, self.words + later.words, tuple(found.items()))

    def faults(self, name: str, spot: Spot, *, text: bool) -> Iterator[Fault]:
        """Say which cells cannot serve: blank ones, and in a numeric column what is no finite number.

        Args:
            name: Of the column.
            spot: Where a cell stands.
            text: Whether the column serves as text.

        Yields:
            One fault a kind, at the first of its cells.
        """
        found = dict(self.found)
        for kind, (one, many, todo) in _KINDS.items():
            unwanted = (kind == "blank" or not text) and not (kind == "huge" and "infinite" in found)
            if kind in found and unwanted:
                finding = found[kind]
                place, where = spot(name, finding.row)
                counted = f"1 {one}" if finding.count == 1 else f"{finding.count} {many}"
                shown = f"'{finding.cell[:40]}'" if finding.cell.isprintable() else repr(finding.cell[:40])
                advice = todo.format(cell=shown) if "{" in todo else todo
                yield Fault(place, f"column '{name}' has {counted}, the first {where}; {advice}")


def finding(cells: BoolArray, start: int, text: Callable[[int], str]) -> Finding | None:
    """The first of some cells and their number; None where there are none."""
    count = int(np.count_nonzero(cells))
    if not count:
        return None
    first = int(np.argmax(cells))
    return Finding(count=count, row=start + first, cell=text(first))


# Kind → what one such cell is called, what several are, and what to do about them.
_KINDS: dict[str, tuple[str, str, str]] = {
    "blank": ("blank cell", "blank cells", "fill them in or drop these rows"),
    "nan": ("NaN cell", "NaN cells", "fill them in or drop these rows"),
    "worded": ("cell that is not a number", "cells that are not numbers", "the first is {cell}"),
    "infinite": ("infinite cell", "infinite cells", "correct them or drop these rows"),
    "huge": ("cell beyond ±1e150", "cells beyond ±1e150", "give them in a larger unit"),
}
