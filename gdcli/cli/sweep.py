"""`gdcli sweep`."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcli.cli.options import DEFAULT_OUT, AsJson, KernelOption, NoPlot, Out, Overrides, Quiet
from gdcli.cli.outcome import DIVERGED, INTERRUPTED, complain, handled
from gdcli.errors import Fault, Place, SpecError

if TYPE_CHECKING:
    from gdcli.cli.session import Session
    from gdcli.experiment.draft import Draft
    from gdcli.experiment.grid import Axis
    from gdcli.experiment.sweep import Sweep

TOLD = 5  # settings that are skipped, of which so many are told


@handled
def sweep(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The experiment to vary.")],
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid", metavar="KEY=VALUES", help="An axis: log:a:b:n, linear:a:b:n or x,y,z; may be repeated."
        ),
    ] = None,
    paired: Annotated[bool, typer.Option("--zip", help="Pair the axes in place of crossing them.")] = False,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", min=1, help="Run each setting with N seeds.")] = 1,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=0, help="Cores to use; 0 for all.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from what an earlier sweep has finished.")] = False,
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
    summary.json, best.yaml (ready for `gdcli run`), sweep.png, and curves.csv with --curves. Ctrl-C keeps what has
    finished, and --resume goes on from there.

    \b
    gdcli sweep experiments/abalone_norm.yaml --grid optimizer.lr=log:1e-3:1:13 --grid scaler=none,zscore
    gdcli sweep experiments/abalone_norm.yaml --grid optimizer.kind=sgd,adam,lion --seeds 10
    """
    from gdcli.api import draw_sweep
    from gdcli.cli.progress import ReadingBar
    from gdcli.cli.session import Session
    from gdcli.experiment.draft import read_draft
    from gdcli.experiment.files import check_writable
    from gdcli.experiment.kernels import kernel_choice
    from gdcli.experiment.sweep_files import document, write_sweep
    from gdcli.experiment.sweep_plan import plan_sweep
    from gdcli.experiment.sweep_result import SweepResult
    from gdcli.show.sweep_views import sweep_view

    session = Session(as_json=as_json, quiet=quiet, kernel=kernel_choice(kernel, place="--kernel"))
    draft = read_draft(spec, overrides or ())
    axes = _axes(draft, grid or [])
    with ReadingBar(shown=not quiet) as bar:
        planned = plan_sweep(draft.without("sweep"), axes, paired=paired, seeds=seeds, reading=bar.reading)
    _tell_skipped(session, planned)
    directory = out / planned.name
    check_writable(out, [planned.name])
    runs, interrupted = _run(
        session, planned, directory, workers=workers or _cores(), resume=resume, with_curves=curves
    )
    result = SweepResult(sweep=planned, runs=runs, draw=draw_sweep)
    journal = _journal_path(directory)
    write_sweep(result, directory, plot=not no_plot, journal=journal)
    journal.unlink(missing_ok=True)
    if runs:
        session.show(sweep_view(result))
    session.say(f"written to {directory}/")
    session.give(document(result, directory))
    if interrupted:
        complain(f"{planned.name}: interrupted after {len(runs)} of {len(planned.points)} runs; go on with --resume")
        return INTERRUPTED
    return DIVERGED if all(setting.gap == math.inf for setting in result.settings) else 0


def _axes(draft: Draft, grid: list[str]) -> list[Axis]:
    """The axes of the spec's block, those of --grid in their place or after them."""
    from gdcli.experiment.grid import axes_of_block, axis_of_option

    block = draft.values.get("sweep")
    in_block = axes_of_block(block, lambda path: draft.place(("sweep", *path))) if block is not None else []
    given = list(map(axis_of_option, grid))
    keys = [axis.key for axis in given]
    for key in keys:
        if keys.count(key) > 1:
            raise SpecError([Fault(Place("--grid"), f"{key} is there twice; give all of its values at once")])
    axes = {axis.key: axis for axis in (*in_block, *given)}
    if not axes:
        message = "nothing to vary: give a `sweep:` block or --grid, such as --grid optimizer.lr=log:1e-3:1:13"
        raise SpecError([Fault(Place(draft.label), message)])
    return list(axes.values())


def _tell_skipped(session: Session, planned: Sweep) -> None:
    from gdcli.experiment.grid import written

    for setting, reason in planned.skipped[:TOLD]:
        listed = ", ".join(f"{key}={written(value)}" for key, value in setting.items())
        session.warn(f"skipped {listed}: {reason}")
    if len(planned.skipped) > TOLD:
        session.warn(f"skipped {len(planned.skipped) - TOLD} more settings; summary.json lists them")
    for warning in sorted({warning for point in planned.points for warning in point.plan.data_warnings}):
        session.warn(warning)


def _run(
    session: Session, planned: Sweep, directory: Path, *, workers: int, resume: bool, with_curves: bool
) -> tuple[tuple[Any, ...], bool]:
    """Run what has not been run yet; give all runs in the order of the grid, and whether Ctrl-C ended it."""
    from gdcli.api import finish
    from gdcli.cli.progress import LateBar
    from gdcli.experiment.journal import Journal, read_journal
    from gdcli.experiment.lockstep import chosen, run_groups
    from gdcli.experiment.sweep_result import SweepRun, record_of

    path = _journal_path(directory)
    records = {**read_journal(directory / "runs.jsonl"), **read_journal(path)} if resume else {}
    if with_curves:
        records = {identity: record for identity, record in records.items() if "curve" in record}
    wanted = {point.identity for point in planned.points}
    records = {identity: record for identity, record in records.items() if identity in wanted}
    journal = Journal(path, records)
    todo = [point for point in planned.points if point.identity not in records]
    kernel = chosen(session.kernel, [point.plan for point in todo], workers)
    done, interrupted = len(planned.points) - len(todo), False
    with LateBar(planned.name, len(planned.points), told=f"{done} runs", shown=not session.quiet) as bar:
        try:
            for group, (traces, seconds) in run_groups([point.plan for point in todo], workers, kernel):
                new = {
                    todo[i].identity: record_of(finish(todo[i].plan, trace, seconds, kernel), curve=with_curves)
                    for i, trace in zip(group, traces, strict=True)
                }
                records.update(new)
                journal.add(new)
                done += len(group)
                bar.update(done, f"{done} of {len(planned.points)} runs")
        except KeyboardInterrupt:
            interrupted = True
        finally:
            journal.close()
    if interrupted:
        records = read_journal(path)  # just what a resume will find, whatever was being done at that moment
    finished = [point for point in planned.points if point.identity in records]
    runs = (SweepRun(p, records[p.identity]["summary"], records[p.identity].get("curve")) for p in finished)
    return tuple(runs), interrupted


def _journal_path(directory: Path) -> Path:
    """Where finished runs are written down until the sweep has its directory."""
    return directory.with_name(f".{directory.name}.runs.jsonl")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
