"""CSV files by way of pandas, its complaints turned into ours."""

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
from gdcli.spec.advice import setting

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
        with opened(path, form.encoding) as stream:
            data = stream.read()
        if b'"' in data:
            Quotes(form.delimiter).feed(data)
        # Types are inferred of whole columns, so that a level of a text column is spelled as in the file.
        feed: Any = Feed(data)
        frame: pd.DataFrame = pd.read_csv(feed, low_memory=False, skipinitialspace=True, **options(form))
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
    except (DataError, MemoryError):
        raise
    except Exception as error:  # each decompressor has errors of its own
        raise _explanation(path, label, form, error) from error


def _explanation(path: Path, label: str, form: CsvFormat, error: Exception) -> DataError:
    """What an error says about a file, in our words."""
    import pandas as pd

    is_text = isinstance(error, ValueError) and not is_compressed(path.name)
    message = f"{'not a CSV file' if is_text else 'cannot read this data file'}: {error}"
    match error:
        case UnicodeDecodeError() | MisplacedQuoteError() | pd.errors.ParserError() | pd.errors.ParserWarning():
            # What comes first in the file, however far it was read ahead.
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
    """The first line that is no text, that goes on after a closing quote, that is too long: as far as there are any."""
    searches: list[Callable[[], tuple[int, str]]] = [
        lambda: (undecodable_line(path, form.encoding), _undecodable(path, form)),
        lambda: (lines.misplaced_quote(path, form), _MISPLACED),
        lambda: lines.faulty_row(path, form),
    ]
    for search in searches:
        with suppress(Exception):  # one may stop another
            line, message = search()
            if message and line:
                yield line, message


_MISPLACED = "a cell goes on after its closing quote; correct this line (within a quoted cell a quote is written twice)"


def _undecodable(path: Path, form: CsvFormat) -> str:
    """What to do about a file that is not text of its encoding."""
    if form.encoding not in UTF8:
        return f"not {form.encoding} text; {setting(form.style, {'encoding': 'utf-8'})}, or what it is written in"
    guess = "utf-16" if _starts_as_utf16(path) else "latin-1"
    return f"not UTF-8 text; save the file as UTF-8, or {setting(form.style, {'encoding': guess})}"


def _starts_as_utf16(path: Path) -> bool:
    with opened(path, "utf-8") as stream:
        return stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def check_header(path: Path, label: str, form: CsvFormat) -> list[str]:
    """Read the header; refuse a comment, one that names a column twice or not at all, or a row of numbers.

    Returns:
        The names of the columns.

    Raises:
        DataError: There is no such header.
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
                todo = setting(form.style, {"delimiter": delimiter})
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
    """The cells of the first row of a file, or of what pandas reads like one."""
    import pandas as pd

    first = pd.read_csv(
        opened, sep=form.delimiter, header=None, nrows=1, dtype=str, keep_default_na=False, skipinitialspace=True
    )
    return [str(cell) for cell in first.iloc[0]]


def is_number(text: str) -> bool:
    """Whether Python takes a text for a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def fault(label: str, message: str, line: int = 0) -> DataError:
    """A fault of a data file as an error."""
    return DataError([Fault(Place(label, line), message)])
