"""The implementation of `gdcli.sweep`: arguments become a sweep, and its runs a sequence of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gdcli.errors import Fault, Place, SpecError
from gdcli.experiment.comparison import Planned
from gdcli.experiment.files.portable import inputs_of
from gdcli.experiment.result import Draw, Result
from gdcli.experiment.results import Results
from gdcli.output.places import check_place, destinations
from gdcli.spec.draft import normal, read_draft
from gdcli.spec.grid import axes_of_block
from gdcli.sweeps.directory import Written, sweep_into
from gdcli.sweeps.plan import plan_sweep
from gdcli.sweeps.points import Sweep, effective
from gdcli.sweeps.result import DrawSweep, SweepRun
from gdcli.sweeps.run import run_plans, run_sweep
from gdcli.sweeps.workers import Resources, check_count

if TYPE_CHECKING:
    import pandas as pd

R = TypeVar("R", bound=Planned)


def plan_arguments(
    spec: str | PathLike[str] | Mapping[str, Any],
    grid: Mapping[str, Any] | None,
    *,
    paired: bool,
    seeds: int,
    frame: pd.DataFrame | None,
) -> Sweep:
    """Plan a sweep from the arguments of `gdcli.sweep`.

    Args:
        spec: A YAML file, or a mapping with the same keys.
        grid: Dotted key → values.
        paired: Whether to pair the axes instead of crossing them.
        seeds: Number of seeds per setting.
        frame: Rows instead of the spec's dataset.

    Returns:
        The sweep.

    Raises:
        SpecError: An argument is wrong.
        DataError: The data is missing or unfit.
    """
    draft = read_draft(spec)
    check_count("seeds", seeds)
    if not isinstance(grid, Mapping | None):
        raise SpecError([Fault(Place("grid"), f"must be a mapping of keys to values, got {grid!r}")])
    axes = axes_of_block(normal(grid), lambda _: Place("grid")) if grid else []
    return plan_sweep(draft, axes, paired=paired, seeds=seeds, frame=frame)


def sweep_in_memory(sweep: Sweep, *, resources: Resources, draw: Draw) -> Results[Result]:
    """Run a sweep without writing files.

    Args:
        sweep: The grid.
        resources: The kernel and the workers.
        draw: Draws `curve.png`.

    Returns:
        The results, in the order of the points.
    """
    results: dict[int, Result] = {}
    with closing(run_plans([point.plan for point in sweep.points], resources=resources, draw=draw)) as groups:
        for group in groups:  # closing ends the workers at once on Ctrl-C
            results |= group
    return _by_setting(sweep, [results[i] for i in range(len(sweep.points))])


def sweep_in_directory(
    sweep: Sweep, directory: Path, *, resources: Resources, draw: Draw, fresh: bool, draw_sweep: DrawSweep, plot: bool
) -> tuple[Results[Result | SweepRun], Written]:
    """Run a sweep and write its files, as `gdcli sweep` does.

    Args:
        sweep: The grid.
        directory: Where the files go.
        resources: The kernel and the workers.
        draw: Draws `curve.png`.
        fresh: Whether to discard the runs of earlier sweeps.
        draw_sweep: Draws `sweep.png`.
        plot: Whether to draw `sweep.png`.

    Returns:
        The finished runs in the order of the points, those of earlier sweeps without a trace; and the written sweep.

    Raises:
        OutputError: The directory cannot be written, another process is writing there, or it holds a file that the
            sweep reads or that gdcli did not write.
    """
    place, new = directory.absolute(), dict[int, Result]()
    check_place(place, inputs_of(point.plan for point in sweep.points))
    destinations(place.parent, [place.name])  # before anything runs

    def keep(done: int, results: Sequence[Result]) -> None:
        del done
        new.update({id(result.plan): result for result in results})

    written = sweep_into(
        place,
        sweep,
        run=lambda: run_sweep(sweep, place, resources=resources, draw=draw, fresh=fresh, tell=keep),
        draw=draw_sweep,
        plot=plot,
    )
    return _by_setting(sweep, [new.get(id(run.plan), run) for run in written.finished.runs]), written


def _by_setting(sweep: Sweep, runs: Sequence[R]) -> Results[R]:
    """Group runs by setting; they are in the order of the sweep's points."""
    settings = [point.setting for point in sweep.points[:: sweep.seeds]]
    groups = (tuple(runs[i : i + sweep.seeds]) for i in range(0, len(runs), sweep.seeds))
    axes = ({key: effective(key, value, setting) for key, value in setting.items()} for setting in settings)
    return Results(tuple(groups), tuple(axes))
