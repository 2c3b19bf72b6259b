"""Reading ahead: the next chunk is parsed on another core while this one is being worked on."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def read_ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """Take items in a thread of their own, one ahead of who asks for them.

    Args:
        items: None of them None. They are run in the thread, and closed at the end.

    Yields:
        The same items.

    Raises:
        Exception: Whatever taking an item raises, at its place.
    """
    try:
        with ThreadPoolExecutor(max_workers=1) as pool:  # it waits for what is under way
            coming = pool.submit(next, items, None)
            while (item := coming.result()) is not None:
                coming = pool.submit(next, items, None)
                yield item
    finally:
        items.close()
