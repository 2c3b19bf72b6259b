"""Run a sweep: finished runs are taken from the journals of its directory; the others are run and recorded."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from gdcli._version import __version__
from gdcli.experiment.plan import Plan
from gdcli.experiment.result import Draw, Result
from gdcli.experiment.summary import SUMMARY_COLUMNS
from gdcli.sweeps.journal import Journal, read_journal, record_of, run_of
from gdcli.sweeps.lockstep import kernel_for_runs
from gdcli.sweeps.points import Point, Sweep, origin
from gdcli.sweeps.result import SweepRun
from gdcli.sweeps.workers import Resources, run_groups

# Called with the number of finished runs and the new results.
Tell: TypeAlias = Callable[[int, Sequence[Result]], None]
Records: TypeAlias = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Finished:
    """The finished runs of a sweep.

    Attributes:
        runs: The runs, in the order of the grid.
        reused: Number of runs taken from earlier sweeps.
        interrupted: Whether Ctrl-C ended the sweep.
    """

    runs: tuple[SweepRun, ...]
    reused: int
    interrupted: bool


def journal_path(directory: Path) -> Path:
    """The journal of finished runs, used until the sweep has its directory."""
    return directory.with_name(f".{directory.name}.runs.jsonl")


def finished_runs(sweep: Sweep, directory: Path) -> Records:
    """Read the finished runs that the journals of a directory hold, as far as they are still valid.

    Args:
        sweep: The grid.
        directory: The directory of its result.

    Returns:
        Identity → record, also of runs that are not part of this grid.

    Raises:
        OutputError: A journal cannot be read.
    """
    return _alive({**read_journal(directory / "runs.jsonl"), **read_journal(journal_path(directory))}, sweep)


def remaining(sweep: Sweep, records: Records, *, curves: bool) -> list[Point]:
    """Select the points of a sweep without a usable record.

    Args:
        sweep: The grid.
        records: Identity → record.
        curves: Whether the curve of every run is needed.

    Returns:
        The points, in the order of the grid.
    """
    usable = {identity for identity, record in records.items() if _is_usable(record, curves=curves)}
    return [point for point in sweep.points if point.identity not in usable]


def run_plans(plans: Sequence[Plan], *, resources: Resources, draw: Draw) -> Generator[dict[int, Result], None, None]:
    """Run plans, in lockstep where possible.

    Args:
        plans: The runs.
        resources: The kernel and the workers.
        draw: Draws `curve.png`.

    Yields:
        The results of each group by the index of their plan, as soon as the group is finished.

    Raises:
        Exception: Any error of an executor.
    """
    kernel = kernel_for_runs(resources.kernel, plans, resources.workers)
    with closing(run_groups(plans, resources.workers, kernel, resources.executor)) as groups:
        for group, (traces, seconds) in groups:
            yield {i: Result(plans[i], trace, seconds, draw, kernel) for i, trace in zip(group, traces, strict=True)}


def run_sweep(
    sweep: Sweep,
    directory: Path,
    *,
    resources: Resources,
    draw: Draw,
    fresh: bool = False,
    curves: bool = False,
    tell: Tell = lambda _done, _new: None,
) -> Finished:
    """Run the points of a sweep that no earlier sweep has finished in the same directory.

    Args:
        sweep: The grid.
        directory: The directory of its result.
        resources: The kernel and the workers.
        draw: Draws `curve.png`.
        fresh: Whether to discard the runs of earlier sweeps.
        curves: Whether to keep the curve of every run.
        tell: Called with the number of finished runs and the new results.

    Returns:
        The finished runs.

    Raises:
        OutputError: The journal cannot be read or written.
    """
    path, records = journal_path(directory), {} if fresh else finished_runs(sweep, directory)
    todo = remaining(sweep, records, curves=curves)
    done, interrupted = len(sweep.points) - len(todo), False
    journal = Journal(path, records)
    tell(done, ())
    try:
        with closing(run_plans([point.plan for point in todo], resources=resources, draw=draw)) as groups:
            for group in groups:
                new = {i: {**origin(result.plan), **record_of(result, curve=curves)} for i, result in group.items()}
                journal.add({todo[i].identity: record for i, record in new.items()})
                done += len(group)
                tell(done, tuple(group.values()))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        journal.close()
    records = read_journal(path)  # exactly what a later sweep will find, whenever this one was interrupted
    runs = tuple(
        run_of(point, record, curve=curves)
        for point in sweep.points
        if (record := records.get(point.identity)) and _is_usable(record, curves=curves)
    )
    return Finished(runs, reused=len(sweep.points) - len(todo), interrupted=interrupted)


def _alive(records: Records, sweep: Sweep) -> Records:
    """The records that are still valid: of this version, and not of earlier contents of the sweep's files."""
    data = [origin(point.plan)["data"] for point in sweep.points]
    paths, contents = {repr(path) for path, _ in data}, set(map(repr, data))

    def is_alive(record: dict[str, Any]) -> bool:
        data = record.get("data", [None, None])
        return record.get("version") == __version__ and (repr(data[0]) not in paths or repr(data) in contents)

    return {identity: record for identity, record in records.items() if is_alive(record)}


def _is_usable(record: dict[str, Any], *, curves: bool) -> bool:
    """Whether a record is complete, with its curve if required."""
    needed = {"summary", "remarks", "curve"} if curves else {"summary", "remarks"}
    return needed <= record.keys() and set(SUMMARY_COLUMNS) <= record["summary"].keys()
