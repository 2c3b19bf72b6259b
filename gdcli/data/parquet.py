"""Parquet files, whole or in chunks; pyarrow comes with the extra `parquet`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gdcli.data.chunk_options import ChunkOptions
from gdcli.data.csv.files import fault, file_hash
from gdcli.errors import DataError, counted

if TYPE_CHECKING:
    import pandas as pd


def read_parquet(path: Path, label: str) -> pd.DataFrame:
    """Read a Parquet file whole.

    Args:
        path: The file.
        label: How messages name it.

    Returns:
        Its rows.

    Raises:
        DataError: It is not a Parquet file, two columns have the same name, or pyarrow is missing.
    """
    with _explained(label), _opened(path) as file:
        return _frame(file.read(columns=_columns(file), use_threads=False), label)


def parquet_columns(path: Path, label: str) -> list[str]:
    """Read the names of a file's columns.

    Args:
        path: The file.
        label: How messages name it.

    Returns:
        The names, in the order of the columns.

    Raises:
        DataError: It is not a Parquet file, two columns have the same name, or pyarrow is missing.
    """
    with _explained(label), _opened(path) as file:
        names = _columns(file)
        _check_names(names, label)
        return names


def parquet_chunks(path: Path, label: str, options: ChunkOptions) -> Generator[pd.DataFrame, None, None]:
    """Read a Parquet file by row group, and a large group in several chunks.

    Args:
        path: The file.
        label: How messages name it.
        options: How to read it. Bytes are counted in proportion to the rows.

    Yields:
        The chunks, none of them empty.

    Raises:
        DataError: It is not a Parquet file, two columns have the same name, or pyarrow is missing.
    """
    with _explained(label), _opened(path) as file:
        size, expected, count = path.stat().st_size, file.metadata.num_rows, 0
        columns = _columns(file) if options.only is None else list(options.only)
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(options.rows, row_groups=[group], columns=columns, use_threads=False):
                if batch.num_rows:
                    count += batch.num_rows
                    options.on_read(size * batch.num_rows // expected)
                    yield _frame(batch, label)
        if count != expected:  # pyarrow checks this for whole tables only
            raise fault(
                label, f"not a Parquet file: its metadata says {counted(expected, 'row')}, but it holds {count}"
            )
        if options.on_hash:
            options.on_hash(file_hash(path))


def named(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """Turn the names of columns into text, and categories into their values.

    Args:
        frame: The rows, with names of any type.
        label: How messages name them.

    Returns:
        The same rows.

    Raises:
        DataError: Two columns have the same name.
    """
    import pandas as pd

    names = [str(name) for name in frame.columns]
    _check_names(names, label)
    renamed = frame.set_axis(names, axis="columns")
    coded = [name for name, dtype in zip(names, frame.dtypes, strict=True) if isinstance(dtype, pd.CategoricalDtype)]
    return renamed.assign(**{name: np.asarray(renamed[name]) for name in coded}) if coded else renamed


def _check_names(names: list[str], label: str) -> None:
    duplicates = sorted(name for name, count in Counter(names).items() if count > 1)
    if duplicates:
        which = "name {} appears" if len(duplicates) == 1 else "names {} appear"
        raise fault(label, f"the column {which.format(', '.join(duplicates))} more than once; rename the columns")


def _opened(path: Path) -> Any:
    parquet: Any = import_module("pyarrow.parquet")  # untyped
    return parquet.ParquetFile(path)


def _columns(file: Any) -> list[str]:
    """The columns of a file, without an index that pandas has written with them."""
    schema = file.schema_arrow
    index = list[Any]()
    with suppress(ValueError, LookupError, TypeError):  # the metadata of pandas may be damaged
        index.extend(json.loads((schema.metadata or {})[b"pandas"])["index_columns"])
    return [name for name in schema.names if name not in index]


def _frame(rows: Any, label: str) -> pd.DataFrame:
    """Convert Arrow rows to pandas, regardless of any metadata of pandas."""
    frame: pd.DataFrame = rows.replace_schema_metadata(None).to_pandas(use_threads=False)
    return named(frame, label)


@contextmanager
def _explained(label: str) -> Iterator[None]:
    """Turn pyarrow's errors into ours."""
    try:
        yield
    except (DataError, MemoryError):
        raise
    except ImportError as error:
        raise fault(label, "reading Parquet needs pyarrow: pip install pyarrow") from error
    except Exception as error:  # a damaged file may raise nearly anything
        system = error.strerror if isinstance(error, OSError) else None
        message = f"cannot read this data file: {system}" if system else f"not a Parquet file: {error}"
        raise fault(label, message) from error
