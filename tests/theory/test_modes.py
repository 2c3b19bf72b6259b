"""Predicted against measured gaps of full-batch descent, mode by mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from full_batch_runs import PROBLEMS, above_the_floor, assert_equal, columns, limit, predict, prediction

import gdcli
from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.engine.schedules import SCHEDULES
from gdcli.theory.modes import PREDICTABLE, Modes, gaps, modes_of, positions

ABALONE = Path(__file__).parents[2] / "data" / "abalone.csv"

SETTINGS: dict[str, dict[str, Any]] = {
    "sgd": {"kind": "sgd"},
    "sgd, decay": {"kind": "sgd", "weight_decay": 0.3},
    "heavy ball": {"kind": "momentum"},
    "heavy ball, dampening": {"kind": "momentum", "momentum": 0.8, "dampening": 0.6},
    "heavy ball, dampening and decay": {"kind": "momentum", "dampening": 0.9, "weight_decay": 0.05},
    "nesterov": {"kind": "momentum", "nesterov": True},
    "nesterov, decay": {"kind": "momentum", "momentum": 0.5, "nesterov": True, "weight_decay": 0.3},
}

Schedules = dict[str, Any]


def schedules(base: float) -> Schedules:
    """Every kind of schedule, for 60 epochs with this base rate."""
    return {
        "constant": "constant",
        "step": {"kind": "step", "every": 20, "gamma": 0.5},
        "multistep": {"kind": "multistep", "milestones": [10, 40], "gamma": 0.3},
        "piecewise": {"kind": "piecewise", "boundaries": [15, 16], "values": [base / 2, base, base / 5]},
        "exponential": {"kind": "exponential", "gamma": 0.97},
        "inverse_time": {"kind": "inverse_time", "decay": 0.1},
        "inverse_power": "inverse_power",
        "polynomial": {"kind": "polynomial", "power": 2.0},
        "linear": {"kind": "linear", "total": 30},
        "cosine": "cosine",
        "cosine_restarts": {"kind": "cosine_restarts", "period": 10, "multiplier": 2},
        "triangular": {"kind": "triangular", "lr_min": base / 10, "up": 7},
        "one_cycle": {"kind": "one_cycle", "interval": "step"},
        "warmup": {"kind": "warmup", "length": 12},
        "a list": [{"kind": "warmup", "length": 5}, {"kind": "step", "every": 4, "length": 15}, {"kind": "cosine"}],
    }


def test_every_schedule_is_tried() -> None:
    assert schedules(1.0).keys() - {"a list"} == SCHEDULES.keys() - {"optimal"}


@pytest.mark.parametrize("optimizer", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("schedule", schedules(1.0))
def test_the_gaps_under_every_schedule_are_predicted(schedule: str, optimizer: dict[str, Any]) -> None:
    data = PROBLEMS["κ 10"]
    lr = 0.9 * limit(data, optimizer)
    run = predict(data, {**optimizer, "lr": lr}, epochs=60, schedule=schedules(lr)[schedule])
    assert_equal(run.result.trace.gap, run)
    assert above_the_floor(run)[:10].all()


@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
@pytest.mark.parametrize("optimizer", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_gaps_on_every_problem_are_predicted(problem: str, optimizer: dict[str, Any], share: float) -> None:
    data = PROBLEMS[problem]
    lr = share * limit(data, optimizer)
    run = predict(data, {**optimizer, "lr": lr}, epochs=600)
    assert_equal(run.result.trace.gap, run)
    assert above_the_floor(run).any()
    assert above_the_floor(run, relative=1e-6)[:6].all()  # an error of that size would be noticed


@pytest.mark.parametrize("scaler", ["none", "zscore", "minmax", {"features": "zscore", "target": "zscore"}], ids=str)
@pytest.mark.parametrize("optimizer", SETTINGS.values(), ids=SETTINGS)
def test_the_gaps_on_abalone_are_predicted_in_units_of_the_file(scaler: Any, optimizer: dict[str, Any]) -> None:
    spec = {"dataset": str(ABALONE), "columns": {"target": "Whole weight"}, "scaler": scaler}
    rate = gdcli.run({**spec, "optimizer": optimizer, "epochs": 0}).largest_stable_lr
    assert rate is not None
    run = prediction(gdcli.run({**spec, "optimizer": {**optimizer, "lr": 0.7 * rate}, "epochs": 300}))
    assert_equal(run.result.trace.gap, run)
    np.testing.assert_allclose(run.gaps[:100], run.result.trace.gap[:100], rtol=1e-9)


@pytest.mark.parametrize("optimizer", SETTINGS.values(), ids=SETTINGS)
def test_a_prediction_that_is_off_by_a_millionth_is_noticed(optimizer: dict[str, Any]) -> None:
    data = PROBLEMS["κ 1e10"]
    run = predict(data, {**optimizer, "lr": 0.5 * limit(data, optimizer)}, epochs=100)
    with pytest.raises(AssertionError):
        assert_equal(run.result.trace.gap * (1 + 1e-6), run)
    rates = run.result.plan.rates[:, 0, 0] * (1 + 1e-6)
    other = gaps(run.modes, positions(run.modes, run.result.plan.spec.optimizer, rates))
    with pytest.raises(AssertionError):
        assert_equal(other, run)


@pytest.mark.parametrize("optimizer", SETTINGS.values(), ids=SETTINGS)
def test_a_run_that_diverges_is_predicted_up_to_its_end(optimizer: dict[str, Any]) -> None:
    data = PROBLEMS["κ 10"]
    run = predict(data, {**optimizer, "lr": 1.5 * limit(data, optimizer)}, epochs=8000)
    assert run.result.status == "diverged"
    last = run.result.epochs
    np.testing.assert_allclose(run.gaps[: last + 1], run.result.trace.gap, rtol=1e-9)
    assert run.gaps[-1] == np.inf
    assert not np.isnan(run.gaps).any()


@pytest.mark.parametrize("optimizer", [SGD(weight_decay=0.2), Momentum(nesterov=True, weight_decay=0.1)], ids=str)
def test_duplicated_rows_change_nothing(optimizer: SGD | Momentum) -> None:
    data = PROBLEMS["κ 1e3"]
    courses = []
    for rows in (data, {name: values * 2 for name, values in data.items()}):
        plan = gdcli.run({"dataset": {"inline": rows}, "epochs": 0}).plan
        modes = modes_of(plan.rows.objective, plan.start)
        courses.append(gaps(modes, positions(modes, optimizer, np.full(200, 0.5 / modes.h[0]))))
    np.testing.assert_allclose(courses[0], courses[1], rtol=1e-12)


def test_the_shares_of_the_gap_add_up_to_one() -> None:
    run = predict(PROBLEMS["κ 1e5"], {"kind": "sgd", "lr": 0.01}, epochs=1)
    np.testing.assert_allclose(run.modes.gap, run.result.trace.gap[0], rtol=1e-12)
    np.testing.assert_allclose(run.modes.shares().sum(), 1, rtol=1e-14)
    np.testing.assert_allclose(run.modes.shares() * run.modes.gap, run.modes.start**2 * run.modes.unit, rtol=1e-12)
    nothing = Modes(h=np.ones(2), start=np.zeros(2), optimum=np.zeros(2), unit=1.0)
    assert (nothing.gap, nothing.shares().tolist()) == (0.0, [0.0, 0.0])


def test_directions_without_curvature_are_left_out() -> None:
    for problem, rank in (("collinear", 4), ("wide", 4)):
        run = predict(PROBLEMS[problem], {"kind": "sgd", "lr": 0.01}, epochs=0)
        assert len(run.modes.h) == len(run.modes.start) == len(run.modes.optimum) == rank


def test_a_constant_loss_has_no_modes() -> None:
    data = {"x": [0.0, 0.0, 0.0], "y": [1.0, 2.0, 3.0]}
    for optimizer in ({"kind": "sgd", "lr": 0.1}, {"kind": "momentum", "lr": 0.1}):
        run = predict(data, optimizer, epochs=5, columns={"features": ["x"], "target": "y", "intercept": False})
        assert run.modes.h.shape == (0,)
        assert run.gaps.tolist() == run.result.trace.gap.tolist() == [0.0] * 6


def test_weight_decay_leads_to_its_fixed_point() -> None:
    run = predict(columns(30, 2, seed=3), {"kind": "sgd", "lr": 0.3, "weight_decay": 0.5}, epochs=500)
    fixed = run.modes.fixed_point(0.5)
    np.testing.assert_allclose(gaps(run.modes, fixed[None])[0], run.result.trace.gap[-1], rtol=1e-12)


@pytest.mark.parametrize("kind", sorted(OPTIMIZERS.keys() - set(PREDICTABLE)))
def test_other_optimizers_are_refused(kind: str) -> None:
    modes = Modes(h=np.ones(1), start=np.ones(1), optimum=np.ones(1), unit=1.0)
    message = f"the course of {kind} is not known mode by mode, only that of sgd and momentum"
    with pytest.raises(ValueError, match=f"^{message}$"):
        positions(modes, OPTIMIZERS[kind](), np.ones(3))  # type: ignore[call-arg]
