"""Warnings about columns that may not mean what they seem to mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gdcli.data.csv.files import is_number
from gdcli.data.encoding import Encoding
from gdcli.data.protocol import Data
from gdcli.data.seeming import seeming
from gdcli.errors import some_of
from gdcli.spec.validate import Request

MANY_LEVELS = 50  # of a text column; also more than HANDFUL, if they are a third of the rows
HANDFUL = 5


def column_hints(
    request: Request, data: Data, encoding: Encoding, samples: Mapping[str, Sequence[str]], rows: int
) -> Iterator[str]:
    """Find columns that may not mean what they seem to mean.

    Args:
        request: The spec.
        data: The rows.
        encoding: The encoding of the used columns.
        samples: Cells of text columns.
        rows: Number of used rows.

    Yields:
        Warnings.
    """
    columns = request.spec.columns
    by_default = columns.features is None or columns.target is None
    if by_default and data.is_csv:
        yield from _header_hint(data)
    for name, cells in samples.items():
        seems = seeming(request, cells) if name in encoding.levels or by_default else None
        if seems:
            became = "is one-hot encoded" if name in encoding.levels else "is left out"
            yield f"text column '{name}' {became}, though its cells {seems.what}; {seems.remedy}"
    for name, count in encoding.counts.items():
        if count > MANY_LEVELS or (count > HANDFUL and 3 * count >= rows):
            many = f"has {count} levels in {rows} rows and becomes as many columns, enough columns to memorise the rows"
            yield f"text column '{name}' {many}; group its levels, convert it to a number, or leave it out"


def _header_hint(data: Data) -> Iterator[str]:
    """Warn of names that are numbers, since the header may be a row of data, and of a first name that begins with #."""
    if data.names[0].startswith("#"):
        what = f"the first name in the header of {data.label} is '{data.names[0]}', with the '#'"
        yield f"{what}; remove the '#', or the whole line if it is a comment"
    numbers = [f"'{name}'" for name in data.names if is_number(name)]
    if numbers:
        verb = "is a number" if len(numbers) == 1 else "are numbers"
        what = f"in the header of {data.label}, {some_of(numbers, 3)} {verb}"
        yield f"{what}; if the first line is a row of data, put a header line above it"
