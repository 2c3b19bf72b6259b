"""Progress bars for what lasts: on stderr, where that is a terminal, after a second, gone when done."""

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

PATIENCE = 1.0  # seconds that a thing may take without a word
REFRESH = 0.1  # seconds between two updates


class LateBar:
    """A bar that appears once its work has lasted for more than a second.

    Args:
        description: What is worked at.
        total: How much there is of it; None where that is not known yet.
        told: What stands beside the bar at first.
        shown: Whether a bar is wanted; there is none anyway where stderr is no terminal.
    """

    def __init__(self, description: str, total: float | None, *, told: str = "", shown: bool) -> None:
        self._description, self._total, self._told = printable(description), total, told
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
            told = TextColumn("{task.fields[told]}", markup=False)
            description = TextColumn("{task.description}", markup=False)
            columns = (description, BarColumn(), told, TimeRemainingColumn())
            bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = bar.add_task(self._description, total=self._total, told=self._told)
            bar.start()
            self._bar = bar

    def update(self, done: float, told: str, *, total: float | None = None) -> None:
        """Say how far the work has come, and how much of it there is, where that is news."""
        self._told, self._total = told, self._total if total is None else total
        now = time.monotonic()
        if self._bar is not None and self._task is not None and now >= self._next:
            self._next = now + REFRESH
            self._bar.update(self._task, completed=done, total=self._total, told=told)


class EpochBar(LateBar):
    """A bar over the epochs of a run, with loss and gap beside it.

    Args:
        name: Of the run.
        epochs: That it takes.
        shown: As for `LateBar`.
    """

    def __init__(self, name: str, epochs: int, *, shown: bool) -> None:
        super().__init__(name, epochs, told=f"epoch 0/{epochs}", shown=shown)
        self._epochs = epochs

    def watch(self, epoch: int, mse: Array, gap: Array) -> None:
        """Follow a run, as the engine's `Watch`."""
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
        """What to tell of every read; None where nobody looks on."""
        return self._tell if self.shown else None

    def _tell(self, done: int, total: int) -> None:
        self.update(done, f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB", total=total)
