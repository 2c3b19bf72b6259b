"""Parquet files, whole or chunk by chunk; pyarrow comes with the extra `parquet`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdcli.errors import DataError
from gdcli.experiment.csvfiles import fault, file_hash

if TYPE_CHECKING:
    import pandas as pd


def read_parquet(path: Path, label: str) -> pd.DataFrame:
    """Read a Parquet file whole.

    Raises:
        DataError: It is no Parquet file, or pyarrow is missing.
    """
    import pandas as pd

    with _explained(label):
        return named(pd.read_parquet(path), label)


def parquet_columns(path: Path, label: str) -> list[str]:
    """The names of a file's columns, as its rows come with them.

    Raises:
        DataError: It is no Parquet file, or pyarrow is missing.
    """
    with _explained(label), _opened(path) as file:
        return [str(name) for name in named(file.schema_arrow.empty_table().to_pandas(), label).columns]


def parquet_chunks(
    path: Path,
    label: str,
    *,
    rows: int,
    only: Collection[str] | None,
    told: Callable[[int], None],
    hashed: Callable[[str], None] | None,
) -> Generator[pd.DataFrame, None, None]:
    """Read a Parquet file by row group, and a large group in pieces.

    Args:
        path: The file.
        label: How messages name it.
        rows: Of a chunk, at most.
        only: Columns to read at all; None for all of them.
        told: Called with the number of bytes of every read, in proportion to the rows.
        hashed: Called with the SHA-256 of the file's bytes at its end; None to do without.

    Yields:
        The chunks; none of them is empty.

    Raises:
        DataError: It is no Parquet file, or pyarrow is missing.
    """
    size = path.stat().st_size
    with _explained(label), _opened(path) as file:
        columns = None if only is None else list(only)
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False):
                if batch.num_rows:
                    told(size * batch.num_rows // file.metadata.num_rows)
                    yield named(batch.to_pandas(), label)
        if hashed:
            hashed(file_hash(path))


def named(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """The same rows with text for names.

    Raises:
        DataError: Two columns have the same name.
    """
    names = [str(name) for name in frame.columns]
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise fault(label, f"the columns {', '.join(duplicates)} stand there more than once; rename them")
    return frame.set_axis(names, axis="columns")


def _opened(path: Path) -> Any:
    parquet: Any = import_module("pyarrow.parquet")  # untyped
    return parquet.ParquetFile(path)


@contextmanager
def _explained(label: str) -> Iterator[None]:
    """Turn pyarrow's errors into ours."""
    try:
        yield
    except DataError:
        raise
    except ImportError as error:
        raise fault(label, "reading Parquet needs pyarrow: pip install pyarrow") from error
    except OSError as error:
        raise fault(label, f"cannot read this data file: {error.strerror or error}") from error
    except ValueError as error:  # pyarrow's errors are ValueErrors
        raise fault(label, f"not a Parquet file: {error}") from error
