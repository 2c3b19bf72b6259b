"""Progress bars for long work: on stderr if that is a terminal, shown after a second, removed at the end."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gdcli.data.stream import Reading
from gdcli.engine.arrays import Array
from gdcli.errors import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 1.0  # seconds before a bar appears
REFRESH = 0.1  # seconds between two updates


class LateBar:
    """A bar that appears once its work has lasted for more than a second.

    Args:
        description: Name of the work.
        total: Amount of work; None if it is not known yet.
        status: Text beside the bar at first.
        shown: Whether a bar is wanted; there is none if stderr is not a terminal.
    """

    def __init__(self, description: str, total: float | None, *, status: str = "", shown: bool) -> None:
        self._description, self._total, self._status = printable(description), total, status
        self.shown = shown and sys.stderr is not None and sys.stderr.isatty()
        self._timer = threading.Timer(PATIENCE, self._begin)
        self._timer.daemon = True
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._next = 0.0
        self._lock, self._over = threading.Lock(), False  # the timer may fire while the work ends

    def __enter__(self) -> Self:
        if self.shown:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._bar:
                self._bar.stop()

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        with self._lock:
            if self._over:
                return
            status = TextColumn("{task.fields[status]}", markup=False)
            description = TextColumn("{task.description}", markup=False)
            columns = (description, BarColumn(), status, TimeRemainingColumn())
            bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = bar.add_task(self._description, total=self._total, status=self._status)
            bar.start()
            self._bar = bar

    def update(self, done: float, status: str, *, total: float | None = None) -> None:
        """Update the bar.

        Args:
            done: Amount of work done.
            status: Text beside the bar.
            total: Amount of work, if it has changed.
        """
        self._status, self._total = status, self._total if total is None else total
        now = time.monotonic()
        if self._bar is not None and self._task is not None and now >= self._next:
            self._next = now + REFRESH
            self._bar.update(self._task, completed=done, total=self._total, status=status)


class EpochBar(LateBar):
    """A bar over the epochs of a run, with loss and gap beside it.

    Args:
        name: Name of the run.
        epochs: Number of epochs.
        shown: As for `LateBar`.
    """

    def __init__(self, name: str, epochs: int, *, shown: bool) -> None:
        super().__init__(name, epochs, status=f"epoch 0/{epochs}", shown=shown)
        self._epochs = epochs

    def watch(self, epoch: int, mse: Array, gap: Array) -> None:
        """Follow a run; this is a `Watch` of the engine."""
        self.update(epoch, f"epoch {epoch}/{self._epochs}  loss {mse[0]:.6g}  gap {gap[0]:.3g}")


class ReadingBar(LateBar):
    """A bar over the bytes of large files being read.

    Args:
        shown: As for `LateBar`.
    """

    def __init__(self, *, shown: bool) -> None:
        super().__init__("reading", None, shown=shown)

    @property
    def reading(self) -> Reading | None:
        """The function to call after every read; None if no bar is shown."""
        return self._advance if self.shown else None

    def _advance(self, done: int, total: int) -> None:
        self.update(done, f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB", total=total)
