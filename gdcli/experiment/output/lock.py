"""One writer at a time: a lock that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gdcli.errors import OutputError
from gdcli.experiment.output.locks import lock
from gdcli.experiment.output.places import explained, shown
from gdcli.experiment.output.single_file import open_plain

_HOLDER = re.compile(rb"\d{0,20} *")  # all that a lock's file may hold: the process that made it
_DOING, _HINT = "cannot make this lock", "nothing has been run"


@contextmanager
def sole_writer(directory: Path) -> Iterator[None]:
    """Hold the lock on a result directory, by a file beside it that is gone afterwards.

    Args:
        directory: Of the result; it need not exist, its parent must.

    Raises:
        OutputError: Another process holds it, or the file cannot be made, or is not one of gdcli.
    """
    path = directory.with_name(f".{directory.name}.lock")
    with explained(path, _DOING, _HINT):
        handle = _acquired(path, directory)
    try:
        with explained(path, _DOING, _HINT):
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, f"{os.getpid():<20}".encode())
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # still locked: whoever opened it meanwhile looks again
        os.close(handle)


def _acquired(path: Path, directory: Path) -> int:
    """Open and lock the file that stands under this name once it is locked."""
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
    """Lock a file of ours; whether it still stands under its name."""
    holder = os.read(handle, 21)
    if not _HOLDER.fullmatch(holder):
        message = "is where this sweep puts its lock, and gdcli did not write it; move it away, or choose another --out"
        raise OutputError(f"{shown(path)}: {message}")
    if lock(handle, of_process=True) is False:
        process = f" (process {int(holder)})" if holder.strip() else ""
        raise OutputError(
            f"{directory}: another sweep{process} is writing there; wait until it is done, or choose another --out or "
            "name"
        )
    return _is_at(path, handle)


def _is_at(path: Path, handle: int) -> bool:
    """Whether the file is still the one under its name, and not one that the last holder removed."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False
