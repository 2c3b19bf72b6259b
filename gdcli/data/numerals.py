"""Text that a person would read as numbers: grouped digits, decimal commas, currencies, per cent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

MARKS = (",", ".", "'", "’", " ", "\u00a0", "\u202f", "_")  # between groups of digits, somewhere in the world
DIGIT = re.compile("[0-9]")


@dataclass(frozen=True)
class Numerals:
    """Cells that look like numbers.

    Attributes:
        example: The first of them.
        signs: Currency and per cent signs that they bear.
        settings: Of the dataset, that would make numbers of them.
    """

    example: str
    signs: tuple[str, ...]
    settings: dict[str, str]

    @property
    def reason(self) -> str:
        """What keeps them from being numbers."""
        marks = {"thousands": "{} between groups of digits", "decimal": "{} as the decimal mark"}
        parts = [marks[key].format(repr(mark)) for key, mark in self.settings.items()]
        return " and ".join([*parts, *(repr(sign) for sign in self.signs)])


def numerals(cells: Sequence[str], thousands: str | None = None, decimal: str = ".") -> Numerals | None:
    """See whether cells look like numbers.

    Args:
        cells: Texts, none of them blank.
        thousands: The mark between groups of digits that is read already.
        decimal: The decimal mark that is read already.

    Returns:
        What they look like; None unless half of them look so, or where nothing keeps them from being numbers.
    """
    bare = [(cell, *_bare(cell)) for cell in cells if DIGIT.search(cell)]  # few cells of most texts
    if not bare or 2 * len(bare) < len(cells):
        return None
    written = set().union(*(text for _, _, text in bare))
    marks = [None, *(mark for mark in MARKS if mark in written)]
    forms = [(thousands, decimal)]
    forms += [(mark, point) for point in (decimal, *{".", ","} - {decimal}) for mark in marks if mark != point]
    counts = [sum(number(*form).fullmatch(text) is not None for _, _, text in bare) for form in forms]
    best = forms[counts.index(max(counts))]
    if 2 * max(counts) < len(cells):
        return None
    looks = [(cell, signs) for cell, signs, text in bare if number(*best).fullmatch(text)]
    signs = tuple(dict.fromkeys(sign for _, signs in looks for sign in signs))
    settings = {"thousands": best[0]} if best[0] and best[0] != thousands else {}
    settings |= {"decimal": best[1]} if best[1] != decimal else {}
    if not (signs or settings):
        return None
    telling = next(cell for cell, _ in looks if number(thousands, decimal).fullmatch(cell.strip()) is None)
    return Numerals(example=telling.strip(), signs=signs, settings=settings)


@cache
def number(thousands: str | None, decimal: str) -> re.Pattern[str]:
    """What a number looks like, given its marks; groups have three digits, but for those of Indian numbers."""
    digits = r"\d+"
    if thousands:
        mark = re.escape(thousands)
        # No group is led by a zero: 0,355 has a decimal comma.
        digits = rf"(?:\d+|[1-9]\d{{0,2}}(?:{mark}\d{{3}})+|[1-9]\d?(?:{mark}\d{{2}})+{mark}\d{{3}})"
    return re.compile(rf"[+-]?{digits}(?:{re.escape(decimal)}\d*)?(?:[eE][+-]?\d+)?", re.ASCII)


def _bare(cell: str) -> tuple[str, str]:
    """The signs of a cell, and the rest of it."""
    if cell.isascii() and "%" not in cell and "$" not in cell:
        return "", cell.strip()
    signs = "".join(c for c in cell if c in "%‰" or unicodedata.category(c) == "Sc")
    return signs, "".join(c for c in cell if c not in signs).strip()
