"""Problems for full-batch runs, their runs, and how far rounding may take a run from its prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import gdcli
from gdcli.engine.arrays import EPS, Array
from gdcli.theory.modes import Modes, gaps, modes_of, positions


def columns(n: int, p: int, *, seed: int, condition: float = 1.0, shift: float = 0.0) -> dict[str, list[float]]:
    """Make columns whose Hessian has about this condition number, and a target with noise."""
    random = np.random.RandomState(seed)
    X = np.linalg.qr(random.randn(max(n, p), p))[0][:n] * np.sqrt(n)
    X = X * condition ** (-np.linspace(0, 0.5, p)) @ np.linalg.qr(random.randn(p, p))[0] + shift
    y = X @ random.randn(p) + 0.3 * random.randn(n) + shift
    return {**{f"x{j}": X[:, j].tolist() for j in range(p)}, "y": y.tolist()}


def collinear(seed: int) -> dict[str, list[float]]:
    """Make columns of which one is a sum of others and one a multiple."""
    data = columns(30, 3, seed=seed)
    target = data.pop("y")
    total = [a + b for a, b in zip(data["x0"], data["x1"], strict=True)]
    return {**data, "sum": total, "double": [2 * a for a in data["x2"]], "y": target}


PROBLEMS = {
    "κ 1": columns(40, 3, seed=1),
    "κ 10": columns(40, 4, seed=2, condition=10),
    "κ 1e3": columns(50, 3, seed=3, condition=1e3),
    "κ 1e5": columns(50, 5, seed=4, condition=1e5),
    "κ 1e7": columns(60, 4, seed=5, condition=1e7),
    "κ 1e10": columns(60, 5, seed=6, condition=1e10),
    "shifted": columns(50, 3, seed=7, shift=30.0),
    "one column": columns(20, 1, seed=8),
    "collinear": collinear(9),
    "wide": columns(4, 7, seed=10),
}


@dataclass(frozen=True)
class Prediction:
    """A finished run, with its modes and its predicted gaps."""

    result: gdcli.Result
    modes: Modes
    gaps: Array


def limit(data: dict[str, list[float]], optimizer: dict[str, Any], **keys: Any) -> float:
    rate = gdcli.run({"dataset": {"inline": data}, "optimizer": optimizer, "epochs": 0, **keys}).largest_stable_lr
    assert rate is not None
    return rate


def predict(data: dict[str, list[float]], optimizer: dict[str, Any], **keys: Any) -> Prediction:
    """Run a spec, and predict its gaps."""
    result = gdcli.run({"dataset": {"inline": data}, "optimizer": optimizer, **keys})
    return prediction(result)


def prediction(result: gdcli.Result) -> Prediction:
    """Predict the gaps of a finished run."""
    plan = result.plan
    modes = modes_of(plan.rows.objective, plan.start)
    return Prediction(result, modes, gaps(modes, positions(modes, plan.spec.optimizer, plan.rates[:, 0, 0])))


def rounding(run: Prediction) -> Array:
    """Bound the rounding errors of √gap in a run, after each epoch.

    A step has at most 2d + 5 roundings on the way from a weight to the next: d products and sums and a difference in
    Rw − c, d more in Rᵀ(…), two factors, and the step itself. In residual coordinates each costs at most eps·scale,
    with scale = (‖R‖·‖w‖ + ‖c‖)/√n and w the longest weights so far. In stable descent no error grows, and rounding
    errors are independent, so those of t steps come to √t times that of one. With momentum β a velocity holds
    1/(1 − β) gradients, and moves the weights by 1/(1 − β) times as much before it has faded.
    """
    plan = run.result.plan
    problem, optimum = plan.rows.objective, plan.rows.objective.optimum.weights
    memory = 1 / (1 - getattr(plan.spec.optimizer, "momentum", 0.0))
    growth = np.sqrt(np.maximum.accumulate(run.gaps / (run.gaps[0] or 1.0)))
    size = np.linalg.norm(optimum) + np.linalg.norm(plan.start - optimum) * np.maximum(growth, 1.0)
    scale = (np.linalg.norm(problem.R, 2) * size + np.linalg.norm(problem.c)) * np.sqrt(problem.unit / problem.n)
    return np.asarray((2 * problem.d + 5) * EPS * scale * memory * np.sqrt(np.arange(len(run.gaps)) + 1))


def assert_equal(measured: Array, run: Prediction, *, relative: float = 1e-9) -> None:
    """Hold measured gaps to the prediction: within a relative error, except for the rounding errors of the run."""
    assert measured.shape == run.gaps.shape
    predicted, errors = np.sqrt(run.gaps), rounding(run)
    distance = np.abs(np.sqrt(measured) - predicted)
    assert (distance <= relative / 2 * predicted + errors).all()


def above_the_floor(run: Prediction, *, relative: float = 1e-9) -> Array:
    """Which gaps must agree within the relative error alone.

    δgap/gap = 2·δ√gap/√gap, so these are the gaps above (2·errors/relative)².
    """
    return np.asarray(run.gaps > (2 * rounding(run) / relative) ** 2)
