"""`gdcli sweep`."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gdcli.cli.interrupts import INTERRUPTED
from gdcli.cli.options import DEFAULT_OUT, AsJson, KernelOption, NoPlot, Out, Overrides, Quiet
from gdcli.cli.outcome import DIVERGED, complain, handled
from gdcli.errors import counted

if TYPE_CHECKING:
    from gdcli.cli.session import Session
    from gdcli.experiment.sweep.points import Sweep
    from gdcli.experiment.sweep.run import Finished

MOST_SKIPPED_SHOWN = 5


@handled
def sweep(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The experiment to vary.")],
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid", metavar="KEY=VALUES", help="An axis: log:a:b:n, linear:a:b:n or x,y,z; may be repeated."
        ),
    ] = None,
    paired: Annotated[bool, typer.Option("--zip", help="Pair the axes instead of crossing them.")] = False,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", min=1, help="Run each setting with N seeds.")] = 1,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=0, help="Cores to use; 0 for all.")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run again what earlier sweeps have finished.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Accepted, and changes nothing.")] = False,
    curves: Annotated[bool, typer.Option("--curves", help="Write every run's curve too.")] = False,
    out: Out = DEFAULT_OUT,
    overrides: Overrides = None,
    kernel: KernelOption = "auto",
    as_json: AsJson = False,
    no_plot: NoPlot = False,
    quiet: Quiet = False,
) -> int:
    """Run a grid of settings: the ten best, what diverged, and a picture of the whole.

    The axes come from the spec's `sweep:` block and from --grid. The files go to DIR/NAME-sweep/: summary.csv,
    summary.json, best.yaml (ready for `gdcli run`), sweep.png, and curves.csv with --curves. Every finished run is
    kept, also after Ctrl-C, and no later sweep of the same name runs it again unless with --fresh.

    \b
    gdcli sweep experiments/abalone_norm.yaml --grid optimizer.lr=log:1e-3:1:13 --grid scaler=none,zscore
    gdcli sweep experiments/abalone_norm.yaml --grid optimizer.kind=sgd,adam,lion --seeds 10
    """
    from gdcli.api import draw_sweep
    from gdcli.cli.progress import ReadingBar
    from gdcli.cli.session import Session
    from gdcli.experiment.kernels import kernel_choice
    from gdcli.experiment.sweep.directory import sweep_into
    from gdcli.experiment.sweep.files import document
    from gdcli.experiment.sweep.grid import axes_of, axis_of_option
    from gdcli.experiment.sweep.plan import plan_sweep
    from gdcli.experiment.sweep.remarks import best_run_warnings, divergence
    from gdcli.show.sweep_views import sweep_view
    from gdcli.spec.draft import read_draft

    del resume
    session = Session(as_json=as_json, quiet=quiet, kernel=kernel_choice(kernel, place="--kernel"))
    draft = read_draft(spec, overrides or ())
    way_out = "--grid, such as --grid optimizer.lr=log:1e-3:1:13"
    axes = axes_of(draft, list(map(axis_of_option, grid or [])), place="--grid", way_out=way_out)
    with ReadingBar(shown=not quiet) as bar:
        planned = plan_sweep(draft.without("sweep"), axes, paired=paired, seeds=seeds, reading=bar.reading)
    _warn(session, planned)
    (directory,) = session.destinations(out, [planned.name], [point.plan for point in planned.points])
    written = sweep_into(
        directory,
        planned,
        run=lambda: _run(session, planned, directory, workers=workers or _cores(), fresh=fresh, curves=curves),
        draw=draw_sweep,
        plot=not no_plot,
    )
    result, done = written.result, written.finished
    session.warn_all(written.warnings)
    session.warn_all(best_run_warnings(result))
    if done.runs:
        session.show(sweep_view(result))
    if done.reused:
        session.say(f"{done.reused} of {counted(len(planned.points), 'run')} taken from earlier sweeps")
    session.say(f"written to {directory}/")
    if as_json:  # a document of many runs takes a while
        session.give({**document(result, directory), "reused": done.reused})
    if done.interrupted:
        finished = f"{len(done.runs)} of {counted(len(planned.points), 'run')}"
        complain(f"{planned.name}: interrupted after {finished}; the same command goes on from there")
        return INTERRUPTED
    if any(setting.gap < math.inf for setting in result.settings):
        return 0
    complain(f"{planned.name}: {divergence(result)}")
    return DIVERGED


def _warn(session: Session, planned: Sweep) -> None:
    """Say what is skipped, and what should be known about the settings that run."""
    from gdcli.experiment.sweep.points import setting_text
    from gdcli.experiment.sweep.remarks import warnings_of

    for setting, reason in planned.skipped[:MOST_SKIPPED_SHOWN]:
        session.warn(f"skipped {setting_text(setting)}: {reason}")
    if len(planned.skipped) > MOST_SKIPPED_SHOWN:
        more = counted(len(planned.skipped) - MOST_SKIPPED_SHOWN, "more setting")
        session.warn(f"skipped {more}; summary.json lists all")
    for warning in warnings_of(planned):
        session.warn(warning)


def _run(session: Session, planned: Sweep, directory: Path, *, workers: int, fresh: bool, curves: bool) -> Finished:
    """Run what has not been run yet, with a bar where a person looks on."""
    from gdcli.api import finish
    from gdcli.cli.progress import LateBar
    from gdcli.experiment.sweep.run import run_sweep

    total = len(planned.points)
    runs = counted(total, "run")
    with LateBar(planned.name, total, told=f"0 of {runs}", shown=not session.quiet) as bar:
        return run_sweep(
            planned,
            directory,
            finish=finish,
            kernel=session.kernel,
            workers=workers,
            fresh=fresh,
            curves=curves,
            tell=lambda done: bar.update(done, f"{done} of {runs}"),
        )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
