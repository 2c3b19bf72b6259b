"""A journal of finished runs: one line each, checked, so that a kill at any moment costs the last line at most."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any


def read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """Read the runs that a journal holds.

    Args:
        path: The journal; one that is not there holds nothing.

    Returns:
        Identity → record. What comes after the first line that is not whole is left out.
    """
    records: dict[str, dict[str, Any]] = {}
    with suppress(FileNotFoundError), path.open("rb") as stream:
        for line in stream:
            seal, _, body = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or seal != _seal(body):
                break
            record = json.loads(body)
            records[record.pop("identity")] = record
    return records


class Journal:
    """Records runs as they finish.

    Args:
        path: Where; what lies there is replaced, by a rename.
        kept: Records to begin with, identity → record.
    """

    def __init__(self, path: Path, kept: Mapping[str, dict[str, Any]]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_bytes(b"".join(_line(identity, record) for identity, record in kept.items()))
        new.replace(path)
        self._stream = path.open("ab")

    def add(self, records: Mapping[str, dict[str, Any]]) -> None:
        """Write runs down, for good: identity → record."""
        self._stream.writelines(_line(identity, record) for identity, record in records.items())
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


def _line(identity: str, record: Mapping[str, Any]) -> bytes:
    body = json.dumps({"identity": identity, **record}, ensure_ascii=False, allow_nan=False).encode()
    return _seal(body) + b" " + body + b"\n"


def _seal(body: bytes) -> bytes:
    return sha256(body).hexdigest()[:16].encode()
