"""A table: columns that are numeric or text, and the cells that cannot serve, each fault with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gdcli.engine.arrays import Array, BoolArray
from gdcli.errors import Fault, Place
from gdcli.experiment import lines

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CsvFormat:
    """How the cells of a CSV file are told apart."""

    delimiter: str = ","
    decimal: str = "."


@dataclass(frozen=True)
class Table:
    """Named columns of equal length, with what is needed to speak about a cell.

    Attributes:
        frame: The cells as pandas read them.
        label: How messages name the table.
        sha256: Of the file's bytes; None for rows that come from no file.
        csv: The file and its format, for a table that has lines; None for others, which have rows.
    """

    frame: pd.DataFrame
    label: str
    sha256: str | None = None
    csv: tuple[Path, CsvFormat] | None = None

    @property
    def names(self) -> list[str]:
        """The columns, in order."""
        return [str(name) for name in self.frame.columns]

    def __len__(self) -> int:
        return len(self.frame)

    def numeric(self, name: str) -> Array:
        """A column as numbers, shape (n,); NaN where a cell is blank or not a number."""
        import pandas as pd

        series = self.frame[name]
        if pd.api.types.is_numeric_dtype(series.dtype):
            return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
        text = series.astype("str")
        if self.csv and self.csv[1].decimal != ".":
            text = text.str.replace(self.csv[1].decimal, ".", regex=False)
        return np.asarray(pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))

    def blank(self, name: str) -> BoolArray:
        """Where a column has no value: an empty cell, or white space, shape (n,)."""
        series = self.frame[name]
        empty = np.asarray(series.isna(), dtype=np.bool_)
        if series.dtype.kind in "OTU" or str(series.dtype) in ("str", "string"):
            empty = empty | np.asarray([isinstance(cell, str) and not cell.strip() for cell in series], dtype=np.bool_)
        return empty

    def is_text(self, name: str) -> bool:
        """Whether a column is text: true and false, dates, or cells of which less than half are numbers."""
        import pandas as pd

        dtype = self.frame[name].dtype
        if pd.api.types.is_bool_dtype(dtype):
            return True
        if pd.api.types.is_numeric_dtype(dtype):
            return False
        given = ~self.blank(name)
        return bool(given.any() and 2 * np.sum(~np.isnan(self.numeric(name)[given])) < given.sum())

    def text(self, name: str) -> list[str]:
        """A column as text."""
        return [str(cell) for cell in self.frame[name]]

    def bad_cells(self, name: str, *, text: bool) -> Iterator[Fault]:
        """Find the cells that cannot serve: blank ones, and in a numeric column what is no finite number."""
        blank = self.blank(name)
        if blank.any():
            yield self._fault(name, blank, "blank cell", "fill them in or drop these rows")
        if not text:
            values = self.numeric(name)
            cells = self.frame[name]
            nan = np.isnan(values) & ~blank
            worded = np.zeros(len(values), dtype=np.bool_)
            for row in np.flatnonzero(nan):
                worded[row] = str(cells.iloc[row]).strip().lower().lstrip("+-") != "nan"
            if (nan & ~worded).any():
                yield self._fault(name, nan & ~worded, "NaN cell", "fill them in or drop these rows")
            if worded.any():
                first = str(cells.iloc[int(np.flatnonzero(worded)[0])])
                shown = f"'{first[:40]}'"
                yield self._fault(
                    name,
                    worded,
                    "cell that is not a number",
                    f"the first is {shown}",
                    plural="cells that are not numbers",
                )
            if np.isinf(values).any():
                yield self._fault(name, np.isinf(values), "infinite cell", "correct them or drop these rows")

    def _fault(self, name: str, cells: BoolArray, what: str, todo: str, plural: str | None = None) -> Fault:
        """Name a column, the place of the first of some cells, and how many there are."""
        row, count = int(np.flatnonzero(cells)[0]), int(cells.sum())
        counted = f"1 {what}" if count == 1 else f"{count} {plural or what + 's'}"
        if self.csv:
            path, form = self.csv
            line = lines.line_of_row(path, row, form.delimiter)
            return Fault(Place(self.label, line), f"column '{name}' has {counted}, the first on line {line}; {todo}")
        return Fault(Place(self.label), f"column '{name}' has {counted}, the first in row {row + 1}; {todo}")
