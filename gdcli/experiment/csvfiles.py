"""CSV files by way of pandas, whole or chunk by chunk, its complaints turned into ours."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gdcli.errors import DataError, Fault, Place
from gdcli.experiment import lines
from gdcli.experiment.table import CsvFormat

if TYPE_CHECKING:
    import pandas as pd

# What pandas calls the compressions that it can undo for an open file, by what file names end on.
_COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zip": "zip", ".zst": "zstd"}


class PaddedError(Exception):
    """A cell that begins with blanks, in a file that is being read as if there were none."""


class Tap:
    """An open file that pandas reads from; what flows is hashed, counted, and looked through for padded cells.

    Args:
        stream: The file, opened for bytes.
        told: Called with the number of bytes of every read.
        delimiter: Between cells.

    Attributes:
        padded: Whether a cell has begun with a blank.
    """

    def __init__(self, stream: IO[bytes], told: Callable[[int], None], delimiter: str) -> None:
        self._stream, self._told = stream, told
        self._hash = hashlib.sha256()
        self._before = delimiter.encode(), b"\n", b"\r"  # what a cell may begin after
        self._last = b"\n"
        self.padded = False

    def read(self, size: int = -1) -> bytes:
        """Read, as a file does; bytes, which the parser takes as UTF-8 without decoding them first."""
        data = self._stream.read(size)
        self._hash.update(data)
        self._told(len(data))
        if b" " in data and not self.padded:
            joined = self._last + data
            self.padded = any(mark + b" " in joined for mark in self._before)
        self._last = data[-1:]
        return data

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)  # pandas asks for it, and does not use it

    def sha256(self) -> str:
        """The hash of the whole file, what has not been read yet included."""
        while self.read(1 << 20):
            pass
        return self._hash.hexdigest()


def read_csv(path: Path, label: str, form: CsvFormat) -> pd.DataFrame:
    """Read a CSV file whole.

    Raises:
        DataError: It is unreadable, empty or no CSV file.
    """
    import pandas as pd

    with explained(path, label, form):
        check_header(path, label, form)
        # Types are inferred of whole columns, so that a level of a text column is spelled as in the file.
        frame: pd.DataFrame = pd.read_csv(path, low_memory=False, skipinitialspace=True, **_options(form))
        return frame


def csv_chunks(
    path: Path,
    label: str,
    form: CsvFormat,
    *,
    rows: int,
    text: Collection[str],
    only: Collection[str] | None,
    padded: bool,
    told: Callable[[int], None],
    hashed: Callable[[str], None],
) -> Generator[pd.DataFrame, None, None]:
    """Read a CSV file in chunks.

    Args:
        path: The file.
        label: How messages name it.
        form: Its format.
        rows: Of a chunk.
        text: Columns to read as text, whatever they look like.
        only: Columns to read at all; None for all of them.
        padded: Whether to skip blanks in front of cells, which slows pandas down by a quarter.
        told: Called with the number of bytes of every read.
        hashed: Called with the SHA-256 of the file's bytes at its end.

    Yields:
        The chunks; none of them is empty.

    Raises:
        DataError: The file is unreadable, empty or no CSV file.
        PaddedError: There are blanks to skip, and it was not asked for.
    """
    import pandas as pd

    with explained(path, label, form):
        check_header(path, label, form)
        stream = path.open("rb")
    with stream:
        tap, done = Tap(stream, told, form.delimiter), 0
        # A compressed file is sought in, so that it is hashed by itself; an archive is left to pandas.
        compression: Any = _COMPRESSIONS.get(path.suffix.lower())
        archive = ".tar" in path.name.lower()
        opened: Any = path if archive else stream if compression else tap
        skipping = padded or opened is not tap
        with _unpadded(tap, skipping), explained(path, label, form):
            reader = pd.read_csv(
                opened,
                compression="infer" if archive else compression,
                chunksize=rows,
                dtype=dict.fromkeys(text, "str"),
                usecols=None if only is None else list(only),
                skipinitialspace=skipping,
                **_options(form),
            )
        with reader:
            while True:
                with _unpadded(tap, skipping), explained(path, label, form):
                    frame = next(reader, None)
                if frame is None:
                    break
                if compression:
                    told(stream.tell() - done)
                    done = stream.tell()
                if len(frame):
                    yield frame
        with explained(path, label, form):
            hashed(tap.sha256() if opened is tap else file_hash(path))


@contextmanager
def _unpadded(tap: Tap, skipping: bool) -> Iterator[None]:
    """Whatever came of reading padded cells without skipping their blanks, say that they are padded."""
    try:
        yield
    except DataError as error:
        if tap.padded and not skipping:
            raise PaddedError from error
        raise
    if tap.padded and not skipping:
        raise PaddedError


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _options(form: CsvFormat) -> dict[str, Any]:
    import pandas as pd

    major, minor = pd.__version__.split(".")[:2]
    # Decimals are rounded correctly by default from 3.1 on, by an option before.
    exact = {} if (int(major), int(minor)) >= (3, 1) else {"float_precision": "round_trip"}
    return {
        "sep": form.delimiter,
        "decimal": form.decimal,
        "index_col": False,
        "keep_default_na": False,
        "na_values": [""],
        **exact,
    }


@contextmanager
def explained(path: Path, label: str, form: CsvFormat) -> Iterator[None]:
    """Turn what pandas and the system say about a file into a DataError.

    Raises:
        DataError: Anything was said.
    """
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # a column of mixed cells gets a fault of ours
            yield
    except pd.errors.EmptyDataError as error:
        raise fault(label, "this data file is empty; it needs a header line and rows") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        line, message = lines.faulty_row(path, form.delimiter)
        raise fault(label, message or f"not a CSV file: {error}", line) from error
    except UnicodeDecodeError as error:
        raise fault(label, "not UTF-8 text; save the file as UTF-8", lines.undecodable_line(path)) from error
    except ImportError as error:
        raise fault(label, f"this compression needs a package that is not installed: {error}") from error
    except DataError:
        raise
    except OSError as error:
        raise fault(label, f"cannot read this data file: {error.strerror or error}") from error
    except Exception as error:  # each decompressor has errors of its own
        is_text = isinstance(error, ValueError) and not lines.is_compressed(path)
        what = "not a CSV file" if is_text else "cannot read this data file"
        raise fault(label, f"{what}: {error}") from error


def check_header(path: Path, label: str, form: CsvFormat) -> list[str]:
    """Read the header; refuse one that names a column twice or not at all, or that is a row of numbers.

    Returns:
        The names of the columns.

    Raises:
        DataError: There is no such header.
    """
    import pandas as pd

    first = pd.read_csv(
        path, sep=form.delimiter, header=None, nrows=1, dtype=str, keep_default_na=False, skipinitialspace=True
    )
    header = [str(cell) for cell in first.iloc[0]]
    duplicates = sorted({name for name in header if name and header.count(name) > 1})
    if duplicates:
        names = ", ".join(f"'{name}'" for name in duplicates)
        raise fault(label, f"the header names {names} more than once; rename the columns", 1)
    if "" in header:
        raise fault(label, f"the header has no name for column {header.index('') + 1}; name it", 1)
    if all(_is_number(name) for name in header):
        raise fault(label, "the first line holds numbers and not the names of the columns; add a header line", 1)
    if len(header) == 1:
        for delimiter, word in ((";", "';'"), ("\t", "a tab"), ("|", "'|'")):
            if delimiter in header[0]:
                todo = f"set dataset: {{path: …, delimiter: {delimiter!r}}}".replace("'\\t'", '"\\t"')
                raise fault(label, f"the columns seem to be separated by {word}; {todo}", 1)
    return header


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def fault(label: str, message: str, line: int = 0) -> DataError:
    """A fault of a data file as an error."""
    return DataError([Fault(Place(label, line), message)])
