"""CSV files chunk by chunk: in blocks that threads parse side by side, and in turn where blocks cannot be cut."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from gdcli.data.ahead import in_order, read_ahead
from gdcli.data.csv import blocks
from gdcli.data.csv.blocks import Feed, Tap, first_row, is_padded
from gdcli.data.csv.files import explained, file_hash, header_cells, options
from gdcli.data.csv.format import CsvFormat
from gdcli.data.csv.quotes import Quotes
from gdcli.data.csv.transcoding import utf8

if TYPE_CHECKING:
    import pandas as pd

# One more than cores, since now and then one waits for the interpreter; and more than a few would wait for the one
# thread that takes the chunks.
WORKERS = min(4, (os.cpu_count() or 1) + 1)
AHEAD = WORKERS + 1  # measured: with fewer a worker has nothing to do now and then


def csv_chunks(
    path: Path,
    label: str,
    form: CsvFormat,
    names: list[str],
    *,
    rows: int,
    text: Collection[str],
    only: Collection[str] | None,
    told: Callable[[int], None],
    hashed: Callable[[str], None] | None,
) -> Generator[pd.DataFrame, None, None]:
    """Read a CSV file in chunks, some of them ahead in threads.

    Args:
        path: The file.
        label: How messages name it.
        form: Its format.
        names: Of its columns, as its header has them.
        rows: Of a chunk, where the file cannot be cut into blocks of bytes.
        text: Columns to read as text, whatever they look like.
        only: Columns to read at all; None for all of them.
        told: Called with the number of bytes of every read.
        hashed: Called with the SHA-256 of the file's bytes at its end; None to do without.

    Yields:
        The chunks; none of them is empty.

    Raises:
        DataError: The file is unreadable, empty or no CSV file.
    """
    with explained(path, label, form):
        stream = path.open("rb")
    with stream:
        with explained(path, label, form):
            text_stream = utf8(stream, path.name, form.encoding)
        plain = text_stream is stream  # what flows are the bytes of the file
        counted = told if plain else _positions(stream, told)
        tap = Tap(text_stream, counted, form.delimiter, hashing=plain and hashed is not None)
        reader = _Reader(path, label, form, text=text, only=only, tap=tap)
        _keep_freed_memory()
        yield from reader.in_blocks(names)
        if tap.held:
            yield from read_ahead(reader.in_turn(tap, rows))
        if hashed:
            with explained(path, label, form):
                hashed(tap.sha256() if plain else file_hash(path))


@dataclass(frozen=True)
class _Reader:
    """How chunks of a file are parsed."""

    path: Path
    label: str
    form: CsvFormat
    text: Collection[str]
    only: Collection[str] | None
    tap: Tap

    def in_blocks(self, names: list[str]) -> Generator[pd.DataFrame, None, None]:
        """Parse blocks of whole lines in threads, each below the header's line.

        It ends with the file, or where the file cannot be cut into rows by its lines: what is to be read in turn then
        is held by the tap, below the header's line again.
        """
        with self._guard():
            head = self._head(names)
        tasks = self._tasks(head, len(names)) if head else ()
        with closing(in_order(tasks, workers=WORKERS, ahead=AHEAD)) as frames:
            yield from self._guarded(frames)
        if self.tap.held:
            self.tap.held = head + self.tap.held

    def in_turn(self, opened: Any, rows: int) -> Generator[pd.DataFrame, None, None]:
        """Let pandas read what it is given chunk by chunk."""
        import pandas as pd

        with self._guard():
            reader = pd.read_csv(opened, chunksize=rows, **self._options(padded=True))
        with reader:
            yield from self._guarded(reader)

    def _tasks(self, head: bytes, columns: int) -> Iterator[Callable[[], pd.DataFrame]]:
        """Cut blocks, each to be parsed by itself."""
        import pandas as pd

        delimiter, given = self._delimiter, False
        while block := self.tap.lines(blocks.BLOCK_BYTES):
            # The parser takes the width of a file from its first row, here from the first one of a block.
            if self.only is None and first_row(block, delimiter).count(delimiter) >= columns:
                if given:
                    raise pd.errors.ParserError("a row is too long")
                self.tap.held = block  # blank cells at the end of every line, perhaps
                return
            given = True
            yield partial(self._parsed, head, block)

    def _parsed(self, head: bytes, block: bytes) -> pd.DataFrame:
        import pandas as pd

        # Types are inferred of whole blocks, so that a cell of a text column is spelled as in the file.
        opened: Any = Feed(head, block)
        # Skipping blanks slows pandas down by up to a quarter, and nearly no file has any to skip.
        padded = is_padded(head, self._delimiter) or is_padded(block, self._delimiter)
        frame: pd.DataFrame = pd.read_csv(opened, low_memory=False, **self._options(padded=padded))
        if all(dtype == np.float64 for dtype in frame.dtypes):
            # One array instead of one a column: whoever takes the chunk goes through it all at once.
            frame = pd.DataFrame(frame.to_numpy(), columns=frame.columns, copy=False)
        return frame

    @property
    def _delimiter(self) -> bytes:
        return self.form.delimiter.encode()

    def _options(self, *, padded: bool) -> dict[str, Any]:
        return {
            "dtype": dict.fromkeys(self.text, "str") or None,
            "usecols": None if self.only is None else list(self.only),
            "skipinitialspace": padded,
            **options(self.form),
        }

    def _head(self, names: list[str]) -> bytes:
        """The line with the names; nothing where they do not fill just the first line, which is held then."""
        head, cells = self.tap.line(blocks.BLOCK_BYTES), list[str]()
        Quotes(self.form.delimiter).feed(head)
        if head.endswith(b"\n") and b"\r" not in head.rstrip(b"\r\n"):
            with suppress(ValueError):
                cells = head.decode("utf-8-sig").rstrip("\r\n").split(self.form.delimiter)
                if cells != names:  # there are quotes, or blanks
                    cells = header_cells(Feed(head, b""), self.form)
        if cells == names:
            return head
        self.tap.held = head
        return b""

    def _guarded(self, frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Take chunks that are not empty, and explain what comes instead."""
        while True:
            with self._guard():
                frame = next(frames, None)
            if frame is None:
                return
            if len(frame):
                yield frame

    def _guard(self) -> AbstractContextManager[None]:
        return explained(self.path, self.label, self.form)


def _keep_freed_memory() -> None:
    """Let the memory of one block serve the next one.

    By default glibc gives large pieces back to the system whenever they are freed, and a page fault for every 4 kB of
    every block takes a fifth of the time. Once a piece of some size has been freed it keeps those up to that size;
    here is one that is never touched. Elsewhere this does nothing.
    """
    np.empty(4 * blocks.BLOCK_BYTES, dtype=np.uint8)


def _positions(stream: IO[bytes], told: Callable[[int], None]) -> Callable[[int], None]:
    """Tell how far a file has been read, whatever is unpacked from it."""
    done = 0

    def counted(_unpacked: int) -> None:
        nonlocal done
        at = stream.tell()
        told(max(at - done, 0))
        done = max(at, done)

    return counted
