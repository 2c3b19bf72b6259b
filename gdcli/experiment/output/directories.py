"""Directories that are replaced whole, and the tables, documents and pictures in them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdcli.errors import printable
from gdcli.experiment.output.manifest import SUMMARY, manifest
from gdcli.experiment.output.places import check_place, explained, shown
from gdcli.experiment.output.single_file import replace_file
from gdcli.experiment.output.swap import put
from gdcli.experiment.output.workspace import flush, flush_names, make_directories, workspace

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(directory: Path, *, inputs: Iterable[Path] = ()) -> Iterator[Path]:
    """Give a new directory to write to, and put it in the place of `directory` once all is written.

    What is written must end with `write_summary`, or gdcli will not replace it again.

    Args:
        directory: The place; a link to a directory stays, and what it leads to is replaced.
        inputs: Files that must not be in it: those that the run reads.

    Yields:
        The new directory, empty.

    Raises:
        OutputError: It cannot be written, or holds an input or what gdcli did not write; nothing has changed then.
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
    """Write `summary.json`, with a list of all files of the result: what gdcli may replace another time.

    Args:
        document: What it holds.
        new: The directory, all other files written.
        later: Names of files still to come.
    """
    write_json({**document, "files": manifest(new, later=later)}, new / SUMMARY)


def add_picture(directory: Path, name: str, draw: Callable[[], bytes], *, to: os.stat_result) -> list[str]:
    """Draw a picture for a result that has been written; what goes wrong costs the picture and nothing else.

    Args:
        directory: The result.
        name: Of the picture's file, which the summary lists.
        draw: Gives its bytes.
        to: The status of the result's directory: one that has been replaced since gets no picture.

    Returns:
        At most one warning.
    """
    try:
        picture = draw()
        parent = Path(os.path.realpath(directory)).parent  # not the result itself, which holds nothing but its files
        replace_file(directory / name, [picture], check=lambda: os.path.samestat(directory.stat(), to), parent=parent)
    except Exception as error:  # whatever it is: a result without a picture is a result
        reason = printable(f"{type(error).__name__}: {error}".partition("\n")[0])
        return [f"{shown(directory / name)} could not be drawn: {reason}"]
    return []


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table, numbers in their shortest form that reads back the same."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_json(value: Any, path: Path) -> None:
    """Write a document that has no numbers but finite ones."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # Half a surrogate pair, which stands for a byte of a file name that is not UTF-8, is written as JSON's escape.
    path.write_bytes(text.encode("utf-8", "backslashreplace"))


def finite(value: Any) -> Any:
    """Replace numbers that JSON has no word for by None."""
    if isinstance(value, Mapping):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
