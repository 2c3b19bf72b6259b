"""Result directories, replaced as a whole, and the tables, documents and pictures in them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdcli.errors import printable
from gdcli.output.manifest import SUMMARY, manifest
from gdcli.output.places import check_place, explained, shown
from gdcli.output.single_file import replace_file
from gdcli.output.swap import put
from gdcli.output.workspace import flush, flush_names, make_directories, workspace

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(directory: Path, *, inputs: Iterable[Path] = ()) -> Iterator[Path]:
    """Provide a new directory to write to, then replace `directory` by it.

    The last file written must be that of `write_summary`; without it gdcli will not replace the result again.

    Args:
        directory: The directory to replace, if it exists. A link to a directory is kept, and its target is replaced.
        inputs: The files that the run reads; none of them may be in the directory.

    Yields:
        The new directory, empty.

    Raises:
        OutputError: The directory cannot be written, or it holds an input or a file that gdcli did not write. Nothing
            has changed then.
    """
    check_place(directory, inputs)
    with explained(directory):
        place = Path(os.path.realpath(directory))
        make_directories(place.parent)
        with workspace(place.parent) as space:
            yield space.new
            flush(space.new)
            put(space.new, place, aside=space.aside, check=lambda old: check_place(directory, contents=old))
            flush_names(place.parent)


def write_summary(document: Mapping[str, Any], new: Path, *, later: Iterable[str] = ()) -> None:
    """Write `summary.json`, with a list of all files of the result. gdcli may replace these files later.

    Args:
        document: The content of the summary.
        new: The directory of the result; all other files except pictures are there.
        later: Names of the pictures that will be added.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: The document contains a number that is not finite.
    """
    files = manifest(new, later=later)
    text = json.dumps({**document, "files": files}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # A lone surrogate, which stands for a byte of a file name that is not UTF-8, is written as a JSON escape.
    (new / SUMMARY).write_bytes(text.encode("utf-8", "backslashreplace"))


def add_picture(directory: Path, name: str, draw: Callable[[], bytes], *, to: os.stat_result) -> list[str]:
    """Draw a picture for a result that has been written. If this fails, only the picture is lost.

    Args:
        directory: The directory of the result.
        name: File name of the picture, which the summary lists.
        draw: Returns the bytes of the picture.
        to: The status of the result's directory. If another result has replaced it since, no picture is added.

    Returns:
        A warning if the picture could not be drawn, otherwise nothing.
    """
    try:
        picture = draw()
        parent = Path(os.path.realpath(directory)).parent  # not the result itself, which holds only its own files
        replace_file(directory / name, [picture], check=lambda: os.path.samestat(directory.stat(), to), parent=parent)
    except Exception as error:  # any failure: the result is valid without its picture
        reason = printable(f"{type(error).__name__}: {error}".partition("\n")[0])
        return [f"{shown(directory / name)} could not be drawn: {reason}"]
    return []


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table, with numbers in the shortest form that reads back to the same value.

    Raises:
        OSError: The file cannot be written.
    """
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def finite(value: Any) -> Any:
    """Replace infinities and NaN, which JSON cannot represent, by None."""
    if isinstance(value, Mapping):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
