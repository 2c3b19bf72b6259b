"""Data files that are read chunk by chunk, and never held."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gdcli.data.ahead import read_ahead
from gdcli.data.cells import Spot, Spots
from gdcli.data.csv import lines
from gdcli.data.csv.chunks import csv_chunks
from gdcli.data.csv.files import check_header, explained, fault, file_hash
from gdcli.data.csv.format import CsvFormat
from gdcli.data.parquet import parquet_chunks, parquet_columns
from gdcli.data.table import Table
from gdcli.errors import Place, counted

if TYPE_CHECKING:
    import pandas as pd

# Told the bytes read so far and the bytes of all files, once every so often.
Reading: TypeAlias = Callable[[int, int], None]

PARQUET_SUFFIXES = (".parquet", ".pq")
CHUNK_CELLS = 1 << 20  # of a chunk: 8 MB of numbers
_TRUTHS = {"true", "True", "TRUE", "false", "False", "FALSE"}  # what pandas takes for true and false


@dataclass(frozen=True)
class DataFile:
    """A data file as it was when it was first looked at.

    Attributes:
        path: Absolute.
        label: How messages name it.
        size: In bytes.
        modified: In nanoseconds; a file that has changed is another one.
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
        files: In the order of their rows.
        form: Of those that are CSV.
        reading: Told of every read.
    """

    files: tuple[DataFile, ...]
    form: CsvFormat
    reading: Reading | None = None
    _rows: list[int] = field(default_factory=list)
    _hashes: list[str] = field(default_factory=list)
    _names: list[list[str]] = field(default_factory=list)

    @property
    def label(self) -> str:
        """How messages name the whole."""
        first, more = self.files[0].label, len(self.files) - 1
        return f"{first} and {more} more" if more else first

    @property
    def sha256(self) -> str | list[str]:
        """Of the file's bytes, or of each file's, in order."""
        if not self._hashes:
            for file in self.files:
                with explained(file.path, file.label, self.form):
                    self._hashes.append(file_hash(file.path))
        return self._hashes[0] if len(self.files) == 1 else list(self._hashes)

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def names(self) -> list[str]:
        """The columns, in order."""
        return self._all_names[0]

    @property
    def is_csv(self) -> bool:
        """Whether the names of the columns were read as text."""
        return not self.files[0].is_parquet

    def __len__(self) -> int:
        return sum(self._rows)

    def chunks(
        self, text: Collection[str] = (), *, only: Collection[str] | None = None, hashing: bool = False
    ) -> Generator[tuple[int, Table], None, None]:
        """Read all rows.

        Args:
            text: Columns that serve as text: their cells come as they are spelled.
            only: Leave the other columns out, and rows that are too long unnoticed.
            hashing: Hash what is read, so that nobody reads it again for its `sha256`.

        Yields:
            Chunks, each with the number of its first row.

        Raises:
            DataError: A file is unreadable, or differs from the first one in its columns, or there are no rows.
        """
        names = self._checked_columns()
        size = max(1, CHUNK_CELLS // len(names))
        rows, hashes, done = [], list[str](), 0
        hashed = hashes.append if hashing else None
        total = self.size

        def told(count: int) -> None:
            nonlocal done
            done = min(done + count, total)
            if self.reading:
                self.reading(done, total)

        for file in self.files:
            rows.append(0)
            with closing(self._frames(file, size, text, only, told, hashed)) as frames:
                for frame in frames:
                    csv = None if file.is_parquet else (file.path, self.form)
                    yield sum(rows), Table(frame=frame, label=file.label, csv=csv)
                    rows[-1] += len(frame)
        if not sum(rows):
            raise fault(self.label, "this data file has a header and no rows")
        self._rows = rows
        if hashing:
            self._hashes = hashes

    def spelling(self, levels: set[str]) -> dict[str, str]:
        """How the levels of a text column are called: true and false as Python does, however they are written."""
        truths = levels <= _TRUTHS and not any(file.is_parquet for file in self.files)
        return {level: level.title() if truths else level for level in levels}

    def without_rows(self) -> Stream:
        """The same with nobody told of its reads, to be sent to another process."""
        return replace(self, reading=None)

    def spots(self, rows: Collection[int]) -> Spots:
        """Find the places of cells, given all of their rows at once."""
        places: dict[int, Spot] = {}
        ends = list(accumulate(self._rows))
        for file, count, end in zip(self.files, self._rows, ends, strict=True):
            start = end - count
            within = [row - start for row in rows if start <= row < end]
            if file.is_parquet:
                places |= {start + row: Spot(Place(file.label), f"in row {row + 1}") for row in within}
            elif within:
                found = lines.rows_at(file.path, self.form, within)
                places |= {start + row: Spot.of_line(file.label, *found.get(row, (0, 0, 0))) for row in within}
        return lambda _, row: places[row]

    def _frames(
        self,
        file: DataFile,
        rows: int,
        text: Collection[str],
        only: Collection[str] | None,
        told: Callable[[int], None],
        hashed: Callable[[str], None] | None,
    ) -> Generator[pd.DataFrame, None, None]:
        if file.is_parquet:
            chunks = parquet_chunks(file.path, file.label, rows=rows, only=only, told=told, hashed=hashed)
            return read_ahead(chunks)
        return csv_chunks(
            file.path,
            file.label,
            self.form,
            self.names,
            rows=rows,
            text=text,
            only=only,
            told=told,
            hashed=hashed,
        )

    @property
    def _all_names(self) -> list[list[str]]:
        """The columns of each file: looked up once."""
        if not self._names:
            self._names = [self._columns(file) for file in self.files]
        return self._names

    def _columns(self, file: DataFile) -> list[str]:
        if file.is_parquet:
            return parquet_columns(file.path, file.label)
        with explained(file.path, file.label, self.form):
            return check_header(file.path, file.label, self.form)

    def _checked_columns(self) -> list[str]:
        """The columns of all files, which must be the same ones: found out before any of them is read."""
        wanted, first = self.names, self.files[0].label
        same = "all files of a dataset need the same columns in the same order"
        for file, found in zip(self.files[1:], self._all_names[1:], strict=True):
            line = 0 if file.is_parquet else 1
            if len(found) != len(wanted):
                raise fault(file.label, f"{counted(len(found), 'column')}, but {first} has {len(wanted)}; {same}", line)
            for i, (name, other) in enumerate(zip(found, wanted, strict=True), start=1):
                if name != other:
                    raise fault(file.label, f"column {i} is '{name}', but '{other}' in {first}; {same}", line)
        return wanted
