"""Spread groups of runs over threads, processes or an executor; little work is done by one worker."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gdcli.engine.kernels.base import Kernel
from gdcli.engine.kernels.choice import KernelChoice
from gdcli.errors import Fault, Place, SpecError
from gdcli.experiment.execute import predicted_seconds
from gdcli.experiment.plan import Plan
from gdcli.sweeps.lockstep import WORTH_A_WORKER, Ran, groups, run_group
from gdcli.sweeps.pools import Groups, Submit, Task, lent, not_an_executor, processes, threads

POLL_SECONDS = 0.2  # on some systems Ctrl-C does not interrupt a wait without a timeout


@dataclass(frozen=True)
class Resources:
    """The kernel and the workers that carry out runs.

    Attributes:
        kernel: The kernel that steps through the epochs.
        workers: Number of groups of runs at once, on this machine.
        executor: An executor to run them on instead.

    Raises:
        SpecError: `workers` is not an integer of at least 1, `executor` is not an executor, or both are given.
    """

    kernel: KernelChoice = "auto"
    workers: int = 1
    executor: Executor | None = None

    def __post_init__(self) -> None:
        check_count("workers", self.workers)
        if self.executor is None:
            return
        if isinstance(self.executor, type) or not hasattr(self.executor, "submit"):
            raise not_an_executor(self.executor)
        if self.workers > 1:
            message = f"only applies without an executor, which has its own workers; leave it out, got {self.workers}"
            raise SpecError([Fault(Place("workers"), message)])


def check_count(name: str, count: int) -> None:
    """Check that an argument is a positive integer.

    Args:
        name: Name of the argument.
        count: Value of the argument.

    Raises:
        SpecError: The value is not an integer of at least 1.
    """
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise SpecError([Fault(Place(name), f"must be an integer of at least 1, got {count!r}")])


def run_groups(
    planned: Sequence[Plan], workers: int = 1, kernel: Kernel = "numpy", executor: Executor | None = None
) -> Generator[tuple[list[int], Ran], None, None]:
    """Run plans in groups.

    Args:
        planned: The runs.
        workers: Number of groups to run at once, if there is enough work.
        kernel: The kernel that steps through the epochs.
        executor: An executor to run them on instead.

    Yields:
        The indices of a group's runs with their traces and the seconds per run, as soon as the group is finished.

    Raises:
        Exception: Any error of the executor, such as `BrokenExecutor` if a worker died.
    """
    indices = groups(planned, workers if executor is None else None, kernel)
    todo = [[planned[i] for i in group] for group in indices]
    is_little = len(todo) == 1 or sum(map(predicted_seconds, todo)) < WORTH_A_WORKER[kernel]
    if executor is None and (workers == 1 or is_little):
        for group, runs in zip(indices, todo, strict=True):
            yield group, run_group(runs, kernel)
        return
    with _pool(todo, workers, kernel, executor) as (submit, tasks):
        for i, ran in _as_done(submit, tasks):
            yield indices[i], ran


def _pool(
    todo: Groups, workers: int, kernel: Kernel, executor: Executor | None
) -> AbstractContextManager[tuple[Submit, list[Task]]]:
    """The threads, processes or executor that groups are spread over."""
    if executor is not None:
        return lent(executor, todo, kernel)
    pool = threads if kernel == "compiled" else processes
    return pool(todo, min(workers, len(todo)))


def _as_done(submit: Submit, tasks: Sequence[Task]) -> Iterator[tuple[int, Ran]]:
    """Yield the index and the result of each task as soon as it is finished."""
    running: dict[Future[Ran], int] = {}
    for i, task in enumerate(tasks):
        future = submit(task)
        if future.done():  # some executors run a task when it is submitted
            yield i, future.result()
        else:
            running[future] = i
    while running:
        done, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            yield running.pop(future), future.result()
