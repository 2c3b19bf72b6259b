from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from problems import objective_of, regression

from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.batches import Batch, Shuffle, mini_batches

N, SEED = 23, 24


def numbered_rows(n: int = N) -> tuple[Array, Array]:
    numbers = np.arange(float(n))
    return np.column_stack([numbers, numbers + 0.5]), -numbers


def epochs_of(count: int, *, size: int, shuffle: Shuffle, n: int = N, seed: int = SEED) -> list[list[Batch]]:
    X, y = numbered_rows(n)
    return [list(epoch) for epoch in islice(mini_batches(X, y, size=size, shuffle=shuffle, seed=seed).epochs(), count)]


def order_of(epoch: list[Batch]) -> IntArray:
    return np.concatenate([A[:, 0] for A, _, _ in epoch]).astype(np.int64)


@pytest.mark.parametrize("shuffle", ["each_epoch", "once", "never"])
@pytest.mark.parametrize(("size", "sizes"), [(5, [5, 5, 5, 5, 3]), (23, [23]), (22, [22, 1]), (1, [1] * 23)])
def test_the_last_batch_of_an_epoch_is_what_is_left(size: int, sizes: list[int], shuffle: Shuffle) -> None:
    for epoch in epochs_of(2, size=size, shuffle=shuffle):
        assert [n for _, _, n in epoch] == sizes
        assert [(A.shape, b.shape) for A, b, _ in epoch] == [((k, 2), (k, 1)) for k in sizes]


@pytest.mark.parametrize("shuffle", ["each_epoch", "once", "never"])
def test_an_epoch_sees_every_row_once_and_whole(shuffle: Shuffle) -> None:
    for epoch in epochs_of(3, size=4, shuffle=shuffle):
        assert sorted(order_of(epoch)) == list(range(N))
        for A, b, _ in epoch:
            np.testing.assert_array_equal(A[:, 1], A[:, 0] + 0.5)
            np.testing.assert_array_equal(b[:, 0], -A[:, 0])


def test_never_keeps_the_order_of_the_file() -> None:
    for epoch in epochs_of(3, size=4, shuffle="never"):
        assert order_of(epoch).tolist() == list(range(N))


def test_once_is_the_first_permutation_of_the_seed_for_every_epoch() -> None:
    expected = np.random.RandomState(SEED).permutation(N)
    for epoch in epochs_of(4, size=4, shuffle="once"):
        assert order_of(epoch).tolist() == expected.tolist()


def test_each_epoch_is_the_next_permutation_of_the_same_generator() -> None:
    generator = np.random.RandomState(SEED)
    for epoch in epochs_of(4, size=4, shuffle="each_epoch"):
        assert order_of(epoch).tolist() == generator.permutation(N).tolist()


def test_the_stream_is_frozen() -> None:
    (epoch,) = epochs_of(1, size=4, shuffle="once", n=10)
    assert order_of(epoch).tolist() == [9, 4, 8, 7, 5, 6, 1, 0, 3, 2]


@pytest.mark.parametrize("shuffle", ["each_epoch", "once"])
def test_another_seed_gives_another_order(shuffle: Shuffle) -> None:
    first, second = (order_of(epochs_of(1, size=4, shuffle=shuffle, seed=seed)[0]) for seed in (0, 1))
    assert first.tolist() != second.tolist()


def test_fifty_thousand_rows_in_batches_of_256_are_196_an_epoch_and_1960_in_ten() -> None:
    X, y = np.zeros((50000, 1)), np.zeros(50000)
    counts = [len(list(epoch)) for epoch in islice(mini_batches(X, y, size=256, shuffle="once", seed=0).epochs(), 10)]
    assert (counts[0], sum(counts)) == (196, 1960)


def test_batches_leave_the_rows_as_they_were() -> None:
    X, y = numbered_rows()
    X.flags.writeable = y.flags.writeable = False
    assert len(list(islice(mini_batches(X, y, size=4, shuffle="each_epoch", seed=0).epochs(), 2))) == 2


def test_the_full_batch_is_one_batch_of_the_factor_in_every_epoch() -> None:
    goal = objective_of(*regression(n=50, p=3))
    for epoch in islice(goal.full_batch().epochs(), 3):
        ((A, b, n),) = epoch
        assert (A.shape, b.shape, n) == ((4, 4), (4, 1), 50)


@pytest.mark.parametrize("shuffle", ["each_epoch", "once", "never"])
def test_every_iteration_starts_with_the_first_epoch(shuffle: Shuffle) -> None:
    X, y = numbered_rows()
    batches = mini_batches(X, y, size=4, shuffle=shuffle, seed=SEED)
    first, second = ([order_of(list(epoch)).tolist() for epoch in islice(batches.epochs(), 3)] for _ in range(2))
    assert first == second


def test_steps_are_batches_an_epoch() -> None:
    X, y = numbered_rows()
    for size in (1, 4, 22, 23):
        batches = mini_batches(X, y, size=size, shuffle="never", seed=0)
        assert batches.steps == len(list(next(batches.epochs())))
