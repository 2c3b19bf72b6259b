"""Paths that users type: a name that no file system takes is a file that is not there, and no error."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

from gdcli.errors import system_reason

WORKSPACE = re.compile(r"\.gdcli-[0-9a-f]{16}")  # what hidden directories are called in which results are prepared


def exists(path: Path) -> bool:
    """Whether there is a file or folder of this name."""
    with suppress(OSError, ValueError):
        return path.exists()
    return False


def refusal(path: Path) -> str:
    """Why the system does not say whether there is a file of this name; nothing where it does."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""
    except OSError as error:
        return "" if error.errno == errno.ENAMETOOLONG else system_reason(error)
    return ""


def is_text(path: Path) -> bool:
    """Whether a path, as seen from the working directory, can be written down in UTF-8."""
    with suppress(OSError):
        path = Path(os.path.relpath(path))
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def refusal_to_list(pattern: Path) -> str:
    """Why the system does not list the folder in which a pattern begins; nothing where it does, or there is none."""
    whole = list(takewhile(lambda part: not any(mark in part for mark in "*?["), pattern.parts[:-1]))
    try:
        with os.scandir(Path(*whole)):
            return ""
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""
    except OSError as error:
        return system_reason(error)


def entries(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing where that cannot be found out."""
    with suppress(OSError, ValueError):
        return sorted(folder.iterdir())
    return []


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name."""
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


def in_workspace(path: Path) -> bool:
    """Whether a file lies in a directory in which a result is being prepared."""
    return any(WORKSPACE.fullmatch(part) for part in path.parts)
