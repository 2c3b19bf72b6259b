"""A directory takes the place of another: in one step where the system can, else in two with a way back."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_OCCUPIED = (errno.ENOTEMPTY, errno.EEXIST)
# What a kernel, a sandbox or a file system answers that cannot exchange two names.
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP)


def put(new: Path, place: Path, *, aside: Path, check: Callable[[Path], None]) -> None:
    """Put a directory under a name, whatever stands there.

    Where the system can exchange two names, a directory stands there at every moment. Elsewhere there is none between
    two renames, and `restore` repairs what a kill at that moment leaves. Two processes may do this at once: the last
    one wins.

    Args:
        new: The directory, on the file system of `place`. What stood there before may be found under this name.
        place: The name.
        aside: Where else what stood there is put, on the same file system.
        check: Raises an error where what stood there must stay; it is given the path where that is now.

    Raises:
        OSError: It cannot be done; what stood there stands there again, or will after `restore`.
    """
    while True:
        refusal = exchange(new, place)
        if not refusal:
            return _checked(new, place, check)
        if refusal in _UNSUPPORTED:
            _set_aside(place, aside, check)
        elif refusal != errno.ENOENT:
            raise OSError(refusal, os.strerror(refusal), str(place))
        if _renamed(new, place):
            return None


def restore(aside: Path, parent: Path) -> None:
    """Bring back what was put aside and never replaced.

    Args:
        aside: As for `put`.
        parent: The directory in which the names stand.

    Raises:
        OSError: It cannot be done.
    """
    for old in aside.glob("*/*"):
        if not os.path.lexists(parent / old.name):
            old.rename(parent / old.name)


def exchange(one: Path, other: Path) -> int:
    """Exchange two names in one step: Linux, on most of its file systems.

    Returns:
        0, or the number of the error: ENOENT where nothing stands under one of the names.

    Source:
        renameat2(2), RENAME_EXCHANGE.
    """
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # another C library, another system
        return errno.ENOSYS
    names = os.fsencode(one), os.fsencode(other)
    done = renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], ctypes.c_uint(_RENAME_EXCHANGE))
    return ctypes.get_errno() if done else 0


def _checked(new: Path, place: Path, check: Callable[[Path], None]) -> None:
    """Exchange the two once more where what stood there must stay."""
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
    except FileNotFoundError:  # nothing stands there, or another process has just set it aside
        return
    check(old)


def _renamed(new: Path, place: Path) -> bool:
    """Rename a directory to a name that is free, if it still is."""
    try:
        new.rename(place)
    except OSError as error:
        if error.errno not in _OCCUPIED:
            raise
        return False
    return True
