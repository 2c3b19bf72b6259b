"""Runs in lockstep equal single runs to the last bit, whatever their neighbours and their order."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import cycle, islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optimizer_rows import ROWS
from problems import objective_of, regression, with_ones

from gdcli.engine.arrays import Array, per_run
from gdcli.engine.batches import Batches, mini_batches
from gdcli.engine.descent import descend
from gdcli.engine.kernels.base import Kernel
from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.optimizers.base import power
from gdcli.engine.problems.least_squares import LeastSquares
from gdcli.engine.trace import Stopping, Trace

KERNELS: tuple[Kernel, ...] = ("numpy", "compiled") if find_spec("numba") else ("numpy",)
EPOCHS = 4

laws = settings(max_examples=150)


class Group:
    """k runs on the same rows, of which any selection can be run together."""

    def __init__(self, *, n: int, p: int, k: int, size: int | None, kind: str, kernel: Kernel) -> None:
        X, y = regression(n=n + 3, p=p, seed=n)
        self.size, self.kernel, self.design, self.y = size, kernel, with_ones(X)[:n], y[:n]
        self.goal, self.validation = objective_of(X[:n], y[:n]), objective_of(X[n:], y[n:])
        self.optimizers = list(islice(cycle(ROWS[kind].lockstep), k))
        random = np.random.RandomState(k)
        self.starts, self.rates = random.randn(p + 1, k), 10.0 ** random.uniform(-3, 0.5, (EPOCHS, 1, k))

    def batches(self) -> Batches:
        if self.size is None:
            return self.goal.full_batch()
        return mini_batches(self.design, self.y, size=self.size, shuffle="each_epoch", seed=3)

    def run(self, which: list[int]) -> tuple[Trace, ...]:
        return descend(
            self.starts[:, which],
            self.batches(),
            optimizers=[self.optimizers[j] for j in which],
            rates=self.rates[:, :, which],
            objective=self.goal,
            validation=self.validation,
            stopping=Stopping(gap=1e-3 * self.goal.baseline_loss),
            kernel=self.kernel,
        )


def assert_identical(left: Trace, right: Trace) -> None:
    assert left.status is right.status
    assert left.val_mse is not None
    for name in ("weights", "gap", "mse", "val_mse"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))


@laws
@given(
    n=st.integers(1, 70),
    p=st.integers(0, 9),
    k=st.integers(2, 13),
    batch=st.none() | st.integers(1, 70),
    kind=st.sampled_from(sorted(OPTIMIZERS)),
    kernel=st.sampled_from(KERNELS),
    data=st.data(),
)
def test_a_run_does_not_depend_on_its_neighbours(
    *, n: int, p: int, k: int, batch: int | None, kind: str, kernel: Kernel, data: st.DataObject
) -> None:
    group = Group(n=n, p=p, k=k, size=batch and min(batch, n), kind=kind, kernel=kernel)
    some = data.draw(st.permutations(range(k)))[: data.draw(st.integers(1, k))]
    together, fewer = group.run(list(range(k))), group.run(some)
    for j, trace in zip(some, fewer, strict=True):
        assert_identical(trace, together[j])
        assert_identical(trace, group.run([j])[0])


@pytest.mark.parametrize("size", [None, 50, 500])
@pytest.mark.parametrize("p", [2, 9, 49])
@pytest.mark.parametrize("kernel", KERNELS)
def test_large_groups_on_large_batches_are_single_runs(kernel: Kernel, p: int, size: int | None) -> None:
    group = Group(n=620, p=p, k=64, size=size, kind="adam", kernel=kernel)
    together = group.run(list(range(64)))
    for j in (0, 1, 31, 63):
        assert_identical(together[j], group.run([j])[0])


def goal_of(p: int) -> LeastSquares:
    return objective_of(*regression(n=2 * p + 5, p=p))


@pytest.mark.parametrize("p", [0, 1, 2, 7, 8, 49])
@pytest.mark.parametrize("k", [2, 3, 8, 65])
def test_a_gap_does_not_depend_on_the_epochs_and_runs_beside_it(p: int, k: int) -> None:
    goal, history = goal_of(p), np.random.RandomState(k).randn(20, p + 1, k)
    gaps = goal.excess(history)
    for epoch in (0, 7, 19):
        np.testing.assert_array_equal(goal.excess(history[epoch]), gaps[epoch])
        for j in (0, k - 1):
            np.testing.assert_array_equal(goal.excess(history[:, :, [j]])[:, 0], gaps[:, j])


@pytest.mark.parametrize(("b", "d"), [(1, 1), (1, 7), (7, 1), (50, 3), (64, 64)])
def test_a_product_per_run_is_that_of_the_run_alone(b: int, d: int) -> None:
    random = np.random.RandomState(b)
    A, runs = random.randn(b, d), random.randn(9, d)
    products: Array = per_run(A, runs)
    for run, product in zip(runs, products, strict=True):
        np.testing.assert_array_equal(product[:, None], A.dot(run[:, None]))


def test_powers_of_arrays_are_those_of_numbers() -> None:
    bases = np.random.RandomState(1).rand(200)
    for t in (1, 2, 3, 10, 999, 12345):
        assert power(bases, t).tolist() == [base**t for base in bases.tolist()]
        assert power(0.96, t * bases).tolist() == [0.96 ** (t * base) for base in bases.tolist()]
    assert power(0.9, 3) == 0.9**3
