"""Checks of paths that users type. A name that no file system allows is treated as missing, not as an error."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

from gdcli.errors import system_reason

# Unlike those of Path, these are False for names that are too long.
exists, is_folder = os.path.exists, os.path.isdir

WORKSPACE = re.compile(r"\.gdcli-[0-9a-f]{16}")  # the name of a hidden directory in which a result is prepared


def refusal(path: Path) -> str:
    """Why the system cannot tell whether the file exists; empty if it can."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""
    except OSError as error:
        return "" if error.errno == errno.ENAMETOOLONG else system_reason(error)
    return ""


def is_text(path: Path) -> bool:
    """Whether a path, relative to the working directory, can be encoded as UTF-8."""
    with suppress(OSError):
        path = Path(os.path.relpath(path))
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def refusal_to_list(pattern: Path) -> str:
    """Why the system cannot list the folder where a pattern begins; empty if it can, or if the folder is missing."""
    parts = list(takewhile(lambda part: not any(mark in part for mark in "*?["), pattern.parts[:-1]))
    try:
        with os.scandir(Path(*parts)):
            return ""
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""
    except OSError as error:
        return system_reason(error)


def entries(folder: Path) -> list[Path]:
    """The contents of a folder, sorted by name; empty if they cannot be listed."""
    with suppress(OSError, ValueError):
        return sorted(folder.iterdir())
    return []


def in_workspace(path: Path) -> bool:
    """Whether a file is in a directory in which a result is being prepared."""
    return any(WORKSPACE.fullmatch(part) for part in path.parts)
