"""Plan a sweep, run it with a progress bar, and show it on the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from gdcli.cli.forecast_view import forecast_view
from gdcli.cli.interrupts import INTERRUPTED
from gdcli.cli.outcome import DIVERGED, complain
from gdcli.cli.progress import LateBar, ReadingBar
from gdcli.cli.session import Session
from gdcli.errors import Fault, Place, SpecError, counted
from gdcli.show.drawing import draw_run, draw_sweep
from gdcli.show.sweep_views import sweep_view
from gdcli.spec.draft import read_draft
from gdcli.spec.grid import SPACINGS, Axis, values_of
from gdcli.spec.strict_yaml import parse
from gdcli.sweeps.directory import Written, sweep_into
from gdcli.sweeps.files import document
from gdcli.sweeps.forecast import forecast
from gdcli.sweeps.plan import ArgumentNames, plan_sweep
from gdcli.sweeps.points import Sweep
from gdcli.sweeps.run import Finished, run_sweep
from gdcli.sweeps.warnings import best_run_warnings, divergence, warnings_of
from gdcli.sweeps.workers import Resources

MOST_OMISSIONS = 5  # shown
OPTIONS = ArgumentNames("--grid", "--seeds", "--grid, such as --grid optimizer.lr=log:1e-3:1:13")


def axis_of_option(text: str) -> Axis:
    """Read one `--grid KEY=VALUES`: `log:a:b:n`, `linear:a:b:n`, or values with commas between them.

    Args:
        text: As typed.

    Returns:
        The axis.

    Raises:
        SpecError: It is not of this form.
    """
    place = Place(f"--grid {text}")
    key, equals, values = text.partition("=")
    if not (key and equals and values):
        raise SpecError([Fault(place, "write KEY=VALUES, such as optimizer.lr=log:1e-4:1:9 or scaler=none,zscore")])
    spacing, *rest = values.split(":")
    listed = f"{{{spacing}: [{', '.join(rest)}]}}" if spacing in SPACINGS else f"[{values}]"
    try:
        axis_values = values_of(parse(listed, "")[0])
        return Axis(key, axis_values, (place,) * len(axis_values))
    except SpecError as error:
        raise SpecError(Fault(place, fault.message) for fault in error.faults) from error
    except ValueError as error:
        raise SpecError([Fault(place, str(error))]) from error


def plan(
    session: Session,
    spec: Path,
    overrides: Sequence[str] | None,
    grid: Sequence[str] | None,
    *,
    paired: bool,
    seeds: int,
    omissions: bool = True,
) -> Sweep:
    """Plan a sweep, and warn about settings that are suspicious or, with `omissions`, skipped."""
    draft, axes = read_draft(spec, overrides or ()), list(map(axis_of_option, grid or []))
    with ReadingBar(shown=not session.quiet) as bar:
        planned = plan_sweep(draft, axes, paired=paired, seeds=seeds, reading=bar.reading, names=OPTIONS)
    if omissions:
        _warn_of_omissions(session, planned)
    session.warn_all(warnings_of(planned))
    return planned


def _warn_of_omissions(session: Session, planned: Sweep) -> None:
    session.warn_all(planned.omissions[:MOST_OMISSIONS])
    more = len(planned.omissions) - MOST_OMISSIONS
    if more > 0:
        session.warn(f"skipped {counted(more, 'more setting')}; summary.json lists all")


def foresee(session: Session, planned: Sweep, directory: Path, *, workers: int, fresh: bool, curves: bool) -> int:
    """Show what a sweep would run, without running it, and return the exit code."""
    expected = forecast(planned, directory, kernel=session.kernel, workers=workers, fresh=fresh, curves=curves)
    session.show(forecast_view(expected))
    session.give(lambda: expected.document)
    return 0


def write(
    session: Session, planned: Sweep, directory: Path, *, workers: int, fresh: bool, curves: bool, plot: bool
) -> Written:
    """Run what has not been run yet, with a progress bar on a terminal, and write the files."""
    total, resources = len(planned.points), Resources(session.kernel, workers)
    runs = counted(total, "run")

    def run() -> Finished:
        with LateBar(planned.name, total, status=f"0 of {runs}", shown=not session.quiet) as bar:
            return run_sweep(
                planned,
                directory,
                resources=resources,
                draw=draw_run,
                fresh=fresh,
                curves=curves,
                tell=lambda done, _new: bar.update(done, f"{done} of {runs}"),
            )

    return sweep_into(directory, planned, run=run, draw=draw_sweep, plot=plot)


def show(session: Session, written: Written, directory: Path) -> None:
    """Show the best settings, and where the files are."""
    result, finished = written.result, written.finished
    session.warn_all([*written.warnings, *best_run_warnings(result)])
    if finished.runs:
        session.show(sweep_view(result))
    if finished.reused:
        session.say(f"{finished.reused} of {counted(len(result.sweep.points), 'run')} taken from earlier sweeps")
    session.say(f"written to {directory}/")
    session.give(lambda: {**document(result, directory), "reused": finished.reused})


def close(written: Written) -> int:
    """Complain if a sweep was interrupted or every setting diverged, and return the exit code."""
    result, runs, name = written.result, written.finished.runs, written.result.sweep.name
    if written.finished.interrupted:
        finished = f"{len(runs)} of {counted(len(result.sweep.points), 'run')}"
        again = "continues from there" if runs else "starts again"
        complain(f"{name}: interrupted after {finished}; the same command {again}")
        return INTERRUPTED
    if any(setting.gap < math.inf for setting in result.settings):
        return 0
    complain(f"{name}: {divergence(result)}")
    return DIVERGED
