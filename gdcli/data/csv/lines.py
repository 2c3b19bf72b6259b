"""Lines of a CSV file: read a second time, with Python's own parser, once something is wrong with it."""

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
    """A row that Python's parser cannot read, either.

    Args:
        line: On which it starts.
    """

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class _Kept:
    """Lines, the last one of them kept."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines, self.last = lines, ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.last = line
            yield line


def numbered_rows(path: Path, form: CsvFormat, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file, header first, each with the line that it starts on.

    Lines of nothing but blanks are no rows, as for pandas.
    """
    csv.field_size_limit(2**31 - 1)
    blanks = "\r\n" + " \t".replace(form.delimiter, "")
    with opened(path, form.encoding) as stream:
        text = _Kept(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=""))
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
    """Find some rows, in one go.

    Args:
        path: A CSV file, compressed or not.
        form: Its format.
        rows: Counted from 0, the header apart.

    Returns:
        Row → the line on which it starts, the number of its cells, and the number of columns.
    """
    found: dict[int, tuple[int, int, int]] = {}
    wanted, columns = set(rows), 0
    with suppress(Exception):  # it can be read, unless it has changed since it was
        for i, (line, cells) in enumerate(numbered_rows(path, form), start=-1):
            if i < 0:
                columns = len(cells)
            elif i in wanted:
                found[i] = line, len(cells), columns
            if len(found) == len(wanted):
                break
    return found


def faulty_row(path: Path, form: CsvFormat) -> tuple[int, str]:
    """Find the first row with more cells than the header, or with a quote that never ends.

    Returns:
        Its line and a message, or 0 and nothing where there is no such row.
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
            return 0, ""  # something stands after a closing quote: see `misplaced_quote`
        return error.line, "a quoted cell begins on this line and never ends; close it"
    return 0, ""


def misplaced_quote(path: Path, form: CsvFormat) -> int:
    """The first line on which a quoted cell goes on after its closing quote, counted from 1; 0 where there is none."""
    quotes = Quotes(form.delimiter)
    with opened(path, form.encoding) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape", newline="")
        for number, line in enumerate(text, start=1):
            try:
                quotes.feed(line.encode(errors="surrogateescape"))
            except MisplacedQuoteError:
                return number
    return 0
