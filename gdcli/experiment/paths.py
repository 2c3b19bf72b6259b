"""Paths that users type: a name that no file system takes is a file that is not there, and no error."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

WORKSPACE = re.compile(r"\.gdcli-[0-9a-f]{16}")  # what hidden directories are called in which results are prepared


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


def in_workspace(path: Path) -> bool:
    """Whether a file lies in a directory in which a result is being prepared."""
    return any(WORKSPACE.fullmatch(part) for part in path.parts)
