"""What a sweep would run, before anything is run or written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdcli.engine.kernels.base import Kernel
from gdcli.engine.kernels.choice import KernelChoice
from gdcli.output.directories import finite
from gdcli.sweeps.lockstep import kernel_for_runs, predicted_time
from gdcli.sweeps.points import Sweep
from gdcli.sweeps.run import finished_runs, remaining


@dataclass(frozen=True)
class Forecast:
    """A planned sweep, with what is known before it runs.

    Attributes:
        sweep: The grid, with the settings that are skipped and why.
        directory: The directory of its result; None if nothing would be written.
        reused: Number of runs that earlier sweeps have finished in this directory.
        seconds: Predicted time of the other runs, in seconds; planning and writing are not included.
        kernel: The kernel that would step through their epochs.
        workers: Number of groups of runs at once.
    """

    sweep: Sweep
    directory: Path | None
    reused: int
    seconds: float
    kernel: Kernel
    workers: int

    @property
    def planned(self) -> int:
        """Number of runs, including those that earlier sweeps have finished."""
        return len(self.sweep.points)

    @property
    def remaining(self) -> int:
        """Number of runs that would be run."""
        return self.planned - self.reused

    @property
    def document(self) -> dict[str, Any]:
        """The forecast as a JSON document."""
        document: dict[str, Any] = finite(
            {
                "name": self.sweep.name,
                "directory": self.directory and str(self.directory),
                "axes": {axis.key: axis.values for axis in self.sweep.axes},
                "seeds": self.sweep.seeds,
                "planned": self.planned,
                "reused": self.reused,
                "remaining": self.remaining,
                "seconds": self.seconds,
                "kernel": self.kernel,
                "workers": self.workers,
                "skipped": [{"setting": setting, "reason": reason} for setting, reason in self.sweep.skipped],
            }
        )
        return document


def forecast(
    sweep: Sweep,
    directory: Path | None,
    *,
    kernel: KernelChoice = "auto",
    workers: int = 1,
    fresh: bool = False,
    curves: bool = False,
) -> Forecast:
    """Find out what a sweep would run, and about how long that takes. Nothing is run or written.

    Args:
        sweep: The grid.
        directory: The directory of its result; None if nothing would be written.
        kernel: The user's choice.
        workers: Number of groups of runs at once.
        fresh: Whether the runs of earlier sweeps would be repeated.
        curves: Whether the curve of every run is needed.

    Returns:
        The forecast.

    Raises:
        OutputError: The journal of the directory cannot be read.
    """
    records = finished_runs(sweep, directory) if directory and not fresh else {}
    plans = [point.plan for point in remaining(sweep, records, curves=curves)]
    chosen = kernel_for_runs(kernel, plans, workers)
    return Forecast(
        sweep=sweep,
        directory=directory,
        reused=len(sweep.points) - len(plans),
        seconds=predicted_time(plans, workers, chosen),
        kernel=chosen,
        workers=workers,
    )
