"""A progress bar for what lasts: epoch, loss and gap, on stderr, gone when done."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

from gdcli.engine.arrays import Array
from gdcli.engine.descent import Watch
from gdcli.experiment.plan import Plan

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PATIENCE = 1.0  # seconds that a run may take without a word
REFRESH = 0.1  # seconds between two updates


class Progress:
    """Watches one run, and shows a bar once it has lasted for more than a second.

    Args:
        planned: The run.
        shown: Whether a bar is wanted; there is none anyway where stderr is no terminal.
    """

    def __init__(self, planned: Plan, *, shown: bool) -> None:
        self._name, self._epochs = planned.spec.name, planned.spec.epochs
        self._shown = shown and sys.stderr.isatty()
        self._timer = threading.Timer(PATIENCE, self._begin)
        self._timer.daemon = True
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._next = 0.0
        self._lock, self._over = threading.Lock(), False  # the timer may fire while the run ends

    def __enter__(self) -> Watch | None:
        if not self._shown:
            return None
        self._timer.start()
        return self._tell

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
            self._task = bar.add_task(self._name, total=self._epochs, told=f"epoch 0/{self._epochs}")
            bar.start()
            self._bar = bar

    def _tell(self, epoch: int, mse: Array, gap: Array) -> None:
        now = time.monotonic()
        if self._bar is not None and self._task is not None and now >= self._next:
            self._next = now + REFRESH
            told = f"epoch {epoch}/{self._epochs}  loss {mse[0]:.6g}  gap {gap[0]:.3g}"
            self._bar.update(self._task, completed=epoch, told=told)
