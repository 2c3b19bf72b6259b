"""The list of files that gdcli wrote into a directory, kept in its summary: only these may be replaced later."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from gdcli.errors import some_of

SUMMARY = "summary.json"  # its key `files` is the list: name → SHA-256, or null for the summary and for pictures


def manifest(directory: Path, *, later: Iterable[str] = ()) -> dict[str, str | None]:
    """List the files of a new result.

    Args:
        directory: The directory of the result, with all files except the summary and the pictures.
        later: The names of the pictures.

    Returns:
        Name → SHA-256 of the file's bytes, or None for the summary and the pictures; sorted by name.

    Raises:
        OSError: A file cannot be read.
    """
    hashes = {path.name: _hash(path) for path in directory.iterdir()}
    return dict(sorted({**hashes, SUMMARY: None, **dict.fromkeys(later)}.items()))


def objection(directory: Path) -> str:
    """Say which files of a directory gdcli did not write, or somebody has changed since.

    Args:
        directory: Any directory, whether it holds a result or not.

    Returns:
        Such as `holds notes.txt, which gdcli did not write`; empty if gdcli wrote every file as it is now.

    Raises:
        OSError: A file cannot be read.
    """
    own = _own_files(directory)
    foreign, changed = list[str](), list[str]()
    with os.scandir(directory) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name not in own or not entry.is_file(follow_symlinks=False):
                foreign.append(entry.name + ("/" if entry.is_dir(follow_symlinks=False) else ""))
            elif (digest := own[entry.name]) and _differs(Path(entry.path), digest):
                changed.append(entry.name)
    if foreign and not own and SUMMARY in foreign:
        return f"holds {some_of(foreign, 3)}, and its {SUMMARY} does not list what gdcli wrote"
    if foreign:
        return f"holds {some_of(foreign, 3)}, which gdcli did not write"
    return f"holds {some_of(changed, 3)}, changed since gdcli wrote it" if changed else ""


def is_own(path: Path) -> bool:
    """Whether gdcli wrote a file: the summary beside it lists it."""
    return path.name in _own_files(path.parent)


def _own_files(directory: Path) -> Mapping[str, str | None]:
    """The files that gdcli wrote into a directory, as the summary there lists them."""
    path = directory / SUMMARY
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return {}
        files = json.loads(path.read_bytes())["files"]
    except (FileNotFoundError, ValueError, TypeError, LookupError, RecursionError):  # none, or not gdcli's
        return {}
    return files if isinstance(files, dict) and SUMMARY in files else {}


def _differs(path: Path, digest: str) -> bool:
    """Whether the bytes of a file differ from those listed; False for a file that has just been removed."""
    with suppress(FileNotFoundError):
        return _hash(path) != digest
    return False


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
