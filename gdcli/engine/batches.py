"""Batches: what an epoch steps through. A batch is (A, b, n): rows, targets, and the count to divide by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Literal, TypeAlias

import numpy as np

from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.objective import Objective

Batch: TypeAlias = tuple[Array, Array, int]
Shuffle: TypeAlias = Literal["each_epoch", "once", "never"]


@dataclass(frozen=True)
class Epoch:
    """One pass over the rows; iterating over it gives its batches.

    Attributes:
        A: Rows, shape (n, d).
        b: Targets, shape (n, 1).
        size: Rows a batch, the last one having what is left.
        order: In which the rows come, a permutation of n; None where they come as they stand.
        count: What a batch divides its gradient by; None for the number of its rows.
    """

    A: Array
    b: Array
    size: int
    order: IntArray | None = None
    count: int | None = None

    def __iter__(self) -> Iterator[Batch]:
        """Give the batches, each (A, b, n)."""
        A, b = (self.A, self.b) if self.order is None else (self.A[self.order], self.b[self.order])
        for i in range(0, len(A), self.size):
            rows = A[i : i + self.size]
            yield rows, b[i : i + self.size], self.count or len(rows)

    @property
    def steps(self) -> int:
        """How many batches there are."""
        return -(-len(self.A) // self.size)


Epochs: TypeAlias = Iterator[Epoch]


def full_batch(objective: Objective) -> Epochs:
    """All rows at once, as one batch of their factor: Rᵀ(Rw − c) is Xᵀ(Xw − y), at d rows instead of n.

    Args:
        objective: The objective of the training rows.

    Returns:
        Epochs without end, one batch each: R (d, d), c (d, 1) and the number of rows behind them.
    """
    return repeat(Epoch(objective.R, objective.c[:, None], size=len(objective.R), count=objective.n))


def mini_batches(X: Array, y: Array, *, size: int, shuffle: Shuffle, seed: int) -> Epochs:
    """Rows in batches of `size`, the last one of an epoch shorter where `size` does not divide n.

    Args:
        X: Design as trained, shape (n, d).
        y: Target as trained, shape (n,).
        size: Rows a batch.
        shuffle: `each_epoch` permutes the rows anew for every epoch, `once` for all of them, `never` not at all.
        seed: Of the permutations' own `RandomState`.

    Returns:
        Epochs without end.
    """
    generator, column = np.random.RandomState(seed), y[:, None]
    if shuffle == "once":
        order = generator.permutation(len(X))
        X, column = X[order], column[order]
    while True:
        yield Epoch(X, column, size=size, order=generator.permutation(len(X)) if shuffle == "each_epoch" else None)
