"""Where rows come from: data files, recipes, specs that write them out, DataFrames."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gdcli.errors import DataError, Fault, Place
from gdcli.experiment import lines
from gdcli.experiment.spec import Synthetic
from gdcli.experiment.table import CsvFormat, Table

if TYPE_CHECKING:
    import pandas as pd

PARQUET_SUFFIXES = (".parquet", ".pq")


def read_table(path: Path, label: str, form: CsvFormat) -> Table:
    """Read a data file, or take it from memory when it has not changed since it was last read.

    Args:
        path: A CSV file, compressed or not, or a Parquet file.
        label: How messages name it.
        form: The format of a CSV file.

    Returns:
        The table.

    Raises:
        DataError: The file is missing, a directory, unreadable, empty, has no rows, no header, or names a column
            twice.
    """
    try:
        if path.is_dir():
            raise _error(label, "is a directory; name a data file in it")
        stat = path.stat()
    except OSError as error:
        raise _error(label, f"cannot read this data file: {error.strerror}") from error
    if not stat.st_size:
        raise _error(label, "this data file is empty; it needs a header line and rows")
    return _read(path.resolve(), label, form, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=2)
def _read(path: Path, label: str, form: CsvFormat, _mtime: int, _size: int) -> Table:
    """Read a file; the last two arguments make a changed file a different one."""
    try:
        frame = _read_parquet(path, label) if path.suffix.lower() in PARQUET_SUFFIXES else _read_csv(path, label, form)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _error(label, f"cannot read this data file: {error.strerror or error}") from error
    if frame.empty:
        raise _error(label, "this data file has a header and no rows")
    csv = None if path.suffix.lower() in PARQUET_SUFFIXES else (path, form)
    return Table(frame=frame, label=label, sha256=digest, csv=csv)


def _read_parquet(path: Path, label: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return _named(pd.read_parquet(path), label)
    except ImportError as error:
        raise _error(label, "reading Parquet needs pyarrow: pip install pyarrow") from error
    except ValueError as error:  # pyarrow's errors are ValueErrors
        raise _error(label, f"not a Parquet file: {error}") from error


def _read_csv(path: Path, label: str, form: CsvFormat) -> pd.DataFrame:
    """Read a CSV file with pandas, its complaints turned into ours."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # a column of mixed cells gets a fault of ours
            _check_header(path, label, form)
            frame: pd.DataFrame = pd.read_csv(
                path,
                sep=form.delimiter,
                decimal=form.decimal,
                index_col=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=[""],
                **_exact(pd.__version__),
            )
            return frame
    except pd.errors.EmptyDataError as error:
        raise _error(label, "this data file is empty; it needs a header line and rows") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        line, message = lines.faulty_row(path, form.delimiter)
        raise _error(label, message or f"not a CSV file: {error}", line) from error
    except UnicodeDecodeError as error:
        raise _error(label, "not UTF-8 text; save the file as UTF-8", lines.undecodable_line(path)) from error
    except ImportError as error:
        raise _error(label, f"this compression needs a package that is not installed: {error}") from error
    except (DataError, OSError):
        raise
    except Exception as error:  # each decompressor has errors of its own
        is_text = isinstance(error, ValueError) and not lines.is_compressed(path)
        what = "not a CSV file" if is_text else "cannot read this data file"
        raise _error(label, f"{what}: {error}") from error


def _exact(version: str) -> dict[str, Any]:
    """What makes pandas round decimals correctly: the default from 3.1 on, an option before."""
    major, minor = version.split(".")[:2]
    return {} if (int(major), int(minor)) >= (3, 1) else {"float_precision": "round_trip"}


def _check_header(path: Path, label: str, form: CsvFormat) -> None:
    """Refuse a header that names a column twice or not at all, or that is a row of numbers."""
    import pandas as pd

    first = pd.read_csv(
        path, sep=form.delimiter, header=None, nrows=1, dtype=str, keep_default_na=False, skipinitialspace=True
    )
    header = [str(cell) for cell in first.iloc[0]]
    duplicates = sorted({name for name in header if name and header.count(name) > 1})
    if duplicates:
        names = ", ".join(f"'{name}'" for name in duplicates)
        raise _error(label, f"the header names {names} more than once; rename the columns", 1)
    if "" in header:
        raise _error(label, f"the header has no name for column {header.index('') + 1}; name it", 1)
    if all(_is_number(name) for name in header):
        raise _error(label, "the first line holds numbers and not the names of the columns; add a header line", 1)
    if len(header) == 1:
        for delimiter, word in ((";", "';'"), ("\t", "a tab"), ("|", "'|'")):
            if delimiter in header[0]:
                todo = f"set dataset: {{path: …, delimiter: {delimiter!r}}}".replace("'\\t'", '"\\t"')
                raise _error(label, f"the columns seem to be separated by {word}; {todo}", 1)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _error(label: str, message: str, line: int = 0) -> DataError:
    return DataError([Fault(Place(label, line), message)])


def synthesize(recipe: Synthetic, locate: Callable[[str, int], Place]) -> Table:
    """Draw the rows of a recipe.

    Args:
        recipe: See `Synthetic`.
        locate: The place of a cell in the spec.

    Returns:
        A table with the columns x1 … xp and y.
    """
    import pandas as pd

    generator, shape = np.random.RandomState(recipe.seed), (recipe.rows, len(recipe.weights))
    X = generator.randn(*shape) if recipe.features == "normal" else generator.rand(*shape)
    noise = generator.normal(size=recipe.rows)
    with np.errstate(all="ignore"):  # what overflows is answered as an infinite cell
        y = X**recipe.degree @ np.array(recipe.weights) + recipe.bias + recipe.noise * noise
        X = X * np.array(recipe.column_factors or 1.0)
    names = [f"x{j + 1}" for j in range(shape[1])]
    frame = pd.DataFrame({**dict(zip(names, X.T, strict=True)), "y": y})
    return Table(frame=frame, label="dataset.synthetic", locate=locate)


def tabulate(columns: dict[str, tuple[float | str, ...]], locate: Callable[[str, int], Place]) -> Table:
    """Make a table of the columns that a spec writes out itself."""
    import pandas as pd

    frame = pd.DataFrame({name: list(cells) for name, cells in columns.items()})
    return Table(frame=frame, label="dataset.inline", locate=locate)


def from_frame(frame: pd.DataFrame) -> Table:
    """Make a table of a DataFrame.

    Raises:
        DataError: It has no rows, or names a column twice.
    """
    if frame.empty:
        raise _error("data", "this DataFrame has no rows")
    return Table(frame=_named(frame, "data").reset_index(drop=True), label="data")


def _named(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """The same rows with text for names, none of them twice."""
    names = [str(name) for name in frame.columns]
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise _error(label, f"the columns {', '.join(duplicates)} stand there more than once; rename them")
    return frame.set_axis(names, axis="columns")
