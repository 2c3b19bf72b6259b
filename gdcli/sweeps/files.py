"""A sweep as files: its runs as a table, its curves, its summary and its best spec."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdcli.engine.trace import Status
from gdcli.errors import printable
from gdcli.experiment.files.portable import inputs_of, portable_spec
from gdcli.experiment.quantiles import summed_up
from gdcli.experiment.summary import SUMMARY_COLUMNS
from gdcli.output import directories as output
from gdcli.spec.grid import written
from gdcli.spec.strict_yaml import dump
from gdcli.sweeps.points import effective
from gdcli.sweeps.result import SweepResult

if TYPE_CHECKING:
    import pandas as pd

FORMULA = ("=", "+", "-", "@")  # a spreadsheet takes a cell that begins with one of these for a formula


def write_sweep(result: SweepResult, directory: Path, *, plot: bool, journal: Path | None = None) -> list[str]:
    """Write the files of a sweep, replacing an earlier result.

    Args:
        result: The sweep.
        directory: Where the files go.
        plot: Whether to draw `sweep.png`.
        journal: The journal of finished runs, copied for later sweeps.

    Returns:
        A warning if the picture could not be drawn, otherwise nothing.

    Raises:
        OutputError: The directory cannot be written, or it holds a file that the sweep reads or that gdcli did not
            write.
    """
    picture, drawn = "sweep.png", plot and bool(result.runs)
    inputs = inputs_of(point.plan for point in result.sweep.points)
    with output.replacing(directory, inputs=inputs) as new:
        output.write_csv(table(result), new / "summary.csv")
        best = best_spec(result, directory)
        if best:
            (new / "best.yaml").write_text(best, encoding="utf-8")
        if any(run.curve for run in result.runs):
            output.write_csv(curves(result), new / "curves.csv")
        if journal and journal.exists():
            (new / "runs.jsonl").write_bytes(journal.read_bytes())
        output.write_summary(document(result, directory), new, later=[picture] if drawn else [])
        status = new.stat()
    return output.add_picture(directory, picture, lambda: result.draw(result), to=status) if drawn else []


def best_spec(result: SweepResult, directory: Path) -> str | None:
    """The best setting as a spec in YAML, with the seed nearest to its median; None if there is no best setting."""
    run = result.best_run
    if run is None:
        return None
    spec = portable_spec(run.plan, directory)
    spec.pop("expect", None)  # it belongs to the base spec
    text: str = dump({**spec, "name": f"{spec['name']}-best"})
    seeds = result.sweep.seeds
    return (
        text
        if seeds == 1
        else f"# Seed {run.plan.spec.seed}, whose run is the nearest to the median of {seeds}.\n{text}"
    )


def table(result: SweepResult) -> pd.DataFrame:
    """One row per run, the axes as the first columns."""
    import pandas as pd

    rows = []
    for run in result.runs:
        seed = {"seed": run.plan.spec.seed} if result.sweep.seeds > 1 else {}
        rows.append({**_cells(run.point.setting), **seed, **{key: run.summary[key] for key in SUMMARY_COLUMNS}})
    return pd.DataFrame(rows, dtype=object)


def curves(result: SweepResult) -> pd.DataFrame:
    """The curves of all runs in long form, the axes as the first columns."""
    import pandas as pd

    parts = [
        pd.DataFrame(run.curve).assign(**_cells(run.point.setting), seed=run.plan.spec.seed) for run in result.runs
    ]
    together = pd.concat(parts, ignore_index=True)
    front = [*result.runs[0].point.setting, "seed"]
    return together[[*front, *(name for name in together.columns if name not in front)]]


def document(result: SweepResult, directory: Path) -> dict[str, Any]:
    """A sweep as a JSON document; numbers that are not finite are None."""
    sweep = result.sweep
    summary: dict[str, Any] = output.finite(
        {
            "name": sweep.name,
            "axes": {axis.key: axis.values for axis in sweep.axes},
            "seeds": sweep.seeds,
            "planned": len(sweep.points),
            "finished": len(result.runs),
            "diverged": sum(run.summary["status"] == Status.DIVERGED for run in result.runs),
            "ranked_by": result.comparison.figure,
            "reason": result.comparison.reason or None,
            "best": _best(result),
            "settings": [
                {"setting": setting.values, "diverged": setting.diverged, **summed_up(setting.runs)}
                for setting in result.settings
            ],
            "skipped": [{"setting": setting, "reason": reason} for setting, reason in sweep.skipped],
            "runs": [
                {
                    **{"setting": run.point.setting, "seed": run.plan.spec.seed},
                    **run.summary,
                    "spec": portable_spec(run.plan, directory),
                }
                for run in result.runs
            ],
        }
    )
    return summary


def _best(result: SweepResult) -> dict[str, Any] | None:
    """The best setting, its median gap, and the seed of `best.yaml`."""
    best, run = result.best, result.best_run
    return {"setting": best.values, "gap": best.gap, "seed": run.plan.spec.seed} if best and run else None


def _cells(setting: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the axes as they were run."""
    return {key: _cell(effective(key, value, setting)) for key, value in setting.items()}


def _cell(value: Any) -> Any:
    """A number as it is; text such that a spreadsheet sees no formula in it, and a terminal no control characters."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = printable(value if isinstance(value, str) else written(value))
    return f"'{text}" if text.startswith(FORMULA) else text
