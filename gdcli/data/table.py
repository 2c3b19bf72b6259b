"""A table: rows in memory, with columns that are numeric or text, and with places for the faults of cells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gdcli.data.cells import Census, Spot, Spots, finding_of
from gdcli.data.csv import lines
from gdcli.data.csv.format import CsvFormat
from gdcli.engine.arrays import LARGEST, Array, BoolArray
from gdcli.errors import Place

if TYPE_CHECKING:
    import pandas as pd


NESTED = (list, tuple, set, dict, np.ndarray)  # cells of a DataFrame or a Parquet file that hold several values


@dataclass(frozen=True)
class Table:
    """Named columns of equal length, and what messages need to name a cell.

    Attributes:
        frame: The cells as pandas read them.
        label: How messages name the table.
        sha256: SHA-256 of the file's bytes; None for rows that are not from a file.
        csv: Path and format of a CSV file, whose cells are named by line; None for others, which have row numbers.
        locate: Returns the place of a cell, given its column and row, for a table that is written in a spec.
        index: The labels of the rows of a DataFrame, by which messages name its cells.
    """

    frame: pd.DataFrame
    label: str
    sha256: str | None = None
    csv: tuple[Path, CsvFormat] | None = None
    locate: Callable[[str, int], Place] | None = None
    index: pd.Index[Any] | None = None

    @property
    def names(self) -> list[str]:
        """The columns, in order."""
        return [str(name) for name in self.frame.columns]

    @property
    def is_csv(self) -> bool:
        """Whether the columns have the names of a CSV header."""
        return self.csv is not None

    @property
    def size(self) -> int:
        """Bytes that every pass reads from files: 0, because the rows are in memory."""
        return 0

    def without_rows(self) -> Table:
        """Make a copy without rows, to send to another process."""
        return replace(self, frame=self.frame.iloc[:0], locate=None, index=None)

    def __len__(self) -> int:
        return len(self.frame)

    def numeric(self, name: str) -> Array:
        """Convert a column to numbers, shape (n,), with NaN where a cell is blank or not a number."""
        import pandas as pd

        series = self.frame[name]
        if pd.api.types.is_numeric_dtype(series.dtype):
            return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
        spell = self.csv[1].with_points if self.csv and self.csv[1].has_marks else str
        # pandas cannot convert all objects to text: it refuses bytes and halves of surrogate pairs.
        as_objects = series.dtype == object or spell is not str
        text = pd.Series([spell(str(cell)) for cell in series], dtype=object) if as_objects else series.astype("str")
        return np.asarray(pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))

    def blank(self, name: str) -> BoolArray:
        """Find the cells of a column that are empty or white space, shape (n,)."""
        series = self.frame[name]
        empty = np.asarray(series.isna(), dtype=np.bool_)
        if series.dtype.kind in "OTU" or str(series.dtype) in ("str", "string"):
            empty = empty | np.asarray([isinstance(cell, str) and not cell.strip() for cell in series], dtype=np.bool_)
        return empty

    def missing(self, name: str) -> BoolArray:
        """Find the cells of a column that are blank or NaN, shape (n,)."""
        blank = self.blank(name)
        return blank if self.frame[name].dtype.kind in "biufc" else blank | self._says_nan(name)

    def complete(self, names: Collection[str]) -> BoolArray:
        """Find the rows that have a value in each of some columns, shape (n,)."""
        values = self.plain(names)
        if values is not None:
            return np.asarray(~np.isnan(values).any(axis=1), dtype=np.bool_)
        return np.asarray(np.all([~self.missing(name) for name in names], axis=0), dtype=np.bool_)

    def only(self, rows: BoolArray) -> Table:
        """Select rows by a mask, shape (n,)."""
        return self if rows.all() else replace(self, frame=self.frame[rows])

    def sample(self, name: str, count: int) -> list[str]:
        """Return the first `count` cells of a column as text, without blank ones."""
        series = self.frame[name]
        texts = [str(cell) for cell in series.dropna().head(count)]
        if self.csv and series.dtype.kind == "f":  # a part of the file in which all cells are numbers
            texts = [text.replace(".", self.csv[1].decimal) for text in texts]
        return [text for text in texts if text.strip()]

    def is_text(self, name: str) -> bool:
        """Whether a column is text: true and false, dates, or cells less than half of which are numbers."""
        return self.census(name).is_text

    def chunks(
        self, text: Collection[str] = (), *, only: Collection[str] | None = None, hashing: bool = False
    ) -> Generator[tuple[int, Table], None, None]:
        """Yield the whole table as a single chunk, as `Data.chunks` does; the arguments have no effect."""
        del text, only, hashing
        yield 0, self

    def spelling(self, levels: set[str]) -> dict[str, str]:
        """Map the cells of a text column to their levels, which have the same names."""
        return {level: level for level in levels}

    def text(self, name: str) -> list[str]:
        """Convert a column to text."""
        return [str(cell) for cell in self.frame[name]]

    def census(self, name: str, start: int = 0, within: BoolArray | None = None) -> Census:
        """Count the cells of a column by what they are.

        Args:
            name: The name of the column.
            start: The number of the table's first row, if it is a chunk of more rows.
            within: A mask of the rows in which to count unusable cells, shape (n,); None for all rows.

        Returns:
            The census.
        """
        import pandas as pd

        series = self.frame[name]
        if pd.api.types.is_bool_dtype(series.dtype):
            blank = np.asarray(series.isna(), dtype=np.bool_)
            return self._counted(series, start, {"blank": blank, "worded": ~blank}, within)
        if series.dtype.kind == "c":
            return self._counted(series, start, {"blank": self.blank(name), "complex": self._all}, within)
        if series.dtype == object:
            nested = np.asarray([isinstance(cell, NESTED) for cell in series], dtype=np.bool_)
            if nested.any():
                kinds = {"blank": self.blank(name), "worded": self._all, "nested": nested}
                return self._counted(series, start, kinds, within)
        values = self.numeric(name)
        if pd.api.types.is_numeric_dtype(series.dtype):
            if len(values) and values.min() >= -LARGEST and values.max() <= LARGEST:
                return Census(given=len(values))  # nearly every column of every file
            return self._counted(series, start, {"blank": np.isnan(values), **_out_of_bounds(values)}, within)
        blank = self.blank(name)
        missing = np.isnan(values) & ~blank
        nan = missing & self._says_nan(name)
        kinds = {"blank": blank, "nan": nan, "worded": missing & ~nan, **_out_of_bounds(values)}
        return self._counted(series, start, kinds, within)

    def censuses(self, names: Collection[str], start: int = 0, within: BoolArray | None = None) -> dict[str, Census]:
        """Count the cells of several columns by what they are. For most files this takes one step for all columns.

        Args:
            names: The names of the columns.
            start: As for `census`.
            within: As for `census`.

        Returns:
            Column → census.
        """
        values = self.plain(names)
        if values is not None and len(values) and values.min() >= -LARGEST and values.max() <= LARGEST:
            return dict.fromkeys(names, Census(given=len(values)))
        return {name: self.census(name, start, within) for name in names}

    def plain(self, names: Collection[str]) -> Array | None:
        """Return columns as one array, shape (n, len(names)), not to be modified; None unless all are floats."""
        frame = self.frame if list(names) == self.names else self.frame[list(names)]
        if any(dtype != np.float64 for dtype in frame.dtypes):
            return None
        return frame.to_numpy()

    @property
    def _all(self) -> BoolArray:
        return np.ones(len(self), dtype=np.bool_)

    def _counted(
        self, series: pd.Series[Any], start: int, kinds: dict[str, BoolArray], within: BoolArray | None
    ) -> Census:
        masks = kinds if within is None else {kind: cells & within for kind, cells in kinds.items()}
        findings = {kind: finding_of(cells, start, lambda row: str(series.iloc[row])) for kind, cells in masks.items()}
        return Census(
            given=len(series) - int(np.count_nonzero(kinds["blank"])),
            words=int(np.count_nonzero(kinds.get("worded", False))),
            findings=tuple((kind, finding) for kind, finding in findings.items() if finding),
        )

    def _says_nan(self, name: str) -> BoolArray:
        """Find the cells of a column that are NaN, as a number or as a word, shape (n,)."""
        series = self.frame[name]
        return np.asarray([str(cell).strip().lower().lstrip("+-") == "nan" for cell in series], dtype=np.bool_)

    def spots(self, rows: Collection[int]) -> Spots:
        """Find the places of cells, given all of their rows at once, as `Data.spots` does."""
        if self.csv:
            places = lines.rows_at(*self.csv, rows)
            return lambda _, row: Spot.of_line(self.label, *places.get(row, (0, 0, 0)))
        return lambda name, row: Spot(
            self.locate(name, row) if self.locate else Place(self.label),
            f"in row {row + 1}" if self.index is None else f"at index {_label(self.index[row])}",
        )


def _label(value: object) -> str:
    """A label of an index as pandas writes it, text in quotes."""
    return repr(value) if isinstance(value, str) else str(value)


def _out_of_bounds(values: Array) -> dict[str, BoolArray]:
    with np.errstate(invalid="ignore"):
        return {"infinite": np.isinf(values), "huge": np.abs(values) > LARGEST}
