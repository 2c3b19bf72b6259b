"""Run a sweep into its directory: one process at a time; a journal keeps finished runs until the files are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gdcli.output.lock import sole_writer
from gdcli.sweeps.files import write_sweep
from gdcli.sweeps.points import Sweep
from gdcli.sweeps.result import DrawSweep, SweepResult
from gdcli.sweeps.run import Finished, journal_path


@dataclass(frozen=True)
class Written:
    """A sweep whose files are written.

    Attributes:
        result: The sweep.
        finished: Its runs, and how many of them were reused.
        warnings: A warning if the picture could not be drawn.
    """

    result: SweepResult
    finished: Finished
    warnings: list[str]


def sweep_into(
    directory: Path, sweep: Sweep, *, run: Callable[[], Finished], draw: DrawSweep, plot: bool = True
) -> Written:
    """Run a sweep and write its files, as the only process that writes to the directory.

    Args:
        directory: Where the files go; its parent exists.
        sweep: The grid.
        run: Runs the grid by `run_sweep`.
        draw: Draws `sweep.png`.
        plot: Whether to draw `sweep.png`.

    Returns:
        The sweep, even if Ctrl-C ended it: see `finished.interrupted`.

    Raises:
        OutputError: Another process is writing there, or the directory or the journal cannot be written.
    """
    with sole_writer(directory):
        finished = run()
        result, journal = SweepResult(sweep=sweep, runs=finished.runs, draw=draw), journal_path(directory)
        warnings = write_sweep(result, directory, plot=plot, journal=journal)
        journal.unlink(missing_ok=True)
    return Written(result, finished, warnings)
