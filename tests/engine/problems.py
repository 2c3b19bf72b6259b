"""Least-squares problems that several of the engine's tests share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gdcli.engine.arrays import EPS, Array
from gdcli.engine.problems.factor import Factor, factor_rows
from gdcli.engine.problems.least_squares import LeastSquares, objective

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"

HAS_EXTENDED_PRECISION = bool(np.finfo(np.longdouble).eps < EPS)


def about(value: Any, rel: float, abs: float = 0.0) -> Any:  # noqa: A002 - as pytest.approx calls it
    # pytest.approx adds an absolute tolerance of 1e-12 of its own, which any small number would pass.
    return pytest.approx(value, rel=rel, abs=abs)


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def with_ones(X: Array) -> Array:
    return np.column_stack([X, np.ones(len(X))])


def factor_of(X: Array, y: Array, *, intercept: bool = True) -> Factor:
    p = X.shape[1] + 1
    return factor_rows(X, y).rescaled(np.zeros(p), np.ones(p), intercept=intercept)


def objective_of(X: Array, y: Array, *, intercept: bool = True) -> LeastSquares:
    return objective(factor_of(X, y, intercept=intercept))


def regression(n: int = 60, p: int = 2, seed: int = 1) -> tuple[Array, Array]:
    random = np.random.RandomState(seed)
    X = random.randn(n, p) @ (np.eye(p) + 0.2)
    return X, X @ np.arange(1.0, p + 1) + 0.5 + 0.3 * random.randn(n)


def line(curvature: float = 2.0) -> LeastSquares:
    """F(w) = F* + curvature/2·(w − 1)² with F* = 1/4: one weight, and one factor of contraction per epoch."""
    X = np.sqrt(curvature / 2) * np.array([[1.0], [1.0], [-1.0], [-1.0]])
    return objective_of(X, X[:, 0] + np.array([0.5, -0.5, 0.5, -0.5]), intercept=False)
