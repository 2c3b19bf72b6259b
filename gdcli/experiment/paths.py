"""Paths that users type: a name that no file system takes is a file that is not there, and no error."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def exists(path: Path) -> bool:
    """Whether there is a file or folder of this name."""
    with suppress(OSError, ValueError):
        return path.exists()
    return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name."""
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False
