"""Compressed files and archives as streams of bytes. Truncated files and archives of several files are refused."""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import IO, Any, TypeAlias

from gdcli.errors import some_of

Opener: TypeAlias = Callable[[IO[bytes]], IO[bytes]]

PIECE_BYTES = 1 << 14  # compressed bytes per read; the memory needed is that of the bytes unpacked from them


class Flow(io.RawIOBase):
    """A stream of the bytes that an iterator yields."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts, self._rest = iter(parts), memoryview(b"")

    def readable(self) -> bool:
        """Return true: the stream is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, from one part at most, and return the number of bytes."""
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = memoryview(part)
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def flow(parts: Iterable[bytes]) -> IO[bytes]:
    """Make a file, opened for reading, of the bytes that an iterator yields."""
    return io.BufferedReader(Flow(parts), buffer_size=1 << 18)


def is_compressed(name: str) -> bool:
    """Whether a file is compressed or an archive, by its name."""
    return _ending(name) in _OPENERS


def unpacked(stream: IO[bytes], name: str) -> IO[bytes]:
    """Unpack a file, as the ending of its name says.

    Args:
        stream: The file, opened for bytes.
        name: The name of the file.

    Returns:
        The unpacked bytes; the stream itself for a file that is not compressed. Reading them raises the errors of the
        decompressor, and EOFError if the file is truncated.

    Raises:
        ImportError: The decompressor is not installed.
        OSError: The archive holds several files or none. For a tar archive, reading raises this.
    """
    opener = _OPENERS.get(_ending(name))
    return opener(stream) if opener else stream


def _ending(name: str) -> str:
    """`.gz` of `a.csv.gz`, `.tar.gz` of `a.tar.gz` and of `a.tgz`."""
    *stem, ending = name.lower().split(".")
    archive = len(stem) > 1 and stem[-1] == "tar"
    return _SHORT.get(ending, f".tar.{ending}" if archive else f".{ending}")


def _frames(stream: IO[bytes], decompressor: Callable[[], Any]) -> Iterator[bytes]:
    """Unpack one frame after the other. Each must be complete, and only zeros may stand between them."""
    frame, data = None, b""
    while data or (data := stream.read(PIECE_BYTES)):
        if frame is None:
            data = data.lstrip(b"\0")
            if not data:
                continue
            frame = decompressor()
        yield frame.decompress(data)
        data = b""
        if frame.eof:
            data, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError("the compressed file ends too early; it was cut short")


def _framed(decompressor: Callable[[], Any]) -> Opener:
    return lambda stream: flow(_frames(stream, decompressor))


def _zstd() -> Any:
    zstandard: Any = import_module("zstandard")  # untyped
    return zstandard.ZstdDecompressor().decompressobj()


def _zip(stream: IO[bytes]) -> IO[bytes]:
    archive = zipfile.ZipFile(stream)
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    _check_single(names)
    return archive.open(names[0])


def _tar(stream: IO[bytes]) -> IO[bytes]:
    return flow(_member(flow(_ended(stream))))


def _member(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of the only file of a tar archive, and read the archive to its end."""
    names = list[str]()
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file:
                names.append(member.name)
            while file and len(names) == 1 and (piece := file.read(PIECE_BYTES)):
                yield piece
    _check_single(names)
    while stream.read(PIECE_BYTES):
        pass


def _ended(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a tar archive, which must end with a record of zeros."""
    tail = b""
    while piece := stream.read(PIECE_BYTES):
        tail = (tail + piece)[-tarfile.BLOCKSIZE :]
        yield piece
    if tail.strip(b"\0"):
        raise EOFError("the archive ends too early; it was cut short")


def _check_single(names: list[str]) -> None:
    if len(names) != 1:
        which = f" ({some_of(names, 3)})" if names else ""
        raise OSError(f"the archive holds {len(names)} files{which} instead of one; unpack it, and name its files")


def _tarred(opener: Opener) -> Opener:
    return lambda stream: _tar(opener(stream))


_FRAMED: dict[str, Opener] = {
    ".gz": _framed(lambda: zlib.decompressobj(wbits=31)),
    ".bz2": _framed(bz2.BZ2Decompressor),
    ".xz": _framed(lzma.LZMADecompressor),
    ".zst": _framed(_zstd),
}
_SHORT = {"tgz": ".tar.gz", "tbz2": ".tar.bz2", "txz": ".tar.xz", "tzst": ".tar.zst"}
_OPENERS: dict[str, Opener] = {
    **_FRAMED,
    **{f".tar{ending}": _tarred(opener) for ending, opener in _FRAMED.items()},
    ".zip": _zip,
    ".tar": _tar,
}
