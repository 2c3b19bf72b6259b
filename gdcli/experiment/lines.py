"""Lines of a CSV file: read a second time, with Python's own parser, once something is wrong with it."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any


def _open_plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open_zip(path: Path) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    return archive.open(archive.namelist()[0])


def _open_zstd(path: Path) -> IO[bytes]:
    zstandard: Any = import_module("zstandard")  # untyped, and what pandas itself reads such files with
    opened: IO[bytes] = zstandard.open(path, "rb")
    return opened


_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zip": _open_zip,
    ".zst": _open_zstd,
}


def _open(path: Path) -> Any:
    return _OPENERS.get(path.suffix.lower(), _open_plain)(path)


def is_compressed(path: Path) -> bool:
    """Whether a file's name says that it is compressed, as pandas reads names."""
    return path.suffix.lower() in _OPENERS


class UnreadableRowError(Exception):
    """A row that Python's parser cannot read, either.

    Args:
        line: On which it starts.
    """

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


def numbered_rows(path: Path, delimiter: str, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file, header first, each with the line that it starts on; blank lines are no rows."""
    csv.field_size_limit(2**31 - 1)
    with _open(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
        reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=strict)
        line = 1
        try:
            for row in reader:
                if row:
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableRowError(line) from error


def undecodable_line(path: Path) -> int:
    """The first line that is not UTF-8, counted from 1; 0 where all of them are."""
    with _open(path) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0


def line_of_row(path: Path, row: int, delimiter: str) -> int:
    """The line on which a row starts.

    Args:
        path: A CSV file, compressed or not.
        row: Counted from 0, the header apart.
        delimiter: Between its cells.

    Returns:
        The line, counted from 1.
    """
    for i, (line, _) in enumerate(numbered_rows(path, delimiter)):
        if i == row + 1:
            return line
    return 0


def faulty_row(path: Path, delimiter: str) -> tuple[int, str]:
    """Find the first row with more cells than the header, or with a quote that never ends.

    Returns:
        Its line and a message, or 0 and nothing where there is no such row.
    """
    rows = numbered_rows(path, delimiter, strict=True)
    try:
        _, header = next(rows)
        for line, row in rows:
            if len(row) > len(header):
                return line, f"{len(row)} cells, but the header names {len(header)} columns; correct this line"
    except UnreadableRowError as error:
        return error.line, "a quoted cell begins on this line and never ends; close it"
    return 0, ""
