"""Three ways to run groups of runs in parallel: threads, processes, and an executor of the caller.

Each is a context manager that yields a function to submit tasks with, and one task per group. If it is left early, it
ends or cancels the remaining work.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from typing import TypeAlias
from weakref import WeakSet

from gdcli.engine.arrays import Array
from gdcli.engine.descent import Watch
from gdcli.engine.kernels.base import Kernel
from gdcli.errors import Fault, Place, SpecError
from gdcli.experiment.plan import Plan
from gdcli.sweeps.lockstep import Ran, run_group

Groups: TypeAlias = Sequence[Sequence[Plan]]
Task: TypeAlias = Callable[[], Ran]  # runs one group
Submit: TypeAlias = Callable[[Task], Future[Ran]]
# The two ends of a pipe that tells workers that their results are no longer wanted.
Over: TypeAlias = tuple[Connection, Connection]


@contextmanager
def threads(groups: Groups, workers: int) -> Iterator[tuple[Submit, list[Task]]]:
    """Threads for the compiled kernel, which releases the GIL.

    Args:
        groups: The runs.
        workers: Number of threads.

    Yields:
        A function that submits a task, and one task per group.
    """
    over, watch = _stop()
    with ThreadPoolExecutor(workers) as pool:
        try:
            yield pool.submit, [partial(run_group, group, "compiled", watch) for group in groups]
        except BaseException:
            over.set()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _stop() -> tuple[threading.Event, Watch]:
    """An event, and a watch that ends the runs of other threads once the event is set."""
    over = threading.Event()

    def watch(epoch: int, loss: Array, gap: Array) -> None:
        del epoch, loss, gap
        if over.is_set():
            raise InterruptedError("nobody waits for this group any more")

    return over, watch


@contextmanager
def processes(groups: Groups, workers: int) -> Iterator[tuple[Submit, list[Task]]]:
    """Processes for the NumPy kernel, because threads would take turns at it.

    Args:
        groups: The runs.
        workers: Number of processes.

    Yields:
        A function that submits a task, and one task per group.
    """
    # A forked worker has the plans already. Other workers are sent them once, without the cells they were read from.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context, over = multiprocessing.get_context(method), multiprocessing.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, initializer=_receive, initargs=(without_cells(groups), over))
    try:
        yield pool.submit, [partial(_run_received, i) for i in range(len(groups))]
    except BaseException:
        over[1].send_bytes(b"over")  # reaches these workers only, not other children of this process
        raise
    finally:
        # At exit Python writes to the pipe of the pool's thread, and fails if that thread is closing it: [Errno 9].
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def lent(executor: Executor, groups: Groups, kernel: Kernel) -> Iterator[tuple[Submit, list[Task]]]:
    """The caller's executor. It is never shut down; if left early, tasks that it has not begun are cancelled.

    Those that it has begun are ended if its workers are threads of this process; others cannot be reached.

    Args:
        executor: Any executor; its workers may be on other machines.
        groups: The runs.
        kernel: The kernel that steps through the epochs.

    Yields:
        A function that submits a task, and one task per group.

    Raises:
        SpecError: The futures of the executor are not those of `concurrent.futures`.
    """
    futures = WeakSet[Future[Ran]]()  # weak, so that the traces of finished futures are freed

    def submit(task: Task) -> Future[Ran]:
        future = executor.submit(task)
        if not isinstance(future, Future):  # Dask's Client has a `submit` too
            raise not_an_executor(executor)
        futures.add(future)
        return future

    # Every task contains its rows, even if several groups share them: an executor cannot send data to a worker once.
    over, watch = _stop()
    is_here = isinstance(executor, ThreadPoolExecutor)  # other tasks are pickled, which an event cannot be
    tasks: list[Task] = [
        partial(run_group, group, kernel, watch if is_here else None) for group in without_cells(groups)
    ]
    try:
        yield submit, tasks
    except BrokenExecutor:
        raise  # nothing is pending; and Python, still marking the other futures as broken, fails at cancelled ones
    except BaseException:
        over.set()
        for future in futures:
            future.cancel()
        raise


def not_an_executor(value: object) -> SpecError:
    """The error for a value that is not an executor."""
    return SpecError([Fault(Place("executor"), f"must be a concurrent.futures.Executor, got {value!r}")])


def without_cells(groups: Groups) -> list[list[Plan]]:
    """The same runs without the cells that their rows were read from; runs that share rows still share them."""
    distinct = {run.rows for group in groups for run in group}
    light = {rows: replace(rows, data=rows.data.without_rows()) for rows in distinct}
    return [[replace(run, rows=light[run.rows]) for run in group] for group in groups]


_received: list[list[Plan]] = []  # in a worker: all groups, of which it runs some


def _receive(groups: list[list[Plan]], over: Over) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    threading.Thread(target=_end_in_time, args=(over,), daemon=True).start()
    _received[:] = groups


def _end_in_time(over: Over) -> None:
    """End this worker once its parent has ended for any reason, or no longer wants the results.

    The worker holds both ends of the pipe, so that only a message from the parent makes it readable. No worker reads
    the message, so that all of them see it.
    """
    parent = multiprocessing.parent_process()
    if parent:
        multiprocessing.connection.wait([parent.sentinel, over[0]])
        os._exit(1)


def _run_received(i: int) -> Ran:
    return run_group(_received[i], "numpy")
