"""Runs and comparisons as files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gdcli.data.stream import Stream
from gdcli.experiment.output.directories import add_picture, finite, replacing, write_csv, write_summary
from gdcli.spec.model import plain
from gdcli.spec.strict_yaml import dump

if TYPE_CHECKING:
    import pandas as pd

    from gdcli.experiment.plan import Plan
    from gdcli.experiment.result import Result

# Draws several results as the bytes of one PNG.
DrawTogether: TypeAlias = Callable[[Sequence["Result"]], bytes]


def inputs_of(plans: Iterable[Plan]) -> list[Path]:
    """The files that runs read, each once: data and specs."""
    return list(dict.fromkeys(path for planned in plans for path in planned.inputs))


def write_run(result: Result, directory: Path, *, plot: bool = True) -> list[str]:
    """Write the files of one run, replacing a result that is there already; the picture comes last.

    Args:
        result: The run.
        directory: Where the files go.
        plot: Whether to draw `curve.png`.

    Returns:
        A warning where the picture could not be drawn.

    Raises:
        OutputError: It cannot be written, or holds an input of the run or what gdcli did not write.
    """
    picture = "curve.png"
    with replacing(directory, inputs=result.plan.inputs) as new:
        write_csv(result.curve, new / "curve.csv")
        write_csv(summary_table([result]), new / "summary.csv")
        (new / "spec.yaml").write_text(dump(portable_spec(result.plan, directory)), encoding="utf-8")
        if _needs_data(result.plan):
            write_csv(_training_data(result), new / "data.csv")
        write_summary(document(result, directory), new, later=[picture] if plot else [])
        status = new.stat()
    return add_picture(directory, picture, lambda: result.draw(result), to=status) if plot else []


def write_comparison(results: Sequence[Result], directory: Path, *, draw: DrawTogether | None) -> list[str]:
    """Write the files of several runs side by side; the picture comes last.

    Args:
        results: The runs, of different names.
        directory: Where the files go.
        draw: Makes `curves.png`; None to leave it out.

    Returns:
        A warning where the picture could not be drawn.

    Raises:
        OutputError: As `write_run`.
    """
    import pandas as pd

    picture = "curves.png"
    with replacing(directory, inputs=inputs_of(result.plan for result in results)) as new:
        curves = [result.curve.assign(name=result.name, seed=result.plan.spec.seed) for result in results]
        together = pd.concat(curves, ignore_index=True)
        table = summary_table(results)
        front = ["name"]
        if len({result.name for result in results}) < len(results):
            front = ["name", "seed"]
            table.insert(1, "seed", [result.plan.spec.seed for result in results])
        columns = [*front, *[name for name in together.columns if name not in ("name", "seed")]]
        write_csv(together[columns], new / "curves.csv")
        write_csv(table, new / "summary.csv")
        write_summary(comparison_document(results, directory), new, later=[picture] if draw else [])
        status = new.stat()
    return add_picture(directory, picture, lambda: draw(results), to=status) if draw else []


def summary_table(results: Sequence[Result]) -> pd.DataFrame:
    """The summaries of runs, one row each, in the columns of `summary.csv`."""
    import pandas as pd

    from gdcli.experiment.result import SUMMARY_COLUMNS

    rows = [{key: result.summary[key] for key in SUMMARY_COLUMNS} for result in results]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS), dtype=object)


def document(result: Result, directory: Path) -> dict[str, Any]:
    """A run's summary as JSON knows it, its dataset's path relative to where the summary lies.

    Args:
        result: The run.
        directory: Where the summary lies, or would.

    Returns:
        The keys of `summary.json`; what is not finite is None.
    """
    portable: dict[str, Any] = finite({**result.summary, "spec": portable_spec(result.plan, directory)})
    return portable


def comparison_document(results: Sequence[Result], directory: Path) -> dict[str, Any]:
    """Several runs as JSON knows them: their summaries and, with seeds, the medians and ranges of each name."""
    from gdcli.experiment.quantiles import summed_up
    from gdcli.experiment.result import by_name

    groups = by_name(results)
    seeds = {"medians": {name: summed_up(runs) for name, runs in groups.items()}} if len(groups) < len(results) else {}
    runs = {"runs": [document(result, directory) for result in results]}
    together: dict[str, Any] = finite({**runs, **seeds})
    return together


def portable_spec(planned: Plan, directory: Path) -> dict[str, Any]:
    """The resolved spec, its dataset's path relative to the directory that it is written to."""
    spec: dict[str, Any] = plain(planned.spec)
    path = planned.spec.dataset.path
    if path is not None:
        start = directory.resolve()
        portable = _portable(path, start) if isinstance(path, str) else [_portable(part, start) for part in path]
        spec["dataset"] = {**spec["dataset"], "path": portable}
    elif _needs_data(planned):
        spec["dataset"] = {**spec["dataset"], "path": "data.csv"}
    return spec


def _portable(path: str, start: Path) -> str:
    """A path relative to a directory, with slashes everywhere."""
    with suppress(ValueError):  # on another drive there is no relative path
        return Path(os.path.relpath(path, start)).as_posix()
    return path


def _needs_data(planned: Plan) -> bool:
    """Whether the rows came from a DataFrame, so that the spec alone cannot bring them back."""
    dataset = planned.spec.dataset
    return dataset.path is None and dataset.synthetic is None and dataset.inline is None


def _training_data(result: Result) -> pd.DataFrame:
    """The columns of the spec as a table that reads back to the same numbers."""
    import pandas as pd

    table, columns = result.plan.table, result.plan.spec.columns
    assert not isinstance(table, Stream)  # a DataFrame is held, whatever its size
    names = [*(columns.features or ()), str(columns.target)]
    return pd.DataFrame({name: table.text(name) if table.is_text(name) else table.numeric(name) for name in names})
