"""Quoted cells that go on after their closing quote, which parsers accept: they read `"5"6` as 56."""

from __future__ import annotations

import codecs
import re

_QUOTED = re.compile(rb'(?:[^"]++|"")*+')


class MisplacedQuoteError(ValueError):
    """A quoted cell goes on after its closing quote."""


class Quotes:
    """Checks the quotes of a CSV file, piece by piece. Blanks after a closing quote are allowed.

    Args:
        delimiter: The mark between cells.
    """

    def __init__(self, delimiter: str) -> None:
        mark = delimiter.encode()
        self._blanks = b" \t".replace(mark, b"")
        self._starts = mark + b"\r\n"
        self._opening = re.compile(rb'(?:%b *+|[\r\n][%b]*+)"' % (re.escape(mark), self._blanks))
        self._inside, self._first, self._carry = False, True, b"\n"

    def feed(self, data: bytes) -> None:
        """Check the next piece.

        Args:
            data: Its bytes.

        Raises:
            MisplacedQuoteError: A cell in it goes on after its closing quote.
        """
        if self._first:
            data, self._first = data.removeprefix(codecs.BOM_UTF8), False
        data, self._carry, at = self._carry + data, b"", 0
        while True:
            if self._inside:
                quoted = _QUOTED.match(data, at)
                at = quoted.end() if quoted else at
                if len(data) - at < 2:
                    self._carry = data[at:]  # the quote is the first of two, or closes the cell
                    return
                if data[at + 1] not in self._starts + self._blanks:
                    raise MisplacedQuoteError
                at += 1
            opening = self._opening.search(data, at)
            self._inside = opening is not None
            if opening is None:
                self._carry = self._beginning(data)
                return
            at = opening.end()

    def _beginning(self, data: bytes) -> bytes:
        """The end of a piece after which the next piece may begin a quoted cell, with blanks cut to one."""
        rest = data.rstrip(self._blanks)
        if rest[-1:] and rest[-1:] in self._starts:
            return rest[-1:] + (b"\t" if b"\t" in data[len(rest) :] else b"")
        return b""
