"""From the dataset of a spec to its rows."""

from __future__ import annotations

import os
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from gdcli.data.csv.format import CsvFormat
from gdcli.data.sources import from_frame, read_table, synthesize, tabulate
from gdcli.data.stream import Reading, Stream
from gdcli.data.table import Table
from gdcli.errors import DataError, printable
from gdcli.spec.model import Dataset
from gdcli.spec.paths import entries, exists, refusal, refusal_to_list
from gdcli.spec.validate import Source

if TYPE_CHECKING:
    import pandas as pd


def load(source: Source, frame: pd.DataFrame | None, reading: Reading | None = None) -> tuple[Table | Stream, Dataset]:
    """Find the rows, and the dataset as the resolved spec names it.

    Args:
        source: The spec.
        frame: Rows instead of its dataset.
        reading: Told of every read of a large file.

    Returns:
        The rows, and the dataset with absolute paths, a pattern replaced by the files that match it.

    Raises:
        DataError: A file is missing or unreadable.
    """
    dataset = source.spec.dataset
    if frame is not None:
        return from_frame(frame), dataset
    if dataset.synthetic:
        return synthesize(dataset.synthetic, lambda *_: source.place(("dataset", "synthetic"))), dataset
    if dataset.inline:
        return tabulate(dataset.inline, lambda *cell: source.place(("dataset", "inline", *cell))), dataset
    paths = _paths(source, dataset.path or "")
    form = CsvFormat(
        delimiter=dataset.delimiter,
        decimal=dataset.decimal,
        thousands=dataset.thousands,
        encoding=dataset.encoding,
        style=source.style,
    )
    table = read_table([(path, printable(os.path.normpath(path))) for path in paths], form, reading)
    absolute = tuple(os.path.realpath(path) for path in paths)
    return table, replace(dataset, path=absolute[0] if isinstance(dataset.path, str) and len(paths) == 1 else absolute)


def _paths(source: Source, given: str | tuple[str, ...]) -> list[Path]:
    """The data files that a spec names, one by one or by a pattern."""
    if isinstance(given, str) and not exists(source.base / given) and any(mark in given for mark in "*?["):
        pattern = Path(given)
        root = Path(pattern.anchor) if pattern.is_absolute() else source.base
        # By name, so that the order of the rows is the same everywhere.
        found = sorted(path for path in root.glob(str(pattern.relative_to(pattern.anchor))) if path.is_file())
        if not found:
            reason = refusal_to_list(source.base / given)
            message = f"no data file matches {os.path.normpath(source.base / given)}{reason and f': {reason}'}"
            raise DataError([source.fault(("dataset", "path"), message)])
        return found
    named = [given] if isinstance(given, str) else list(given)
    missing = [
        source.fault(
            ("dataset", "path") if isinstance(given, str) else ("dataset", "path", i), _missing_file(source, name)
        )
        for i, name in enumerate(named)
        if not exists(source.base / name)
    ]
    if missing:
        raise DataError(missing)
    return [source.base / name for name in named]


def _missing_file(source: Source, name: str) -> str:
    """Say that there is no such data file, and which was probably meant."""
    path = source.base / name
    reason = refusal(path)
    if reason:
        return f"cannot read {os.path.normpath(path)}: {reason}"
    if exists(Path(name)):
        right = os.path.relpath(name, source.base)
        return f"no data file {os.path.normpath(path)}; the path is relative to the spec: write {right}"
    # By their stems: every .csv is like every other one.
    siblings = {entry.stem: entry.name for entry in entries(path.parent)}
    close = get_close_matches(path.stem, siblings, n=1)
    hint = f"; did you mean '{siblings[close[0]]}'?" if close else ""
    return f"no data file {os.path.normpath(path)}{hint}"
