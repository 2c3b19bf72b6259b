"""Work done ahead in threads: while one chunk is processed, the next ones are parsed on other cores."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import repeat
from typing import TypeVar

T = TypeVar("T")


def in_order(tasks: Iterable[Callable[[], T]], *, workers: int, ahead: int) -> Generator[T, None, None]:
    """Run tasks in threads, and yield their results in the order of the tasks.

    Args:
        tasks: The tasks. They are taken one by one, in the thread that takes the results.
        workers: Number of threads.
        ahead: How many further tasks are running or finished while a result is processed.

    Yields:
        The results.

    Raises:
        Exception: Whatever a task raises, in the place of its result; later tasks are dropped.
    """
    coming: deque[Future[T]] = deque()
    with ThreadPoolExecutor(workers) as pool:  # at its end, this waits for running tasks
        try:
            for task in tasks:
                coming.append(pool.submit(task))
                if len(coming) > ahead:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            for future in coming:
                future.cancel()


def read_ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """Run a generator in a thread, one item ahead.

    Args:
        items: The generator, which is closed at the end; no item may be None.

    Yields:
        The same items.

    Raises:
        Exception: Whatever the generator raises, in the place of an item.
    """
    steps = in_order(repeat(partial(next, items, None)), workers=1, ahead=1)
    try:
        while (item := next(steps)) is not None:
            yield item
    finally:
        steps.close()
        items.close()
