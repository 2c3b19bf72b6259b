"""CSV files by way of pandas, its complaints turned into ours."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdcli.errors import DataError, Fault, Place
from gdcli.experiment import lines
from gdcli.experiment.table import CsvFormat

if TYPE_CHECKING:
    import pandas as pd


def read_csv(path: Path, label: str, form: CsvFormat) -> pd.DataFrame:
    """Read a CSV file whole.

    Raises:
        DataError: It is unreadable, empty or no CSV file.
    """
    import pandas as pd

    with explained(path, label, form):
        check_header(path, label, form)
        # Types are inferred of whole columns, so that a level of a text column is spelled as in the file.
        frame: pd.DataFrame = pd.read_csv(path, low_memory=False, skipinitialspace=True, **options(form))
        return frame


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def options(form: CsvFormat) -> dict[str, Any]:
    """What pandas is told about every CSV file."""
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
    header = header_cells(path, form)
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


def header_cells(opened: Any, form: CsvFormat) -> list[str]:
    """The cells of the first row of a file, or of what pandas reads like one."""
    import pandas as pd

    first = pd.read_csv(
        opened, sep=form.delimiter, header=None, nrows=1, dtype=str, keep_default_na=False, skipinitialspace=True
    )
    return [str(cell) for cell in first.iloc[0]]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def fault(label: str, message: str, line: int = 0) -> DataError:
    """A fault of a data file as an error."""
    return DataError([Fault(Place(label, line), message)])
