"""The sources of rows: data files, synthetic recipes, rows in a spec, and DataFrames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gdcli.data.csv.files import explained, fault, file_hash, read_csv
from gdcli.data.csv.format import CsvFormat
from gdcli.data.csv.packed import is_compressed
from gdcli.data.parquet import named, read_parquet
from gdcli.data.protocol import Data
from gdcli.data.stream import DataFile, Reading, Stream
from gdcli.data.table import Table
from gdcli.errors import Place, system_reason
from gdcli.spec.model import Synthetic

if TYPE_CHECKING:
    import pandas as pd

WHOLE = 16 << 20  # bytes: smaller files are read whole and kept in memory, larger ones are read in chunks at every pass
COMPRESSION = 8  # the assumed size of the rows of a compressed file, relative to the file


def read_table(
    paths: Sequence[tuple[Path, str]], form: CsvFormat, reading: Reading | None = None, *, in_chunks: bool = False
) -> Data:
    """Open data files. A small file is read, unless it is in memory and has not changed.

    Args:
        paths: CSV files, compressed or not, or Parquet files; each is a path and its name in messages.
        form: The format of CSV files.
        reading: Called after each read of a large file: see `Reading`.
        in_chunks: Whether to read small files in chunks too, which can keep cells as they are spelled.

    Returns:
        The table of a small file; the stream of a large file or of several files.

    Raises:
        DataError: A file is missing, a directory, unreadable or empty; or a small file has no rows, no header, or two
            columns of the same name.
    """
    files = tuple(_data_file(path, label) for path, label in paths)
    first = files[0]
    packed = COMPRESSION if first.is_parquet or is_compressed(first.path.name) else 1
    if in_chunks or len(files) > 1 or first.size * packed > WHOLE:
        stream = _stream(files, form)
        stream.reading = reading
        return stream
    return _read(first, form)


@lru_cache(maxsize=2)
def _stream(files: tuple[DataFile, ...], form: CsvFormat) -> Stream:
    """Make a stream; unchanged files have the same one, because designs are cached by stream."""
    return Stream(files=files, form=form)


def _data_file(path: Path, label: str) -> DataFile:
    try:
        if path.is_dir():
            raise fault(label, "is a directory; name a data file in it")
        stat, absolute = path.stat(), path.resolve()
    except OSError as error:
        raise fault(label, f"cannot read this data file: {system_reason(error)}") from error
    if not stat.st_size:
        raise fault(label, "this data file is empty; it needs a header line and rows")
    return DataFile(path=absolute, label=label, size=stat.st_size, modified=stat.st_mtime_ns)


@lru_cache(maxsize=2)
def _read(file: DataFile, form: CsvFormat) -> Table:
    """Read a small file."""
    path, label = file.path, file.label
    frame = read_parquet(path, label) if file.is_parquet else read_csv(path, label, form)
    if frame.empty:
        raise fault(label, "this data file has a header and no rows")
    with explained(path, label, form):
        digest = file_hash(path)
    return Table(frame=frame, label=label, sha256=digest, csv=None if file.is_parquet else (path, form))


def synthesize(recipe: Synthetic, locate: Callable[[str, int], Place]) -> Table:
    """Draw the rows of a synthetic dataset.

    Args:
        recipe: The recipe: see `Synthetic`.
        locate: Returns the place of a cell in the spec, given its column and row.

    Returns:
        A table with the columns x1 … xp and y.
    """
    import pandas as pd

    generator, shape = np.random.RandomState(recipe.seed), (recipe.rows, len(recipe.weights))
    X = generator.randn(*shape) if recipe.features == "normal" else generator.rand(*shape)
    noise = generator.normal(size=recipe.rows)
    with np.errstate(all="ignore"):  # numbers that overflow are reported later, as infinite cells
        y = X**recipe.degree @ np.array(recipe.weights) + recipe.bias + recipe.noise * noise
        X = X * np.array(recipe.column_factors or 1.0)
    names = [f"x{j + 1}" for j in range(shape[1])]
    frame = pd.DataFrame({**dict(zip(names, X.T, strict=True)), "y": y})
    return Table(frame=frame, label="dataset.synthetic", locate=locate)


def tabulate(columns: dict[str, tuple[float | str, ...]], locate: Callable[[str, int], Place]) -> Table:
    """Make a table of columns that are written in a spec.

    Args:
        columns: Name → cells.
        locate: Returns the place of a cell in the spec, given its column and row.

    Returns:
        The table.
    """
    import pandas as pd

    frame = pd.DataFrame({name: list(cells) for name, cells in columns.items()})
    return Table(frame=frame, label="dataset.inline", locate=locate)


def from_frame(frame: pd.DataFrame) -> Table:
    """Make a table of a DataFrame.

    Args:
        frame: The rows.

    Returns:
        The table.

    Raises:
        DataError: `frame` is not a DataFrame, has no rows, or has two columns of the same name.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise fault("data", f"must be a pandas DataFrame, got {type(frame).__name__}")
    if frame.empty:
        raise fault("data", "this DataFrame has no rows")
    return Table(frame=named(frame, "data").reset_index(drop=True), label="data")
