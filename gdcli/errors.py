"""Every error that a user can meet, as one tree.

    GdcliError
    ├── SpecError     a spec or the command line is wrong      exit code 2
    ├── DataError     a data file is missing or unfit          exit code 3
    └── OutputError   a result cannot be written               exit code 2

A run that diverges is no error: it is a result whose status says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar, NamedTuple


class Place(NamedTuple):
    """Where something stands, ordered as it is read.

    Attributes:
        source: A file, an option of the command line, or a word for what was passed in Python.
        line: Counted from 1; 0 where the source has no lines.
        column: Likewise.
    """

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.source, *(str(number) for number in (self.line, self.column) if number)])


class Fault(NamedTuple):
    """One thing that is wrong: where, and what to do about it."""

    place: Place
    message: str

    def __str__(self) -> str:
        return printable(f"{self.place}: {self.message}")


def printable(text: str) -> str:
    """Write control characters and the like as escapes, so that a message stays one line and does no harm."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class GdcliError(Exception):
    """Base of all errors that are about the user's input and not about gdcli.

    Attributes:
        exit_code: What the command line exits with.
    """

    exit_code: ClassVar[int] = 2


class FaultsError(GdcliError):
    """An error that lists all faults at once, in the order in which they are read.

    Args:
        faults: At least one.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


class SpecError(FaultsError):
    """A spec or the command line is wrong."""


class DataError(FaultsError):
    """A data file is missing, unreadable or unfit for the spec."""

    exit_code = 3


class OutputError(GdcliError):
    """A result cannot be written."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Ask whether a known word was meant.

    Args:
        word: What was written.
        known: What could have been.

    Returns:
        `; did you mean 'X'?`, or, where nothing is close, the known words if they are few, or nothing.
    """
    words = list(known)
    lowered = {w.lower(): w for w in reversed(words)}
    close = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{lowered[close[0]]}'?"
    return f"; known: {', '.join(words)}" if 0 < len(words) <= 16 else ""
