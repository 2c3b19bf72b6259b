"""One thread for BLAS while rows are factored.

A strip of rows is too small for more threads to help, and two threads are slower as soon as anything else uses the
machine. NumPy's BLAS uses one thread per core unless the environment says otherwise; the command line sets the
environment before it loads NumPy.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import cache
from threading import Lock
from typing import Any


class _OneThread(AbstractContextManager[None]):
    """Limits the number of BLAS threads, which is a setting of the whole process.

    Several Python threads may be inside at once. The first to enter sets the limit, and the last to leave restores the
    previous number. Entering and leaving takes 15 µs.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._limiter = Lock(), 0, None

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside and not _is_pinned():
                self._limiter = _controller().limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._limiter:
                self._limiter.restore_original_limits()
                self._limiter = None


one_blas_thread = _OneThread()


def _is_pinned() -> bool:
    """Whether the environment limits every BLAS to one thread."""
    general = os.environ.get("OMP_NUM_THREADS")
    return all(os.environ.get(name, general) == "1" for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"))


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController  # takes 38 ms, so only where the environment sets no limit

    return ThreadpoolController()
