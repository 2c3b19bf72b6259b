"""The compiled kernel against NumPy's: the same rules, the same numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from optimizer_rows import ROWS
from problems import ROOT, objective_of, regression, with_ones

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches, Shuffle, mini_batches
from gdcli.engine.descent import descend
from gdcli.engine.kernels.base import Kernel
from gdcli.engine.kernels.choice import stepper
from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.optimizers.plain import SGD
from gdcli.engine.problems.least_squares import LeastSquares
from gdcli.engine.trace import Status, Stopping, Trace

pytest.importorskip("numba")

from gdcli.engine.kernels.compiled import gradients, loop
from gdcli.engine.kernels.compiled.permutations import generator, permute

N, STEPS = 120, 1000
KERNELS: tuple[Kernel, ...] = ("numpy", "compiled")
X, Y = regression(n=N, p=3, seed=5)
DESIGN = with_ones(X)
GOAL: LeastSquares = objective_of(X, Y)
START = np.random.RandomState(8).randn(4, 3)
# The full batch comes in no order.
GRID: list[tuple[Shuffle, int | None]] = [
    *((shuffle, size) for shuffle in get_args(Shuffle) for size in (1, 7, 50)),
    ("never", None),
]


def batches_of(size: int | None, shuffle: Shuffle) -> Batches:
    return GOAL.full_batch() if size is None else mini_batches(DESIGN, Y, size=size, shuffle=shuffle, seed=3)


def rates_of(lr: float, size: int | None) -> dict[str, Array]:
    """Rates per epoch, per step, and per epoch and run, for at least 1,000 steps."""
    steps = 1 if size is None else -(-N // size)
    epochs = -(-STEPS // steps)
    t = np.arange(epochs * steps) / (epochs * steps)
    return {
        "epochs": np.geomspace(lr, lr / 10, epochs)[:, None, None],
        "steps": (lr * (1 + np.cos(np.pi * t)) / 2 + lr / 100).reshape(epochs, steps, 1),
        "runs": np.tile([lr, lr / 2, lr / 10], (epochs, 1, 1)),
    }


def assert_close(left: tuple[Trace, ...], right: tuple[Trace, ...]) -> None:
    for a, b in zip(left, right, strict=True):
        assert (a.status, len(a.mse)) == (b.status, len(b.mse))
        np.testing.assert_allclose(a.mse, b.mse, rtol=1e-10)
        np.testing.assert_allclose(a.weights, b.weights, rtol=1e-10)


def assert_identical(left: tuple[Trace, ...], right: tuple[Trace, ...]) -> None:
    for a, b in zip(left, right, strict=True):
        assert a.status is b.status
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.gap, b.gap)


@pytest.mark.parametrize(("shuffle", "size"), GRID)
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_the_kernels_agree_over_a_thousand_steps(kind: str, shuffle: Shuffle, size: int | None) -> None:
    optimizers = ROWS[kind].lockstep
    for rates in rates_of(ROWS[kind].lr, size).values():
        steps = rates.shape[0] * (1 if size is None else -(-N // size))
        assert steps >= STEPS
        numpy, fast = (
            descend(START, batches_of(size, shuffle), optimizers=optimizers, rates=rates, objective=GOAL, kernel=kernel)
            for kernel in KERNELS
        )
        assert_close(fast, numpy)


@pytest.mark.parametrize("size", [3, 7, 50])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_runs_in_lockstep_are_single_runs_to_the_last_digit(kind: str, size: int) -> None:
    rates = np.tile([1e-2, 1e-3, 2e-3], (10, 1, 1))
    optimizer, batches = OPTIMIZERS[kind], batches_of(size, "each_epoch")
    slots = tuple(np.zeros_like(START) for _ in range(optimizer.n_slots))
    h = tuple(np.array(values) for values in zip(*(o.hyperparameters() for o in ROWS[kind].lockstep), strict=True))
    history, after = stepper("compiled", optimizer, batches, GOAL)(START, slots, rates, 5, h)
    assert history.shape == (10, 4, 3)
    for j in range(3):
        column = slice(j, j + 1)
        alone, memory = stepper("compiled", optimizer, batches, GOAL)(
            START[:, column],
            tuple(slot[:, column] for slot in slots),
            rates[:, :, column],
            5,
            ROWS[kind].lockstep[j].hyperparameters(),
        )
        np.testing.assert_array_equal(alone, history[:, :, column])
        for left, right in zip(memory, after, strict=True):
            np.testing.assert_array_equal(left, right[:, column])


def test_the_weights_and_slots_before_an_epoch_are_left_as_they_were() -> None:
    step = stepper("compiled", OPTIMIZERS["momentum"], batches_of(7, "never"), GOAL)
    w, v = np.ones((4, 1)), np.full((4, 1), 0.5)
    after, (velocity,) = step(w, (v,), np.full((1, 1, 1), 0.01), 3, (0.9, 0.0, 0.0, 0.0))
    assert (w == 1).all()
    assert (v == 0.5).all()
    assert not (after[-1] == w).any()
    assert not (velocity == v).any()


@pytest.mark.parametrize("size", [1, 64])
def test_the_kernels_agree_on_rows_larger_than_the_cache(size: int) -> None:
    A, b = regression(n=9000, p=9, seed=2)
    assert A.size > gradients.OUT_OF_CACHE
    goal = objective_of(A, b, intercept=False)

    def run(kernel: Any) -> tuple[Trace, ...]:
        batches = mini_batches(A, b, size=size, shuffle="each_epoch", seed=1)
        rates = np.full((2, 1, 1), 1e-3)
        return descend(np.ones((9, 1)), batches, optimizers=[SGD()], rates=rates, objective=goal, kernel=kernel)

    assert_close(run("compiled"), run("numpy"))


@pytest.mark.parametrize("size", [8, 50, 120])
def test_a_batch_that_does_not_fit_into_a_tile_is_taken_in_several(size: int) -> None:
    d = 600  # at which a tile has eight rows
    A = np.random.RandomState(0).randn(N, d) / d
    assert max(loop.FEW, loop.TILE_NUMBERS // d) == 8
    w = np.random.RandomState(1).randn(d, 2)
    numpy, fast = (
        stepper(kernel, SGD, mini_batches(A, Y, size=size, shuffle="each_epoch", seed=0), GOAL)(
            w, (), np.full((3, 1, 1), 0.1), 0, (0.0,)
        )[0]
        for kernel in KERNELS
    )
    np.testing.assert_allclose(fast, numpy, rtol=1e-10)


def test_rows_may_be_read_only_or_laid_out_by_columns() -> None:
    frozen = DESIGN.copy()
    frozen.flags.writeable = False
    weights = [
        stepper("compiled", SGD, Batches(A, Y[:, None], size=7, seed=1), GOAL)(
            START, (), np.full((1, 1, 1), 0.01), 0, (0.0,)
        )[0]
        for A in (DESIGN, frozen, np.asfortranarray(DESIGN))
    ]
    np.testing.assert_array_equal(weights[1], weights[0])
    np.testing.assert_array_equal(weights[2], weights[0])


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 31, 32, 33, 624, 1000, 4177, 65_537])
def test_permutations_are_those_of_random_state(n: int, seed: int) -> None:
    expected, state, order = np.random.RandomState(seed), generator(seed), np.empty(n, np.uint32)
    for _ in range(5):
        permute(order, state)
        np.testing.assert_array_equal(order, expected.permutation(n))


def test_runs_end_as_they_do_with_numpy() -> None:
    optimizers = [SGD()] * 5
    rates = np.tile([3.0, 0.05, 1e-12, 1e-3, 1e300], (60, 1, 1))
    stopping = Stopping(gap=2e-2, patience=15, min_delta=1e-6)
    start = np.tile(START[:, :1], 5)

    def run(kernel: Any) -> tuple[Trace, ...]:
        return descend(
            start,
            batches_of(50, "each_epoch"),
            optimizers=optimizers,
            rates=rates,
            objective=GOAL,
            stopping=stopping,
            kernel=kernel,
        )

    numpy, fast = run("numpy"), run("compiled")
    ends = [Status.DIVERGED, Status.TARGET_REACHED, Status.STALLED, Status.COMPLETED, Status.DIVERGED]
    assert [trace.status for trace in fast] == ends
    assert [(trace.status, len(trace.gap)) for trace in fast] == [(trace.status, len(trace.gap)) for trace in numpy]


# In pieces


def small_run(**rest: Any) -> tuple[Trace, ...]:
    rates = np.full((5, 1, 1), 0.01)
    batches = batches_of(7, "each_epoch")
    return descend(
        START, batches, optimizers=ROWS["adam"].lockstep, rates=rates, objective=GOAL, kernel="compiled", **rest
    )


@pytest.mark.parametrize("numbers", [1, 4 * 3 * 7 * 5])
def test_an_epoch_in_pieces_is_the_epoch(numbers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small_run()
    monkeypatch.setattr(loop, "CALL_NUMBERS", numbers)
    assert_identical(small_run(), whole)


def test_an_interrupt_between_two_pieces_leaves_the_end_of_the_stretch_before(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, real, calls = small_run(), loop._loop, []

    def interrupted(rule: str) -> Callable[..., None]:
        def kernel(*arguments: Any) -> None:
            calls.append(arguments)
            if len(calls) == 2 * 18 + 22:  # 18 steps an epoch; within the second of two that are made at once
                raise KeyboardInterrupt
            real(rule)(*arguments)

        return kernel

    monkeypatch.setattr(loop, "CALL_NUMBERS", 1)
    monkeypatch.setattr(loop, "_loop", interrupted)
    for trace, complete in zip(small_run(keep_interrupted=True), whole, strict=True):
        assert trace.status is Status.INTERRUPTED
        np.testing.assert_array_equal(trace.gap, complete.gap[:3])
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        small_run()


# The cache

PROGRAM = """
import numpy as np
from gdcli.engine.batches import Batches
from gdcli.engine.kernels.compiled import loop, rules
from gdcli.engine.kernels.compiled.loop import compiled_stepper
from gdcli.engine.optimizers import OPTIMIZERS

