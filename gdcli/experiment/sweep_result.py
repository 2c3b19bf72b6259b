"""What a sweep gives: its runs, its settings summed up over the seeds, and the files of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gdcli.engine.trace import Status
from gdcli.experiment import files, output
from gdcli.experiment.markup import dump
from gdcli.experiment.result import SUMMARY_COLUMNS, Result
from gdcli.experiment.sweep import Point, Sweep, written

if TYPE_CHECKING:
    import pandas as pd

# Draws a sweep as the bytes of a PNG.
DrawSweep: TypeAlias = Callable[["SweepResult"], bytes]


@dataclass(frozen=True)
class SweepRun:
    """One finished run: its point, its summary as JSON knows it, its curve where it was asked for."""

    point: Point
    summary: Mapping[str, Any]
    curve: Mapping[str, list[float | None]] | None

    @property
    def gap(self) -> float:
        """The final gap; infinite for a run that diverged."""
        gap = self.summary["gap"]
        return float("inf") if gap is None or self.summary["status"] == Status.DIVERGED else float(gap)


@dataclass(frozen=True)
class Setting:
    """The runs of one setting, one a seed.

    Attributes:
        values: Axis key → value.
        runs: One a seed.
        gap: Median of the final gaps, infinite where at least half of the runs diverged.
        low: Their 10 % quantile.
        high: Their 90 % quantile.
        diverged: How many diverged.
    """

    values: Mapping[str, Any]
    runs: tuple[SweepRun, ...]
    gap: float
    low: float
    high: float
    diverged: int


@dataclass(frozen=True)
class SweepResult:
    """A sweep as far as it has come."""

    sweep: Sweep
    runs: tuple[SweepRun, ...]
    draw: DrawSweep

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """The settings of the grid in its order, each summed up over its seeds."""
        found: dict[str, list[SweepRun]] = {}
        for run in self.runs:
            found.setdefault(repr(run.point.setting), []).append(run)
        return tuple(map(_summed_up, found.values()))

    def best(self) -> Setting | None:
        """The setting with the smallest median gap; None where every one diverged."""
        return min((s for s in self.settings if np.isfinite(s.gap)), key=lambda s: s.gap, default=None)

    def save(self, directory: Path, *, plot: bool, journal: Path | None = None) -> list[str]:
        """Write the files of the sweep, replacing a result that is there already.

        Args:
            directory: Where they go.
            plot: Whether to draw `sweep.png`.
            journal: What to keep for `--resume`.

        Returns:
            A warning where the picture could not be drawn.

        Raises:
            OutputError: It cannot be written, or holds an input of the sweep or what gdcli did not write.
        """
        picture, drawn = "sweep.png", plot and bool(self.runs)
        best = self.best()
        with output.replacing(directory, inputs=files.inputs_of(point.plan for point in self.sweep.points)) as new:
            output.write_csv(self.table(), new / "summary.csv")
            if best:
                spec = files.portable_spec(best.runs[0].point.plan, directory)
                spec.pop("expect", None)  # that was the base's
                (new / "best.yaml").write_text(dump({**spec, "name": f"{spec['name']}-best"}), encoding="utf-8")
            if any(run.curve for run in self.runs):
                output.write_csv(self.curves(), new / "curves.csv")
            if journal and journal.exists():
                (new / "runs.jsonl").write_bytes(journal.read_bytes())
            output.write_summary(self.document(directory), new, later=[picture] if drawn else [])
            status = new.stat()
        return output.add_picture(directory, picture, lambda: self.draw(self), to=status) if drawn else []

    def table(self) -> pd.DataFrame:
        """One row a run, the axes as columns in front."""
        import pandas as pd

        rows = []
        for run in self.runs:
            axes = {key: _cell(value) for key, value in run.point.setting.items()}
            seed = {"seed": run.point.plan.spec.seed} if self.sweep.seeds > 1 else {}
            rows.append({**axes, **seed, **{key: run.summary[key] for key in SUMMARY_COLUMNS}})
        return pd.DataFrame(rows, dtype=object)

    def curves(self) -> pd.DataFrame:
        """The curves of all runs in long form, the axes in front."""
        import pandas as pd

        parts = []
        for run in self.runs:
            axes = {key: _cell(value) for key, value in run.point.setting.items()}
            parts.append(pd.DataFrame(run.curve).assign(**axes, seed=run.point.plan.spec.seed))
        together = pd.concat(parts, ignore_index=True)
        front = [*self.runs[0].point.setting, "seed"]
        return together[[*front, *(name for name in together.columns if name not in front)]]

    def document(self, directory: Path) -> dict[str, Any]:
        """The sweep as JSON knows it."""
        best = self.best()
        found: dict[str, Any] = output.finite(
            {
                "name": self.sweep.name,
                "axes": {axis.key: axis.values for axis in self.sweep.axes},
                "seeds": self.sweep.seeds,
                "planned": len(self.sweep.points),
                "finished": len(self.runs),
                "diverged": sum(run.summary["status"] == Status.DIVERGED for run in self.runs),
                "best": {"setting": best.values, "gap": best.gap} if best else None,
                "skipped": [{"setting": setting, "reason": reason} for setting, reason in self.sweep.skipped],
                "runs": [
                    {
                        **{"setting": run.point.setting, "seed": run.point.plan.spec.seed},
                        **run.summary,
                        "spec": files.portable_spec(run.point.plan, directory),
                    }
                    for run in self.runs
                ],
            }
        )
        return found

    def tolerated(self, axis: str) -> tuple[float, float] | None:
        """The range of a numeric axis that stays within 2 times the best gap, the other axes at their best.

        Args:
            axis: Its key.

        Returns:
            The smallest and the largest such value around the best one, without a worse one between; None without a
            best.
        """
        best = self.best()
        if not best:
            return None
        others = {key: value for key, value in best.values.items() if key != axis}
        line = [s for s in self.settings if {k: v for k, v in s.values.items() if k != axis} == others]
        line.sort(key=lambda s: float(s.values[axis]))
        at = next(i for i, s in enumerate(line) if s.values == best.values)
        low = high = at
        while low > 0 and line[low - 1].gap <= 2 * best.gap:
            low -= 1
        while high < len(line) - 1 and line[high + 1].gap <= 2 * best.gap:
            high += 1
        return float(line[low].values[axis]), float(line[high].values[axis])


def record_of(result: Result, *, curve: bool) -> dict[str, Any]:
    """What the journal keeps of a run."""
    record: dict[str, Any] = {"summary": output.finite({**result.summary, "spec": None})}
    if curve:
        columns = {name: values.tolist() for name, values in result.curve.items()}
        record["curve"] = output.finite(columns)
    return record


def _summed_up(runs: Sequence[SweepRun]) -> Setting:
    gaps = np.array([run.gap for run in runs])
    # Quantiles of infinities are theirs to be, and not NaN: take them by order, not by interpolation.
    low, middle, high = (float(np.quantile(gaps, q, method="inverted_cdf")) for q in (0.1, 0.5, 0.9))
    if np.isfinite(gaps).all():
        low, middle, high = (float(np.quantile(gaps, q)) for q in (0.1, 0.5, 0.9))
    return Setting(
        values=runs[0].point.setting,
        runs=tuple(runs),
        gap=middle,
        low=low,
        high=high,
        diverged=sum(run.summary["status"] == Status.DIVERGED for run in runs),
    )


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else written(value)
