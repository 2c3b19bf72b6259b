"""Work done ahead in threads, and taken in order: the next chunks are parsed on other cores while one is worked on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import repeat
from typing import TypeVar

T = TypeVar("T")


def in_order(tasks: Iterable[Callable[[], T]], *, workers: int, ahead: int) -> Generator[T, None, None]:
    """Carry out tasks in threads, and give their results in the order of the tasks.

    Args:
        tasks: Taken one by one, by who asks for results.
        workers: Threads.
        ahead: How many tasks are begun, or done, while somebody is busy with a result.

    Yields:
        The results.

    Raises:
        Exception: Whatever a task raises, at its place; those after it are dropped.
    """
    coming: deque[Future[T]] = deque()
    with ThreadPoolExecutor(workers) as pool:  # it waits for what is under way
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
    """Take items in a thread of their own, one ahead of who asks for them.

    Args:
        items: None of them None. They are run in the thread, and closed at the end.

    Yields:
        The same items.

    Raises:
        Exception: Whatever taking an item raises, at its place.
    """
    steps = in_order(repeat(partial(next, items, None)), workers=1, ahead=1)
    try:
        while (item := next(steps)) is not None:
            yield item
    finally:
        steps.close()
        items.close()
