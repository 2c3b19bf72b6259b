"""Gaps of `shuffle: once` and `never` against the runs themselves."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from draws import PROBLEMS, descents

import gdcli
from gdcli.theory.expected import Expected
from gdcli.theory.fixed_order import fixed_order

ABALONE = str(Path(__file__).parents[2] / "data" / "abalone.csv")
RANDOM = np.random.RandomState(4)
INLINE = {f"x{j}": (RANDOM.randn(53) * (1 + j)).tolist() for j in range(4)}
DATA: dict[str, dict[str, Any]] = {
    "inline": {"dataset": {"inline": INLINE}, "batch_size": 5, "optimizer": {"kind": "sgd", "lr": 0.005}},
    "abalone": {"dataset": ABALONE, "columns": {"target": "Whole weight"}, "scaler": "zscore", "batch_size": 50},
    "single rows": {"dataset": {"inline": INLINE}, "batch_size": 1, "optimizer": {"kind": "sgd", "lr": 0.002}},
    "one batch and a row": {"dataset": {"inline": INLINE}, "batch_size": 52, "scaler": "minmax"},
    "wide": {"dataset": {"inline": {name: values[:3] for name, values in INLINE.items()}}, "batch_size": 2},
}
SCHEDULES: dict[str, Any] = {
    "constant": "constant",
    "cosine": "cosine",
    "exponential": {"kind": "exponential", "gamma": 0.99, "interval": "step"},
}


def prediction(result: gdcli.Result) -> Expected | None:
    plan = result.plan
    objective, spectrum, batches = plan.rows.objective, plan.rows.spectrum, plan.batches()
    residual = batches.b[:, 0] - batches.A @ objective.optimum.weights
    start = np.sqrt(spectrum.curvatures / 2) * (spectrum.directions @ (plan.start - objective.optimum.weights))
    rates, size = plan.rates[:, :, 0], int(plan.spec.batch_size)
    return fixed_order(spectrum, batches.A, residual, start, rates, size, unit=objective.unit)


@pytest.mark.parametrize("shuffle", ["once", "never"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("data", DATA)
def test_the_curve_is_that_of_the_run(data: str, schedule: str, shuffle: str) -> None:
    spec = {"epochs": 30, "seed": 3, **DATA[data], "schedule": SCHEDULES[schedule], "shuffle": shuffle}
    result = gdcli.run(spec)
    curve = prediction(result)
    assert curve is not None
    assert curve.exact
    assert curve.sd is None
    np.testing.assert_allclose(curve.gap, result.trace.gap, rtol=1e-9)


def test_a_run_that_grows_is_followed_until_it_overflows() -> None:
    problem = PROBLEMS["gaussian"]
    rates = np.full((50, 1), 1e4)
    curve = fixed_order(problem.spectrum, problem.X, problem.residual, problem.start, rates, 20)
    assert curve is not None
    batches = [np.arange(i, i + 20)[None] for i in (0, 20, 40, 60)]
    np.testing.assert_allclose(curve.gap[1], descents(problem, batches, 1e4), rtol=1e-9)
    assert curve.gap[-1] == math.inf


def test_too_many_distinct_rates_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, rates = PROBLEMS["gaussian"], np.array([[0.1], [0.1], [0.01]])
    monkeypatch.setattr("gdcli.theory.fixed_order.MOST_OPERATIONS", 2 * 80 * 2 * 4**3)  # two products of 80 steps
    arguments = problem.spectrum, problem.X, problem.residual, problem.start
    assert fixed_order(*arguments, rates, 1) is not None
    assert fixed_order(*arguments, np.vstack([rates, [[0.02]]]), 1) is None
