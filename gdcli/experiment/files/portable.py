"""A plan as files that can be moved: its resolved spec, its data, and its inputs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdcli.experiment.plan import Plan
from gdcli.spec.model import plain

if TYPE_CHECKING:
    import pandas as pd


def inputs_of(plans: Iterable[Plan]) -> list[Path]:
    """The files that runs read, data and specs, without duplicates."""
    return list(dict.fromkeys(path for planned in plans for path in planned.inputs))


def portable_spec(planned: Plan, directory: Path) -> dict[str, Any]:
    """The resolved spec, with the path of its dataset relative to the directory where it is written."""
    spec: dict[str, Any] = plain(planned.spec)
    path = planned.spec.dataset.path
    if path is not None:
        start = directory.resolve()
        portable = _portable(path, start) if isinstance(path, str) else [_portable(part, start) for part in path]
        spec["dataset"] = {**spec["dataset"], "path": portable}
    elif needs_data(planned):
        spec["dataset"] = {**spec["dataset"], "path": "data.csv"}
    return spec


def _portable(path: str, start: Path) -> str:
    """A path relative to a directory, with slashes everywhere."""
    with suppress(ValueError):  # there is no relative path to another drive
        return Path(os.path.relpath(path, start)).as_posix()
    return path


def needs_data(planned: Plan) -> bool:
    """Whether the rows came from a DataFrame, so that the spec alone does not reproduce them."""
    dataset = planned.spec.dataset
    return dataset.path is None and dataset.synthetic is None and dataset.inline is None


def training_data(planned: Plan) -> pd.DataFrame:
    """The columns of the spec as a table that reads back to the same numbers."""
    import pandas as pd

    ((_, table),) = planned.rows.data.chunks()  # a DataFrame is a single chunk, whatever its size
    return pd.DataFrame(
        {name: table.text(name) if table.is_text(name) else table.numeric(name) for name in planned.rows.columns.names}
    )
