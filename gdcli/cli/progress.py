"""Progress bars for what lasts, on stderr, gone when done: of a run, and of the reading of large files."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

from gdcli.engine.arrays import Array
from gdcli.engine.descent import Watch
from gdcli.experiment.plan import Plan
from gdcli.experiment.stream import Reading

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PATIENCE = 1.0  # seconds that a run may take without a word
REFRESH = 0.1  # seconds between two updates


class Delayed:
    """A bar that is shown once something has lasted for more than a second.

    Args:
        name: Of what lasts.
        total: When it is done; None where that is not known yet.
        told: What stands beside the bar at first.
        shown: Whether a bar is wanted; there is none anyway where stderr is no terminal.
    """

    def __init__(self, name: str, *, total: float | None, told: str, shown: bool) -> None:
        self._name, self._total, self._told = name, total, told
        self._shown = shown and sys.stderr.isatty()
        self._timer = threading.Timer(PATIENCE, self._begin)
        self._timer.daemon = True
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._next = 0.0
        self._lock, self._over = threading.Lock(), False  # the timer may fire while the run ends

    def _start(self) -> None:
        self._timer.start()

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
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        with self._lock:
            if self._over:
                return
            told = TextColumn("{task.fields[told]}")
            columns = (TextColumn("{task.description}"), BarColumn(), told, TimeRemainingColumn())
            bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = bar.add_task(self._name, total=self._total, told=self._told)
            bar.start()
            self._bar = bar

    def _is_due(self) -> bool:
        now = time.monotonic()
        if self._bar is None or now < self._next:
            return False
        self._next = now + REFRESH
        return True

    def _update(self, completed: float, total: float | None, told: str) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=completed, total=total, told=told)


class Progress(Delayed):
    """Watches one run.

    Args:
        planned: The run.
        shown: Whether a bar is wanted.
    """

    def __init__(self, planned: Plan, *, shown: bool) -> None:
        self._epochs = planned.spec.epochs
        super().__init__(planned.spec.name, total=self._epochs, told=f"epoch 0/{self._epochs}", shown=shown)

    def __enter__(self) -> Watch | None:
        if not self._shown:
            return None
        self._start()
        return self._tell

    def _tell(self, epoch: int, mse: Array, gap: Array) -> None:
        if self._is_due():
            told = f"epoch {epoch}/{self._epochs}  loss {mse[0]:.6g}  gap {gap[0]:.3g}"
            self._update(epoch, self._epochs, told)


class ReadingProgress(Delayed):
    """Watches data files being read.

    Args:
        shown: Whether a bar is wanted.
    """

    def __init__(self, *, shown: bool) -> None:
        super().__init__("reading", total=None, told="", shown=shown)

    def __enter__(self) -> Reading | None:
        if not self._shown:
            return None
        self._start()
        return self._tell

    def _tell(self, done: int, total: int) -> None:
        if self._is_due():
            self._update(done, total, f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB")
