"""A table: columns that are numeric or text, and the cells that cannot serve, each fault with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gdcli.engine.arrays import Array, BoolArray
from gdcli.errors import Fault, Place
from gdcli.experiment import lines

if TYPE_CHECKING:
    import pandas as pd


# Beyond this a square overflows, and every loss with it.
LARGEST = 1e150


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
        locate: The place of a cell, by column and row, for a table that a spec writes out.
    """

    frame: pd.DataFrame
    label: str
    sha256: str | None = None
    csv: tuple[Path, CsvFormat] | None = None
    locate: Callable[[str, int], Place] | None = None

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
            # With another decimal mark a point is no part of a number.
            text = text.str.replace(".", "?", regex=False).str.replace(self.csv[1].decimal, ".", regex=False)
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
        words = given & np.isnan(self.numeric(name)) & ~self._says_nan(name)
        return bool(given.any() and 2 * words.sum() > given.sum())

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
            nan = np.isnan(values) & ~blank & self._says_nan(name)
            worded = np.isnan(values) & ~blank & ~nan
            if nan.any():
                yield self._fault(name, nan, "NaN cell", "fill them in or drop these rows")
            if worded.any():
                first = str(self.frame[name].iloc[int(np.flatnonzero(worded)[0])])
                shown = f"'{first[:40]}'" if first.isprintable() else repr(first[:40])
                yield self._fault(
                    name,
                    worded,
                    "cell that is not a number",
                    f"the first is {shown}",
                    plural="cells that are not numbers",
                )
            if np.isinf(values).any():
                yield self._fault(name, np.isinf(values), "infinite cell", "correct them or drop these rows")
            huge = np.abs(values) > LARGEST
            if huge.any() and not np.isinf(values).any():
                what, whats = (f"{word} beyond ±1e150" for word in ("cell", "cells"))
                yield self._fault(name, huge, what, "give them in a larger unit", plural=whats)

    def _says_nan(self, name: str) -> BoolArray:
        """Where a column has NaN, as a number or as a word, shape (n,)."""
        series = self.frame[name]
        return np.asarray([str(cell).strip().lower().lstrip("+-") == "nan" for cell in series], dtype=np.bool_)

    def _fault(self, name: str, cells: BoolArray, what: str, todo: str, plural: str | None = None) -> Fault:
        """Name a column, the place of the first of some cells, and how many there are."""
        row, count = int(np.flatnonzero(cells)[0]), int(cells.sum())
        counted = f"1 {what}" if count == 1 else f"{count} {plural or what + 's'}"
        if self.csv:
            path, form = self.csv
            line = lines.line_of_row(path, row, form.delimiter)
            return Fault(Place(self.label, line), f"column '{name}' has {counted}, the first on line {line}; {todo}")
        place = self.locate(name, row) if self.locate else Place(self.label)
        return Fault(place, f"column '{name}' has {counted}, the first in row {row + 1}; {todo}")
