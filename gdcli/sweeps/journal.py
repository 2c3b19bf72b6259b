"""A journal of finished runs: one line per run with a checksum, so that a kill costs at most the last line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from gdcli.errors import OutputError
from gdcli.experiment.ending import Remark
from gdcli.experiment.result import Result
from gdcli.output.directories import finite
from gdcli.output.places import explained, shown
from gdcli.output.single_file import open_plain, replace_file
from gdcli.output.workspace import flush_names, make_directories
from gdcli.sweeps.points import Point
from gdcli.sweeps.result import SweepRun

HEADER = {"journal": "gdcli sweep"}  # the first line, so that a journal is recognised even without runs
SYNC_SECONDS = 0.5  # a sync takes 8 ms: too long after each of 2,000 runs of 1 ms


def read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """Read the runs of a journal.

    Args:
        path: The journal; a missing one has no runs.

    Returns:
        Identity → record. The first damaged line and everything after it are ignored.

    Raises:
        OutputError: The file cannot be read, or is not a journal.
    """
    with explained(path, "cannot read the runs of earlier sweeps", "move it away"):
        return {record.pop("identity"): record for record in _bodies(path) if "identity" in record}


class Journal:
    """Records runs as they finish.

    Args:
        path: The journal; an earlier one is replaced, by a rename.
        kept: The first records, identity → record.

    Raises:
        OutputError: The journal cannot be written, or the existing file is not a journal; that file is kept.
    """

    def __init__(self, path: Path, kept: Mapping[str, dict[str, Any]]) -> None:
        self._path, self._synced = path, time.monotonic()
        lines = (_line({"identity": identity, **record}) for identity, record in kept.items())
        with self._explained():
            make_directories(path.parent)
            replace_file(path, chain([_line(HEADER)], lines), check=lambda: _is_journal(path))
            flush_names(path.parent)
            self._stream = os.fdopen(open_plain(path, os.O_WRONLY | os.O_APPEND), "ab", buffering=0)

    def add(self, records: Mapping[str, dict[str, Any]]) -> None:
        """Append runs.

        Args:
            records: Identity → record.

        Raises:
            OutputError: They cannot be written; earlier runs are kept.
        """
        lines = b"".join(_line({"identity": identity, **record}) for identity, record in records.items())
        with self._explained():
            while lines:  # a disk that is nearly full may take only a part at first
                lines = lines[self._stream.write(lines) :]
            self._sync()

    def close(self) -> None:
        """Flush the runs to disk and close the file.

        Raises:
            OutputError: They cannot be written.
        """
        try:
            with self._explained():
                os.fsync(self._stream.fileno())
        finally:
            self._stream.close()

    def _sync(self) -> None:
        """Flush the runs to disk from time to time: a kill loses nothing that is written, only a power cut does."""
        if time.monotonic() - self._synced > SYNC_SECONDS:
            os.fsync(self._stream.fileno())
            self._synced = time.monotonic()

    def _explained(self) -> AbstractContextManager[None]:
        hint = "runs finished before are kept, and the same command continues from there"
        return explained(self._path, "cannot write the journal of finished runs", hint)


def run_of(point: Point, record: Mapping[str, Any], *, curve: bool) -> SweepRun:
    """The run that the journal keeps as a record.

    Args:
        point: What was run.
        record: As `record_of` gives it.
        curve: Whether to take its curve too.

    Returns:
        The run.
    """
    remarks = tuple(Remark(*remark) for remark in record["remarks"])
    return SweepRun(point, record["summary"], record["curve"] if curve else None, remarks)


def record_of(result: Result, *, curve: bool) -> dict[str, Any]:
    """What the journal keeps of a run."""
    summary = finite({**result.figures, **dict.fromkeys(("spec", "scaling", "levels"))})
    record: dict[str, Any] = {"summary": summary, "remarks": [list(remark) for remark in result.remarks]}
    if curve:
        columns = {name: values.tolist() for name, values in result.curve.items()}
        record["curve"] = finite(columns)
    return record


def _bodies(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a journal up to the first damaged line; none if the file is missing or empty."""
    with suppress(FileNotFoundError), os.fdopen(open_plain(path), "rb") as stream:
        for number, line in enumerate(stream):
            seal, _, body = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or seal != _seal(body):
                if number == 0:
                    message = "sweeps keep finished runs in this file, but gdcli did not write it; move it away"
                    raise OutputError(f"{shown(path)}: {message}")
                return
            yield json.loads(body)


def _is_journal(path: Path) -> bool:
    """True for a journal, an empty file or none; any other file raises an error, because it must not be replaced."""
    next(_bodies(path), None)
    return True


def _line(record: Mapping[str, Any]) -> bytes:
    body = json.dumps(record, ensure_ascii=False, allow_nan=False).encode()
    return _seal(body) + b" " + body + b"\n"


def _seal(body: bytes) -> bytes:
    return sha256(body).hexdigest()[:16].encode()
