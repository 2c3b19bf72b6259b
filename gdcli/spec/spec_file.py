"""Read the file of a spec, of limited size, as one mapping."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from gdcli.errors import Fault, Place, SpecError, nearest, system_reason
from gdcli.spec.strict_yaml import KeyPath, parse

MAX_BYTES = 1 << 20


def read_file(path: Path, label: str) -> tuple[dict[str, Any], dict[KeyPath, Place]]:
    """Read a YAML file that contains one mapping.

    Args:
        path: The file.
        label: How messages name it.

    Returns:
        The mapping, lists as tuples, and the place of every key and element in it.

    Raises:
        SpecError: The file is missing, not regular, too large, not UTF-8, empty, or not a mapping; or as `parse`.
    """
    place = Place(label)
    try:
        content = _content(path)
    except FileNotFoundError as error:
        raise SpecError([Fault(place, f"there is no such spec{_sibling(path)}")]) from error
    except IsADirectoryError as error:
        raise SpecError([Fault(place, "a folder; name a YAML file in it (`gdcli check` takes folders)")]) from error
    except OSError as error:
        raise SpecError([Fault(place, f"cannot read this spec: {system_reason(error)}")]) from error
    except ValueError as error:  # a name with a NUL in it
        raise SpecError([Fault(place, "no file can have this name")]) from error
    if len(content) > MAX_BYTES:
        raise SpecError([Fault(place, "a spec may be at most 1 MiB; put the data into a separate file")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError([Fault(Place(label, line), "not UTF-8 text; save the spec as UTF-8")]) from error
    value, places = parse(text, label)
    if value is None:
        raise SpecError([Fault(place, "this spec is empty; it needs at least `dataset: …`")])
    if not isinstance(value, dict):
        raise SpecError([Fault(Place(label, 1, 1), "a spec is a mapping of keys to values, `dataset: …` first")])
    return value, places


def is_stream(path: Path) -> bool:
    """Whether a path names a pipe of this process: `/dev/stdin`, or `<(…)` of a shell."""
    return str(path) == "/dev/stdin" or str(path).startswith(("/dev/fd/", "/proc/self/fd/"))


def _content(path: Path) -> bytes:
    """The contents of a file, up to one byte more than the limit."""
    kind = path.stat().st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or is_stream(path)):
        # Reading from a pipe may block forever, and a device never ends.
        raise OSError(None, "not a regular file; pipe a spec to /dev/stdin instead")
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _sibling(path: Path) -> str:
    """Suggest a spec in the folder of a missing one."""
    # Stems are compared, because the common ending would make all names similar.
    try:
        siblings = {file.stem: file.name for file in path.parent.glob("*.y*ml")}
    except OSError:  # a directory without permission to list it
        return ""
    stem = nearest(path.stem, siblings)
    return f"; did you mean '{siblings[stem]}'?" if stem else ""
