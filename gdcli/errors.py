"""Every error that a user can meet, as one tree.

    GdcliError
    ├── SpecError     a spec or the command line is wrong      exit code 2
    ├── DataError     a data file is missing or unfit          exit code 3
    └── OutputError   a result cannot be written               exit code 2

A run that diverges is not an error: it has a result, whose status says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import ClassVar, NamedTuple

MOST_SHOWN = 50  # faults per file that a message lists
MOST_UNLIKE = 0.4  # share of letters by which a word may differ from the one that was meant
MOST_LETTERS = 100  # longer words are not compared


class Place(NamedTuple):
    """A place in a file or on the command line. Places sort in reading order.

    Attributes:
        label: A file, an option of the command line, or a name for an argument in Python.
        line: Line, counted from 1; 0 for none.
        column: Column, likewise.
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


# Harmless, though not printable: joiners in words and emoji, the space of Chinese and Japanese, the tags of flags.
_HARMLESS = frozenset("\u200c\u200d\u3000") | frozenset(map(chr, range(0xE0020, 0xE0080)))
_PICTURES = range(0x1F000, 0x1FB00)  # ranges of emoji, which grow with every version of Unicode


def python_escape(character: str) -> str:
    r"""Escape a character as Python does: \x1b."""
    return character.encode("unicode_escape").decode()


def printable(text: str, *, escape: Callable[[str], str] = python_escape) -> str:
    """Escape control characters and the like, so that a message stays on one line and does no harm.

    These are characters that are invisible or affect the text around them: the control characters C0 and C1, marks of
    reading direction, line separators, invisible spaces and lone surrogates.

    Args:
        text: Any text.
        escape: Returns the escape of one character.

    Returns:
        The text with escapes. Letters, accents, ideographs and emoji stay as they are.
    """
    return text if text.isprintable() else "".join(c if _is_harmless(c) else escape(c) for c in text)


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in _HARMLESS or ord(character) in _PICTURES


def system_reason(error: OSError) -> str:
    """Say why the system refused an operation.

    If the working directory has been removed, the system says only that there is no such file.

    Args:
        error: The error that it raised.

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
    """A warning for the user; the command line prints it unless `--quiet` is given."""


class GdcliError(Exception):
    """Base of all errors that are about the user's input and not about gdcli.

    Attributes:
        exit_code: The exit code of the command line.
    """

    exit_code: ClassVar[int] = 2


class FaultsError(GdcliError):
    """An error that lists all faults at once, in reading order.

    Args:
        faults: The faults, at least one.
        by_spec: The faults of each of several specs, by the label of the spec.
    """

    def __init__(self, faults: Iterable[Fault], by_spec: Mapping[str, Sequence[Fault]] | None = None) -> None:
        self.faults = tuple(sorted(set(faults)))
        self.by_spec = by_spec or {}
        super().__init__("\n".join(_shown(self.faults)))


def _shown(faults: Iterable[Fault]) -> Iterator[str]:
    """The lines of a message: the first faults of each file, and the number of further ones."""
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


class OccupiedError(OutputError):
    """A result cannot go where it should, but it can go elsewhere.

    Args:
        obstacle: What is in the way, and what to do about it there.
    """

    def __init__(self, obstacle: str) -> None:
        self._obstacle = obstacle
        super().__init__(self.advising("directory"))

    def advising(self, choice: str) -> str:
        """The message, with the name of what chooses another place: an option, or `directory` in Python."""
        return f"{self._obstacle}, or choose another {choice}"


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
        names: The names, at least one.
        most: The most that are written.

    Returns:
        The names with commas between them, and the number of further ones.
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def suggestion(word: str, known: Iterable[str]) -> str:
    """Suggest a known word instead of an unknown one.

    Args:
        word: The unknown word.
        known: The known words.

    Returns:
        `; did you mean 'X'?`; if no known word is similar, a list of them if they are few; otherwise nothing.
    """
    words = list(known)
    if close := nearest(word, words):
        return f"; did you mean '{close}'?"
    return f"; known: {', '.join(words)}" if 0 < len(words) <= 16 else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Find the known word that was probably meant.

    Args:
        word: The unknown word.
        known: The known words.

    Returns:
        The most similar word, the first of several; nothing if none is similar.
    """
    unlikeness, close = min(
        ((_unlikeness(word, other), other) for other in known), key=itemgetter(0), default=(1.0, "")
    )
    return close if unlikeness <= MOST_UNLIKE else ""


def _unlikeness(a: str, b: str) -> float:
    """How much two words differ, from 0, for case and blanks around them only, to 1, for every letter."""
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
    """The least number of letters to insert, delete, replace or swap with a neighbour (optimal string alignment)."""
    above: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a):
        above, before, row = row, above, [i + 1]
        for j, other in enumerate(b):
            row.append(min(above[j] + (letter != other), above[j + 1] + 1, row[j] + 1))
            if before and j and letter == b[j - 1] and a[i - 1] == other:
                row[-1] = min(row[-1], before[j - 1] + 1)
    return row[-1]
