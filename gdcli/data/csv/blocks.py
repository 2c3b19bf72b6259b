"""A CSV file as bytes: hashed and counted while it flows, in whole lines as far as those can be told."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterator
from typing import IO

from gdcli.data.csv.quotes import Quotes

BLOCK_BYTES = 4 << 20  # measured: smaller ones are handed over too often, larger ones leave the caches


class Feed:
    """Bytes for pandas to read. Being no file it is not asked for text, and the parser takes UTF-8 as it is.

    Args:
        parts: One is given at each read, whatever the size asked for: the parser works on what it gets, and cutting
            it would copy it.
    """

    def __init__(self, *parts: bytes) -> None:
        self._parts = iter([part for part in parts if part])

    def read(self, _size: int = -1) -> bytes:
        """Read the next part; nothing after the last."""
        return next(self._parts, b"")

    def __iter__(self) -> Iterator[bytes]:
        return self._parts  # pandas asks for it, and does not use it


class Tap:
    """An open file that pandas reads from; what flows is hashed and counted.

    Args:
        stream: The file, opened for bytes.
        told: Called with the number of bytes of every read.
        delimiter: Between cells.
        hashing: Whether somebody will ask for the hash.

    Attributes:
        held: What has flowed and is to be read again.
    """

    def __init__(self, stream: IO[bytes], told: Callable[[int], None], delimiter: str, *, hashing: bool) -> None:
        self._stream, self._told = stream, told
        self._hash = hashlib.sha256() if hashing else None
        self._quotes = Quotes(delimiter)
        self.held = b""

    def read(self, size: int = -1) -> bytes:
        """Read, as a file does; what is held comes first, by itself.

        Raises:
            MisplacedQuoteError: A cell goes on after its closing quote.
        """
        if self.held:
            end = len(self.held) if size < 0 else size
            data, self.held = self.held[:end], self.held[end:]
        else:
            data = self._flowed(self._stream.read(size))
        self._quotes.feed(data)
        return data

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)  # pandas asks for it, and does not use it

    def line(self, size: int) -> bytes:
        """Read a line, or the beginning of one that is longer than `size` bytes. Nothing may be held."""
        return self._flowed(self._stream.readline(size))

    def lines(self, size: int) -> bytes:
        """Read about `size` bytes, up to the end of a line, where each end of a line is the end of a row.

        Returns:
            The lines. Nothing at the end of the file, or where rows cannot be told: there is a quote, so that a cell
            may span lines, or a line goes on for more than `size` bytes. What could not be told is held then.
        """
        data = self._flowed(self._stream.read(size))
        if data and not data.endswith(b"\n"):
            end = self.line(size)
            data += end
            if len(end) == size and not end.endswith(b"\n"):
                self.held = data
                return b""
        if b'"' in data:
            self.held = data
            return b""
        return data

    def sha256(self) -> str:
        """The hash of the whole file, what has not been read yet included."""
        assert self._hash
        self.held = b""
        while self._flowed(self._stream.read(1 << 20)):
            pass
        return self._hash.hexdigest()

    def _flowed(self, data: bytes) -> bytes:
        if self._hash:
            self._hash.update(data)
        self._told(len(data))
        return data


def first_row(block: bytes, delimiter: bytes) -> bytes:
    """The first line that is no blank one, as pandas sees them; nothing where there is none."""
    blank = b" \t".replace(delimiter, b"")
    lines = (match[0] for match in re.finditer(rb"[^\r\n]+", block))
    return next((line for line in lines if line.strip(blank)), b"")


def is_padded(lines: bytes, delimiter: bytes) -> bool:
    """Whether a cell of some lines begins with a blank."""
    if b" " not in lines:
        return False
    return lines.startswith((b" ", codecs.BOM_UTF8 + b" ")) or any(
        mark + b" " in lines for mark in (delimiter, b"\n", b"\r")
    )
