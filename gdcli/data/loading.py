"""The rows that the dataset of a spec names."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gdcli.data.choosing import check_width
from gdcli.data.csv.format import CsvFormat
from gdcli.data.protocol import Data
from gdcli.data.sources import from_frame, read_table, synthesize, tabulate
from gdcli.data.stream import Reading
from gdcli.errors import MOST_SHOWN, DataError, Fault, Place, nearest, printable
from gdcli.spec.messages import shown
from gdcli.spec.model import Dataset
from gdcli.spec.paths import entries, exists, is_text, refusal, refusal_to_list
from gdcli.spec.validate import Request

if TYPE_CHECKING:
    import pandas as pd

DEEPEST = 100  # parts of a pattern: pathlib searches by recursion, one call per part


def load(
    request: Request, frame: pd.DataFrame | None, reading: Reading | None = None, *, in_chunks: bool = False
) -> tuple[Data, Dataset]:
    """Find the rows of a spec, and its dataset for the resolved spec.

    Args:
        request: The spec.
        frame: Rows to use instead of its dataset.
        reading: Called after each read of a large file: see `Reading`.
        in_chunks: Whether to read small files in chunks too, which can keep cells as they are spelled.

    Returns:
        The rows, and the dataset with absolute paths and with any pattern replaced by the files that match it.

    Raises:
        DataError: A file is missing or unreadable, or there are too many columns.
    """
    dataset = request.spec.dataset
    if frame is not None:
        return from_frame(frame), dataset
    if dataset.synthetic:
        _check_default_width(request, "dataset.synthetic", len(dataset.synthetic.weights))
        return synthesize(dataset.synthetic, lambda *_: request.place(("dataset", "synthetic"))), dataset
    if dataset.inline:
        _check_default_width(request, "dataset.inline", sum(map(_is_numeric, dataset.inline.values())) - 1)
        return tabulate(dataset.inline, lambda *cell: request.place(("dataset", "inline", *cell))), dataset
    paths = _paths(request, dataset.path or "")
    absolute = tuple(os.path.realpath(path) for path in paths)
    _check_spelling(zip(paths, absolute, strict=True))
    form = CsvFormat(
        delimiter=dataset.delimiter,
        decimal=dataset.decimal,
        thousands=dataset.thousands,
        encoding=dataset.encoding,
        style=request.style,
    )
    table = read_table(
        [(path, printable(os.path.normpath(path))) for path in paths], form, reading, in_chunks=in_chunks
    )
    return table, replace(dataset, path=absolute[0] if isinstance(dataset.path, str) and len(paths) == 1 else absolute)


def _check_default_width(request: Request, label: str, numeric: int) -> None:
    """Refuse too many columns before a table is made of them, as for files before any row is read."""
    if request.spec.columns.features is None:
        check_width(request, label, numeric)


def _is_numeric(cells: tuple[float | str, ...]) -> bool:
    """Whether a column has at least as many numbers as words."""
    words = sum(isinstance(cell, str) and bool(cell.strip()) for cell in cells)
    return words <= sum(not isinstance(cell, str) and not math.isnan(cell) for cell in cells)


def _paths(request: Request, dataset: str | tuple[str, ...]) -> list[Path]:
    """Find the data files that a spec names, one by one or by a pattern."""
    if isinstance(dataset, str) and not exists(request.base / dataset) and any(mark in dataset for mark in "*?["):
        return _matches(request, dataset)
    names = [dataset] if isinstance(dataset, str) else list(dataset)
    missing = [(i, name) for i, name in enumerate(names) if not exists(request.base / name)]
    folders = cache(entries)
    faults = [
        request.fault(
            ("dataset", "path") if isinstance(dataset, str) else ("dataset", "path", i),
            _missing_file(request, name, folders if count < MOST_SHOWN else lambda _: []),
        )
        for count, (i, name) in enumerate(missing)
    ]
    if faults:
        raise DataError(faults)
    return [request.base / name for name in names]


def _matches(request: Request, glob: str) -> list[Path]:
    """Find the data files that match a pattern, sorted by name, so that the rows are in the same order everywhere."""
    pattern = Path(glob)
    parts = pattern.relative_to(pattern.anchor).parts
    if len(parts) > DEEPEST or any("**" in part and part != "**" for part in parts):
        rule = f"'**' must stand alone between slashes, and a pattern may have at most {DEEPEST} parts"
        message = f"cannot search for data files by the pattern {shown(glob)}: {rule}; write one such as part-*.csv"
        raise DataError([request.fault(("dataset", "path"), message)])
    root = Path(pattern.anchor) if pattern.is_absolute() else request.base
    files = sorted(path for path in root.glob("/".join(parts)) if path.is_file())
    if not files:
        reason = refusal_to_list(request.base / glob)
        message = f"no data file matches {os.path.normpath(request.base / glob)}{reason and f': {reason}'}"
        raise DataError([request.fault(("dataset", "path"), message)])
    return files


def _check_spelling(files: Iterable[tuple[Path, str]]) -> None:
    """Refuse data files whose paths are not text, as given or with links followed: no spec could name them.

    Raises:
        DataError: There are such paths.
    """
    faults = [
        Fault(Place(str(path)), "this path is not UTF-8 text; rename it")
        for path, absolute in files
        if not (is_text(path) and is_text(Path(absolute)))
    ]
    if faults:
        raise DataError(faults)


def _missing_file(request: Request, name: str, folders: Callable[[Path], list[Path]]) -> str:
    """The message for a missing data file, with the file that was probably meant; `folders` lists a folder."""
    path = request.base / name
    reason = refusal(path)
    if reason:
        return f"cannot read {os.path.normpath(path)}: {reason}"
    if exists(Path(name)):
        right = os.path.relpath(name, request.base)
        return f"no data file {os.path.normpath(path)}; the path is relative to the spec: write {right}"
    # Compared by their stems, because the same ending would make all names similar.
    siblings = {entry.stem: entry.name for entry in folders(path.parent)}
    close = nearest(path.stem, siblings)
    hint = f"; did you mean '{siblings[close]}'?" if close else ""
    return f"no data file {os.path.normpath(path)}{hint}"
