"""The data that all contestants work on, in double precision, as arrays and as a DataFrame."""

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
    """A least-squares problem.

    Attributes:
        X: Design with a last column of ones, shape (n, d).
        y: Target, shape (n,).
    """

    X: Array
    y: Array

    def judge(self, w: Array) -> tuple[float, ...]:
        """The mean squared error of weights, shape (d,), computed from the rows, followed by the weights."""
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
            **keys: Keys of the spec.

        Returns:
            The contestant. It times the descent, from arrays in memory to the final weights, like the loops of the
            peers; unlike these it records the loss after every epoch. `whole` is all of `gdcli.run`.
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
        rows: Number n of rows.
        columns: Number p of columns without the intercept.

    Returns:
        The problem. Its numbers have 24 bits, so that peers in single precision read the same values.
    """
    generator = np.random.default_rng(7)
    X = np.ones((rows, columns + 1))
    X[:, :-1] = generator.standard_normal((rows, columns), dtype=np.float32)
    w = np.linspace(-1, 1, columns + 1)
    y = X @ w + generator.standard_normal(rows)
    return Problem(X, y.astype(np.float32).astype(np.float64))


def abalone() -> Problem:
    """Abalone as in `experiments/abalone_norm.yaml`: Whole weight by z-scored Length and Diameter."""
    data = pd.read_csv(ROOT / "data" / "abalone.csv")
    features = data[["Length", "Diameter"]].to_numpy(np.float64)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    return Problem(np.column_stack([features, np.ones(len(data))]), np.array(data["Whole weight"], dtype=np.float64))