sgd = OPTIMIZERS["sgd"]
row = Batches(np.array([[1.0]]), np.array([[0.0]]), size=1)
w, _ = compiled_stepper(sgd, row, 2.0)(np.array([[1.0]]), (), np.array([[[0.125]]]), 0, (0.0,))
stats = loop._loop(rules.register(sgd)).stats
print(w[0, 0, 0], sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def in_a_process_of_its_own(home: Path, cache: Path) -> list[float]:
    environment = {**os.environ, "PYTHONPATH": str(home), "NUMBA_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def test_compiled_code_is_cached_until_its_rule_changes(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "gdcli", tmp_path / "gdcli", ignore=shutil.ignore_patterns("__pycache__"))
    cache, engine = tmp_path / "cache", tmp_path / "gdcli/engine"
    # w − lr·2w, and how often a kernel was found in the cache, and not.
    assert in_a_process_of_its_own(tmp_path, cache) == [0.75, 0, 1]
    assert in_a_process_of_its_own(tmp_path, cache) == [0.75, 1, 0]
    for module, old, new, w in (
        ("optimizers/plain.py", "return w - lr * (g", "return w - 2 * lr * (g", 0.5),
        ("kernels/compiled/gradients.py", "residual = -b[row, 0]", "residual = 1 - b[row, 0]", 0.0),
    ):
        source = (engine / module).read_text(encoding="utf-8")
        assert source.count(old) == 1
        (engine / module).write_text(source.replace(old, new), encoding="utf-8")
        assert in_a_process_of_its_own(tmp_path, cache) == [w, 0, 1]
        assert in_a_process_of_its_own(tmp_path, cache) == [w, 1, 0]


def test_a_kernel_that_cannot_be_cached_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    real = numba.njit

    def nowhere(*arguments: Any, **options: Any) -> Any:
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function 'loop': no locator available for file 'loop.py'")
        return real(*arguments, **options)

    expected = small_run()
    loop._loop.cache_clear()
    monkeypatch.setattr(numba, "njit", nowhere)
    assert_identical(small_run(), expected)
    loop._loop.cache_clear()
