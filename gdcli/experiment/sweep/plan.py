"""Sweeps, planned: every point of a grid at once, those on the same rows sharing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from gdcli.data.stream import Reading
from gdcli.errors import FaultsError, Place, SpecError
from gdcli.experiment.plan import Plan
from gdcli.experiment.planner import Planner
from gdcli.experiment.sweep.blame import refuse_impossible
from gdcli.experiment.sweep.points import Point, Setting, Sweep
from gdcli.spec.draft import Draft, check_seeds, reseeded
from gdcli.spec.grid import Axis, axes_of, points
from gdcli.spec.validate import Request, understand

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ArgumentNames:
    """What messages call the arguments of a sweep.

    Attributes:
        grid: The axes.
        seeds: The number of seeds.
        example: How to give an axis.
    """

    grid: str
    seeds: str
    example: str


PARAMETERS = ArgumentNames("grid", "seeds", '`grid`, such as {"optimizer.lr": [0.01, 0.1]}')


def plan_sweep(
    draft: Draft,
    axes: Sequence[Axis],
    *,
    paired: bool,
    seeds: int,
    frame: pd.DataFrame | None = None,
    reading: Reading | None = None,
    names: ArgumentNames = PARAMETERS,
) -> Sweep:
    """Plan every point of a grid; points on the same rows share them.

    Args:
        draft: The spec that the points vary, with a `sweep:` block or without one.
        axes: What is varied besides; an axis of the block with the same key is left aside.
        paired: Whether the axes are paired instead of crossed.
        seeds: How many seeds each setting is run with, counted up from the spec's own.
        frame: Rows instead of the spec's dataset.
        reading: Told of every read of a large file.
        names: What messages call the arguments.

    Returns:
        The sweep; settings whose values are possible by themselves, but not together, are left out and listed.

    Raises:
        SpecError: The grid is wrong, has a value that no setting can take, or has no point that can be run.
        DataError: The same, because of the data.
    """
    axes, draft = axes_of(draft, axes, place=names.grid, way_out=names.example), draft.without("sweep")
    settings = list(points(axes, paired=paired))
    check_seeds(draft, seeds, settings=len(settings), place=names.seeds)
    specs = _Specs(draft, tuple(axes), seeds, has_rows=frame is not None)
    attempts = [specs.read(setting) for setting in settings]
    planner = Planner((s for attempt in attempts for s in attempt.requests), frame=frame, reading=reading)
    attempts = [attempt.planned(planner) for attempt in attempts]
    runnable = [attempt for attempt in attempts if not attempt.error]
    failures = [(attempt.setting, attempt.error) for attempt in attempts if attempt.error]
    if failures:
        runs = [attempt.setting for attempt in runnable]
        refuse_impossible(axes, runs, failures, lambda setting: specs.read(setting).planned(planner).error)
    return Sweep(
        name=f"{runnable[0].plans[0].spec.name}-sweep",
        axes=tuple(axes),
        seeds=seeds,
        points=tuple(Point(attempt.setting, plan) for attempt in runnable for plan in attempt.plans),
        skipped=tuple((setting, "; ".join(fault.message for fault in error.faults)) for setting, error in failures),
    )


@dataclass(frozen=True)
class _Attempt:
    """A setting as far as it has come: its specs, one per seed, then their plans; or what is wrong with it."""

    setting: Setting
    requests: tuple[Request, ...] = ()
    plans: tuple[Plan, ...] = ()
    error: FaultsError | None = None

    def planned(self, planner: Planner) -> _Attempt:
        if self.error:
            return self
        try:
            return replace(self, plans=tuple(map(planner.plan, self.requests)))
        except FaultsError as error:
            return replace(self, error=error)


@dataclass(frozen=True)
class _Specs:
    """Makes the specs of settings."""

    draft: Draft
    axes: tuple[Axis, ...]
    seeds: int
    has_rows: bool

    @cached_property
    def places(self) -> dict[tuple[str, str], Place]:
        """Where each value of each axis stands."""
        return {(axis.key, repr(value)): axis.place(i) for axis in self.axes for i, value in enumerate(axis.values)}

    def read(self, setting: Setting) -> _Attempt:
        """Read the specs of a setting."""
        try:
            draft = self.draft
            # `optimizer` before `optimizer.lr`, whatever the order of the axes: a block replaces all of its keys.
            for key, value in sorted(setting.items(), key=lambda item: item[0].count(".")):
                draft = draft.with_value(key, value, self.places[key, repr(value)])
            requests = [understand(reseeded(draft, i), has_rows=self.has_rows) for i in range(self.seeds)]
        except FaultsError as error:
            return _Attempt(setting, error=error)
        faults = [fault for request in requests for fault in request.faults]
        return _Attempt(setting, requests=tuple(requests), error=SpecError(faults) if faults and setting else None)
