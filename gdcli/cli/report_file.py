"""A report of its own, written whole or not at all, and never over a file of somebody else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gdcli.errors import OutputError


def check_report(path: Path, mark: str) -> None:
    """Find out before anything runs whether a report can be written.

    Args:
        path: Of the report.
        mark: What an earlier report has at its beginning, which may be replaced.

    Raises:
        OutputError: It cannot be written, or there is something else.
    """
    with _explained(path):
        if path.exists() and mark.encode() not in path.read_bytes()[:200]:
            raise OutputError(f"{path}: exists, and no `{mark}` wrote it; move it away, or choose another --junit")
        _write_beside(path, b"").unlink()


def write_report(path: Path, content: bytes) -> None:
    """Write a report whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    with _explained(path):
        _write_beside(path, content).replace(path)


def _write_beside(path: Path, content: bytes) -> Path:
    """Write a file of another name in the same directory."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        new.write_bytes(content)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    return new


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot write the report: {error.strerror or error}") from error
