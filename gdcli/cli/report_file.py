"""A report of its own, written whole or not at all, and never over a file of somebody else."""

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
        path: Of the report; a link stays, and what it leads to is replaced.
        beginning: With what an earlier report begins, which may be replaced.
        inputs: The files that the command reads.

    Raises:
        OutputError: It cannot be written, or there is something else.
    """
    with explained(path, _DOING, _WAY_OUT):
        _check_place(path, beginning, inputs)
        with workspace(_real(path).parent):
            pass  # it can be written to


def write_report(path: Path, content: bytes, beginning: bytes, inputs: Sequence[Path]) -> None:
    """Write a report whole or not at all.

    Args:
        path: As for `check_report`, which is asked again: much may have happened since.
        content: The report.
        beginning: As for `check_report`.
        inputs: Likewise.

    Raises:
        OutputError: It cannot be written, or there is something else.
    """

    def check() -> bool:
        _check_place(path, beginning, inputs)
        return True

    with explained(path, _DOING, _WAY_OUT):
        replace_file(_real(path), [content], check=check)


def _check_place(path: Path, beginning: bytes, inputs: Sequence[Path]) -> None:
    """Refuse whatever is not an earlier report."""
    with suppress(FileNotFoundError), os.fdopen(open_plain(_real(path)), "rb") as stream:
        if input_in(path, inputs):
            raise OutputError(f"{shown(path)}: is a file that this command reads; {_WAY_OUT}")
        if stream.read(len(beginning)) != beginning:
            raise OutputError(f"{shown(path)}: exists, and is no report of gdcli; move it away, or {_WAY_OUT}")


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
