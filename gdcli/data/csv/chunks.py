"""CSV files in chunks: in blocks that threads parse side by side, or in turn where a file cannot be cut into blocks."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from gdcli.data.ahead import in_order, read_ahead
from gdcli.data.chunk_options import ChunkOptions
from gdcli.data.csv import blocks
from gdcli.data.csv.blocks import Feed, Tap, first_row, is_padded
from gdcli.data.csv.files import explained, file_hash, header_cells, pandas_options
from gdcli.data.csv.format import CsvFormat
from gdcli.data.csv.quotes import Quotes
from gdcli.data.csv.transcoding import utf8

if TYPE_CHECKING:
    import pandas as pd

# One more than cores, because a thread sometimes waits for the interpreter. More than a few would only wait for the one
# thread that takes the chunks.
WORKERS = min(4, (os.cpu_count() or 1) + 1)
AHEAD = WORKERS + 1  # measured: with fewer, a worker is sometimes idle


def csv_chunks(
    path: Path,
    label: str,
    form: CsvFormat,
    names: list[str],
    options: ChunkOptions,
) -> Generator[pd.DataFrame, None, None]:
    """Read a CSV file in chunks. Threads read a few chunks ahead.

    Args:
        path: The file.
        label: How messages name it.
        form: Its format.
        names: The names of its columns, as its header has them.
        options: How to read it.

    Yields:
        The chunks, none of them empty.

    Raises:
        DataError: The file is unreadable, empty or not a CSV file.
    """
    with explained(path, label, form):
        stream = path.open("rb")
    with stream:
        with explained(path, label, form):
            text_stream = utf8(stream, path.name, form.encoding)
        is_plain = text_stream is stream  # neither unpacked nor recoded: the tap sees the bytes of the file
        on_read = options.on_read if is_plain else _by_position(stream, options.on_read)
        tap = Tap(text_stream, on_read, form.delimiter, hashing=is_plain and options.on_hash is not None)
        reader = _Reader(path, label, form, options, tap)
        _keep_freed_memory()
        yield from reader.in_blocks(names)
        if tap.pushback:
            yield from read_ahead(reader.in_turn())
        if options.on_hash:
            with explained(path, label, form):
                options.on_hash(tap.sha256() if is_plain else file_hash(path))


@dataclass(frozen=True)
class _Reader:
    """Parses the chunks of a file."""

    path: Path
    label: str
    form: CsvFormat
    options: ChunkOptions
    tap: Tap

    def in_blocks(self, names: list[str]) -> Generator[pd.DataFrame, None, None]:
        """Parse blocks of whole lines in threads, each with the header line above it.

        This ends with the file, or where lines may not be rows. In that case the tap returns the header line and the
        rest of the file again, for `in_turn`.
        """
        with self._guard():
            head = self._head(names)
        tasks = self._tasks(head, len(names)) if head else ()
        with closing(in_order(tasks, workers=WORKERS, ahead=AHEAD)) as frames:
            yield from self._guarded(frames)
        if self.tap.pushback:
            self.tap.pushback = head + self.tap.pushback

    def in_turn(self) -> Generator[pd.DataFrame, None, None]:
        """Let pandas read the rest of the file in chunks."""
        import pandas as pd

        tap: Any = self.tap
        with self._guard():
            reader = pd.read_csv(tap, chunksize=self.options.rows, **self._pandas_options(padded=True))
        with reader:
            yield from self._guarded(reader)

    def _tasks(self, head: bytes, columns: int) -> Iterator[Callable[[], pd.DataFrame]]:
        """Cut the file into blocks, and yield one task per block that parses it."""
        import pandas as pd

        delimiter, is_first = self._delimiter, True
        while block := self.tap.lines(blocks.BLOCK_BYTES):
            # The parser takes the number of columns from the first row that it reads, here the first row of a block.
            if self.options.only is None and first_row(block, delimiter).count(delimiter) >= columns:
                if not is_first:
                    raise pd.errors.ParserError("a row is too long")
                self.tap.pushback = block  # perhaps every line ends with blank cells
                return
            is_first = False
            yield partial(self._parsed, head, block)

    def _parsed(self, head: bytes, block: bytes) -> pd.DataFrame:
        import pandas as pd

        # Types are inferred from whole blocks, so that a cell of a text column is spelled as in the file.
        opened: Any = Feed(head, block)
        # Skipping blanks slows pandas down by up to a quarter, and hardly any file has blanks to skip.
        padded = is_padded(head, self._delimiter) or is_padded(block, self._delimiter)
        frame: pd.DataFrame = pd.read_csv(opened, low_memory=False, **self._pandas_options(padded=padded))
        if all(dtype == np.float64 for dtype in frame.dtypes):
            # One array instead of one per column, because the chunk is then processed as a whole.
            frame = pd.DataFrame(frame.to_numpy(), columns=frame.columns, copy=False)
        return frame

    @property
    def _delimiter(self) -> bytes:
        return self.form.delimiter.encode()

    def _pandas_options(self, *, padded: bool) -> dict[str, Any]:
        text, only = self.options.text, self.options.only
        return {
            "dtype": dict.fromkeys(text, "str") or None,
            "usecols": None if only is None else list(only),
            "skipinitialspace": padded,
            **pandas_options(self.form),
        }

    def _head(self, names: list[str]) -> bytes:
        """Read the header line; nothing, and the line pushed back, where the names are not exactly the first line."""
        head, cells = self.tap.line(blocks.BLOCK_BYTES), list[str]()
        Quotes(self.form.delimiter).feed(head)
        if head.endswith(b"\n") and b"\r" not in head.rstrip(b"\r\n"):
            with suppress(ValueError):
                cells = head.decode("utf-8-sig").rstrip("\r\n").split(self.form.delimiter)
                if cells != names:  # there are quotes, or blanks
                    cells = header_cells(Feed(head, b""), self.form)
        if cells == names:
            return head
        self.tap.pushback = head
        return b""

    def _guarded(self, frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield the chunks that are not empty, and explain any error."""
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
    """Reuse the memory of one block for the next.

    By default, glibc returns large allocations to the system when they are freed, and the page faults, one per 4 kB of
    every block, take a fifth of the time. Once an allocation of some size has been freed, glibc keeps freed memory up
    to that size; this one is never touched. With other C libraries this has no effect.
    """
    np.empty(4 * blocks.BLOCK_BYTES, dtype=np.uint8)


def _by_position(stream: IO[bytes], on_read: Callable[[int], None]) -> Callable[[int], None]:
    """Count bytes of a file by its position instead of the bytes unpacked from it."""
    done = 0

    def on_unpacked_read(_unpacked: int) -> None:
        nonlocal done
        position = stream.tell()
        on_read(max(position - done, 0))
        done = max(position, done)

    return on_unpacked_read
