"""A journal of finished runs: one line each, checked, so that a kill at any moment costs the last line at most."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from gdcli.errors import OutputError

SYNC_SECONDS = 0.5  # 2,000 short runs of 1 ms each would wait 8 ms for the disk each


def read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """Read the runs that a journal holds.

    Args:
        path: The journal; one that is not there holds nothing.

    Returns:
        Identity → record. What comes after the first line that is not whole is left out.

    Raises:
        OutputError: It cannot be read.
    """
    records: dict[str, dict[str, Any]] = {}
    try:
        with path.open("rb") as stream:
            for line in stream:
                seal, _, body = line.rstrip(b"\n").partition(b" ")
                if not line.endswith(b"\n") or seal != _seal(body):
                    break
                record = json.loads(body)
                records[record.pop("identity")] = record
    except FileNotFoundError:
        pass
    except OSError as error:
        hint = "move it away, or start anew with --fresh"
        raise OutputError(f"{path}: cannot read the runs of earlier sweeps: {error.strerror}; {hint}") from error
    return records


class Journal:
    """Records runs as they finish.

    Args:
        path: Where; what lies there is replaced, by a rename.
        kept: Records to begin with, identity → record.

    Raises:
        OutputError: It cannot be written; what lay there is still there.
    """

    def __init__(self, path: Path, kept: Mapping[str, dict[str, Any]]) -> None:
        self._path, self._synced = path, time.monotonic()
        new = path.with_name(path.name + ".new")
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with new.open("wb") as stream:
                    stream.writelines(_line(identity, record) for identity, record in kept.items())
                    stream.flush()
                    os.fsync(stream.fileno())
                new.replace(path)
            finally:
                new.unlink(missing_ok=True)
            self._stream = path.open("ab", buffering=0)

    def add(self, records: Mapping[str, dict[str, Any]]) -> None:
        """Write runs down.

        Args:
            records: Identity → record.

        Raises:
            OutputError: They cannot be written; those before them are kept.
        """
        lines = b"".join(_line(identity, record) for identity, record in records.items())
        with self._explained():
            while lines:  # a disk that is filling up takes a part of them first
                lines = lines[self._stream.write(lines) :]
            self._sync()

    def close(self) -> None:
        """Let go of the file, its runs on the disk."""
        try:
            with self._explained():
                os.fsync(self._stream.fileno())
        finally:
            self._stream.close()

    def _sync(self) -> None:
        """Bring what is written to the disk, now and then: a kill loses none of it, only a power cut would."""
        if time.monotonic() - self._synced > SYNC_SECONDS:
            os.fsync(self._stream.fileno())
            self._synced = time.monotonic()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the system's refusals into ours."""
        try:
            yield
        except OSError as error:
            message = f"{self._path}: cannot write the journal of finished runs: {error.strerror}"
            raise OutputError(
                f"{message}; what was finished before is kept, and the same command goes on from there"
            ) from error


def _line(identity: str, record: Mapping[str, Any]) -> bytes:
    body = json.dumps({"identity": identity, **record}, ensure_ascii=False, allow_nan=False).encode()
    return _seal(body) + b" " + body + b"\n"


def _seal(body: bytes) -> bytes:
    return sha256(body).hexdigest()[:16].encode()
