"""A file that a command writes beside the results: whole or not at all, and never over a file that is not its own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gdcli.errors import OutputError
from gdcli.output.places import explained, input_in, shown
from gdcli.output.single_file import open_plain, replace_file
from gdcli.output.workspace import workspace


@dataclass(frozen=True)
class OutputFile:
    """Where an output goes, and what may be there.

    Attributes:
        path: The file. A link is kept, and its target is replaced.
        beginning: How an earlier output begins, which may be replaced; None if no file may be replaced.
        inputs: The files that the command reads.
        what: What is written.
        objection: What is wrong with a file that begins otherwise.
        option: The option that names the file.
    """

    path: Path
    beginning: bytes | None
    inputs: Sequence[Path]
    what: str
    objection: str
    option: str

    def check(self) -> None:
        """Find out before anything runs whether the output can be written.

        Raises:
            OutputError: It cannot be written, or there is a file that is not an earlier output.
        """
        with explained(self.path, self._doing, self._way_out):
            self._check_place()
            with workspace(self._real.parent):
                pass  # it can be written to

    def write(self, content: Iterable[bytes]) -> None:
        """Write the output as a whole or not at all. The place is checked again, as files may have changed since.

        Args:
            content: The output, in parts.

        Raises:
            OutputError: As for `check`.
        """

        def check() -> bool:
            self._check_place()
            return True

        with explained(self.path, self._doing, self._way_out):
            replace_file(self._real, content, check=check)

    def _check_place(self) -> None:
        """Refuse to replace a file that is not an earlier output."""
        with suppress(FileNotFoundError), os.fdopen(open_plain(self._real), "rb") as stream:
            if input_in(self.path, self.inputs):
                raise OutputError(f"{shown(self.path)}: is a file that this command reads; {self._way_out}")
            if self.beginning is None:
                raise OutputError(f"{shown(self.path)}: exists; {self.objection}; {self._way_out}")
            if stream.read(len(self.beginning)) != self.beginning:
                message = f"exists, and {self.objection}; move it away, or {self._way_out}"
                raise OutputError(f"{shown(self.path)}: {message}")

    @property
    def _doing(self) -> str:
        return f"cannot write {self.what}"

    @property
    def _way_out(self) -> str:
        return f"choose another {self.option}"

    @property
    def _real(self) -> Path:
        return Path(os.path.realpath(self.path))


def report_file(path: Path, beginning: bytes, inputs: Sequence[Path]) -> OutputFile:
    """The file of `gdcli check --junit`."""
    return OutputFile(path, beginning, inputs, "the report", "is not a report of gdcli", "--junit")


def prediction_file(path: Path, header: bytes, inputs: Sequence[Path]) -> OutputFile:
    """The file of `gdcli predict --output`."""
    objection = "does not hold predictions for these columns"
    return OutputFile(path, header, inputs, "the predictions", objection, "--output")


def spec_file(path: Path, inputs: Sequence[Path]) -> OutputFile:
    """The file of `gdcli init --output`."""
    return OutputFile(path, None, inputs, "the spec", "init never replaces a file", "--output")
