"""Every error that a user can meet, as one tree.

    GdcliError
    ├── SpecError     a spec or the command line is wrong      exit code 2
    ├── DataError     a data file is missing or unfit          exit code 3
    └── OutputError   a result cannot be written               exit code 2

A run that diverges is no error: it is a result whose status says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


# What only looks harmful: joiners within words and emoji, the space of Chinese and Japanese, the tags of flags.
_HARMLESS = frozenset("\u200c\u200d\u3000") | frozenset(map(chr, range(0xE0020, 0xE0080)))
_PICTURES = range(0x1F000, 0x1FB00)  # blocks of emoji, which grow from one version of Unicode to the next


def python_escape(character: str) -> str:
    r"""Write a character as Python does: \x1b."""
    return character.encode("unicode_escape").decode()


def printable(text: str, *, escape: Callable[[str], str] = python_escape) -> str:
    """Write control characters and the like as escapes, so that a message stays one line and does no harm.

    That is what has no shape of its own or acts on the text around it: control characters, C0 and C1, those that
    turn the direction of reading, line separators, invisible spaces, lone surrogates.

    Args:
        text: Of any origin.
        escape: Writes one such character.

    Returns:
        The same text where all of it is harmless: letters, accents, ideographs and emoji stay as they are.
    """
    return text if text.isprintable() else "".join(c if _is_harmless(c) else escape(c) for c in text)


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in _HARMLESS or ord(character) in _PICTURES


class GdcliWarning(UserWarning):
    """What a person should know although all went well; the command line says it unless `--quiet` is given."""


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
