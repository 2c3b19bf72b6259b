"""The lines of a CSV file with faults: Python's own parser reads the file again to find them."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gdcli.data.csv.quotes import MisplacedQuoteError, Quotes
from gdcli.data.csv.transcoding import opened
from gdcli.errors import counted

if TYPE_CHECKING:
    from gdcli.data.csv.format import CsvFormat


class UnreadableRowError(Exception):
    """A row that Python's parser cannot read either.

    Args:
        line: The line on which it starts.
    """

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class _LastLine:
    """Lines, and the last one that was read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines, self.last = lines, ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.last = line
            yield line


def numbered_rows(path: Path, form: CsvFormat, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Read the rows of a CSV file. As in pandas, lines of blanks are not rows.

    Args:
        path: A CSV file, compressed or not.
        form: Its format.
        strict: Whether to refuse bad quotes, as the `strict` of Python's parser.

    Yields:
        Each row, the header first: the line on which it starts, and its cells.

    Raises:
        UnreadableRowError: Python's parser cannot read a row.
    """
    csv.field_size_limit(2**31 - 1)
    blanks = "\r\n" + " \t".replace(form.delimiter, "")
    with opened(path, form.encoding) as stream:
        text = _LastLine(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=""))
        reader = csv.reader(text, delimiter=form.delimiter, skipinitialspace=True, strict=strict)
        line = 1
        try:
            for row in reader:
                if len(row) > 1 or text.last.strip(blanks):
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableRowError(line) from error


def rows_at(path: Path, form: CsvFormat, rows: Collection[int]) -> dict[int, tuple[int, int, int]]:
    """Find the lines of some rows, in one pass.

    Args:
        path: A CSV file, compressed or not.
        form: Its format.
        rows: Row numbers, counted from 0 without the header.

    Returns:
        Row → the line on which it starts, the number of its cells, and the number of columns. Rows may be missing if
        the file has changed since it was read.
    """
    places: dict[int, tuple[int, int, int]] = {}
    wanted, columns = set(rows), 0
    with suppress(Exception):  # the file was readable before
        for i, (line, cells) in enumerate(numbered_rows(path, form), start=-1):
            if i < 0:
                columns = len(cells)
            elif i in wanted:
                places[i] = line, len(cells), columns
            if len(places) == len(wanted):
                break
    return places


def faulty_row(path: Path, form: CsvFormat) -> tuple[int, str]:
    """Find the first row with more cells than the header, or with a quote that never ends.

    Args:
        path: A CSV file, compressed or not.
        form: Its format.

    Returns:
        Its line and a message; 0 and an empty message where there is no such row.

    Raises:
        UnreadableRowError: Python's parser cannot read a row.
    """
    rows = numbered_rows(path, form)
    _, header = next(rows)
    for line, row in rows:
        if len(row) > len(header):
            columns = counted(len(header), "column")
            return line, f"{len(row)} cells, but the header names {columns}; correct this line"
    try:
        for _ in numbered_rows(path, form, strict=True):
            pass
    except UnreadableRowError as error:
        if "unexpected end" not in str(error.__cause__):
            return 0, ""  # a cell goes on after its closing quote: `misplaced_quote` finds it
        return error.line, "a quoted cell begins on this line and never ends; close it"
    return 0, ""


def misplaced_quote(path: Path, form: CsvFormat) -> int:
    """Find the first line on which a quoted cell goes on after its closing quote.

    Args:
        path: A CSV file, compressed or not.
        form: Its format.

    Returns:
        The line, counted from 1; 0 if there is none.
    """
    quotes = Quotes(form.delimiter)
    with opened(path, form.encoding) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline="")
        for number, line in enumerate(text, start=1):
            try:
                quotes.feed(line.encode(errors="surrogateescape"))
            except MisplacedQuoteError:
                return number
    return 0
