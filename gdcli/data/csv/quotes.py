"""Quoted cells that go on after their closing quote: parsers read `"5"6` as 56."""

from __future__ import annotations

import codecs
import re

_QUOTED = re.compile(rb'(?:[^"]++|"")*+')


class MisplacedQuoteError(ValueError):
    """A quoted cell goes on after its closing quote."""


class Quotes:
    """Looks through the bytes of a CSV file, piece by piece; blanks after a quote are let pass.

    Args:
        delimiter: Between cells.
    """

    def __init__(self, delimiter: str) -> None:
        mark = delimiter.encode()
        self._blanks = b" \t".replace(mark, b"")
        self._starts = mark + b"\r\n"
        self._opening = re.compile(rb'(?:%b *+|[\r\n][%b]*+)"' % (re.escape(mark), self._blanks))
        self._inside, self._first, self._carried = False, True, b"\n"

    def feed(self, data: bytes) -> None:
        """Look through the next piece.

        Raises:
            MisplacedQuoteError: A cell in it goes on after its closing quote.
        """
        if self._first:
            data, self._first = data.removeprefix(codecs.BOM_UTF8), False
        data, self._carried, at = self._carried + data, b"", 0
        while True:
            if self._inside:
                quoted = _QUOTED.match(data, at)
                at = quoted.end() if quoted else at
                if len(data) - at < 2:
                    self._carried = data[at:]  # a quote is the first of two, or closes the cell
                    return
                if data[at + 1] not in self._starts + self._blanks:
                    raise MisplacedQuoteError
                at += 1
            opening = self._opening.search(data, at)
            self._inside = opening is not None
            if opening is None:
                self._carried = self._beginning(data)
                return
            at = opening.end()

    def _beginning(self, data: bytes) -> bytes:
        """What the next piece may begin a quoted cell after, blanks cut to one."""
        rest = data.rstrip(self._blanks)
        if rest[-1:] and rest[-1:] in self._starts:
            return rest[-1:] + (b"\t" if b"\t" in data[len(rest) :] else b"")
        return b""
