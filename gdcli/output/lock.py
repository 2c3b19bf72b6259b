"""One writer at a time: a lock that the system releases when its process ends, even if it is killed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gdcli.errors import OccupiedError
from gdcli.output.places import explained, shown
from gdcli.output.single_file import open_plain
from gdcli.output.workspace import lock

_HOLDER = re.compile(rb"\d{0,20} *")  # the only content of a lock file: the id of its process
_DOING, _HINT = "cannot make this lock", "nothing has been run"


@contextmanager
def sole_writer(directory: Path) -> Iterator[None]:
    """Hold the lock on a result directory: a file beside it, which is removed afterwards.

    Args:
        directory: The result directory. It need not exist, but its parent must.

    Raises:
        OutputError: Another process holds the lock, the file cannot be made, or gdcli did not write the file there.
    """
    path = directory.with_name(f".{directory.name}.lock")
    with explained(path, _DOING, _HINT):
        handle = _acquire(path, directory)
    try:
        with explained(path, _DOING, _HINT):
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, f"{os.getpid():<20}".encode())
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # still locked: a process that has opened it meanwhile will notice and try again
        os.close(handle)


def _acquire(path: Path, directory: Path) -> int:
    """Open and lock the file, and make sure that its name still leads to it."""
    while True:
        handle = open_plain(path, os.O_RDWR | os.O_CREAT)
        try:
            if _is_locked(handle, path, directory):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _is_locked(handle: int, path: Path, directory: Path) -> bool:
    """Lock a file that gdcli wrote; return whether its name still leads to it."""
    holder = os.read(handle, 21)
    if not _HOLDER.fullmatch(holder):
        message = "is where this sweep puts its lock, and gdcli did not write it; move it away"
        raise OccupiedError(f"{shown(path)}: {message}")
    if lock(handle, of_process=True) is False:
        process = f" (process {int(holder)})" if holder.strip() else ""
        raise OccupiedError(f"{directory}: another sweep{process} is writing there; wait until it is done")
    return _is_at(path, handle)


def _is_at(path: Path, handle: int) -> bool:
    """Whether the name still leads to this file, which its last holder may have removed."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False
