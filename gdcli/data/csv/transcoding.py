"""Text in any encoding as UTF-8, which the parser reads."""

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
    """Open a file, compressed or not, to read its text in UTF-8.

    Args:
        path: The file.
        encoding: The encoding of its text.

    Yields:
        The text as bytes.

    Raises:
        OSError: The file is unreadable.
    """
    with path.open("rb") as stream:
        yield utf8(stream, path.name, encoding)


def utf8(stream: IO[bytes], name: str, encoding: str) -> IO[bytes]:
    """Recode the text of a file.

    Args:
        stream: The file, opened for bytes.
        name: The name of the file, whose ending says how it is compressed.
        encoding: The encoding of its text.

    Returns:
        The text in UTF-8; the stream itself if the file is not compressed and in UTF-8. Reading it raises
        UnicodeDecodeError if the file is not text in its encoding.

    Raises:
        ImportError: The decompressor is not installed.
        OSError: The archive holds several files or none.
    """
    inner = unpacked(stream, name)
    return inner if canonical(encoding) in UTF8 else flow(_recoded(inner, encoding))


def undecodable_line(path: Path, encoding: str) -> int:
    """Find the first line of a file that is not text in an encoding.

    Args:
        path: The file, compressed or not.
        encoding: The encoding.

    Returns:
        The line, counted from 1; 0 if all of the file is text.

    Raises:
        OSError: The file is unreadable.
    """
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
    """Count the lines that end in a piece of text."""
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
