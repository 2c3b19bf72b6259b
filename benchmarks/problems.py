"""The data that everybody works on, in double precision, as arrays and as a DataFrame."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import gdcli
from benchmarks.harness import Contestant, Lap, kernel_option

ROOT = Path(__file__).resolve().parent.parent

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Least squares.

    Attributes:
        X: Design, its last column ones, shape (n, d).
        y: Target, shape (n,).
    """

    X: Array
    y: Array

    def judge(self, w: Array) -> tuple[float, ...]:
        """Mean squared error of weights, shape (d,), from the rows themselves, and the weights: one judge for all."""
        residual = self.X @ w - self.y
        return float(residual @ residual) / len(self.y), *w.tolist()

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The features and the target as columns x1 … xp and y."""
        p = self.X.shape[1] - 1
        frame = pd.DataFrame(self.X[:, :p], columns=[f"x{j + 1}" for j in range(p)])
        frame["y"] = self.y
        return frame

    def run(self, *, kernel: str, **keys: Any) -> Contestant:
        """Make a contestant of gdcli.

        Args:
            kernel: `numpy`, `compiled` or `auto`.
            **keys: Of the spec.

        Returns:
            It times the descent, from arrays in memory to the final weights with the loss after every epoch, as the
            peers' loops are timed (which record no loss); `whole` is all of `gdcli.run`, the optimum included.
        """
        spec = {"name": "bench", "columns": {"target": "y"}, "init": "zeros", "seed": 0, **keys}
        option, run, frame = kernel_option(kernel), gdcli.run, self.frame

        def lap() -> Lap:
            began = time.perf_counter()
            result = run(spec, data=frame, **option)
            whole = time.perf_counter() - began
            return Lap(result.seconds, self.judge(result.trace.weights), whole)

        return lap


def gaussian(rows: int, columns: int) -> Problem:
    """Draw standard normal features and a noisy linear target.

    Args:
        rows: n.
        columns: p, the intercept not counted.

    Returns:
        The problem. Its numbers have 24 bits, so that a peer in single precision reads just the same.
    """
    generator = np.random.default_rng(7)
    X = np.ones((rows, columns + 1))
    X[:, :-1] = generator.standard_normal((rows, columns), dtype=np.float32)
    w = np.linspace(-1, 1, columns + 1)
    y = X @ w + generator.standard_normal(rows)
    return Problem(X, y.astype(np.float32).astype(np.float64))


def abalone() -> Problem:
    """Abalone as in `experiments/abalone_norm.yaml`: Length and Diameter, z-scored, to Whole weight."""
    data = pd.read_csv(ROOT / "data" / "abalone.csv")
    features = data[["Length", "Diameter"]].to_numpy(np.float64)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    return Problem(np.column_stack([features, np.ones(len(data))]), np.array(data["Whole weight"], dtype=np.float64))
