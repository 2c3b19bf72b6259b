"""A CSV file as bytes: hashed and counted while it is read, and cut into blocks of whole lines."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterator
from typing import IO

from gdcli.data.csv.quotes import Quotes

BLOCK_BYTES = 4 << 20  # measured: smaller blocks are passed on too often, larger ones do not fit the caches


class Feed:
    """Bytes for pandas to read. Since this is not a file, pandas does not decode it: its parser takes UTF-8 as it is.

    Args:
        parts: Each read returns one part, whatever size is asked for: the parser accepts any size, and cutting a part
            would copy it.
    """

    def __init__(self, *parts: bytes) -> None:
        self._parts = iter([part for part in parts if part])

    def read(self, _size: int = -1) -> bytes:
        """Return the next part; nothing after the last."""
        return next(self._parts, b"")

    def __iter__(self) -> Iterator[bytes]:
        return self._parts  # pandas requires this, and does not use it


class Tap:
    """An open file that pandas reads from. All bytes read from it are hashed and counted.

    Args:
        stream: The file, opened for bytes.
        on_read: Called after each read with its number of bytes.
        delimiter: Between cells.
        hashing: Whether `sha256` will be called.

    Attributes:
        pushback: Bytes that have been read from the file, and that `read` returns again.
    """

    def __init__(self, stream: IO[bytes], on_read: Callable[[int], None], delimiter: str, *, hashing: bool) -> None:
        self._stream, self._on_read = stream, on_read
        self._hash = hashlib.sha256() if hashing else None
        self._quotes = Quotes(delimiter)
        self.pushback = b""

    def read(self, size: int = -1) -> bytes:
        """Read as a file does; bytes that were pushed back come first, by themselves.

        Args:
            size: The most bytes to return; all of them where it is negative.

        Returns:
            The bytes; nothing at the end of the file.

        Raises:
            MisplacedQuoteError: A cell goes on after its closing quote.
        """
        if self.pushback:
            end = len(self.pushback) if size < 0 else size
            data, self.pushback = self.pushback[:end], self.pushback[end:]
        else:
            data = self._record(self._stream.read(size))
        self._quotes.feed(data)
        return data

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)  # pandas requires this, and does not use it

    def line(self, size: int) -> bytes:
        """Read a line; there must be no bytes that were pushed back.

        Args:
            size: The most bytes to read; a longer line is cut there.

        Returns:
            The line with its end.
        """
        return self._record(self._stream.readline(size))

    def lines(self, size: int) -> bytes:
        """Read a block of whole lines, each of which is a row.

        Args:
            size: About the number of bytes.

        Returns:
            The lines. Nothing at the end of the file, or where lines may not be rows: there is a quote, so a cell may
            span lines, or a line is far longer than `size`. In that case the bytes read are pushed back.
        """
        data = self._record(self._stream.read(size))
        if data and not data.endswith(b"\n"):
            end = self.line(size)
            data += end
            if len(end) == size and not end.endswith(b"\n"):
                self.pushback = data
                return b""
        if b'"' in data:
            self.pushback = data
            return b""
        return data

    def sha256(self) -> str:
        """Read the rest of the file, and return the hash of all of it, in hexadecimal digits."""
        assert self._hash
        self.pushback = b""
        while self._record(self._stream.read(1 << 20)):
            pass
        return self._hash.hexdigest()

    def _record(self, data: bytes) -> bytes:
        """Hash and count bytes that were read."""
        if self._hash:
            self._hash.update(data)
        self._on_read(len(data))
        return data


def first_row(block: bytes, delimiter: bytes) -> bytes:
    """Find the first line that is not blank, as pandas sees lines.

    Args:
        block: Whole lines.
        delimiter: The mark between cells.

    Returns:
        The line without its end; nothing if all lines are blank.
    """
    blank = b" \t".replace(delimiter, b"")
    lines = (match[0] for match in re.finditer(rb"[^\r\n]+", block))
    return next((line for line in lines if line.strip(blank)), b"")


def is_padded(lines: bytes, delimiter: bytes) -> bool:
    """Whether any cell begins with a blank.

    Args:
        lines: Whole lines.
        delimiter: The mark between cells.

    Returns:
        True if there is such a cell.
    """
    if b" " not in lines:
        return False
    return lines.startswith((b" ", codecs.BOM_UTF8 + b" ")) or any(
        mark + b" " in lines for mark in (delimiter, b"\n", b"\r")
    )
