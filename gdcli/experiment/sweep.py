"""Sweeps: every point of a grid planned at once, those that share their rows run side by side."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gdcli._version import __version__
from gdcli.engine.descent import descend
from gdcli.engine.kernels import Kernel
from gdcli.engine.trace import Trace
from gdcli.errors import FaultsError, Place
from gdcli.experiment.draft import Draft, reseeded
from gdcli.experiment.grid import Axis, points
from gdcli.experiment.markup import dump
from gdcli.experiment.plan import Plan, plan, vary
from gdcli.experiment.reading import Source, understand
from gdcli.experiment.spec import plain
from gdcli.experiment.stream import Reading
from gdcli.experiment.table import Table

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 64  # runs side by side: more gain little, and what an interruption loses grows
STEP_SECONDS = 20e-6  # of one step of the loop in NumPy, whatever the number of columns
WORTH_A_PROCESS = 0.2  # seconds of work below which another process costs more than it saves


@dataclass(frozen=True)
class Point:
    """One run of a sweep.

    Attributes:
        setting: Axis key → value.
        plan: What is run.
        identity: Hash of the resolved spec, the data and the engine's version: equal where the result would be.
    """

    setting: Mapping[str, Any]
    plan: Plan
    identity: str


@dataclass(frozen=True)
class Sweep:
    """A grid, planned.

    Attributes:
        name: Of the sweep and its directory.
        axes: What is varied.
        seeds: How many seeds each setting is run with.
        points: The runs, in the order of the grid.
        skipped: Settings that no run can have, each with the reason.
    """

    name: str
    axes: tuple[Axis, ...]
    seeds: int
    points: tuple[Point, ...]
    skipped: tuple[tuple[Mapping[str, Any], str], ...]


def plan_sweep(
    draft: Draft,
    axes: Sequence[Axis],
    *,
    paired: bool,
    seeds: int,
    frame: pd.DataFrame | None = None,
    reading: Reading | None = None,
) -> Sweep:
    """Plan every point of a grid; points on the same rows share them.

    Args:
        draft: The spec that the points vary.
        axes: What is varied.
        paired: Whether the axes are paired in place of crossed.
        seeds: How many seeds each setting is run with, counted up from the spec's own.
        frame: Rows in place of the spec's dataset.
        reading: Told of every read of a large file.

    Returns:
        The sweep.

    Raises:
        SpecError: The grid is wrong, or no point of it can be run.
        DataError: The data are unfit for every point.
    """
    found: list[Point] = []
    skipped: list[tuple[Mapping[str, Any], str]] = []
    first_error: FaultsError | None = None
    shared: dict[str, Plan] = {}
    sources: list[tuple[Mapping[str, Any], list[Source] | FaultsError]] = []
    for setting in points(axes, paired=paired):
        try:
            sources.append((setting, _sources(draft, setting, seeds, has_rows=frame is not None)))
        except FaultsError as error:
            sources.append((setting, error))
    beside = [source for _, part in sources if isinstance(part, list) for source in part]
    for values, part in sources:
        try:
            if isinstance(part, FaultsError):
                raise part
            found.extend(
                [
                    _point(values, source, partial(plan, frame=frame, beside=beside, reading=reading), shared)
                    for source in part
                ]
            )
        except FaultsError as error:
            first_error = first_error or error
            skipped.append((values, "; ".join(fault.message for fault in error.faults)))
    if first_error and not found:
        raise first_error
    name = f"{found[0].plan.spec.name}-sweep"
    return Sweep(name=name, axes=tuple(axes), seeds=seeds, points=tuple(found), skipped=tuple(skipped))


def written(value: Any) -> str:
    """Write a value on one line, as YAML."""
    return dump(plain(value)).removesuffix("\n").removesuffix("\n...").replace("\n", " ")


def groups(planned: Sequence[Plan], workers: int) -> list[list[int]]:
    """Put runs that can advance side by side together.

    Args:
        planned: The runs.
        workers: Processes to spread them over.

    Returns:
        Indices, a list a group, in the order of the runs.
    """
    together: dict[Any, list[int]] = {}
    for i, run in enumerate(planned):
        spec = run.spec
        order = None if run.is_full_batch or spec.shuffle == "never" else (spec.shuffle, spec.seed)
        batches = "full" if run.is_full_batch else spec.batch_size
        shape = (spec.epochs, run.rates.shape[1])
        together.setdefault((id(run.objective), batches, order, spec.optimizer.kind, shape, spec.stop), []).append(i)
    cut: list[list[int]] = []
    for members in together.values():
        run = planned[members[0]]
        seconds = run.spec.epochs * run.steps * STEP_SECONDS
        share = -(-len(members) // workers) if seconds > WORTH_A_PROCESS else len(members)
        size = min(MOST_COLUMNS, share)
        cut.extend(members[i : i + size] for i in range(0, len(members), size))
    return cut


def run_group(planned: Sequence[Plan], kernel: Kernel) -> tuple[tuple[Trace, ...], float]:
    """Run plans that share their rows and batches side by side.

    Args:
        planned: One of the groups that `groups` gives.
        kernel: What steps through the epochs.

    Returns:
        Their traces, and the seconds that each took of the whole.
    """
    first = planned[0]
    began = time.perf_counter()
    traces = descend(
        np.column_stack([run.start for run in planned]),
        first.batches(),
        optimizers=[run.spec.optimizer for run in planned],
        rates=np.concatenate([run.rates for run in planned], axis=2),
        objective=first.objective,
        validation=first.validation,
        stopping=first.spec.stop.stopping() if first.spec.stop else None,
        kernel=kernel,
    )
    return traces, (time.perf_counter() - began) / len(planned)


def run_groups(
    planned: Sequence[Plan], workers: int, kernel: Kernel = "numpy"
) -> Iterator[tuple[list[int], tuple[Trace, ...], float]]:
    """Run plans, group by group, as each is done.

    Args:
        planned: The runs.
        workers: Processes to use, where there is work enough for them.
        kernel: What steps through the epochs.

    Yields:
        Indices of a group's runs, their traces, and the seconds that each took.
    """
    todo = groups(planned, workers)
    seconds = sum(planned[g[0]].spec.epochs * planned[g[0]].steps * STEP_SECONDS for g in todo)
    if workers == 1 or len(todo) == 1 or seconds < WORTH_A_PROCESS:
        for group in todo:
            yield group, *run_group([planned[i] for i in group], kernel)
        return
    # A forked worker has the plans already; elsewhere they are sent once, less the cells that they were read from.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    light = [[_portable(planned[i]) for i in group] for group in todo]
    pool = ProcessPoolExecutor(
        min(workers, len(todo)), multiprocessing.get_context(method), initializer=_receive, initargs=(light,)
    )
    try:
        running: dict[Future[tuple[tuple[Trace, ...], float]], list[int]] = {
            pool.submit(_run_received, i, kernel): group for i, group in enumerate(todo)
        }
        while running:
            done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), *future.result()
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_received: list[list[Plan]] = []  # in a worker: the groups that it may be asked for


def _receive(light: list[list[Plan]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    _received[:] = light


def _run_received(i: int, kernel: Kernel) -> tuple[tuple[Trace, ...], float]:
    return run_group(_received[i], kernel)


def _portable(planned: Plan) -> Plan:
    table = planned.table
    if isinstance(table, Table):
        table = replace(table, frame=table.frame.iloc[:0], locate=None)
    return replace(planned, table=table)


def _sources(draft: Draft, setting: Mapping[str, Any], seeds: int, *, has_rows: bool) -> list[Source]:
    """The specs of one setting, one a seed."""
    for key, value in setting.items():
        draft = draft.with_value(key, value, Place(f"sweep {key}={written(value)}"))
    return [understand(reseeded(draft, i), has_rows=has_rows) for i in range(seeds)]


def _point(
    setting: Mapping[str, Any], source: Source, plan_anew: Callable[[Source], Plan], shared: dict[str, Plan]
) -> Point:
    spec = source.spec
    seed = spec.seed if spec.split and spec.split.shuffle else None
    rows = repr((spec.dataset, spec.columns, spec.scaler, spec.split, seed, source.faults))
    planned = vary(shared[rows], source) if rows in shared else plan_anew(source)
    shared.setdefault(rows, planned)
    return Point(setting=setting, plan=planned, identity=identity(planned))


def identity(planned: Plan) -> str:
    """What makes a finished run recognisable: its resolved spec, its data and the engine's version, hashed.

    Args:
        planned: The run.

    Returns:
        A SHA-256.
    """
    spec = plain(planned.spec)
    if planned.table.sha256:
        spec["dataset"].pop("path")  # where the file lies does not matter, what is in it does
    text = json.dumps([spec, planned.table.sha256, __version__], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
