"""`schedule: optimal` in specs: where it works, what it writes, and where it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import gdcli
from gdcli.engine.schedules.optimal import Optimal

ABALONE = Path(__file__).parents[2] / "data" / "abalone.csv"
SPEC: dict[str, Any] = {
    "dataset": str(ABALONE),
    "columns": {"target": "Whole weight"},
    "scaler": "zscore",
    "schedule": "optimal",
    "epochs": 4,
}
REASON = (
    "schedule cannot be optimal: in double precision its 5 rates cannot be carried out: with exact numbers they lead "
    "to 1.88e-06 of the starting gap, with rounded ones to as much as 6.22 of the starting gap; "
    "lower epochs, scale the features or use another schedule"
)


def test_the_resolved_spec_keeps_the_name_and_gives_the_same_bytes(tmp_path: Path) -> None:
    gdcli.run({**SPEC, "name": "first"}).save(tmp_path / "first")
    resolved = yaml.safe_load((tmp_path / "first/spec.yaml").read_text())
    assert resolved["schedule"] == {"kind": "optimal", "interval": "epoch"}
    assert resolved["optimizer"]["lr"] == 0.01
    gdcli.run(tmp_path / "first/spec.yaml").save(tmp_path / "again")
    curves = [(tmp_path / name / "curve.csv").read_bytes() for name in ("first", "again")]
    assert curves[0] == curves[1]


def test_the_learning_rate_of_the_optimizer_has_no_effect() -> None:
    runs = [gdcli.run({**SPEC, "optimizer": {"kind": "sgd", "lr": lr}}) for lr in (0.01, 5.0)]
    np.testing.assert_array_equal(runs[0].trace.gap, runs[1].trace.gap)


def test_rates_beyond_the_stable_one_are_no_cause_for_a_remark() -> None:
    run = gdcli.run(SPEC)
    assert run.plan.rates.max() > (run.largest_stable_lr or 0)
    assert (run.status, run.remarks) == ("completed", ())


def test_the_rates_are_those_of_the_plan_alone() -> None:
    with pytest.raises(ValueError, match="the rates of an optimal schedule depend on the data: a plan has them"):
        Optimal().rates(np.arange(3), 0.1)


@pytest.mark.parametrize("init", ["zeros", "normal"])
def test_no_epochs_and_a_start_at_the_optimum(init: str) -> None:
    assert len(gdcli.run({**SPEC, "epochs": 0, "init": init}).trace.gap) == 1
    flat = {"inline": {"x": [1.0, 2.0, 3.0], "y": [0.0, 0.0, 0.0]}}
    run = gdcli.run({"dataset": flat, "init": "zeros", "schedule": "optimal", "epochs": 3})
    assert run.trace.gap.tolist() == [0.0] * 4


def test_columns_without_curvature() -> None:
    zeros = {"inline": {"x": [0.0, 0.0], "y": [1.0, 2.0]}}
    run = gdcli.run({"dataset": zeros, "columns": {"intercept": False}, "schedule": "optimal", "epochs": 2})
    assert run.trace.gap.tolist() == [0.0] * 3


def test_a_value_of_the_axis_schedule() -> None:
    grid = {"schedule": ["constant", "optimal", "cosine"], "optimizer": ["sgd", "momentum"]}
    with pytest.warns(gdcli.GdcliWarning) as warnings:
        sweep = gdcli.sweep(SPEC, grid=grid)
    assert [str(warning.message) for warning in warnings] == [
        "skipped schedule=optimal, optimizer=momentum: schedule cannot be optimal with optimizer momentum: only for "
        "sgd are such rates known; use optimizer sgd or another schedule"
    ]
    assert {(run.plan.spec.schedule[0].kind, run.plan.spec.optimizer.kind) for run in sweep} == {
        ("constant", "sgd"),
        ("constant", "momentum"),
        ("optimal", "sgd"),
        ("cosine", "sgd"),
        ("cosine", "momentum"),
    }
    assert sweep.best is not None
    assert sweep.best.plan.spec.schedule == (Optimal(),)
    assert sweep.best.summary["gap"] == gdcli.run(SPEC).summary["gap"]


def test_an_impossible_length_of_a_sweep_is_skipped_with_the_reason() -> None:
    spec = {**SPEC, "scaler": "none"}
    with pytest.warns(gdcli.GdcliWarning) as warnings:
        sweep = gdcli.sweep(spec, grid={"epochs": [3, 5], "schedule": ["constant", "optimal"]})
    omissions = [str(warning.message) for warning in warnings if "skipped" in str(warning.message)]
    assert omissions == [f"skipped epochs=5, schedule=optimal: {REASON}"]
    assert [run.summary["epochs"] for run in sweep] == [3, 3, 5]


def test_beside_other_schedules() -> None:
    results = gdcli.compare([{**SPEC, "name": "a"}, {**SPEC, "name": "b", "schedule": "constant"}])
    assert results.best is not None
    assert results.best.name == "a"


def test_a_refusal_is_a_fault_of_the_spec(tmp_path: Path) -> None:
    path = tmp_path / "raw.yaml"
    path.write_text(f"dataset: {ABALONE}\ncolumns: {{target: Whole weight}}\nepochs: 5\nschedule: optimal\n")
    with pytest.raises(gdcli.SpecError) as error:
        gdcli.run(path)
    assert str(error.value) == f"{path}:4:1: {REASON}"
