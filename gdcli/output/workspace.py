"""Hidden directories to prepare files in, so that no half-written file is visible; leftovers are cleaned up."""

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

from gdcli.output.swap import restore
from gdcli.spec.paths import WORKSPACE

if sys.platform != "win32":
    import fcntl

_IN_USE = (errno.EACCES, errno.EAGAIN)
# Errors of file systems that cannot flush.
_NOTHING_TO_FLUSH = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


@dataclass(frozen=True)
class Workspace:
    """A hidden directory beside the results.

    Attributes:
        path: Path of the directory.
    """

    path: Path

    @property
    def new(self) -> Path:
        """The directory in it for new files."""
        return self.path / "new"

    @property
    def aside(self) -> Path:
        """Where `swap.put` may put the directory that it replaces."""
        return self.path / "old"


@contextmanager
def workspace(parent: Path) -> Iterator[Workspace]:
    """Make a hidden directory for temporary use, and remove those that killed processes have left.

    A process locks its directory; a directory that is not locked has no owner any more. Where the system or the file
    system has no such locks, nothing is removed.

    Args:
        parent: The directory in which it is made.

    Yields:
        The workspace, with an empty directory `new`.

    Raises:
        OSError: The directory cannot be made.
    """
    _clear(parent)
    space, handle = _locked_workspace(parent)
    try:
        yield space
    finally:
        _remove(space)
        _unlock(handle)


def flush(directory: Path) -> None:
    """Flush a directory and the files in it to disk, so that they survive a power failure.

    Args:
        directory: A directory without subdirectories.

    Raises:
        OSError: The files cannot be flushed.
    """
    for path in directory.iterdir():
        _flush(path)
    flush_names(directory)


def flush_names(directory: Path) -> None:
    """Flush the names in a directory to disk, so that they survive a power failure.

    Raises:
        OSError: The directory cannot be flushed.
    """
    if sys.platform != "win32":  # which cannot open a directory
        _flush(directory)


def make_directories(directory: Path) -> None:
    """Make a directory and its missing parents, and flush their names to disk.

    Raises:
        OSError: A directory cannot be made.
    """
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for path in missing:
        flush_names(path.parent)


def lock(descriptor: int, *, of_process: bool) -> bool | None:
    """Try to lock an open file or directory until it is closed. Windows and some file systems have no locks.

    Args:
        descriptor: The open file or directory.
        of_process: Whether the lock belongs to this process alone (`lockf`, for files open for writing), so that
            workers forked from it do not keep the lock after its end. Otherwise it belongs to the descriptor
            (`flock`, also for directories), so that two workspaces of one process do not share it.

    Returns:
        Whether it is locked now; None where the system has no locks.
    """
    if sys.platform == "win32":
        return None
    try:
        (fcntl.lockf if of_process else fcntl.flock)(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _IN_USE else None
    return True


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOTHING_TO_FLUSH:
            raise
    finally:
        os.close(descriptor)


def _locked_workspace(parent: Path) -> tuple[Workspace, int | None]:
    """Make a workspace and lock it. If another process removes it before it is locked, try again."""
    while True:
        space = Workspace(parent / f".gdcli-{secrets.token_hex(8)}")
        space.path.mkdir()
        with suppress(BlockingIOError, FileNotFoundError):
            handle = _lock(space.path)
            try:
                space.new.mkdir()
            except BaseException:
                _unlock(handle)
                raise
            return space, handle


def _clear(parent: Path) -> None:
    """Remove the workspaces of processes that have ended."""
    with suppress(PermissionError):  # a directory may be writable and not listable
        for path in parent.iterdir():
            if WORKSPACE.fullmatch(path.name):
                _clear_one(Workspace(path))


def _clear_one(leftover: Workspace) -> None:
    with suppress(OSError):  # it has an owner, or has just been removed
        handle = _lock(leftover.path)
        if handle is not None and set(leftover.path.iterdir()) <= {leftover.new, leftover.aside}:  # no files of others
            _remove(leftover)
        _unlock(handle)


def _remove(workspace: Workspace) -> None:
    with suppress(OSError):  # if the old directory cannot be brought back, it must not be removed
        restore(workspace.aside, workspace.path.parent)
        shutil.rmtree(workspace.path, ignore_errors=True)


def _lock(directory: Path) -> int | None:
    """Lock a directory.

    Returns:
        A descriptor that holds the lock until it is closed or the process ends; None where there are no locks.

    Raises:
        BlockingIOError: Another process holds it.
        FileNotFoundError: The directory has been removed.
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
