"""The system's locks on open files; on Windows, and on file systems that know none, there are none."""

from __future__ import annotations

import errno
import sys

if sys.platform != "win32":
    import fcntl

_HELD = (errno.EACCES, errno.EAGAIN)


def lock(descriptor: int, *, of_process: bool) -> bool | None:
    """Try to lock an open file or directory until it is closed.

    Args:
        descriptor: Of what is to be locked.
        of_process: Whether the lock is this process's alone (`lockf`, for files that can be written to), so that
            workers forked from it do not keep the lock after its end. Otherwise it belongs to the descriptor
            (`flock`, for directories too), so that two workspaces of one process stay apart.

    Returns:
        Whether it is locked now; None where there are no locks.
    """
    if sys.platform == "win32":
        return None
    try:
        (fcntl.lockf if of_process else fcntl.flock)(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _HELD else None
    return True
