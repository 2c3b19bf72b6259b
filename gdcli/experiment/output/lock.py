"""One writer at a time: a lock that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gdcli.errors import OutputError

try:
    import fcntl
except ImportError:  # no lock on Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def sole_writer(directory: Path) -> Iterator[None]:
    """Hold the lock on a result directory, by a file beside it that is gone afterwards.

    Args:
        directory: Of the result; it need not exist, its parent must.

    Raises:
        OutputError: Another process holds it, or the file cannot be made.
    """
    path = directory.with_name(f".{directory.name}.lock")
    handle = _acquired(path, directory)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # still locked: whoever opened it meanwhile looks again
        os.close(handle)


def _acquired(path: Path, directory: Path) -> int:
    """Open and lock the file that stands under this name once it is locked."""
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except OSError as error:
            raise OutputError(f"{directory}: cannot make the lock {path}: {error.strerror}") from error
        if not _lock(handle):
            holder = os.read(handle, 20).decode(errors="replace").strip()
            os.close(handle)
            raise OutputError(
                f"{directory}: another sweep{f' (process {holder})' if holder.isdigit() else ''} is writing there; "
                "wait until it is done, or choose another --out or name"
            )
        if _is_at(path, handle):
            os.write(handle, f"{os.getpid():<20}".encode())
            return handle
        os.close(handle)


def _lock(handle: int) -> bool:
    """Try to lock a file; where a file system knows no locks, there is none."""
    try:
        if fcntl:
            # A record lock and not flock: workers do not inherit it, so that it ends with this process.
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN)
    return True


def _is_at(path: Path, handle: int) -> bool:
    """Whether the file is still the one under its name, and not one that the last holder removed."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
