"""Guess what text columns and cells are meant to be, for example numbers, and how to correct them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gdcli.data.numerals import Numerals, is_missing, number, numerals
from gdcli.errors import some_of
from gdcli.spec.validate import Request

SAMPLE = 1000  # cells of a column that are examined
MOST_COLUMNS = 100  # examined when there is a fault


class Seeming(NamedTuple):
    """A guess about the cells of a text column.

    Attributes:
        what: What they seem to be, such as `look like numbers with '€' ('€5')`.
        remedy: How to correct it.
    """

    what: str
    remedy: str


def seeming(request: Request, cells: Sequence[str]) -> Seeming | None:
    """Guess whether the cells of a text column are meant to be numbers.

    Args:
        request: The spec.
        cells: Some cells of the column, none blank.

    Returns:
        The guess; None if they are text.
    """
    mark = next(filter(is_missing, cells), "").strip()
    given = [cell for cell in cells if not is_missing(cell)] if mark else cells
    if looks := _numerals(request, given):
        return Seeming(f"look like numbers with {looks.reason} ('{looks.example[:40]}')", _spelled(request, looks))
    dataset = request.spec.dataset
    if mark and given and all(map(number(dataset.thousands, dataset.decimal).fullmatch, map(str.strip, given))):
        return Seeming(f"are numbers or '{mark}', a mark of missing values", _filled(request))
    return None


def seeming_cell(request: Request, cell: str) -> str:
    """What a single cell in a column of numbers seems to be, and how to correct it; empty for a word."""
    if is_missing(cell):
        return f", a mark of missing values; {_filled(request)}"
    looks = _numerals(request, [cell])
    return f", which looks like a number with {looks.reason}; {_spelled(request, looks)}" if looks else ""


def seeming_columns(request: Request, samples: Mapping[str, Sequence[str]]) -> str:
    """Say which text columns seem to be numeric, and how to correct them; empty if none does.

    Args:
        request: The spec.
        samples: Cells of text columns, by name.

    Returns:
        `the cells of 'a', 'b' look like numbers with …; …`
    """
    names: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for name, cells in samples.items():
        if seems := seeming(request, cells):
            names.setdefault(seems.remedy, []).append(f"'{name}'")
            first.setdefault(seems.remedy, seems.what)
    return "; ".join(f"the cells of {some_of(names[remedy], 3)} {first[remedy]}: {remedy}" for remedy in names)


def _numerals(request: Request, cells: Sequence[str]) -> Numerals | None:
    """What cells look like, given the marks that the spec sets."""
    dataset = request.spec.dataset
    return numerals(cells, dataset.thousands, dataset.decimal)


def _spelled(request: Request, looks: Numerals) -> str:
    """How to turn cells that look like numbers into numbers."""
    dataset = request.spec.dataset
    if dataset.path is None or looks.settings.get("decimal") == dataset.delimiter:  # they must differ
        return "write them as plain numbers"
    parts = [f"write them {looks.spelling}"] if looks.spelling else []
    parts += [request.setting(looks.settings)] if looks.settings else []
    return ", and ".join(parts)


def _filled(request: Request) -> str:
    """How to correct cells that stand for missing values."""
    drops = request.spec.dataset.missing == "drop"
    return "fill them in, or leave them blank" + ("" if drops else f" and {request.setting({'missing': 'drop'})}")
