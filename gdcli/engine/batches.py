"""Batches: what an epoch steps through. A batch is (A, b, n): rows, targets, and the count to divide by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Literal, TypeAlias

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.objective import Objective

Batch: TypeAlias = tuple[Array, Array, int]
Epochs: TypeAlias = Iterator[Iterable[Batch]]
Shuffle: TypeAlias = Literal["each_epoch", "once", "never"]


def full_batch(objective: Objective) -> Epochs:
    """All rows at once, as one batch of their factor: Rᵀ(Rw − c) is Xᵀ(Xw − y), at d rows instead of n.

    Args:
        objective: The objective of the training rows.

    Returns:
        Epochs without end, one batch each: R (d, d), c (d, 1) and the number of rows behind them.
    """
    return repeat(((objective.R, objective.c[:, None], objective.n),))


def mini_batches(X: Array, y: Array, *, size: int, shuffle: Shuffle, seed: int) -> Epochs:
    """Rows in batches of `size`, the last one of an epoch shorter where `size` does not divide n.

    Args:
        X: Design as trained, shape (n, d).
        y: Target as trained, shape (n,).
        size: Rows a batch.
        shuffle: `each_epoch` permutes the rows anew for every epoch, `once` for all of them, `never` not at all.
        seed: Of the permutations' own `RandomState`.

    Returns:
        Epochs without end, each an iterable of batches.
    """
    generator, column = np.random.RandomState(seed), y[:, None]
    if shuffle == "once":
        order = generator.permutation(len(X))
        X, column = X[order], column[order]
    while True:
        A, b = X, column
        if shuffle == "each_epoch":
            order = generator.permutation(len(X))
            A, b = X[order], column[order]
        yield [(A[i : i + size], b[i : i + size], len(b[i : i + size])) for i in range(0, len(X), size)]
