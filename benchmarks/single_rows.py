"""Batch 1 on 1,000,000 rows × 10 columns, one epoch of sgd, against SGDRegressor and Vowpal Wabbit."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import SAME, Contestant, Lap, NotAvailable, Report, Row, compare, peer, race, say, timed
from benchmarks.problems import Array, Problem, gaussian
from benchmarks.report import main

ROWS, COLUMNS, RATE = 1_000_000, 10, 0.001
WORK = f"batch 1 on {ROWS:,} rows × {COLUMNS} columns, sgd, 1 epoch"
SINGLE = 1e-4  # Vowpal Wabbit keeps its weights in single precision
SCIKIT, WABBIT = "scikit-learn SGDRegressor", "Vowpal Wabbit"
AIMS = {SCIKIT: (1.5, SAME), WABBIT: (5.0, SINGLE)}
EQUAL = (
    "SGDRegressor: rows in the same order (shuffle=False), no penalty, constant eta0 = 2·lr because its gradient has "
    "no factor 2; the call of fit is timed, from arrays in memory.",
    "Vowpal Wabbit: its library (the same engine as its command line) reads its own binary cache, which is made "
    "before the clock starts; --sgd, constant rate, predictions not clipped; same rows, order, rate and rule, but "
    "features and weights in single precision, so that losses agree only to that precision. Start-up, reading the "
    "cache and learning are timed. Unlike gdcli, it looks up every feature by its hash, as its format requires.",
)


def report() -> Report:
    """Measure."""
    problem, findings = gaussian(ROWS, COLUMNS), Report()
    keys = {"batch_size": 1, "shuffle": "never", "optimizer": {"kind": "sgd", "lr": RATE}, "epochs": 1}
    with tempfile.TemporaryDirectory() as folder:
        makers: dict[str, Callable[[], Contestant]] = {
            "compiled": lambda: problem.run(kernel="compiled", **keys),
            SCIKIT: lambda: _scikit_learn(problem),
            WABBIT: lambda: _vowpal_wabbit(problem, Path(folder)),
        }
        contestants, missing = {}, {}
        for name, make in makers.items():
            try:
                contestants[name] = make()
            except NotAvailable as error:
                missing[name] = str(error)
        times = race(contestants, runs=5)
    times |= race({"numpy": problem.run(kernel="numpy", **keys)}, runs=1, warmups=0)  # a lap takes seconds
    for kernel in ("compiled", "numpy"):
        for name, (target, rtol) in AIMS.items():
            aim = target if kernel == "compiled" else None
            ours, why = f"{kernel} kernel", missing.get(kernel) or missing.get(name)
            if why:
                findings.rows.append(Row(work=WORK, ours=ours, peer=name, at_least=aim, missing=why))
            else:
                findings.rows.append(compare(WORK, (ours, times[kernel]), (name, times[name]), at_least=aim, rtol=rtol))
        if kernel in times:
            findings.notes.append(
                f"Batch 1, {kernel} kernel: {times[kernel].median / ROWS * 1e6:.3f} µs per row; the whole of gdcli.run "
                f"took {times[kernel].whole:.2f} s, including checking and factoring the frame and finding the optimum."
            )
    return Report(rows=findings.rows, notes=[*EQUAL, *findings.notes, _bandwidth(problem)])


def _scikit_learn(problem: Problem) -> Contestant:
    linear_model = peer("sklearn.linear_model")
    features = np.ascontiguousarray(problem.X[:, :-1])

    def fit() -> Any:
        with _quiet():
            return linear_model.SGDRegressor(
                loss="squared_error",
                penalty=None,
                learning_rate="constant",
                eta0=2 * RATE,
                max_iter=1,
                tol=None,
                shuffle=False,
            ).fit(features, problem.y)

    return timed(fit, lambda model: problem.judge(np.append(model.coef_, model.intercept_)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Ignore the warning of scikit-learn that one epoch has not converged."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _vowpal_wabbit(problem: Problem, folder: Path) -> Contestant:
    wabbit = peer("vowpalwabbit")
    text, cache = folder / "rows.vw", folder / "rows.cache"
    say("writing rows for Vowpal Wabbit …")
    pattern = "%.9g | " + " ".join(f"x{j}:%.9g" for j in range(COLUMNS)) + "\n"
    with text.open("w") as file:
        for i in range(0, ROWS, 50_000):
            rows = np.column_stack([problem.y[i : i + 50_000], problem.X[i : i + 50_000, :-1]])
            file.writelines(pattern % tuple(row) for row in rows.tolist())
    options = (
        f"-d {text} --cache_file {cache} --sgd -l {RATE} --power_t 0 --initial_t 1 "
        "--min_prediction -1e30 --max_prediction 1e30 --quiet --no_stdin"
    )
    wabbit.Workspace(options).finish()  # makes the cache

    def lap() -> Lap:
        began = time.perf_counter()
        model = wabbit.Workspace(options)
        seconds = time.perf_counter() - began
        weights = _weights(model)
        model.finish()
        return Lap(seconds, problem.judge(weights))

    return lap


def _weights(model: Any) -> Array:
    space = model.hash_space(" ")
    constant = 11650396  # VW_CONSTANT, the hash of its intercept
    hashes = [model.hash_feature(f"x{j}", space) for j in range(COLUMNS)]
    return np.array([model.get_weight(index) for index in [*hashes, constant]])


def _bandwidth(problem: Problem) -> str:
    """The time that it takes just to read the rows."""
    laps = []
    for _ in range(5):
        began = time.perf_counter()
        problem.X.sum()
        laps.append(time.perf_counter() - began)
    size = problem.X.nbytes / 1e6
    return (
        f"Batch 1: reading the design's {size:.0f} MB and summing the numbers (NumPy, one core) takes "
        f"{min(laps):.3f} s, {min(laps) / ROWS * 1e6:.3f} µs per row; a kernel cannot be much faster."
    )


if __name__ == "__main__":
    main(report)
