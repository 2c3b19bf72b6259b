"""Single files: opened only if they are regular files, replaced as a whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from gdcli.output.workspace import flush, workspace

# Do not follow links, do not wait for the other end of a pipe, do not pass the file on to child processes.
_CAREFUL = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


def open_plain(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file: not a link, a directory, a pipe or a device.

    Args:
        path: Path of the file.
        flags: As for `os.open`.

    Returns:
        Its descriptor.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """
    try:
        descriptor = os.open(path, flags | _CAREFUL, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise OSError(errno.ELOOP, "it is a link", str(path)) from error
        raise
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        refusal = os.strerror(errno.EISDIR) if stat.S_ISDIR(mode) else "it is not a regular file"
        raise OSError(errno.EISDIR, refusal, str(path))
    return descriptor


def replace_file(
    path: Path, content: Iterable[bytes], *, check: Callable[[], bool], parent: Path | None = None
) -> None:
    """Write a file under a temporary name, then rename it to its own.

    Args:
        path: Where the file goes; an existing file or link is replaced.
        content: The bytes of the file, in parts.
        check: Called right before the renaming. If it returns False or raises, nothing is replaced.
        parent: Directory for the temporary file, on the same file system; that of `path` by default.

    Raises:
        OSError: The file cannot be written; an existing one is kept.
    """
    with workspace(parent or path.parent) as space:
        new = space.new / path.name
        with new.open("xb") as stream:
            stream.writelines(content)
        flush(space.new)
        if check():
            new.replace(path)
