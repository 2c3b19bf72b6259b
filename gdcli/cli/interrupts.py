"""Ctrl-C and its like, whenever they come: one word, exit code 130, no traceback.

Python raises KeyboardInterrupt wherever it happens to be. In the midst of an import, that becomes an ImportError or a
page of NumPy's advice; in a callback, it is printed and lost; on the way out, it is a traceback. So it is raised only
while a command works, and ends the process at once before and after.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # nothing more is imported than it takes: until then, Python answers
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

INTERRUPTED = 130

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _State:
    """What this process has been told.

    Attributes:
        owner: The process that answers; workers forked from it just end. 0 where none does.
        is_working: Whether a command works, so that it can keep what it has finished.
        is_interrupted: Whether a signal came while it did.
    """

    owner = 0
    is_working = False
    is_interrupted = False


def answer_interrupts() -> None:
    """Answer the signals that ask this process to end, unless it was started to ignore them, as `nohup` does."""
    _State.owner = os.getpid()
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _answer)
    sys.unraisablehook = _in_callback


class Working:
    """While a command works, an interrupt raises KeyboardInterrupt instead of ending the process at once."""

    def __enter__(self) -> None:
        _State.is_working = True

    def __exit__(self, *error: object) -> None:
        _State.is_working = False


def is_interrupted() -> bool:
    """Whether a signal came while a command worked: what is raised after it may be called anything."""
    return _State.is_interrupted


def ignore_interrupts() -> None:
    """Let the process finish: all is done, and Python only takes itself apart."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _answer(number: int, frame: FrameType | None) -> None:
    del number, frame
    if _State.owner != os.getpid():
        os._exit(INTERRUPTED)
    if not _State.is_working:
        _end()
    _State.is_interrupted = True
    raise KeyboardInterrupt


def _end() -> None:
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(INTERRUPTED)


def _in_callback(unraisable: Any) -> None:
    """Python goes on after what is raised in a callback or a finalizer; an interrupt must not be lost there."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        _end()
    sys.__unraisablehook__(unraisable)
