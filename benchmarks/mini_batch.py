"""Mini-batches of 50 on abalone, 1,000 epochs of sgd and adam, against PyTorch and a plain NumPy loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Contestant, NotAvailable, Report, Row, Timing, compare, peer, race, timed
from benchmarks.peers import numpy_adam, numpy_sgd, torch_data_loader, torch_mini_batch
from benchmarks.problems import Array, Problem, abalone
from benchmarks.report import main

EPOCHS, SIZE = 1_000, 50
TORCH_EPOCHS, LOADER_EPOCHS, TWICE = 100, 50, "twice as many epochs"
KERNELS = ("compiled", "numpy")
RATES = {"sgd": 0.01, "adam": 0.001}
LOOPS: dict[str, Callable[..., Array]] = {"sgd": numpy_sgd, "adam": numpy_adam}
SLICED, LOADER, LOOP = "PyTorch, batches sliced by hand", "PyTorch with a DataLoader", "plain NumPy loop"
TARGETS = {
    "sgd": {SLICED: 250.0, LOADER: 250.0, LOOP: 6.0},
    "adam": {SLICED: 250.0, LOADER: 250.0, LOOP: 10.0},
}


def report() -> Report:
    """Measure."""
    problem, findings = abalone(), Report()
    for kind in RATES:
        _kind(problem, kind, findings)
    findings.notes.append(_floor(problem))
    return findings


def _kind(problem: Problem, kind: str, findings: Report) -> None:
    """One optimizer with both kernels against all peers, in one race."""
    work = f"mini-batch {SIZE} on abalone, {kind}, {EPOCHS:,} epochs"
    keys: dict[str, Any] = {"batch_size": SIZE, "optimizer": {"kind": kind, "lr": RATES[kind]}}
    contestants = {LOOP: timed(partial(LOOPS[kind], problem, lr=RATES[kind], size=SIZE, epochs=EPOCHS), problem.judge)}
    missing: dict[str, str] = {}
    try:
        contestants |= _torch(problem, kind)
    except NotAvailable as error:
        missing |= dict.fromkeys((SLICED, LOADER), str(error))
    early = {}
    for kernel in KERNELS:
        try:
            contestants[kernel] = problem.run(kernel=kernel, epochs=EPOCHS, **keys)
            # PyTorch runs fewer epochs: losses are compared after those.
            early[kernel] = problem.run(kernel=kernel, epochs=TORCH_EPOCHS, **keys)().reached
        except NotAvailable as error:
            missing[kernel] = str(error)
    times = race(contestants, runs=5)
    if SLICED in times:
        findings.notes.append(_scale(times, problem, kind))
    for kernel in KERNELS:
        for name, target in TARGETS[kind].items():
            aim = target if kernel == "compiled" else None
            ours, why = f"{kernel} kernel", missing.get(kernel) or missing.get(name)
            if why:
                findings.rows.append(Row(work=work, ours=ours, peer=name, at_least=aim, missing=why))
                continue
            mine = times[kernel] if name == LOOP else replace(times[kernel], reached=early[kernel])
            findings.rows.append(compare(work, (ours, mine), (name, times[name]), at_least=aim))
        if kernel in times:
            findings.notes.append(
                f"{work}, {kernel} kernel: {times[kernel].median:.3f} s of descent, {times[kernel].whole:.3f} s for "
                f"the whole of gdcli.run (planning, factoring and the optimum included)."
            )


def _torch(problem: Problem, kind: str) -> dict[str, Contestant]:
    """PyTorch on fewer epochs, and on twice as many as those."""
    peer("torch")
    keys: dict[str, Any] = {"lr": RATES[kind], "size": SIZE}
    sliced = partial(torch_mini_batch, problem, kind, **keys)
    loader = partial(torch_data_loader, problem, kind, **keys)
    return {
        SLICED: timed(partial(sliced, epochs=TORCH_EPOCHS), problem.judge),
        TWICE: timed(partial(sliced, epochs=2 * TORCH_EPOCHS)),
        LOADER: timed(partial(loader, epochs=LOADER_EPOCHS)),  # different batches: the losses cannot be compared
    }


def _scale(times: dict[str, Timing], problem: Problem, kind: str) -> str:
    """Scale PyTorch's times to all epochs, and report how linear they are."""
    linear = times[TWICE].median / times[SLICED].median
    times[SLICED] = times[SLICED].times(EPOCHS / TORCH_EPOCHS)
    times[LOADER] = times[LOADER].times(EPOCHS / LOADER_EPOCHS)
    steps = EPOCHS * -(-len(problem.y) // SIZE)
    return (
        f"PyTorch, mini-batch {SIZE} on abalone, {kind}: timed on {TORCH_EPOCHS} epochs (with a DataLoader on "
        f"{LOADER_EPOCHS}) and scaled to {EPOCHS:,}; twice as many epochs took {linear:.2f} times as long. A step "
        f"costs {times[SLICED].median / steps * 1e6:.0f} µs with sliced batches (the faster way to write it) and "
        f"{times[LOADER].median / steps * 1e6:.0f} µs with a DataLoader."
    )


def _floor(problem: Problem) -> str:
    """The time that NumPy needs per epoch for the specified permutations and for gathering the rows."""
    generator, n = np.random.RandomState(0), len(problem.y)
    began = time.perf_counter()
    orders = [generator.permutation(n) for _ in range(EPOCHS)]
    permuting = time.perf_counter() - began
    began = time.perf_counter()
    for order in orders:
        problem.X[order]
    return (
        f"Mini-batch on abalone: NumPy draws the {EPOCHS:,} permutations in {permuting:.3f} s and gathers the rows in "
        f"{time.perf_counter() - began:.3f} s; both times are part of the plain loop and of the numpy kernel. The "
        f"compiled kernel draws the same permutations itself."
    )


if __name__ == "__main__":
    main(report)
