"""100 learning rates, mini-batch 50 on abalone, adam, 100 epochs: in lockstep, and compiled on both cores."""

from __future__ import annotations

import inspect
import os
import time
from functools import partial
from typing import Any

import numpy as np

import gdcli
from benchmarks.harness import (
    Contestant,
    Lap,
    NotAvailable,
    Report,
    Row,
    Timing,
    compare,
    kernel_option,
    peer,
    race,
    timed,
)
from benchmarks.peers import torch_lockstep, torch_mini_batch
from benchmarks.problems import Array, Problem, abalone
from benchmarks.report import main
from gdcli.engine.batches import mini_batches
from gdcli.engine.descent import descend
from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.problems.factor import factor_rows
from gdcli.engine.problems.least_squares import LeastSquares, objective

RUNS, EPOCHS, SIZE = 100, 100, 50
RATE_LOW, RATE_HIGH = 1e-4, 1e-1
PYTORCH_COLUMNS = "PyTorch, one loop over columns"
WORK = f"{RUNS} learning rates, mini-batch {SIZE} on abalone, adam, {EPOCHS} epochs"


def report() -> Report:
    """Measure."""
    problem, findings = abalone(), Report()
    rates = np.geomspace(RATE_LOW, RATE_HIGH, RUNS)
    lockstep = _lockstep(problem, rates, findings)
    _both_cores(problem, rates, lockstep, findings)
    return findings


def _lockstep(problem: Problem, rates: Array, findings: Report) -> Timing:
    """The NumPy kernel: k columns against the last of them alone."""
    p = problem.X.shape[1] - 1
    rows = factor_rows(problem.X[:, :p], problem.y)
    loss = objective(rows.rescaled(np.zeros(p + 1), np.ones(p + 1), intercept=True))
    times = race({"all": _columns(problem, loss, rates), "one": _columns(problem, loss, rates[-1:])}, runs=7)
    findings.rows.append(
        compare(WORK, (f"{RUNS} in lockstep, numpy kernel", times["all"]), ("one run", times["one"]), at_most=4)
    )
    return times["all"]


def _columns(problem: Problem, loss: LeastSquares, rates: Array) -> Contestant:
    """Make a contestant of k runs in lockstep; the last one is judged."""
    optimizers = [OPTIMIZERS["adam"](kind="adam", lr=lr) for lr in rates.tolist()]

    def lap() -> Lap:
        batches = mini_batches(problem.X, problem.y, size=SIZE, shuffle="each_epoch", seed=0)
        began = time.perf_counter()
        traces = descend(
            np.zeros((problem.X.shape[1], len(rates))),
            batches,
            optimizers=optimizers,
            rates=np.broadcast_to(rates, (EPOCHS, 1, len(rates))),
            objective=loss,
        )
        return Lap(time.perf_counter() - began, problem.judge(traces[-1].weights))

    return lap


def _both_cores(problem: Problem, rates: Array, lockstep: Timing, findings: Report) -> None:
    """The compiled kernel on all cores against PyTorch, which runs the rates one after the other."""
    ours, serial, loop = f"sweep on {os.cpu_count()} cores, compiled kernel", "PyTorch, run by run", PYTORCH_COLUMNS
    try:
        torch_serial, torch_columns = _torch(problem, rates, findings)
        findings.rows.append(compare(WORK, ("lockstep, numpy kernel", lockstep), (loop, torch_columns)))
        mine = race({"": _sweep(problem, rates)}, runs=5)[""]
    except NotAvailable as error:
        findings.rows.append(Row(work=WORK, ours=ours, peer=serial, at_least=1_000, missing=str(error)))
        return
    findings.rows.append(compare(WORK, (ours, mine), (serial, torch_serial), at_least=1_000))
    findings.rows.append(compare(WORK, (ours, mine), (loop, torch_columns)))


def _torch(problem: Problem, rates: Array, findings: Report) -> tuple[Timing, Timing]:
    """PyTorch's time for all rates: run by run, estimated from three, and in one hand-written loop."""
    peer("torch")
    single = partial(torch_mini_batch, problem, "adam", size=SIZE)
    single(lr=RATE_LOW, epochs=1)  # PyTorch imports parts of itself on first use
    sample = [float(rates[i]) for i in (0, RUNS // 2, -1)]
    contestants = {str(lr): timed(partial(single, lr=lr, epochs=EPOCHS), problem.judge) for lr in sample}
    contestants[PYTORCH_COLUMNS] = timed(
        partial(torch_lockstep, problem, rates, epochs=EPOCHS, size=SIZE), lambda w: problem.judge(w[:, -1])
    )
    times = race(contestants, runs=3, warmups=0)
    columns = times.pop(PYTORCH_COLUMNS)
    costs = ", ".join(f"{timing.median:.2f}" for timing in times.values())
    findings.notes.append(
        f"PyTorch on {RUNS} learning rates: single runs were timed with the lowest, a middle and the highest rate "
        f"({costs} s), and the last time multiplied by {RUNS}. Written by hand as one loop over {RUNS} columns, it "
        f"takes {columns.median:.2f} s for all of them. Both have a row; the target applies to the single runs."
    )
    return times[str(sample[-1])].times(RUNS), columns


def _sweep(problem: Problem, rates: Array) -> Contestant:
    """Make a contestant of `gdcli.sweep`; the run of the highest rate is judged."""
    sweep: Any = getattr(gdcli, "sweep", None)
    if sweep is None:
        raise NotAvailable("not available yet: gdcli.sweep")
    known = inspect.signature(sweep).parameters
    option = {key: value for key, value in kernel_option("compiled").items() if key in known}
    option |= {"workers": os.cpu_count()} if "workers" in known else {}
    spec = {
        "name": "bench",
        "columns": {"target": "y"},
        "init": "zeros",
        "seed": 0,
        "batch_size": SIZE,
        "epochs": EPOCHS,
        "optimizer": {"kind": "adam", "lr": float(rates[0])},
        "sweep": {"optimizer.lr": rates.tolist()},
    }
    frame = problem.frame

    def lap() -> Lap:
        began = time.perf_counter()
        results = sweep(spec, data=frame, **option)
        seconds = time.perf_counter() - began
        last = list(getattr(results, "results", results))[-1]
        return Lap(seconds, problem.judge(last.trace.weights))

    return lap


if __name__ == "__main__":
    main(report)
