"""CSV files read by pandas, with its errors turned into ours."""

from __future__ import annotations

import codecs
import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdcli.data.csv import lines
from gdcli.data.csv.blocks import Feed
from gdcli.data.csv.format import CsvFormat
from gdcli.data.csv.packed import is_compressed
from gdcli.data.csv.quotes import MisplacedQuoteError, Quotes
from gdcli.data.csv.transcoding import UTF8, opened, undecodable_line
from gdcli.data.numerals import numerals
from gdcli.errors import DataError, Fault, Place, system_reason
from gdcli.spec.advice import how_to_set

if TYPE_CHECKING:
    import pandas as pd


def read_csv(path: Path, label: str, form: CsvFormat) -> pd.DataFrame:
    """Read a CSV file whole.

    Args:
        path: The file, compressed or not.
        label: How messages name it.
        form: Its format.

    Returns:
        Its rows.

    Raises:
        DataError: It is unreadable, empty or not a CSV file.
    """
    import pandas as pd

    with explained(path, label, form):
        check_header(path, label, form)
        with opened(path, form.encoding) as stream:
            data = stream.read()
        if b'"' in data:
            Quotes(form.delimiter).feed(data)
        # Types are inferred from whole columns, so that a level of a text column is spelled as in the file.
        feed: Any = Feed(data)
        frame: pd.DataFrame = pd.read_csv(feed, low_memory=False, skipinitialspace=True, **pandas_options(form))
        return frame


