"""Counts of the cells of a column, chunk by chunk: whether it is text, and which cells are unusable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from gdcli.engine.arrays import BoolArray
from gdcli.errors import Fault, Place, counted


@dataclass(frozen=True)
class Spot:
    """The place of a cell.

    Attributes:
        place: The start of a message about it.
        where: Its name in a sentence, such as "on line 7".
        short: The message if its row ends before the cell; empty otherwise.
    """

    place: Place
    where: str
    short: str = ""

    @classmethod
    def of_line(cls, label: str, line: int, cells: int, columns: int) -> Spot:
        """Make the spot of a cell in a CSV file.

        Args:
            label: How messages name the file.
            line: The line on which its row starts, counted from 1.
            cells: Number of cells in the row.
            columns: Number of columns in the header.

        Returns:
            The spot.
        """
        short = f"{counted(cells, 'cell')}, but the header names {counted(columns, 'column')}; complete this line"
        return cls(Place(label, line), f"on line {line}", short if cells < columns else "")


# A function of a column and a row.
Spots: TypeAlias = Callable[[str, int], Spot]


@dataclass(frozen=True)
class Finding:
    """Unusable cells of one kind.

    Attributes:
        count: Their number.
        row: The row of the first one, counted from 0.
        cell: The first one as text.
    """

    count: int
    row: int
    cell: str


@dataclass(frozen=True)
class Census:
    """The cells of a column, or of a part of one.

    Attributes:
        given: Number of cells that are not blank.
        words: Number of those that are neither numbers nor NaN.
        findings: The cells that are unusable in a numeric column, by kind: see `_KINDS`.
    """

    given: int = 0
    words: int = 0
    findings: tuple[tuple[str, Finding], ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether less than half of the cells are numbers."""
        return 2 * self.words > self.given

    def unfit(self, *, text: bool) -> dict[str, Finding]:
        """Select the findings that matter.

        Args:
            text: Whether the column is used as text.

        Returns:
            Kind → finding.
        """
        findings = {kind: finding for kind, finding in self.findings if not text or kind in ("blank", "nested")}
        if "infinite" in findings:
            findings.pop("huge", None)
        if "nested" in findings:
            findings.pop("worded", None)
        return findings

    def and_then(self, later: Census) -> Census:
        """Merge with another census.

        Args:
            later: The census of the cells that come after these.

        Returns:
            The census of all cells.
        """
        findings = dict(self.findings)
        for kind, finding in later.findings:
            first = findings.get(kind)
            findings[kind] = replace(first, count=first.count + finding.count) if first else finding
        return Census(self.given + later.given, self.words + later.words, tuple(findings.items()))


def cell_faults(
    findings: Mapping[str, Mapping[str, Finding]],
    spots: Callable[[Collection[int]], Spots],
    advice: Callable[[str, str], str],
) -> Iterator[Fault]:
    """Report unusable cells.

    Args:
        findings: Column → kind → its unusable cells of this kind.
        spots: Finds the places of cells, given all of their rows at once.
        advice: Returns what else can be done about cells, given their kind and the first of them.

    Yields:
        One fault per column and kind, at the first of its cells; if the row of that cell is too short, a fault of the
        row instead.
    """
    rows = {finding.row for kinds in findings.values() for finding in kinds.values()}
    spot = spots(rows) if rows else None
    for name, kinds in findings.items():
        for kind, finding in kinds.items():
            assert spot
            at = spot(name, finding.row)
            if kind == "blank" and at.short:
                yield Fault(at.place, at.short)
                continue
            one, many, todo = _KINDS[kind]
            count = f"1 {one}" if finding.count == 1 else f"{finding.count} {many}"
            shown = f"'{finding.cell[:40]}'" if finding.cell.isprintable() else repr(finding.cell[:40])
            todo = todo.replace("{cell}", shown) + advice(kind, finding.cell)
            yield Fault(at.place, f"column '{name}' has {count}, the first {at.where}; {todo}")


def finding_of(cells: BoolArray, start: int, text: Callable[[int], str]) -> Finding | None:
    """Describe unusable cells of one kind.

    Args:
        cells: A mask of them, shape (n,).
        start: The number of the first of the n rows.
        text: Returns a cell as text, given its index.

    Returns:
        Their number and the first of them; None if there are none.
    """
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
    "infinite": ("infinite cell", "infinite cells", "correct them, or remove these rows from the data"),
    "huge": ("cell beyond ±1e150", "cells beyond ±1e150", "give them in a larger unit"),
    "complex": ("complex cell", "complex cells", "put the real and imaginary parts into separate columns"),
    "nested": ("cell with several values", "cells with several values", "put each value into its own column"),
}
