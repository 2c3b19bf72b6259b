"""Data files that are read in chunks at every pass, and never kept in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gdcli.data.ahead import read_ahead
from gdcli.data.cells import Spot, Spots
from gdcli.data.chunk_options import ChunkOptions
from gdcli.data.csv import lines
from gdcli.data.csv.chunks import csv_chunks
from gdcli.data.csv.files import check_header, explained, fault, file_hash
from gdcli.data.csv.format import CsvFormat
from gdcli.data.parquet import parquet_chunks, parquet_columns
from gdcli.data.table import Table
from gdcli.errors import Place, counted

if TYPE_CHECKING:
    import pandas as pd

# Called after each read with the number of bytes read so far, and with that of all files.
Reading: TypeAlias = Callable[[int, int], None]

PARQUET_SUFFIXES = (".parquet", ".pq")
CHUNK_CELLS = 1 << 20  # cells of a chunk: 8 MB of numbers
_TRUTHS = {"true", "True", "TRUE", "false", "False", "FALSE"}  # what pandas reads as true and false


@dataclass(frozen=True)
class DataFile:
    """A data file at one time: a file that has changed is another `DataFile`.

    Attributes:
        path: Absolute path.
        label: How messages name it.
        size: Its size in bytes.
        modified: When it was last modified, in nanoseconds.
    """

    path: Path
    label: str
    size: int
    modified: int

    @property
    def is_parquet(self) -> bool:
        """Whether it is a Parquet file, by its name."""
        return self.path.suffix.lower() in PARQUET_SUFFIXES


@dataclass(eq=False)
class Stream:
    """The rows of one or several data files with the same columns, read anew at every pass.

    Attributes:
        files: The files, in the order of their rows.
        form: The format of CSV files.
        reading: Called after each read: see `Reading`.
    """

    files: tuple[DataFile, ...]
    form: CsvFormat
    reading: Reading | None = None
    _counts: list[int] = field(default_factory=list)  # rows of each file
    _hashes: list[str] = field(default_factory=list)
    _names: list[list[str]] = field(default_factory=list)

    @property
    def label(self) -> str:
        """How messages name the whole."""
        first, more = self.files[0].label, len(self.files) - 1
        return f"{first} and {more} more" if more else first

    @property
    def sha256(self) -> str | list[str]:
        """SHA-256 of the file's bytes, or a list with one hash per file.

        Raises:
            DataError: A file is unreadable.
        """
        if not self._hashes:
            for file in self.files:
                with explained(file.path, file.label, self.form):
                    self._hashes.append(file_hash(file.path))
        return self._hashes[0] if len(self.files) == 1 else list(self._hashes)

    @property
    def size(self) -> int:
        """Size of all files, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order.

        Raises:
            DataError: A file is unreadable, or has no valid header.
        """
        return self._all_names[0]

    @property
    def is_csv(self) -> bool:
        """Whether the columns have the names of a CSV header."""
        return not self.files[0].is_parquet

    def chunks(
        self, text: Collection[str] = (), *, only: Collection[str] | None = None, hashing: bool = False
    ) -> Generator[tuple[int, Table], None, None]:
        """Read all rows.

        Args:
            text: Columns to read as text, with their cells as they are spelled.
            only: Columns to read; None for all of them. With names given, rows that are too long go unnoticed.
            hashing: Whether to hash the files while they are read, so that `sha256` need not read them again.

        Yields:
            Pairs of the number of the first row of a chunk, counted from 0, and the chunk.

        Raises:
            DataError: A file is unreadable, or its columns differ from those of the first file, or there are no rows.
        """
        names = self._checked_columns()
        counts, hashes, done = list[int](), list[str](), 0
        total = self.size

        def on_read(count: int) -> None:
            nonlocal done
            done = min(done + count, total)
            if self.reading:
                self.reading(done, total)

        options = ChunkOptions(
            rows=max(1, CHUNK_CELLS // len(names)),
            text=text,
            only=only,
            on_read=on_read,
            on_hash=hashes.append if hashing else None,
        )
        for file in self.files:
            counts.append(0)
            with closing(self._frames(file, options)) as frames:
                for frame in frames:
                    csv = None if file.is_parquet else (file.path, self.form)
                    yield sum(counts), Table(frame=frame, label=file.label, csv=csv)
                    counts[-1] += len(frame)
        if not sum(counts):
            raise fault(self.label, "this data file has a header and no rows")
        self._counts = counts
        if hashing:
            self._hashes = hashes

    def spelling(self, levels: set[str]) -> dict[str, str]:
        """Map the cells of a text column to their levels: True and False, however these are written in CSV files."""
        truths = levels <= _TRUTHS and not any(file.is_parquet for file in self.files)
        return {level: level.title() if truths else level for level in levels}

    def without_rows(self) -> Stream:
        """Make a copy without the `reading` callback, to send to another process."""
        return replace(self, reading=None)

    def spots(self, rows: Collection[int]) -> Spots:
        """Find the places of cells, given all of their rows at once, as `Data.spots` does."""
        places: dict[int, Spot] = {}
        ends = list(accumulate(self._counts))
        for file, count, end in zip(self.files, self._counts, ends, strict=True):
            start = end - count
            within = [row - start for row in rows if start <= row < end]
            if file.is_parquet:
                places |= {start + row: Spot(Place(file.label), f"in row {row + 1}") for row in within}
            elif within:
                at = lines.rows_at(file.path, self.form, within)
                places |= {start + row: Spot.of_line(file.label, *at.get(row, (0, 0, 0))) for row in within}
        return lambda _, row: places[row]

    def _frames(self, file: DataFile, options: ChunkOptions) -> Generator[pd.DataFrame, None, None]:
        if file.is_parquet:
            return read_ahead(parquet_chunks(file.path, file.label, options))
        return csv_chunks(file.path, file.label, self.form, self.names, options)

    @property
    def _all_names(self) -> list[list[str]]:
        """The columns of each file, read once."""
        if not self._names:
            self._names = [self._columns(file) for file in self.files]
        return self._names

    def _columns(self, file: DataFile) -> list[str]:
        if file.is_parquet:
            return parquet_columns(file.path, file.label)
        with explained(file.path, file.label, self.form):
            return check_header(file.path, file.label, self.form)

    def _checked_columns(self) -> list[str]:
        """The columns of all files; that they are the same is checked before any rows are read."""
        expected, first = self.names, self.files[0].label
        same = "all files of a dataset need the same columns in the same order"
        for file, names in zip(self.files[1:], self._all_names[1:], strict=True):
            line = 0 if file.is_parquet else 1
            if len(names) != len(expected):
                raise fault(
                    file.label, f"{counted(len(names), 'column')}, but {first} has {len(expected)}; {same}", line
                )
            for i, (name, other) in enumerate(zip(names, expected, strict=True), start=1):
                if name != other:
                    raise fault(file.label, f"column {i} is '{name}', but '{other}' in {first}; {same}", line)
        return expected
