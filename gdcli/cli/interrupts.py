"""Ctrl-C and similar signals at any moment: one word, exit code 130, no traceback.

Python raises KeyboardInterrupt wherever it happens to be. During an import, this becomes an ImportError or a page of
advice from NumPy; in a callback, it is printed and lost; at exit, it is a traceback. Therefore it is raised only while
a command is at work. Before and after, the signal ends the process at once.

One Ctrl-C may arrive as two signals: `timeout` and some shells send one to the process and one to its group. The second
would interrupt the writing of what is finished, so repeats are ignored for a second.
"""

from __future__ import annotations

import os
import signal
import sys
import time

TYPE_CHECKING = False  # as few imports as possible: until the handlers are set, Python handles the signals
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

INTERRUPTED = 130
REPEAT_SECONDS = 1.0  # within which a further signal is the same interrupt

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _State:
    """The state of the signal handlers.

    Attributes:
        owner: Id of the process that handles the signals, or 0. Workers forked from it just end.
        is_working: Whether a command is at work, so that it can keep finished runs.
        is_interrupted: Whether a signal has arrived while a command was at work.
        last: Time of the last signal that was not ignored.
    """

    owner = 0
    is_working = False
    is_interrupted = False
    last = 0.0


def answer_interrupts() -> None:
    """Handle the signals that end a process, except those that it was started to ignore, for example by `nohup`."""
    _State.owner = os.getpid()
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _answer)
    sys.unraisablehook = _in_callback


class Working:
    """A context in which a signal raises KeyboardInterrupt instead of ending the process at once."""

    def __enter__(self) -> None:
        _State.is_working = True

    def __exit__(self, *error: object) -> None:
        _State.is_working = False


def is_interrupted() -> bool:
    """Whether a signal has arrived while a command was at work; libraries may turn it into any exception."""
    return _State.is_interrupted


def ignore_interrupts() -> None:
    """Ignore the signals while Python shuts down: all work is done."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _answer(number: int, frame: FrameType | None) -> None:
    del number, frame
    if _State.owner != os.getpid():
        os._exit(INTERRUPTED)
    now = time.monotonic()
    if _State.is_interrupted and now - _State.last < REPEAT_SECONDS:
        return
    if not _State.is_working:
        _end()
    _State.last = now
    _State.is_interrupted = True
    raise KeyboardInterrupt


def _end() -> None:
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(INTERRUPTED)


def _in_callback(unraisable: Any) -> None:
    """End the process after an interrupt in a callback or a finalizer, where Python would go on."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        _end()
    sys.__unraisablehook__(unraisable)
