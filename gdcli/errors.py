"""Every error that a user can meet, as one tree.

    GdcliError
    ├── SpecError     a spec or the command line is wrong      exit code 2
    ├── DataError     a data file is missing or unfit          exit code 3
    └── OutputError   a result cannot be written               exit code 2

A run that diverges is no error: it is a result whose status says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import ClassVar, NamedTuple

MOST_SHOWN = 50  # faults per file that a message lists
MOST_UNLIKE = 0.4  # share of its letters by which a word may differ from the one that was meant
MOST_LETTERS = 100  # of a word that is compared with others


class Place(NamedTuple):
    """Where something stands, ordered as it is read.

    Attributes:
        label: A file, an option of the command line, or a word for what was passed in Python.
        line: Counted from 1; 0 where it has no lines.
        column: Likewise.
    """

    label: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.label, *(str(number) for number in (self.line, self.column) if number)])


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


def system_reason(error: OSError) -> str:
    """Put a refusal of the system into words.

    Where the working directory has been removed, the system only says that there is no such file.

    Args:
        error: The refusal; one without a number has words of its own.

    Returns:
        A few words without a full stop.
    """
    if isinstance(error, FileNotFoundError):
        try:
            os.getcwd()  # noqa: PTH109
        except OSError:
            return "the working directory has been removed; change to one that exists"
    return error.strerror or str(error) or type(error).__name__


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
        super().__init__("\n".join(_shown(self.faults)))


def _shown(faults: Iterable[Fault]) -> Iterator[str]:
    """The lines of a message: so many per file, and how many there are beyond them."""
    for label, group in groupby(faults, key=lambda fault: fault.place.label):
        faults_here = list(group)
        yield from map(str, faults_here[:MOST_SHOWN])
        if len(faults_here) > MOST_SHOWN:
            more = counted(len(faults_here) - MOST_SHOWN, "more fault")
            yield printable(f"{label}: and {more}; correct these first")


class SpecError(FaultsError):
    """A spec or the command line is wrong."""


class DataError(FaultsError):
    """A data file is missing, unreadable or unfit for the spec."""

    exit_code = 3


class OutputError(GdcliError):
    """A result cannot be written."""


def counted(count: int, noun: str) -> str:
    """Write a number of things: `1 row`, `2 rows`.

    Args:
        count: How many.
        noun: In the singular, of those that only take an s.

    Returns:
        Both.
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def some_of(names: Sequence[str], most: int) -> str:
    """Write the first few of several names: `a, b, c and 2 more`.

    Args:
        names: At least one.
        most: How many of them are written.

    Returns:
        The names with commas between them, and how many there are beyond them.
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def suggestion(word: str, known: Iterable[str]) -> str:
    """Ask whether a known word was meant.

    Args:
        word: What was written.
        known: What could have been.

    Returns:
        `; did you mean 'X'?`, or, where nothing is close, the known words if they are few, or nothing.
    """
    words = list(known)
    if close := nearest(word, words):
        return f"; did you mean '{close}'?"
    return f"; known: {', '.join(words)}" if 0 < len(words) <= 16 else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Find the known word that was probably meant.

    Args:
        word: What was written.
        known: What could have been.

    Returns:
        The first of those that differ least, or nothing where none has most of its letters in common.
    """
    unlikeness, close = min(
        ((_unlikeness(word, other), other) for other in known), key=itemgetter(0), default=(1.0, "")
    )
    return close if unlikeness <= MOST_UNLIKE else ""


def _unlikeness(a: str, b: str) -> float:
    """How much two words differ: 0 where only in case or in blanks around them, 1 where in every letter."""
    a, b = a.strip().lower(), b.strip().lower()
    longest, letters = max(len(a), len(b), 1), (set(a), set(b))
    least = max(abs(len(a) - len(b)), len(letters[0] - letters[1]), len(letters[1] - letters[0]))
    if len(a) >= 3 and b.startswith(a):
        return min(MOST_UNLIKE, least / longest)
    if least > MOST_UNLIKE * longest or longest > MOST_LETTERS:
        return 1.0
    edits = 1 if a != b and sorted(a) == sorted(b) else _edits(a, b)
    return edits / longest


def _edits(a: str, b: str) -> int:
    """The fewest letters to insert, delete, replace or swap with a neighbour (optimal string alignment)."""
    above: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a):
        above, before, row = row, above, [i + 1]
        for j, other in enumerate(b):
            row.append(min(above[j] + (letter != other), above[j + 1] + 1, row[j] + 1))
            if before and j and letter == b[j - 1] and a[i - 1] == other:
                row[-1] = min(row[-1], before[j - 1] + 1)
    return row[-1]
