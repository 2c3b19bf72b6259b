"""Many runs: those that share rows and batches advance side by side, groups of them are spread over workers."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections.abc import Generator, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TypeAlias

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.descent import Watch, descend
from gdcli.engine.kernels.base import Kernel
from gdcli.engine.kernels.choice import KernelChoice, choose_kernel
from gdcli.engine.trace import Trace
from gdcli.experiment.kernels import predicted_seconds
from gdcli.experiment.plan import Plan

# Traces of a group, and the seconds that each of its runs took of the whole.
Ran: TypeAlias = tuple[tuple[Trace, ...], float]
# The two ends of a pipe by which workers learn that nobody waits for them any more.
Over: TypeAlias = tuple[Connection, Connection]

MOST_COLUMNS = 64  # runs side by side: more gain little, and what an interruption loses grows
# Predicted seconds of work in NumPy below which another worker costs more than it saves. The compiled kernel is ten
# times as fast and waits for nobody, so that its workers are threads, which cost next to nothing.
WORTH_A_WORKER: Mapping[Kernel, float] = {"numpy": 0.2, "compiled": 0.01}


def run_groups(
    planned: Sequence[Plan], workers: int, kernel: Kernel = "numpy"
) -> Generator[tuple[list[int], Ran], None, None]:
    """Run plans, group by group, as each is done.

    Args:
        planned: The runs.
        workers: How many groups to run at once, where there is work enough.
        kernel: What steps through the epochs.

    Yields:
        Indices of a group's runs, and what came of it.

    Raises:
        ImportError: The kernel is the compiled one, and Numba cannot be imported.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    indices = groups(planned, workers, kernel)
    todo = [[planned[i] for i in group] for group in indices]
    if workers == 1 or len(todo) == 1 or sum(map(predicted_seconds, todo)) < WORTH_A_WORKER[kernel]:
        results: Iterator[tuple[int, Ran]] = ((i, run_group(group, kernel)) for i, group in enumerate(todo))
    else:
        spread = _in_threads if kernel == "compiled" else _in_processes
        results = spread(todo, min(workers, len(todo)))
    for i, ran in results:
        yield indices[i], ran


def kernel_for_runs(choice: KernelChoice, planned: Sequence[Plan], workers: int) -> Kernel:
    """Choose a kernel for many runs.

    Args:
        choice: What was asked for.
        planned: The runs.
        workers: How many groups of them will run at once.

    Returns:
        The kernel: with `auto`, the one that is done first.
    """
    together = [[planned[i] for i in group] for group in groups(planned, 1)]
    return choose_kernel(choice, sum(map(predicted_seconds, together)) / workers)


def groups(planned: Sequence[Plan], workers: int, kernel: Kernel = "numpy") -> list[list[int]]:
    """Put runs that can advance side by side together.

    Args:
        planned: The runs.
        workers: How many of the groups will run at once.
        kernel: What will step through the epochs.

    Returns:
        Indices, one list per group, in the order of the runs.
    """
    together: dict[Hashable, list[int]] = {}
    for i, run in enumerate(planned):
        shape = (run.spec.epochs, run.rates.shape[1])
        key = (run.rows, run.batching, run.spec.optimizer.kind, shape, run.spec.stop)
        together.setdefault(key, []).append(i)
    cut: list[list[int]] = []
    for members in together.values():
        parts = -(-len(members) // MOST_COLUMNS)
        if predicted_seconds([planned[i] for i in members]) > WORTH_A_WORKER[kernel]:
            parts = -(-parts // workers) * workers
        cut.extend(part.tolist() for part in np.array_split(members, min(parts, len(members))))
    return cut


def run_group(group: Sequence[Plan], kernel: Kernel, watch: Watch | None = None) -> Ran:
    """Run plans that share their rows and batches side by side.

    Args:
        group: One of those that `groups` gives.
        kernel: What steps through the epochs.
        watch: Told how far the runs have come.

    Returns:
        What came of it.

    Raises:
        ImportError: The kernel is the compiled one, and Numba cannot be imported.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    first, began = group[0], time.perf_counter()
    traces = descend(
        np.column_stack([run.start for run in group]),
        first.batches(),
        optimizers=[run.spec.optimizer for run in group],
        rates=np.concatenate([run.rates for run in group], axis=2),
        objective=first.rows.objective,
        validation=first.rows.validation,
        stopping=first.spec.stop.stopping() if first.spec.stop else None,
        watch=watch,
        kernel=kernel,
    )
    return traces, (time.perf_counter() - began) / len(group)


def portable(groups: Sequence[Sequence[Plan]]) -> list[list[Plan]]:
    """The same runs, without the cells that their rows were read from; those that share rows still do."""
    distinct = {run.rows for group in groups for run in group}
    light = {rows: replace(rows, data=rows.data.without_rows()) for rows in distinct}
    return [[replace(run, rows=light[run.rows]) for run in group] for group in groups]


def _in_threads(todo: Sequence[Sequence[Plan]], workers: int) -> Iterator[tuple[int, Ran]]:
    """Run groups by the compiled kernel, which lets other threads run while it does."""
    over = threading.Event()

    def watch(epoch: int, loss: Array, gap: Array) -> None:
        del epoch, loss, gap
        if over.is_set():
            raise InterruptedError("nobody waits for this group any more")

    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from _as_done(
                pool, {pool.submit(run_group, group, "compiled", watch): i for i, group in enumerate(todo)}
            )
        except BaseException:
            over.set()
            raise


def _in_processes(todo: Sequence[Sequence[Plan]], workers: int) -> Iterator[tuple[int, Ran]]:
    """Run groups by the NumPy kernel, which two threads would take turns at."""
    # A forked worker has the plans already; elsewhere they are sent once, less the cells that they were read from.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    groups = portable(todo)
    context, over = multiprocessing.get_context(method), multiprocessing.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, initializer=_receive, initargs=(groups, over))
    try:
        yield from _as_done(pool, {pool.submit(_run_received, i): i for i in range(len(todo))})
    except BaseException:
        over[1].send_bytes(b"over")  # to these workers and to no other child of this process
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _as_done(pool: Executor, running: dict[Future[Ran], int]) -> Iterator[tuple[int, Ran]]:
    """Give what groups came to in the order in which they are done; Ctrl-C is heard meanwhile."""
    try:
        while running:
            done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_received: list[list[Plan]] = []  # in a worker: the groups that it may be asked for


def _receive(groups: list[list[Plan]], over: Over) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    threading.Thread(target=_end_in_time, args=(over,), daemon=True).start()
    _received[:] = groups


def _end_in_time(over: Over) -> None:
    """End this worker once its parent has ended, however it did, or says that nobody waits any more.

    The worker holds both ends of the pipe: nothing but a word of the parent makes it readable, and no worker takes
    that away from the others.
    """
    parent = multiprocessing.parent_process()
    if parent:
        multiprocessing.connection.wait([parent.sentinel, over[0]])
        os._exit(1)


def _run_received(i: int) -> Ran:
    return run_group(_received[i], "numpy")
