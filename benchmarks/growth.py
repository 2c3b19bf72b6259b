"""Growth: how the factorisation, a full-batch epoch and a mini-batch epoch grow with rows and with columns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from benchmarks.harness import NotAvailable, Report, kernel_option, say
from benchmarks.problems import Array, Problem, gaussian
from benchmarks.report import main
from gdcli.engine.batches import Batches, mini_batches
from gdcli.engine.descent import descend
from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.problems.factor import factor_rows
from gdcli.engine.problems.least_squares import LeastSquares, objective

ROWS, FIXED_COLUMNS = (10_000, 100_000, 1_000_000, 10_000_000), 10
COLUMNS, FIXED_ROWS = (2, 5, 10, 20, 50, 100, 200), 100_000
SIZE, FULL_EPOCHS, RATE = 50, 300, 1e-4
WORK = ("factorisation", "full-batch epoch")
MINI = f"mini-batch epoch, batch {SIZE}"


def report() -> Report:
    """Measure."""
    findings = Report()
    kernels = _kernels()
    work = (*WORK, *(f"{MINI}, {kernel} kernel" for kernel in kernels))
    by_rows = [_times(problem, kernels) for problem in _longer()]
    by_columns = [_times(gaussian(FIXED_ROWS, p), kernels) for p in COLUMNS]
    findings.tables += [
        _table(f"Growth with rows, at {FIXED_COLUMNS} columns", work, ("rows", ROWS), by_rows),
        _table(f"Growth with columns, at {FIXED_ROWS:,} rows", work, ("columns", COLUMNS), by_columns),
    ]
    findings.notes.append(
        "Growth: the engine's own functions, sgd, rows in memory; a full-batch epoch by the NumPy kernel. An exponent "
        "is the slope of log time over log size, fitted to all sizes and to the last two: the small ones show the "
        "fixed cost of a call."
    )
    return findings


def _kernels() -> list[str]:
    """The available kernels."""
    try:
        kernel_option("compiled")
    except NotAvailable:
        return ["numpy"]
    return ["numpy", "compiled"]


def _longer() -> Iterator[Problem]:
    """Problems with more and more rows, all taken from the same one."""
    say(f"drawing {ROWS[-1]:,} rows …")
    longest = gaussian(ROWS[-1], FIXED_COLUMNS)
    for n in ROWS:
        yield Problem(longest.X[:n], longest.y[:n])


def _times(problem: Problem, kernels: Sequence[str]) -> list[float]:
    """Seconds for each kind of work on a problem."""
    X, y = problem.X, problem.y
    n, p = X.shape[0], X.shape[1] - 1
    say(f"growth: {n:,} rows × {p} columns")
    factor = factor_rows(X[:, :p], y)
    loss = objective(factor.rescaled(np.zeros(p + 1), np.ones(p + 1), intercept=True))
    repeats = 1 if n * p > 30_000_000 else 3
    seconds = [
        _median(lambda: factor_rows(X[:, :p], y), repeats),
        _median(lambda: _descend(loss.full_batch(), loss, FULL_EPOCHS), 5) / FULL_EPOCHS,
    ]
    for kernel in kernels:
        # A gdcli with only one kernel does not have this argument.
        option: dict[str, Any] = {"kernel": kernel} if len(kernels) > 1 else {}
        epoch = partial(_epoch, X, y, loss, option)
        if kernel == "compiled":
            epoch()
        seconds.append(_median(epoch, repeats))
    return seconds


def _epoch(X: Array, y: Array, loss: LeastSquares, option: dict[str, Any]) -> None:
    _descend(mini_batches(X, y, size=SIZE, shuffle="each_epoch", seed=0), loss, 1, **option)


def _descend(batches: Batches, loss: LeastSquares, count: int, **option: Any) -> None:
    start, optimizer = np.zeros((len(loss.c), 1)), OPTIMIZERS["sgd"](kind="sgd", lr=RATE)
    descend(start, batches, optimizers=[optimizer], rates=np.full((count, 1, 1), RATE), objective=loss, **option)


def _median(work: Callable[[], object], repeats: int) -> float:
    laps = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        laps.append(time.perf_counter() - began)
    return median(laps)


def _table(title: str, work: Sequence[str], along: tuple[str, Sequence[int]], times: Sequence[Sequence[float]]) -> str:
    what, sizes = along
    lines = [f"### {title}", "", f"| {what} | {' | '.join(work)} |", f"|--:|{'--:|' * len(work)}"]
    for size, row in zip(sizes, times, strict=True):
        lines.append(f"| {size:,} | {' | '.join(_human(seconds) for seconds in row)} |")
    columns = np.array(times).T
    for label, last in (("exponent, all", len(sizes)), ("exponent, last two", 2)):
        fitted = [_exponent(np.array(sizes[-last:], dtype=np.float64), column[-last:]) for column in columns]
        lines.append(f"| {label} | {' | '.join(f'**{value:.2f}**' for value in fitted)} |")
    return "\n".join(lines)


def _human(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:,.1f} ms"


def _exponent(sizes: Array, times: Array) -> float:
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


if __name__ == "__main__":
    main(report)
