"""What the loop needs to know of a loss, and no more: a new problem is a class with these members."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches


class Problem(Protocol):
    """A loss F on a fixed set of rows, as a function of d weights; k runs are the k columns of (d, k) weights.

    Results for one column must not depend on the columns beside it, to the last bit.
    """

    @property
    def d(self) -> int:
        """Number of weights."""

    @property
    def floor(self) -> float | None:
        """F*, the smallest value of F; None where it is not known."""

    @property
    def baseline_loss(self) -> float:
        """Loss of a model that has learned nothing; a run whose loss exceeds it may count as diverged."""

    def gradient(self, w: Array, A: Array, b: Array, n: int) -> Array:
        """Gradient of the mean loss over a batch.

        Args:
            w: Weights, shape (d, k).
            A: Rows of the batch, shape (m, …).
            b: Their targets, shape (m, 1).
            n: Number of rows that the mean is over; it differs from m where a few rows stand for many.

        Returns:
            One gradient per run, shape (d, k), as a new array.
        """

    def excess(self, w: Array) -> Array:
        """F(w) − F*, computed without subtracting two losses; F(w) where F* is not known.

        Args:
            w: Weights, shape (…, d, k).

        Returns:
            One value per column, shape (…, k); infinite where it is not finite.
        """

    def full_batch(self) -> Batches:
        """One batch per epoch that has the gradient of all rows, at the smallest cost."""

    def compiled(self) -> float | None:
        """The factor c, where the gradient is (c/n) Aᵀ(Aw − b); None for any other gradient.

        The compiled kernel has code for this form only. Other problems are stepped by the NumPy kernel.
        """


def loss(problem: Problem, w: Array) -> Array:
    """F(w), the sum of floor and excess.

    Args:
        problem: What is minimised.
        w: Weights, shape (…, d, k).

    Returns:
        One loss per column, shape (…, k).
    """
    return np.asarray((problem.floor or 0.0) + problem.excess(w))
