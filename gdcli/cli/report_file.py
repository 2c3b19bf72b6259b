"""The report of `check`: written as a whole or not at all, and never over a file that is not such a report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gdcli.errors import OutputError
from gdcli.experiment.output.places import explained, input_in, shown
from gdcli.experiment.output.single_file import open_plain, replace_file
from gdcli.experiment.output.workspace import workspace

_DOING, _WAY_OUT = "cannot write the report", "choose another --junit"


def check_report(path: Path, beginning: bytes, inputs: Sequence[Path]) -> None:
    """Find out before anything runs whether a report can be written.

    Args:
        path: Where the report goes. A link is kept, and its target is replaced.
        beginning: How an earlier report begins, which may be replaced.
        inputs: The files that the command reads.

    Raises:
        OutputError: The report cannot be written, or there is a file that is not an earlier report.
    """
    with explained(path, _DOING, _WAY_OUT):
        _check_place(path, beginning, inputs)
        with workspace(_real(path).parent):
            pass  # it can be written to


def write_report(path: Path, content: bytes, beginning: bytes, inputs: Sequence[Path]) -> None:
    """Write a report as a whole or not at all.

    Args:
        path: As for `check_report`. The same checks are made again, as files may have changed since.
        content: The report.
        beginning: As for `check_report`.
        inputs: As for `check_report`.

    Raises:
        OutputError: The report cannot be written, or there is a file that is not an earlier report.
    """

    def check() -> bool:
        _check_place(path, beginning, inputs)
        return True

    with explained(path, _DOING, _WAY_OUT):
        replace_file(_real(path), [content], check=check)


def _check_place(path: Path, beginning: bytes, inputs: Sequence[Path]) -> None:
    """Refuse to replace a file that is not an earlier report."""
    with suppress(FileNotFoundError), os.fdopen(open_plain(_real(path)), "rb") as stream:
        if input_in(path, inputs):
            raise OutputError(f"{shown(path)}: is a file that this command reads; {_WAY_OUT}")
        if stream.read(len(beginning)) != beginning:
            raise OutputError(f"{shown(path)}: exists, and is not a report of gdcli; move it away, or {_WAY_OUT}")


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
