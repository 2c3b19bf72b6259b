"""The result of a sweep: its runs, its settings summarised over the seeds, and the best of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gdcli.data.sources import from_frame
from gdcli.engine.arrays import Array
from gdcli.engine.trace import Status
from gdcli.experiment.comparison import Comparison, Figure, comparison
from gdcli.experiment.ending import Remark
from gdcli.experiment.plan import Plan
from gdcli.experiment.prediction.new_rows import predict
from gdcli.experiment.prediction.predictor import Predictor
from gdcli.experiment.quantiles import spread
from gdcli.experiment.summary import brief
from gdcli.spec.automatic import AUTO
from gdcli.sweeps.points import Point, Sweep

if TYPE_CHECKING:
    import pandas as pd

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

    def __repr__(self) -> str:
        return f"SweepRun({brief(self.summary)})"

    @property
    def plan(self) -> Plan:
        """The plan of the run."""
        return self.point.plan

    def predict(self, frame: pd.DataFrame) -> Array:
        """Predict new rows, as `Result.predict` does.

        Args:
            frame: The rows, n of them, with all features of the run by name.

        Returns:
            Predictions of the target in units of the data, shape (n,), in the order of the rows.

        Raises:
            DataError: A feature is missing or has unusable cells; or the run diverged.
        """
        weights = np.array([*self.summary["weights"].values()], dtype=np.float64)
        return predict(Predictor.of(self.plan.rows, weights), from_frame(frame)).values


@dataclass(frozen=True)
class SettingRuns:
    """The runs of one setting.

    Attributes:
        values: Axis key → value.
        runs: One per seed.
    """

    values: Mapping[str, Any]
    runs: tuple[SweepRun, ...]

    @cached_property
    def gap(self) -> float:
        """Median of the final gaps, infinite if half of the runs or more diverged."""
        gap = spread(self.runs, "gap")
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
        """Number of runs that diverged."""
        return sum(run.summary["status"] == Status.DIVERGED for run in self.runs)


@dataclass(frozen=True)
class SweepResult:
    """The finished runs of a sweep, all or some."""

    sweep: Sweep
    runs: tuple[SweepRun, ...]
    draw: DrawSweep

    @cached_property
    def settings(self) -> tuple[SettingRuns, ...]:
        """The settings in the order of the grid, each with one run per seed."""
        runs: dict[str, list[SweepRun]] = {}
        for run in self.runs:
            runs.setdefault(repr(run.point.setting), []).append(run)
        return tuple(SettingRuns(group[0].point.setting, tuple(group)) for group in runs.values())

    @cached_property
    def comparison(self) -> Comparison:
        """The rule that ranks the settings, if they can be compared."""
        return comparison([setting.runs for setting in self.settings])

    @property
    def figure(self) -> Figure:
        """The figure shown of every setting: the one that ranks them, or the gap if they cannot be compared."""
        return self.comparison.figure or "gap"

    @cached_property
    def ranked(self) -> tuple[SettingRuns, ...]:
        """The settings, the best one first; in the order of the grid if they cannot be compared."""
        order = self.comparison.order([setting.runs for setting in self.settings])
        return tuple(self.settings[i] for i in order)

    @cached_property
    def ties(self) -> tuple[SettingRuns, ...]:
        """The best setting, or all that reach the optimum to rounding; empty if the settings cannot be compared."""
        return tuple(self.settings[i] for i in self.comparison.best([setting.runs for setting in self.settings]))

    @property
    def best(self) -> SettingRuns | None:
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
        line.sort(key=lambda s: s.number(axis))
        least = rank(best.runs)
        bound = least if self.comparison.is_rounding(least) else 2 * least
        low = high = next(i for i, s in enumerate(line) if s.values == best.values)
        while low > 0 and rank(line[low - 1].runs) <= bound:
            low -= 1
        while high < len(line) - 1 and rank(line[high + 1].runs) <= bound:
            high += 1
        return line[low].number(axis), line[high].number(axis)
