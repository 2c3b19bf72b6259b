"""Single files beside results: opened only where they are plain files, replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from gdcli.experiment.output.workspace import flush, workspace

# Follow no link, wait for no other end of a pipe, hand nothing on to other programs.
_CAREFUL = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


def open_plain(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a file that is neither a link nor a pipe or a device.

    Args:
        path: Of the file.
        flags: As for `os.open`.

    Returns:
        Its descriptor.

    Raises:
        OSError: It cannot be opened, or is something else.
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
    """Write a file under another name, then put it in the place of what stands there.

    Args:
        path: The place; a link is replaced, not followed.
        content: Its bytes, in parts.
        check: Asked right before: False leaves what stands there, and so does an error.
        parent: Where to write it first, on the same file system; beside `path` by default.

    Raises:
        OSError: It cannot be written; what stood there still does.
    """
    with workspace(parent or path.parent) as space:
        new = space.new / path.name
        with new.open("xb") as stream:
            stream.writelines(content)
        flush(space.new)
        if check():
            new.replace(path)
