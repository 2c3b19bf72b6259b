"""Limits of the learning rate from both sides: just below them runs converge, just beyond they grow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdcli
from gdcli.engine.optimizers import OPTIMIZERS, Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.theory.stability import largest_stable_rate

SETTINGS: dict[str, dict[str, Any]] = {
    "sgd": {"kind": "sgd"},
    "sgd, decay": {"kind": "sgd", "weight_decay": 0.7},
    "momentum 0": {"kind": "momentum", "momentum": 0.0},
    "heavy ball": {"kind": "momentum"},
    "heavy ball, decay": {"kind": "momentum", "momentum": 0.5, "weight_decay": 0.7},
    "heavy ball, dampening": {"kind": "momentum", "dampening": 0.9},
    "heavy ball, dampening and decay": {"kind": "momentum", "momentum": 0.6, "dampening": 0.3, "weight_decay": 2.0},
    "nesterov": {"kind": "momentum", "nesterov": True},
    "nesterov, decay": {"kind": "momentum", "momentum": 0.4, "nesterov": True, "weight_decay": 0.7},
}


def design(n: int, p: int) -> dict[str, list[float]]:
    random = np.random.RandomState(3)
    columns = {f"x{j}": (random.randn(n) * (1 + j)).tolist() for j in range(p)}
    return {**columns, "y": random.randn(n).tolist()}


DATA = {"tall": design(40, 2), "wide": design(3, 5)}


def run(data: str, optimizer: dict[str, Any], **keys: Any) -> gdcli.Result:
    return gdcli.run({"dataset": {"inline": DATA[data]}, "optimizer": optimizer, **keys})


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("optimizer", SETTINGS.values(), ids=SETTINGS)
def test_runs_converge_below_the_limit_and_grow_beyond_it(optimizer: dict[str, Any], data: str) -> None:
    limit = run(data, optimizer, epochs=0).largest_stable_lr
    assert limit is not None
    below = run(data, {**optimizer, "lr": 0.99 * limit}, epochs=4000)
    assert below.status == "completed"
    assert "lr beyond its limit" not in [remark.note for remark in below.remarks]
    last = below.trace.mse[-50:]
    assert np.ptp(last) <= 1e-12 * below.trace.mse[0]
    assert last[-1] < below.trace.mse[0]
    assert run(data, {**optimizer, "lr": 1.01 * limit}, epochs=4000).status == "diverged"


def distance(optimizer: Optimizer, lr: float, curvature: float, steps: int) -> float:
    """Largest distance from the minimum of curvature/2·w² in the last steps from 1, with the optimizer's own rule."""
    w, slots, largest = 1.0, (0.0,) * optimizer.n_slots, 0.0
    for t in range(1, steps + 1):
        w, slots = optimizer.update(w, curvature * w, slots, lr, t, optimizer.hyperparameters())
        largest = max(abs(float(w)), largest) if t > steps - 10 else 0.0
        if abs(w) > 1e100:
            return math.inf
    return largest


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    momentum=st.floats(0, 0.95),
    dampening=st.floats(0, 0.95),
    nesterov=st.booleans(),
    weight_decay=st.floats(0, 5),
    curvature=st.floats(1e-3, 1e3),
)
def test_every_setting_of_momentum_has_its_limit(
    momentum: float, dampening: float, nesterov: bool, weight_decay: float, curvature: float
) -> None:
    optimizer = Momentum(
        momentum=momentum, dampening=0.0 if nesterov else dampening, nesterov=nesterov, weight_decay=weight_decay
    )
    limit = largest_stable_rate(optimizer, curvature)
    assert limit is not None
    assert distance(optimizer, 0.99 * limit, curvature, 1500) < 1e-3
    assert distance(optimizer, 1.01 * limit, curvature, 1500) > 1e3


def test_textbook_limits() -> None:
    assert largest_stable_rate(SGD(), 4.0) == 0.5
    assert largest_stable_rate(SGD(weight_decay=1.0), 4.0) == 0.4
    assert largest_stable_rate(Momentum(momentum=0.5), 4.0) == 0.75
    assert largest_stable_rate(Momentum(momentum=0.5, dampening=0.5), 4.0) == 1.5
    assert largest_stable_rate(Momentum(momentum=0.5, nesterov=True), 4.0) == 0.375


def test_without_a_slope_no_rate_is_too_large() -> None:
    assert largest_stable_rate(SGD(), 0.0) == math.inf
    assert largest_stable_rate(Momentum(), 0.0) == math.inf
    assert largest_stable_rate(Momentum(dampening=1.0), 4.0) == math.inf
    assert run("tall", {"kind": "momentum", "dampening": 1.0, "lr": 1e-3}, epochs=500).status == "completed"


@pytest.mark.parametrize("kind", sorted(OPTIMIZERS.keys() - {"sgd", "momentum"}))
def test_of_other_optimizers_no_limit_is_known(kind: str) -> None:
    assert largest_stable_rate(OPTIMIZERS[kind](), 4.0) is None  # type: ignore[call-arg]


@pytest.mark.parametrize(("nesterov", "name"), [(False, "momentum"), (True, "Nesterov momentum")])
def test_a_rate_beyond_the_limit_of_momentum_is_reported(nesterov: bool, name: str) -> None:
    optimizer = {"kind": "momentum", "nesterov": nesterov}
    limit = run("tall", optimizer, epochs=0).largest_stable_lr
    assert limit is not None
    result = run("tall", {**optimizer, "lr": 1.01 * limit}, epochs=4000)
    assert result.warnings == (
        f"diverged at epoch {result.epochs}: its gap passed 1e+06 times that of the start; lr {1.01 * limit:g} is "
        f"above {limit:.4g}, the largest stable rate of full-batch descent with {name} 0.9 on these columns; lower "
        "optimizer.lr or scale the features",
    )


def test_no_rate_is_stable_with_dampening_above_1() -> None:
    optimizer = {"kind": "momentum", "dampening": 1.5, "lr": 1e-3}
    result = run("tall", optimizer, epochs=4000)
    assert result.largest_stable_lr == 0.0
    assert result.warnings == (
        f"diverged at epoch {result.epochs}: its gap passed 1e+06 times that of the start; "
        "no learning rate is stable with optimizer.dampening above 1: lower it",
    )