def file_hash(path: Path) -> str:
    """Compute the SHA-256 of a file's bytes, in hexadecimal digits.

    Raises:
        OSError: The file is unreadable.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pandas_options(form: CsvFormat) -> dict[str, Any]:
    """Make the options of `pandas.read_csv` that depend on the format alone.

    Args:
        form: The format.

    Returns:
        The keyword arguments.
    """
    import pandas as pd

    major, minor = pd.__version__.split(".")[:2]
    # From 3.1 on, pandas rounds decimals correctly by default; before, this takes an option.
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
    """Turn the errors of pandas and of the system into a DataError.

    Args:
        path: The file that is read.
        label: How messages name it.
        form: Its format.

    Raises:
        DataError: An error was raised within, other than for lack of memory.
    """
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # we report columns of mixed cells ourselves
            yield
    except (DataError, MemoryError):
        raise
    except Exception as error:  # each decompressor has its own errors
        raise _explanation(path, label, form, error) from error


def _explanation(path: Path, label: str, form: CsvFormat, error: Exception) -> DataError:
    """The DataError for an error that was raised while a file was read."""
    import pandas as pd

    is_text = isinstance(error, ValueError) and not is_compressed(path.name)
    message = f"{'not a CSV file' if is_text else 'cannot read this data file'}: {error}"
    match error:
        case UnicodeDecodeError() | MisplacedQuoteError() | pd.errors.ParserError() | pd.errors.ParserWarning():
            # The first fault in the file, which may come before the one that stopped the parser.
            line, first = min(_faults_of_lines(path, form), default=(0, message))
            return fault(label, first, line)
        case pd.errors.EmptyDataError():
            message = "this data file is empty; it needs a header line and rows"
        case ImportError():
            message = f"this compression needs a package that is not installed: {error}"
        case OSError():
            message = f"cannot read this data file: {system_reason(error)}"
    return fault(label, message)


def _faults_of_lines(path: Path, form: CsvFormat) -> Iterator[tuple[int, str]]:
    """Yield the first line that cannot be decoded, the first with a misplaced quote, and the first that is too long."""
    searches: list[Callable[[], tuple[int, str]]] = [
        lambda: (undecodable_line(path, form.encoding), _undecodable(path, form)),
        lambda: (lines.misplaced_quote(path, form), _MISPLACED),
        lambda: lines.faulty_row(path, form),
    ]
    for search in searches:
        with suppress(Exception):  # one fault may keep another from being found
            line, message = search()
            if message and line:
                yield line, message


_MISPLACED = "a cell goes on after its closing quote; correct this line (within a quoted cell a quote is written twice)"


def _undecodable(path: Path, form: CsvFormat) -> str:
    """The message for a file that is not text in its encoding."""
    if form.encoding not in UTF8:
        return f"not {form.encoding} text; {how_to_set(form.style, {'encoding': 'utf-8'})}, or what it is written in"
    guess = "utf-16" if _starts_as_utf16(path) else "latin-1"
    return f"not UTF-8 text; save the file as UTF-8, or {how_to_set(form.style, {'encoding': guess})}"


def _starts_as_utf16(path: Path) -> bool:
    with opened(path, "utf-8") as stream:
        return stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def check_header(path: Path, label: str, form: CsvFormat) -> list[str]:
    """Read the header of a file; refuse a comment, a row of numbers, and missing or repeated names.

    Args:
        path: The file, compressed or not.
        label: How messages name it.
        form: Its format.

    Returns:
        The names of the columns.

    Raises:
        DataError: The header names a column twice or not at all, or is a row of numbers.
        Exception: Whatever reading the file raises; `explained` turns it into a DataError.
    """
    with opened(path, form.encoding) as stream:
        header = header_cells(stream, form)
    if header[0].startswith("#") and _has_names_below(path, form, len(header)):
        raise fault(label, "the first line starts with '#' and does not name the columns; remove it", 1)
    duplicates = sorted(name for name, count in Counter(header).items() if name and count > 1)
    if duplicates:
        names = ", ".join(f"'{name}'" for name in duplicates)
        raise fault(label, f"the header names {names} more than once; rename the columns", 1)
    if "" in header:
        raise fault(label, f"the header has no name for column {header.index('') + 1}; name it", 1)
    if all(is_number(name) for name in header):
        raise fault(label, "the first line holds numbers and not the names of the columns; add a header line", 1)
    if len(header) == 1:
        for delimiter, word in ((";", "';'"), ("\t", "a tab"), ("|", "'|'"), (",", "','")):
            if delimiter in header[0] and delimiter != form.delimiter:
                todo = how_to_set(form.style, {"delimiter": delimiter})
                raise fault(label, f"the columns seem to be separated by {word}; {todo}", 1)
    return header


def _has_names_below(path: Path, form: CsvFormat, columns: int) -> bool:
    """Whether the row below the header cannot be one of data: it holds words alone, or has too many cells."""
    with suppress(lines.UnreadableRowError):
        _, row = next(islice(lines.numbered_rows(path, form), 1, None), (0, [""]))
        return len(row) > columns or not any(not cell.strip() or _may_be_number(cell, form) for cell in row)
    return False


def _may_be_number(cell: str, form: CsvFormat) -> bool:
    return is_number(form.with_points(cell)) or numerals([cell], form.thousands, form.decimal) is not None


def header_cells(opened: Any, form: CsvFormat) -> list[str]:
    """Read the cells of the first row.

    Args:
        opened: An open file, or an object that pandas reads like one.
        form: The format of the file.

    Returns:
        The cells as text.

    Raises:
        Exception: Whatever pandas raises; `explained` turns it into a DataError.
    """
    import pandas as pd

    first = pd.read_csv(
        opened, sep=form.delimiter, header=None, nrows=1, dtype=str, keep_default_na=False, skipinitialspace=True
    )
    return [str(cell) for cell in first.iloc[0]]


def is_number(text: str) -> bool:
    """Whether Python can read a text as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def fault(label: str, message: str, line: int = 0) -> DataError:
    """Make the error for one fault of a data file.

    Args:
        label: How messages name the file.
        message: What is wrong.
        line: The line of the fault, counted from 1; 0 for none.

    Returns:
        The error.
    """
    return DataError([Fault(Place(label, line), message)])
