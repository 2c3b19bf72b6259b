"""Mini-batches of 50 on abalone, 1,000 epochs of sgd and adam, against PyTorch and a plain NumPy loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import NotAvailable, Report, Row, Timing, compare, peer, race, timed
from benchmarks.peers import numpy_adam, numpy_sgd, torch_data_loader, torch_mini_batch
from benchmarks.problems import Array, Problem, abalone
from benchmarks.report import main

EPOCHS, SIZE = 1_000, 50
TORCH_EPOCHS = 100
RATES = {"sgd": 0.01, "adam": 0.001}
LOOPS: dict[str, Callable[..., Array]] = {"sgd": numpy_sgd, "adam": numpy_adam}
SLICED, LOADER, LOOP = "PyTorch, batches sliced by hand", "PyTorch with a DataLoader", "plain NumPy loop"
TARGETS = {
    "sgd": {SLICED: 250.0, LOADER: 250.0, LOOP: 6.0},
    "adam": {SLICED: 250.0, LOADER: 250.0, LOOP: 10.0},
}


def report() -> Report:
    """Measure."""
    problem, found = abalone(), Report()
    for kind in RATES:
        _kind(problem, kind, found)
    found.notes.append(_floor(problem))
    return found


def _kind(problem: Problem, kind: str, found: Report) -> None:
    """One optimizer, by both kernels, against all peers."""
    work = f"mini-batch {SIZE} on abalone, {kind}, {EPOCHS:,} epochs"
    lr, aims = RATES[kind], TARGETS[kind]
    keys = {"batch_size": SIZE, "optimizer": {"kind": kind, "lr": lr}}
    try:
        others: dict[str, Timing] = _torch(problem, kind, found)
        missing = ""
    except NotAvailable as error:
        others, missing = {}, str(error)
    loop = timed(partial(LOOPS[kind], problem, lr=lr, size=SIZE, epochs=EPOCHS), problem.judge)
    for kernel in ("compiled", "numpy"):
        ours, judged = f"{kernel} kernel", kernel == "compiled"
        try:
            run = problem.run(kernel=kernel, epochs=EPOCHS, **keys)
            short = problem.run(kernel=kernel, epochs=TORCH_EPOCHS, **keys)
        except NotAvailable as error:
            found.rows += [
                Row(work=work, ours=ours, peer=name, at_least=aims[name], missing=str(error)) for name in aims
            ]
            continue
        times = race({"gdcli": run, LOOP: loop}, runs=5)
        # PyTorch ran fewer epochs: what was reached is compared after those.
        early = replace(times["gdcli"], reached=race({"": short}, runs=1, warmups=0)[""].reached)
        for name in (SLICED, LOADER):
            aim = aims[name] if judged else None
            if missing:
                found.rows.append(Row(work=work, ours=ours, peer=name, at_least=aim, missing=missing))
            else:
                found.rows.append(compare(work, (ours, early), (name, others[name]), at_least=aim))
        aim = aims[LOOP] if judged else None
        found.rows.append(compare(work, (ours, times["gdcli"]), (LOOP, times[LOOP]), at_least=aim))
        found.notes.append(
            f"{work}, {kernel} kernel: {times['gdcli'].median:.3f} s of descent, {times['gdcli'].whole:.3f} s for the "
            f"whole of gdcli.run (planning, factoring and the optimum included)."
        )


def _torch(problem: Problem, kind: str, found: Report) -> dict[str, Timing]:
    """PyTorch's times for all epochs, from fewer of them, and a note on how linear that is."""
    peer("torch")
    keys: dict[str, Any] = {"lr": RATES[kind], "size": SIZE}
    sliced = partial(torch_mini_batch, problem, kind, **keys)
    loader = partial(torch_data_loader, problem, kind, **keys)
    sliced(epochs=1)  # PyTorch imports parts of itself on first use
    loader(epochs=1)
    times = race(
        {
            SLICED: timed(partial(sliced, epochs=TORCH_EPOCHS), problem.judge),
            LOADER: timed(partial(loader, epochs=TORCH_EPOCHS // 2)),  # its batches are others: nothing to compare
            "twice": timed(partial(sliced, epochs=2 * TORCH_EPOCHS)),
        },
        runs=3,
        warmups=0,
    )
    factor = EPOCHS / TORCH_EPOCHS
    scaled = {SLICED: times[SLICED].times(factor), LOADER: times[LOADER].times(2 * factor)}
    steps = EPOCHS * -(-len(problem.y) // SIZE)
    found.notes.append(
        f"PyTorch, mini-batch {SIZE} on abalone, {kind}: timed on {TORCH_EPOCHS} epochs (with a DataLoader on "
        f"{TORCH_EPOCHS // 2}) and scaled to {EPOCHS:,}; twice as many epochs took "
        f"{times['twice'].median / times[SLICED].median:.2f} times as long. A step costs "
        f"{scaled[SLICED].median / steps * 1e6:.0f} µs with sliced batches (the faster way to write it) and "
        f"{scaled[LOADER].median / steps * 1e6:.0f} µs with a DataLoader."
    )
    return scaled


def _floor(problem: Problem) -> str:
    """What no kernel can avoid: the permutations of the contract, drawn by NumPy, and fetching the rows."""
    generator, n = np.random.RandomState(0), len(problem.y)
    began = time.perf_counter()
    orders = [generator.permutation(n) for _ in range(EPOCHS)]
    drawn = time.perf_counter() - began
    began = time.perf_counter()
    for order in orders:
        problem.X[order]
    return (
        f"Mini-batch on abalone: drawing the {EPOCHS:,} permutations that the contract prescribes takes {drawn:.3f} s, "
        f"and gathering the rows by NumPy {time.perf_counter() - began:.3f} s; every kernel pays the former."
    )


if __name__ == "__main__":
    main(report)
