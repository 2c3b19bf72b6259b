"""Replace one directory by another: in one step where the system can, otherwise in two that can be undone."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_OCCUPIED = (errno.ENOTEMPTY, errno.EEXIST)
# Errors of a kernel, a sandbox or a file system that cannot exchange two names.
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP)


def put(new: Path, place: Path, *, aside: Path, check: Callable[[Path], None]) -> None:
    """Put a directory at a place, replacing the one that is there.

    Where the system can exchange two names, there is a directory at `place` at every moment. Elsewhere there is none
    between two renames; if the process is killed at that moment, `restore` brings the old one back. Two processes may
    do this at the same time: the last one wins.

    Args:
        new: The new directory, on the same file system as `place`. Afterwards this path may hold the old directory.
        place: Where the new directory goes.
        aside: Where the old directory goes instead if names cannot be exchanged; on the same file system.
        check: Called with the path of the old directory after it was moved. If it raises, the exchange is reverted.

    Raises:
        OSError: The directory cannot be replaced. The old one is at its place again, or will be after `restore`.
        Exception: Whatever `check` raises.
    """
    while True:
        refusal = exchange(new, place)
        if not refusal:
            return _check_old(new, place, check)
        if refusal in _UNSUPPORTED:
            _set_aside(place, aside, check)
        elif refusal != errno.ENOENT:
            raise OSError(refusal, os.strerror(refusal), str(place))
        if _rename(new, place):
            return None


def restore(aside: Path, parent: Path) -> None:
    """Bring back directories that were set aside and not replaced.

    Args:
        aside: As for `put`.
        parent: The directory that they came from.

    Raises:
        OSError: A directory cannot be renamed.
    """
    for old in aside.glob("*/*"):
        if not os.path.lexists(parent / old.name):
            old.rename(parent / old.name)


def exchange(one: Path, other: Path) -> int:
    """Exchange two names in one step, on Linux and most of its file systems.

    Returns:
        0, or the number of the error: ENOENT if one of the names does not exist.

    Source:
        renameat2(2), RENAME_EXCHANGE.
    """
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # another C library, another system
        return errno.ENOSYS
    names = os.fsencode(one), os.fsencode(other)
    status = renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], ctypes.c_uint(_RENAME_EXCHANGE))
    return ctypes.get_errno() if status else 0


def _check_old(new: Path, place: Path, check: Callable[[Path], None]) -> None:
    """Revert the exchange if the old directory must not be replaced."""
    try:
        check(new)
    except BaseException:
        exchange(new, place)
        raise


def _set_aside(place: Path, aside: Path, check: Callable[[Path], None]) -> None:
    old = aside / secrets.token_hex(4) / place.name
    old.parent.mkdir(parents=True)
    try:
        place.rename(old)
    except FileNotFoundError:  # there is none, or another process has just set it aside
        return
    check(old)


def _rename(new: Path, place: Path) -> bool:
    """Rename a directory, unless the new name has been taken meanwhile; return whether it was renamed."""
    try:
        new.rename(place)
    except OSError as error:
        if error.errno not in _OCCUPIED:
            raise
        return False
    return True
