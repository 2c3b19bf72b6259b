"""Hidden directories to prepare files in: nobody sees them half-written, and a killed process leaves none for long."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gdcli.experiment.output.locks import lock
from gdcli.experiment.output.swap import restore
from gdcli.spec.paths import WORKSPACE

# What file systems answer that have nothing to flush.
_NOTHING_TO_FLUSH = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


@dataclass(frozen=True)
class Workspace:
    """A hidden directory beside the results.

    Attributes:
        path: Where it is.
    """

    path: Path

    @property
    def new(self) -> Path:
        """A directory in it to prepare files in."""
        return self.path / "new"

    @property
    def aside(self) -> Path:
        """Where `swap.put` may put what it replaces."""
        return self.path / "old"


@contextmanager
def workspace(parent: Path) -> Iterator[Workspace]:
    """Make a hidden directory for as long as this process needs it, and clear those that dead processes left.

    A process holds a lock on its directory for as long as it lives; one that can be locked has no owner. Where the
    system or the file system has no such locks, nothing is cleared.

    Args:
        parent: The directory to make it in.

    Yields:
        The workspace; its `new` is empty.

    Raises:
        OSError: It cannot be made.
    """
    _clear(parent)
    made, handle = _made(parent)
    try:
        yield made
    finally:
        _remove(made)
        _unlock(handle)


def flush(directory: Path) -> None:
    """Have a directory and the files in it survive a loss of power.

    Args:
        directory: It holds files only.

    Raises:
        OSError: The disk refuses.
    """
    for path in directory.iterdir():
        _flush(path)
    flush_names(directory)


def flush_names(directory: Path) -> None:
    """Have the names in a directory survive a loss of power."""
    if sys.platform != "win32":  # where a directory cannot be opened
        _flush(directory)


def make_directories(directory: Path) -> None:
    """Make a directory with those above it, as far as they are missing, to stay.

    Raises:
        OSError: One cannot be made.
    """
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for path in missing:
        flush_names(path.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOTHING_TO_FLUSH:
            raise
    finally:
        os.close(descriptor)


def _made(parent: Path) -> tuple[Workspace, int | None]:
    """Make a workspace and lock it; another process may clear it before it is locked, which costs another try."""
    while True:
        made = Workspace(parent / f".gdcli-{secrets.token_hex(8)}")
        made.path.mkdir()
        with suppress(BlockingIOError, FileNotFoundError):
            handle = _lock(made.path)
            try:
                made.new.mkdir()
            except BaseException:
                _unlock(handle)
                raise
            return made, handle


def _clear(parent: Path) -> None:
    """Remove the workspaces of dead processes."""
    with suppress(PermissionError):  # a directory may be written to and not be listed
        for path in parent.iterdir():
            if WORKSPACE.fullmatch(path.name):
                _clear_one(Workspace(path))


def _clear_one(left: Workspace) -> None:
    with suppress(OSError):  # it has an owner, or has just gone
        handle = _lock(left.path)
        if handle is not None and set(left.path.iterdir()) <= {left.new, left.aside}:  # nobody else's
            _remove(left)
        _unlock(handle)


def _remove(workspace: Workspace) -> None:
    with suppress(OSError):  # what cannot be brought back must not be removed
        restore(workspace.aside, workspace.path.parent)
        shutil.rmtree(workspace.path, ignore_errors=True)


def _lock(directory: Path) -> int | None:
    """Lock a directory.

    Returns:
        A file descriptor that holds the lock until it is closed or the process ends; None where there are no locks.

    Raises:
        BlockingIOError: Another process holds it.
        FileNotFoundError: It has gone.
    """
    if sys.platform == "win32":
        return None
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    if locked := lock(descriptor, of_process=False):
        return descriptor
    os.close(descriptor)
    if locked is None:
        return None
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(directory))


def _unlock(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)
