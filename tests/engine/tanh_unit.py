"""A problem that is not least squares: one tanh unit, used by the loop through the protocol alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches


@dataclass(frozen=True)
class TanhUnit:
    """F(w) = mean (tanh(x·w) − y)², without a known floor and without compiled code."""

    X: Array
    y: Array
    floor: None = None

    @property
    def baseline_loss(self) -> float:
        return float(np.mean(self.y**2))

    def gradient(self, w: Array, A: Array, b: Array, n: int) -> Array:
        out = np.tanh(_products(A, w))
        return np.asarray((2 / n) * _products(A.T, (out - b) * (1 - out**2)))

    def excess(self, w: Array) -> Array:
        residuals = np.tanh(_products(self.X, w)) - self.y[:, None]
        losses = np.ascontiguousarray(np.swapaxes(residuals**2, -1, -2)).mean(axis=-1)
        return np.where(np.isfinite(losses), losses, np.inf)

    def full_batch(self) -> Batches:
        return Batches(self.X, self.y[:, None], size=len(self.X))

    def compiled(self) -> None:
        return None


def _products(A: Array, w: Array) -> Array:
    """A·w for weights (…, d, k), computed per column, so that a column does not depend on its neighbours."""
    columns = np.moveaxis(w, -1, 0)
    return np.stack([np.matmul(A, np.ascontiguousarray(column)[..., None])[..., 0] for column in columns], axis=-1)
