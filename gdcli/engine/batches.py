"""Batches: what an epoch steps through. A batch is (A, b, n): rows, targets, and the divisor of the gradient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Literal, TypeAlias

import numpy as np

from gdcli.engine.arrays import Array

Batch: TypeAlias = tuple[Array, Array, int]
Shuffle: TypeAlias = Literal["each_epoch", "once", "never"]


@dataclass(frozen=True)
class Batches:
    """The rows of a run, and how an epoch divides them into batches.

    Attributes:
        A: Rows, shape (n, d).
        b: Targets, shape (n, 1).
        size: Rows per batch; the last batch of an epoch may have fewer.
        count: Divisor of the gradient of a batch; None for the number of its rows.
        seed: Seed of the `RandomState` that draws a new permutation of the rows for each epoch; None keeps their
            order.
    """

    A: Array
    b: Array
    size: int
    count: int | None = None
    seed: int | None = None

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return -(-len(self.A) // self.size)

    def epochs(self) -> Iterator[Iterable[Batch]]:
        """Yield the batches of one epoch after the other, without end."""
        if self.seed is not None:
            generator = np.random.RandomState(self.seed)
            while True:
                order = generator.permutation(len(self.A))
                yield self._cut(self.A[order], self.b[order])
        if self.steps == 1:
            yield from repeat(tuple(self._cut(self.A, self.b)))
        while True:
            yield self._cut(self.A, self.b)

    def _cut(self, A: Array, b: Array) -> Iterator[Batch]:
        for i in range(0, len(A), self.size):
            rows = A[i : i + self.size]
            yield rows, b[i : i + self.size], self.count or len(rows)


def mini_batches(X: Array, y: Array, *, size: int, shuffle: Shuffle, seed: int) -> Batches:
    """Divide rows into batches of `size`.

    Args:
        X: Design as trained, shape (n, d).
        y: Target as trained, shape (n,).
        size: Rows per batch.
        shuffle: `each_epoch` draws a new permutation of the rows for each epoch, `once` draws one for all epochs,
            `never` keeps their order.
        seed: Seed of the `RandomState` that draws the permutations.

    Returns:
        The batches.
    """
    if shuffle == "once":
        order = np.random.RandomState(seed).permutation(len(X))
        X, y = X[order], y[order]
    return Batches(X, y[:, None], size=size, seed=seed if shuffle == "each_epoch" else None)
