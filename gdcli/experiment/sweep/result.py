"""The result of a sweep: its runs, its settings summarised over the seeds, and the best of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from gdcli.engine.trace import Status
from gdcli.experiment.comparison import Comparison, Figure, comparison
from gdcli.experiment.ending import Remark
from gdcli.experiment.output import directories as output
from gdcli.experiment.plan import Plan
from gdcli.experiment.quantiles import Spread, spread
from gdcli.experiment.result import Result
from gdcli.experiment.sweep.points import Point, Sweep

# Draws a sweep as the bytes of a PNG.
DrawSweep: TypeAlias = Callable[["SweepResult"], bytes]


@dataclass(frozen=True)
class SweepRun:
    """One finished run, new or from an earlier sweep.

    Attributes:
        point: The point of the grid.
        summary: Its figures, as in JSON.
        curve: Column → values, if requested.
        remarks: What its status alone does not say, as `Result.remarks`.
    """

    point: Point
    summary: Mapping[str, Any]
    curve: Mapping[str, list[float | None]] | None = None
    remarks: tuple[Remark, ...] = ()

    @property
    def plan(self) -> Plan:
        """The plan of the run."""
        return self.point.plan


@dataclass(frozen=True)
class Setting:
    """The runs of one setting.

    Attributes:
        values: Axis key → value.
        runs: One per seed.
    """

    values: Mapping[str, Any]
    runs: tuple[SweepRun, ...]

    def spread(self, figure: str) -> Spread[float] | None:
        """The median and the 10–90 % range of a figure over the seeds; None if a run does not have it."""
        return spread(self.runs, figure)

    @cached_property
    def gap(self) -> float:
        """Median of the final gaps, infinite if half of the runs or more diverged."""
        gap = self.spread("gap")
        return math.inf if gap is None else gap.median

    @property
    def diverged(self) -> int:
        """Number of runs that diverged."""
        return sum(run.summary["status"] == Status.DIVERGED for run in self.runs)


@dataclass(frozen=True)
class SweepResult:
    """The finished runs of a sweep, all or some."""

    sweep: Sweep
    runs: tuple[SweepRun, ...]
    draw: DrawSweep

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """The settings in the order of the grid, each with one run per seed."""
        runs: dict[str, list[SweepRun]] = {}
        for run in self.runs:
            runs.setdefault(repr(run.point.setting), []).append(run)
        return tuple(Setting(group[0].point.setting, tuple(group)) for group in runs.values())

    @cached_property
    def comparison(self) -> Comparison:
        """The rule that ranks the settings, if they can be compared."""
        return comparison([setting.runs for setting in self.settings])

    @property
    def figure(self) -> Figure:
        """The figure shown of every setting: the one that ranks them, or the gap if they cannot be compared."""
        return self.comparison.figure or "gap"

    @cached_property
    def ranked(self) -> tuple[Setting, ...]:
        """The settings, the best one first; in the order of the grid if they cannot be compared."""
        order = self.comparison.order([setting.runs for setting in self.settings])
        return tuple(self.settings[i] for i in order)

    @cached_property
    def ties(self) -> tuple[Setting, ...]:
        """The best setting, or all that reach the optimum to rounding; empty if the settings cannot be compared."""
        return tuple(self.settings[i] for i in self.comparison.best([setting.runs for setting in self.settings]))

    @property
    def best(self) -> Setting | None:
        """The best setting; None if none has a finite median or they cannot be compared."""
        return next(iter(self.ties), None)

    @property
    def best_run(self) -> SweepRun | None:
        """The run of the best setting that is nearest to its median."""
        return self.comparison.nearest_to_median(self.best.runs) if self.best else None

    def tolerated(self, axis: str) -> tuple[Any, Any] | None:
        """The range of a numeric axis that stays near the best setting, with the other axes at their best values.

        Near means at most 2 times the best gap (or the best final MSE, if that ranks the settings). If the best setting
        is at the optimum to rounding, near settings are too.

        Args:
            axis: Key of the axis.

        Returns:
            The smallest and the largest value of the range around the best one in which every value stays near; None if
            there is no best setting, or no other setting differs from it in this axis alone.
        """
        best, rank = self.best, self.comparison.rank
        if not best:
            return None
        others = {key: value for key, value in best.values.items() if key != axis}
        line = [s for s in self.settings if {k: v for k, v in s.values.items() if k != axis} == others]
        if len(line) < 2:
            return None
        line.sort(key=lambda s: float(s.values[axis]))
        least = rank(best.runs)
        bound = least if self.comparison.is_rounding(least) else 2 * least
        low = high = next(i for i, s in enumerate(line) if s.values == best.values)
        while low > 0 and rank(line[low - 1].runs) <= bound:
            low -= 1
        while high < len(line) - 1 and rank(line[high + 1].runs) <= bound:
            high += 1
        return line[low].values[axis], line[high].values[axis]


def run_of(point: Point, record: Mapping[str, Any], *, curve: bool) -> SweepRun:
    """Make a run from its record in the journal.

    Args:
        point: The point of the grid.
        record: As made by `record_of`.
        curve: Whether to include the curve.

    Returns:
        The run.
    """
    remarks = tuple(Remark(*remark) for remark in record["remarks"])
    return SweepRun(point, record["summary"], record["curve"] if curve else None, remarks)


def record_of(result: Result, *, curve: bool) -> dict[str, Any]:
    """The record of a run in the journal."""
    summary = output.finite({**result.figures, "spec": None})
    record: dict[str, Any] = {"summary": summary, "remarks": [list(remark) for remark in result.remarks]}
    if curve:
        columns = {name: values.tolist() for name, values in result.curve.items()}
        record["curve"] = output.finite(columns)
    return record
