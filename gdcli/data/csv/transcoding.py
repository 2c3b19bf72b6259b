"""Text of any encoding as UTF-8, which is what is parsed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gdcli.data.csv.packed import flow, unpacked
from gdcli.spec.encodings import canonical

UTF8 = ("utf-8", "utf-8-sig")  # the parser skips a byte order mark by itself
PIECE_BYTES = 1 << 18


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[IO[bytes]]:
    """Open a file, compressed or not, for its text in UTF-8."""
    with path.open("rb") as stream:
        yield utf8(stream, path.name, encoding)


def utf8(stream: IO[bytes], name: str, encoding: str) -> IO[bytes]:
    """The text of a file in UTF-8.

    Args:
        stream: The file, opened for bytes.
        name: Of the file: its ending says how it is compressed.
        encoding: Of its text.

    Returns:
        UTF-8; the stream itself where that is what the file holds.
    """
    inner = unpacked(stream, name)
    return inner if canonical(encoding) in UTF8 else flow(_recoded(inner, encoding))


def undecodable_line(path: Path, encoding: str) -> int:
    """The first line of a file that is not text of an encoding, counted from 1; 0 where all of it is."""
    text, line, after_return = "", 1, False
    with path.open("rb") as stream:
        pieces = _decoded(unpacked(stream, path.name), encoding)
        while True:
            try:
                text = next(pieces, "")
            except UnicodeDecodeError as error:
                return line + _line_ends(error.object[: error.start].decode(encoding, "replace"), after_return)
            if not text:
                return 0
            line, after_return = line + _line_ends(text, after_return), text.endswith("\r")


def _line_ends(text: str, after_return: bool) -> int:
    """How many lines end in a piece of text."""
    split = after_return and text.startswith("\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n") - split


def _decoded(stream: IO[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    while data := stream.read(PIECE_BYTES):
        if text := decoder.decode(data):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def _recoded(stream: IO[bytes], encoding: str) -> Iterator[bytes]:
    for text in _decoded(stream, encoding):
        yield text.encode()
