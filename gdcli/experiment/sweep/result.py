"""What a sweep gives: its runs, its settings summed up over the seeds, and which of them is the best."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any, TypeAlias

from gdcli.engine.trace import Status
from gdcli.experiment.comparison import Comparison, Figure, comparison
from gdcli.experiment.ending import Remark
from gdcli.experiment.output import directories as output
from gdcli.experiment.plan import Plan
from gdcli.experiment.quantiles import Spread, spread
from gdcli.experiment.result import Result
from gdcli.experiment.sweep.points import Point, Sweep
from gdcli.spec.automatic import AUTO

# Draws a sweep as the bytes of a PNG.
DrawSweep: TypeAlias = Callable[["SweepResult"], bytes]


@dataclass(frozen=True)
class SweepRun:
    """One finished run, new or from an earlier sweep.

    Attributes:
        point: What was run.
        summary: Its figures as JSON knows them.
        curve: Column → values, where it was asked for.
        remarks: What its status alone does not say.
    """

    point: Point
    summary: Mapping[str, Any]
    curve: Mapping[str, list[float | None]] | None = None
    remarks: tuple[Remark, ...] = ()

    @property
    def plan(self) -> Plan:
        """What was run."""
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
        """The median and the 10–90 % range of a figure over the seeds; None where there is no such figure."""
        return spread(self.runs, figure)

    @cached_property
    def gap(self) -> float:
        """Median of the final gaps, infinite where half of the runs diverged."""
        gap = self.spread("gap")
        return math.inf if gap is None else gap.median

    def number(self, key: str) -> float:
        """The number of a numeric axis; the median over the seeds of those that `auto` became.

        Args:
            key: The key of the axis.

        Returns:
            The number.
        """
        name, value = key.rpartition(".")[2], self.values[key]
        automatic = (getattr(run.plan.spec.optimizer, name) for run in self.runs)
        number: float = median(automatic) if value == AUTO else value
        return number

    @property
    def diverged(self) -> int:
        """How many runs diverged."""
        return sum(run.summary["status"] == Status.DIVERGED for run in self.runs)


@dataclass(frozen=True)
class SweepResult:
    """A sweep as far as it has come."""

    sweep: Sweep
    runs: tuple[SweepRun, ...]
    draw: DrawSweep

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """The settings of the grid in its order, each with the runs of its seeds."""
        runs: dict[str, list[SweepRun]] = {}
        for run in self.runs:
            runs.setdefault(repr(run.point.setting), []).append(run)
        return tuple(Setting(group[0].point.setting, tuple(group)) for group in runs.values())

    @cached_property
    def comparison(self) -> Comparison:
        """What ranks the settings, if anything does."""
        return comparison([setting.runs for setting in self.settings])

    @property
    def figure(self) -> Figure:
        """What is shown of every setting: what ranks them, the gap where nothing does."""
        return self.comparison.figure or "gap"

    @cached_property
    def ranked(self) -> tuple[Setting, ...]:
        """The settings, the best one first; in the order of the grid where they cannot be compared."""
        order = self.comparison.order([setting.runs for setting in self.settings])
        return tuple(self.settings[i] for i in order)

    @cached_property
    def ties(self) -> tuple[Setting, ...]:
        """The best setting, or all that reach the optimum to rounding; none where nothing can be said."""
        return tuple(self.settings[i] for i in self.comparison.best([setting.runs for setting in self.settings]))

    @property
    def best(self) -> Setting | None:
        """The best setting; None if none has a finite median or they cannot be compared."""
        return next(iter(self.ties), None)

    @property
    def best_run(self) -> SweepRun | None:
        """Of the best setting, the run that is nearest to its median."""
        return self.comparison.nearest_to_median(self.best.runs) if self.best else None

    def tolerated(self, axis: str) -> tuple[Any, Any] | None:
        """The range of a numeric axis that stays near the best setting, the other axes at their best.

        Near is within 2 times its gap (or final MSE, where that ranks); of the optimum to rounding, rounding.

        Args:
            axis: Its key.

        Returns:
            The smallest and the largest such value around the best one, without a worse one between; None without a
            best, or where no two settings differ in this axis alone.
        """
        best, rank = self.best, self.comparison.rank
        if not best:
            return None
        others = {key: value for key, value in best.values.items() if key != axis}
        line = [s for s in self.settings if {k: v for k, v in s.values.items() if k != axis} == others]
        if len(line) < 2:
            return None
        line.sort(key=lambda s: s.number(axis))
        least = rank(best.runs)
        bound = least if self.comparison.is_rounding(least) else 2 * least
        low = high = next(i for i, s in enumerate(line) if s.values == best.values)
        while low > 0 and rank(line[low - 1].runs) <= bound:
            low -= 1
        while high < len(line) - 1 and rank(line[high + 1].runs) <= bound:
            high += 1
        return line[low].number(axis), line[high].number(axis)


def run_of(point: Point, record: Mapping[str, Any], *, curve: bool) -> SweepRun:
    """The run that the journal keeps as a record.

    Args:
        point: What was run.
        record: As `record_of` gives it.
        curve: Whether to take its curve too.

    Returns:
        The run.
    """
    remarks = tuple(Remark(*remark) for remark in record["remarks"])
    return SweepRun(point, record["summary"], record["curve"] if curve else None, remarks)


def record_of(result: Result, *, curve: bool) -> dict[str, Any]:
    """What the journal keeps of a run."""
    summary = output.finite({**result.summary, "spec": None})
    record: dict[str, Any] = {"summary": summary, "remarks": [list(remark) for remark in result.remarks]}
    if curve:
        columns = {name: values.tolist() for name, values in result.curve.items()}
        record["curve"] = output.finite(columns)
    return record
