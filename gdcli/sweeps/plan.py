"""Plan sweeps: all points of a grid at once, with shared rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from gdcli.data.stream import Reading
from gdcli.errors import FaultsError, Place, SpecError
from gdcli.experiment.plan import Plan
from gdcli.experiment.planner import Planner
from gdcli.spec.draft import Draft, check_seeds, reseeded
from gdcli.spec.grid import Axis, axes_of, points
from gdcli.spec.validate import Request, understand
from gdcli.sweeps.blame import refuse_impossible
from gdcli.sweeps.points import Point, Setting, Sweep

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ArgumentNames:
    """The names of the arguments of a sweep in messages.

    Attributes:
        grid: Name of the argument that gives axes.
        seeds: Name of the argument that gives the number of seeds.
        example: An example of an axis.
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
    """Plan every point of a grid; points with the same rows share them.

    Args:
        draft: The spec to vary, with or without a `sweep:` block.
        axes: More axes; an axis replaces the block's axis with the same key.
        paired: Whether the axes are paired instead of crossed.
        seeds: Number of seeds per setting, counted up from the spec's seed.
        frame: Rows instead of the spec's dataset.
        reading: Called after every read of a large file.
        names: The names of the arguments in messages.

    Returns:
        The sweep. Settings whose values are possible by themselves but not together are skipped, and listed.

    Raises:
        SpecError: The grid is wrong, a value of it is impossible in every setting, or no point can be run.
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
    """A setting while it is planned: its specs, one per seed, then their plans; or its error."""

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
        """The place of each value of each axis."""
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
