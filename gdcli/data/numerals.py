"""Text that people read as numbers or missing values: grouped digits, decimal commas, currencies, units, NA."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

MARKS = (",", ".", "'", "’", " ", "\u00a0", "\u202f", "_")  # between groups of digits in some countries
MINUS = "\u2212"  # computers read a hyphen instead
# What programs write for a missing value, in lower case. Pandas reads most of them as missing by default.
MISSING = frozenset(("na", "n/a", "#n/a", "#na", "<na>", "null", "none", "?", "-", "--", "–", "—", ".", ".."))
LONGEST_MARK = 20  # of `MISSING`, including surrounding blanks
DIGIT = re.compile("[0-9]")
WITH_UNIT = re.compile(r"(.*[0-9][.,]?)\s*((?:[^\W\d_]|°)[^\d,;]{0,19}[23]?)")


@dataclass(frozen=True)
class Numerals:
    """Cells that look like numbers.

    Attributes:
        example: The first of them.
        signs: The signs of currencies and per cent, the unit, or `MINUS` in them.
        settings: Settings of the dataset with which they are read as numbers.
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

    @property
    def spelling(self) -> str:
        """How to write them, if settings are not enough: `without € and with '-' for '−'`."""
        signs = [sign for sign in self.signs if sign != MINUS]
        parts = [f"without {' and '.join(signs)}"] if signs else []
        return " and ".join([*parts, *([f"with '-' for '{MINUS}'"] if MINUS in self.signs else [])])


class _Bare(NamedTuple):
    """A cell, the signs in it, and its text without them."""

    cell: str
    signs: tuple[str, ...]
    text: str


def numerals(cells: Sequence[str], thousands: str | None = None, decimal: str = ".") -> Numerals | None:
    """Guess whether cells are meant to be numbers.

    Args:
        cells: Texts, none of them blank.
        thousands: The mark between groups of digits that the spec sets.
        decimal: The decimal mark that the spec sets.

    Returns:
        What they look like; None if fewer than half of them look like numbers, or if they are numbers already.
    """
    bare = [_bare(cell) for cell in cells if DIGIT.search(cell)]  # excludes most cells of a text column
    if not bare or 2 * len(bare) < len(cells):
        return None
    form, count = _form([text for *_, text in bare], thousands, decimal)
    if 2 * count < len(cells):
        bare = _without_unit(bare, least=len(cells) / 2)
        form, count = _form([text for *_, text in bare], thousands, decimal)
    if not bare or 2 * count < len(cells):
        return None
    looks = [each for each in bare if number(*form).fullmatch(each.text)]
    signs = tuple(dict.fromkeys(sign for each in looks for sign in each.signs))
    settings = {"thousands": form[0]} if form[0] and form[0] != thousands else {}
    settings |= {"decimal": form[1]} if form[1] != decimal else {}
    if not (signs or settings):
        return None
    telling = next(each.cell for each in looks if number(thousands, decimal).fullmatch(each.cell.strip()) is None)
    return Numerals(example=telling.strip(), signs=signs, settings=settings)


def _form(texts: Sequence[str], thousands: str | None, decimal: str) -> tuple[tuple[str | None, str], int]:
    """The marks with which the most texts are numbers, and the number of these texts."""
    written = set[str]().union(*texts)
    marks = [None, *(mark for mark in MARKS if mark in written)]
    forms = [(thousands, decimal)]
    forms += [(mark, point) for point in (decimal, *{".", ","} - {decimal}) for mark in marks if mark != point]
    counts = [sum(number(*form).fullmatch(text) is not None for text in texts) for form in forms]
    return forms[counts.index(max(counts))], max(counts)


def _without_unit(bare: Sequence[_Bare], least: float) -> list[_Bare]:
    """The cells without their common unit; empty if no unit is shared by at least this many cells."""
    parts = [(each, match[1], match[2].strip()) for each in bare if (match := WITH_UNIT.fullmatch(each.text))]
    units = Counter(unit for *_, unit in parts)
    common, count = max(units.items(), key=lambda item: item[1], default=("", 0))
    if count < least:
        return []
    return [each._replace(signs=(*each.signs, unit), text=text) for each, text, unit in parts if unit == common]


@cache
def number(thousands: str | None, decimal: str) -> re.Pattern[str]:
    """The pattern of a number with these marks. Groups have three digits, in Indian numbers two except for the last."""
    digits = r"\d+"
    if thousands:
        mark = re.escape(thousands)
        # The first group does not begin with a zero: 0,355 has a decimal comma.
        digits = rf"(?:\d+|[1-9]\d{{0,2}}(?:{mark}\d{{3}})+|[1-9]\d?(?:{mark}\d{{2}})+{mark}\d{{3}})"
    return re.compile(rf"[+-]?{digits}(?:{re.escape(decimal)}\d*)?(?:[eE][+-]?\d+)?", re.ASCII)


def is_missing(cell: str) -> bool:
    """Whether a cell is a mark of missing values, as programs write it."""
    return len(cell) < LONGEST_MARK and cell.strip().lower() in MISSING


def _bare(cell: str) -> _Bare:
    """Separate the signs of a cell from its text, which keeps its unit."""
    if cell.isascii() and "%" not in cell and "$" not in cell:
        return _Bare(cell, (), cell.strip())
    signs = [c for c in cell if c in "%‰" or unicodedata.category(c) == "Sc"]
    text = "".join(c for c in cell if c not in signs).replace(MINUS, "-").strip()
    return _Bare(cell, (*signs, *([MINUS] if MINUS in cell else [])), text)
