"""`gdcli sweep`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gdcli.cli.options import DEFAULT_OUT, AsJson, KernelOption, NoPlot, Out, Overrides, Quiet
from gdcli.cli.outcome import handled


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
    fresh: Annotated[bool, typer.Option("--fresh", help="Repeat runs that earlier sweeps have finished.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Has no effect; kept for compatibility.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would run, what is skipped, and for how long.")
    ] = False,
    curves: Annotated[bool, typer.Option("--curves", help="Also write the curve of every run.")] = False,
    out: Out = DEFAULT_OUT,
    overrides: Overrides = None,
    kernel: KernelOption = "auto",
    as_json: AsJson = False,
    no_plot: NoPlot = False,
    quiet: Quiet = False,
) -> int:
    """Run a grid of settings: the ten best, the number that diverged, and a picture of the grid.

    The axes come from the spec's `sweep:` block and from --grid. The files go to DIR/NAME-sweep/: summary.csv,
    summary.json, best.yaml (ready for `gdcli run`), sweep.png, and curves.csv with --curves. Every finished run is
    kept, even after Ctrl-C, and no later sweep of the same name repeats it, except with --fresh.

    \b
    gdcli sweep experiments/abalone_norm.yaml --grid optimizer.lr=log:1e-3:1:13 --grid scaler=none,zscore
    gdcli sweep experiments/abalone_norm.yaml --grid optimizer.kind=sgd,adam,lion --seeds 10
    gdcli sweep experiments/abalone_norm.yaml --grid optimizer.lr=log:1e-4:1:37 --seeds 5 --dry-run
    """
    from gdcli.cli.commands.sweeping import close, foresee, plan, show, write
    from gdcli.cli.session import Session

    del resume
    session = Session.of_options(as_json=as_json, quiet=quiet, kernel=kernel)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = workers or cores
    planned = plan(session, spec, overrides, grid, paired=paired, seeds=seeds, omissions=not dry_run)
    plans = [point.plan for point in planned.points]
    (directory,) = session.destinations(out, [planned.name], plans, probe=not dry_run)
    if dry_run:
        return foresee(session, planned, directory, workers=workers, fresh=fresh, curves=curves)
    written = write(session, planned, directory, workers=workers, fresh=fresh, curves=curves, plot=not no_plot)
    show(session, written, directory)
    return close(written)
