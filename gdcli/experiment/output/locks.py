"""The system's locks on open files. Windows and some file systems have none."""

from __future__ import annotations

import errno
import sys

if sys.platform != "win32":
    import fcntl

_IN_USE = (errno.EACCES, errno.EAGAIN)


def lock(descriptor: int, *, of_process: bool) -> bool | None:
    """Try to lock an open file or directory until it is closed.

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
