"""The protocol of a problem: what the training loop needs, and no more."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches


class Problem(Protocol):
    """A loss F on a fixed set of rows, as a function of d weights; k runs are the k columns of (d, k) weights.

    The results of a column must not depend on the other columns, to the last bit.
    """

    @property
    def floor(self) -> float | None:
        """F*, the smallest value of F; None where it is not known."""

    @property
    def baseline_loss(self) -> float:
        """Loss of a model that has learned nothing; only a run whose loss exceeds it can count as diverged."""

    def gradient(self, w: Array, A: Array, b: Array, n: int) -> Array:
        """Gradient of the mean loss over a batch.

        Args:
            w: Weights, shape (d, k).
            A: Rows of the batch, shape (m, …).
            b: Their targets, shape (m, 1).
            n: Number of rows that the mean is taken over; it differs from m where a few rows represent many.

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
        """Return one batch per epoch that has the gradient of all rows, in as few rows as possible."""

    def compiled(self) -> float | None:
        """Return the factor c where the gradient is (c/n) Aᵀ(Aw − b), and None for any other gradient.

        The compiled kernel has code for this form only. Other problems use the NumPy kernel.
        """


def loss(problem: Problem, w: Array) -> Array:
    """Compute F(w), the sum of floor and excess.

    Args:
        problem: What is minimised.
        w: Weights, shape (…, d, k).

    Returns:
        One loss per column, shape (…, k).
    """
    return np.asarray((problem.floor or 0.0) + problem.excess(w))
