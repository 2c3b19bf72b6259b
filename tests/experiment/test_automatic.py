"""`lr: auto` and `momentum: auto`: the best rates, and the specs that they resolve to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import gdcli
from gdcli.engine.arrays import Array
from gdcli.engine.optimizers.plain import Momentum
from gdcli.experiment.plan import Plan
from gdcli.experiment.planner import plan
from gdcli.spec.validate import read_spec
from gdcli.theory.fixed_order import fixed_order
from gdcli.theory.modes import modes_of
from gdcli.theory.rates import best_for_epochs, best_heavy_ball
from gdcli.theory.reshuffling import reshuffled

ABALONE = Path(__file__).parents[2] / "data" / "abalone.csv"
AUTO = {"kind": "sgd", "lr": "auto"}
PAIR = {"kind": "momentum", "lr": "auto", "momentum": "auto"}
BASE: dict[str, Any] = {
    "dataset": str(ABALONE),
    "columns": {"target": "Whole weight"},
    "scaler": "zscore",
    "optimizer": AUTO,
}
LINE: dict[str, Any] = {
    "dataset": {"inline": {"x": [1.0, 2.0, 3.0, 5.0], "y": [1.0, 2.5, 2.0, 6.0]}},
    "optimizer": AUTO,
}


def planned(**changes: Any) -> Plan:
    return plan(read_spec({**BASE, **changes}))


def lr_of(**changes: Any) -> float:
    return planned(**changes).spec.optimizer.lr


def final_gaps(spec: dict[str, Any], rates: Sequence[float], seeds: int = 1) -> Array:
    """The final gaps of runs, shape (rates, seeds); infinite for those that diverge."""
    runs = gdcli.sweep(
        {**spec, "optimizer": {**spec["optimizer"], "lr": 1.0}}, grid={"optimizer.lr": rates}, seeds=seeds
    )
    gaps = [np.inf if run.summary["status"] == "diverged" else run.summary["gap"] for run in runs]
    return np.array(gaps).reshape(len(rates), seeds)


# Full batches

SCHEDULES: dict[str, Any] = {
    "constant": "constant",
    "cosine": "cosine",
    "exponential": {"kind": "exponential", "gamma": 0.95},
    "steps": {"kind": "step", "every": 7, "gamma": 0.5},
    "floor": {"kind": "cosine", "eta_min": 0.01},
    "one_cycle": {"kind": "one_cycle", "interval": "step"},
    "growing": {"kind": "linear", "start_factor": 1, "end_factor": 3, "total": 20},
    "list": [{"kind": "warmup", "length": 3}, {"kind": "inverse_power"}],
}


@pytest.mark.parametrize("epochs", [1, 5, 30, 200])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_no_rate_of_a_sweep_ends_with_a_gap_that_is_1_percent_smaller(
    schedule: str, weight_decay: float, epochs: int
) -> None:
    spec = {
        **BASE,
        "schedule": SCHEDULES[schedule],
        "epochs": epochs,
        "optimizer": {**AUTO, "weight_decay": weight_decay},
    }
    run = gdcli.run(spec)
    assert (run.status, run.remarks) == ("completed", ())
    rates = np.geomspace(1e-3, 3, 200).tolist()
    assert run.summary["gap"] <= 1.01 * final_gaps(spec, rates).min()


def test_a_constant_rate_is_that_of_theory() -> None:
    of = planned(epochs=17)
    modes = modes_of(of.rows.objective, of.start)
    assert of.spec.optimizer.lr == best_for_epochs(modes, 17)
    assert lr_of(epochs=17, batch_size=4177) == of.spec.optimizer.lr


def slowest(curvatures: Array, lr: float, momentum: float) -> float:
    """The factor by which the slowest mode of the heavy ball shrinks per step, in the limit."""
    matrices = [[[1 + momentum - lr * h, -momentum], [1.0, 0.0]] for h in curvatures]
    return float(np.abs(np.linalg.eigvals(np.array(matrices))).max())


@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_the_best_pair_is_that_of_theory_and_faster_than_its_neighbours(weight_decay: float) -> None:
    of = planned(optimizer={**PAIR, "weight_decay": weight_decay})
    pair = best_heavy_ball(of.rows.spectrum, weight_decay)
    assert of.spec.optimizer == Momentum(lr=pair[0], momentum=pair[1], weight_decay=weight_decay)
    factors = [
        slowest(of.rows.spectrum.curvatures + weight_decay, pair[0] * x, pair[1] * y)
        for x in (0.9, 0.99, 1, 1.002, 1.05)
        for y in (0.9, 0.99, 1, 1.01, 1.1)
    ]
    assert slowest(of.rows.spectrum.curvatures + weight_decay, *pair) == min(factors)


@pytest.mark.parametrize(
    "schedule",
    [[{"kind": "warmup", "length": 2}, "constant"], "one_cycle", "cosine"],
    ids=["warmup", "one_cycle", "cosine"],
)
@pytest.mark.parametrize("epochs", [100, 3000])
@pytest.mark.parametrize("rows", [5, 200])
def test_rounding_errors_do_not_grow_where_a_rate_removes_a_mode(schedule: Any, epochs: int, rows: int) -> None:
    """With exact numbers, a single rate may remove the largest mode, and any later rates would be stable."""
    random = np.random.RandomState(147)
    columns = {f"x{i}": random.randn(rows).tolist() for i in range(2)}
    spec = {"dataset": {"inline": {**columns, "y": random.randn(rows).tolist()}}, "optimizer": AUTO}
    run = gdcli.run({**spec, "scaler": "minmax", "schedule": schedule, "epochs": epochs})
    assert (run.status, run.remarks) == ("completed", ())


def test_a_start_at_the_optimum_gets_a_rate_that_is_stable() -> None:
    data = {"inline": {"x": [1.0, 2.0, 3.0], "y": [0.0, 0.0, 0.0]}}
    for schedule in ("constant", "cosine"):
        run = gdcli.run({"dataset": data, "init": "zeros", "optimizer": AUTO, "schedule": schedule})
        assert 0 < run.summary["lr"] < (run.largest_stable_lr or 0)


@pytest.mark.parametrize("batch_size", ["full", 2])
@pytest.mark.parametrize("unit", [1e-80, 1.0, 1e80])
def test_columns_of_any_unit_have_a_best_rate(unit: float, batch_size: str | int) -> None:
    data = {"inline": {"x": [unit, 3 * unit, 2 * unit, 5 * unit, 4 * unit], "y": [1.0, 4.0, 2.0, 5.0, 3.0]}}
    spec = {"dataset": data, "optimizer": AUTO, "schedule": "cosine", "init": "zeros", "batch_size": batch_size}
    run = gdcli.run(spec)
    assert run.status == "completed"
    assert run.summary["final_mse"] < run.summary["initial_mse"]


def test_rows_that_are_not_kept_in_memory_give_the_same_rate(tmp_path: Path) -> None:
    lines = ABALONE.read_text().splitlines(keepends=True)
    for i, part in enumerate((lines[1:2000], lines[2000:])):
        (tmp_path / f"part-{i}.csv").write_text(lines[0] + "".join(part))
    of = planned(dataset=str(tmp_path / "part-*.csv"))
    np.testing.assert_allclose(of.spec.optimizer.lr, lr_of(), rtol=1e-9)


# Mini-batches

START = [0.3, -0.2, 0.5, 0.1, 0.3, -0.4, 0.2, 1.0]
BATCHES: dict[str, dict[str, Any]] = {
    "constant": {"batch_size": 50, "epochs": 12},
    "short": {"batch_size": 50, "epochs": 3},
    "single rows": {"batch_size": 1, "epochs": 2},
    "cosine": {"batch_size": 50, "epochs": 40, "schedule": "cosine"},
    "steps": {"batch_size": 200, "epochs": 4, "schedule": {"kind": "cosine", "interval": "step"}},
    "once": {"batch_size": 50, "epochs": 12, "shuffle": "once"},
    "never": {"batch_size": 50, "epochs": 40, "shuffle": "never", "schedule": "cosine"},
}


def expected_gap(of: Plan, lr: float) -> float:
    """The expected final gap of a run at another rate, by theory alone."""
    size, n = int(of.spec.batch_size), of.rows.n
    rates = of.rates[:, :, 0] / of.spec.optimizer.lr * lr
    modes = modes_of(of.rows.objective, of.start)
    if of.spec.shuffle == "each_epoch":
        sizes = np.append(np.full(of.steps - 1, size), n - (of.steps - 1) * size)
        return float(reshuffled(of.rows.moments, modes.start, rates, sizes).gap[-1])
    batches = of.batches()
    residual = batches.b[:, 0] - batches.A @ of.rows.objective.optimum.weights
    course = fixed_order(of.rows.spectrum, batches.A, residual, modes.start, rates, size)
    assert course
    return float(course.gap[-1])


@pytest.mark.parametrize("name", BATCHES)
def test_no_rate_of_a_grid_has_a_smaller_expected_gap(name: str) -> None:
    of = planned(init=START, **BATCHES[name])
    gap = expected_gap(of, of.spec.optimizer.lr)
    stable = 2 / of.rows.spectrum.largest
    others = [expected_gap(of, lr) for lr in np.geomspace(0.003 * stable, stable, 25)]
    assert gap <= 1.01 * min(others)


@pytest.mark.parametrize("name", ["constant", "steps"])
def test_no_rate_of_a_grid_is_better_on_average(name: str) -> None:
    spec, seeds = {**BASE, "init": START, **BATCHES[name]}, 60
    best = gdcli.run(spec).summary["lr"]
    gaps = final_gaps(spec, [best, *(best * factor for factor in (0.5, 0.7, 0.85, 1.2, 1.5))], seeds)
    differences = np.minimum(gaps, 1.0)[1:] - gaps[0]  # of the same batches
    scores = differences.mean(axis=1) / (differences.std(axis=1) / np.sqrt(seeds))
    assert scores.min() > -3, scores


def test_batches_in_a_fixed_order_that_take_too_long_are_refused() -> None:
    synthetic = {"rows": 60_000, "weights": [1.0] * 20}
    spec = {"dataset": {"synthetic": synthetic}, "batch_size": 1, "shuffle": "never", "optimizer": AUTO}
    with pytest.raises(gdcli.SpecError) as error:
        gdcli.run(spec)
    assert str(error.value) == (
        "spec: optimizer.lr cannot be auto with shuffle never and 60000 steps per epoch: the search would take too "
        "long; use each_epoch, or write a number"
    )


# Resolved specs


@pytest.mark.parametrize(
    "changes",
    [{}, {"schedule": "cosine"}, {"optimizer": PAIR}, {"batch_size": 500, "epochs": 4}],
    ids=["constant", "cosine", "momentum", "batches"],
)
def test_the_resolved_spec_has_numbers_and_gives_the_same_bytes(changes: dict[str, Any], tmp_path: Path) -> None:
    result = gdcli.run({**BASE, "name": "first", **changes})
    result.save(tmp_path / "first")
    resolved = yaml.safe_load((tmp_path / "first/spec.yaml").read_text())
    assert resolved["optimizer"]["lr"] == result.plan.spec.optimizer.lr == result.summary["lr"]
    assert "auto" not in resolved["optimizer"].values()
    gdcli.run(tmp_path / "first/spec.yaml").save(tmp_path / "again")
    curves = [(tmp_path / name / "curve.csv").read_bytes() for name in ("first", "again")]
    assert curves[0] == curves[1]
    assert json.loads((tmp_path / "again/summary.json").read_text())["explanation"][0].startswith("lr auto") is False


SENTENCES: dict[str, tuple[dict[str, Any], str]] = {
    "constant": ({}, "lr auto: 0.1678, the best constant rate for 100 epochs"),
    "one epoch": ({"epochs": 1}, "lr auto: 0.08719, the best constant rate for 1 epoch"),
    "steps": (
        {"schedule": {"kind": "step", "every": 30}},
        "lr auto: 0.1817, the best base rate of schedule step for 100 epochs; some of its rates are above 0.1736, the "
        "largest stable constant one, and others make up for it",
    ),
    "list": (
        {"schedule": [{"kind": "warmup", "length": 5}, "constant"]},
        "lr auto: 0.1721, the best base rate of schedule warmup+constant for 100 epochs",
    ),
    "momentum": (
        {"optimizer": PAIR},
        "lr auto: 0.3168, momentum auto: 0.8287, the fastest pair in the limit of many epochs",
    ),
    "batches": (
        {"batch_size": 50},
        "lr auto: 0.01952, the constant rate with the smallest expected gap after 100 epochs of batches of 50 "
        "(approximately)",
    ),
    "order": (
        {"batch_size": 50, "shuffle": "never"},
        "lr auto: 0.06573, the constant rate with the smallest gap after 100 epochs of batches of 50",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_the_sentence(name: str) -> None:
    changes, sentence = SENTENCES[name]
    assert gdcli.run({**BASE, **changes}).summary["explanation"][0] == sentence


def test_many_directions_are_taken_as_gaussian() -> None:
    synthetic = {"rows": 100, "weights": [1.0] * 31, "noise": 0.1}
    of = planned(dataset={"synthetic": synthetic}, columns={}, batch_size=10, epochs=3)
    assert of.explanation[0].endswith("3 epochs of batches of 10 (approximately, as if the rows were Gaussian)")


def test_columns_without_curvature_are_refused() -> None:
    zeros = {"inline": {"x": [0.0, 0.0], "y": [1.0, 2.0]}}
    with pytest.raises(gdcli.SpecError) as error:
        gdcli.run({"dataset": zeros, "columns": {"intercept": False}, "optimizer": AUTO})
    message = "no weight changes the loss on these columns; write a number"
    assert str(error.value) == f"spec: optimizer.lr cannot be auto: {message}"


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("batch_size", ["full", 1])
def test_a_rate_beyond_all_numbers_is_refused(schedule: str, batch_size: str | int) -> None:
    tiny = {"inline": {"x": [1e-155, 2e-155], "y": [1.0, 3.0]}}
    spec = {"dataset": tiny, "columns": {"intercept": False}, "optimizer": AUTO}
    with pytest.raises(gdcli.SpecError) as error:
        gdcli.run({**spec, "schedule": schedule, "batch_size": batch_size})
    message = "the best rate is inf in double precision; scale the features"
    assert str(error.value) == f"spec: optimizer.lr cannot be auto: {message}"


# Sweeps


def test_a_value_of_an_axis() -> None:
    spec = {**BASE, "optimizer": "sgd", "epochs": 20}
    sweep = gdcli.sweep(spec, grid={"optimizer.lr": [0.01, 0.1, "auto"], "scaler": ["zscore", "minmax"]})
    assert [any("auto" in said for said in run.summary["explanation"]) for run in sweep] == [False] * 4 + [True] * 2
    assert sweep.frame["optimizer.lr"].tolist() == [0.01, 0.01, 0.1, 0.1, "auto", "auto"]
    assert sweep.frame["lr"].tolist()[4:] == [lr_of(epochs=20), lr_of(epochs=20, scaler="minmax")]
    assert sweep.best is not None
    assert sweep.best.summary["lr"] == sweep[5].summary["lr"]


def test_each_seed_has_its_own_best() -> None:
    sweep = gdcli.sweep({**BASE, "epochs": 5}, grid={"epochs": [5, 10]}, seeds=3)
    expected = [lr_of(epochs=epochs, seed=seed) for epochs in (5, 10) for seed in range(3)]
    assert [run.summary["lr"] for run in sweep] == expected
    assert len(set(expected)) == 6


def test_a_sweep_knows_the_run_by_its_number(tmp_path: Path) -> None:
    spec = {**BASE, "name": "x", "optimizer": "sgd", "epochs": 5}
    directory = tmp_path / "x-sweep"
    gdcli.sweep(spec, grid={"optimizer.lr": [0.01, "auto"]}, directory=directory, plot=False)
    again = gdcli.sweep(spec, grid={"optimizer.lr": [lr_of(epochs=5), "auto", 0.02]}, directory=directory, plot=False)
    assert [isinstance(run, gdcli.Result) for run in again] == [False, False, True]
    best = yaml.safe_load((directory / "best.yaml").read_text())
    assert best["optimizer"]["lr"] == lr_of(epochs=5)


def test_an_optimizer_without_a_best_rate_is_left_out() -> None:
    spec = {**BASE, "optimizer": "sgd", "epochs": 5}
    with pytest.warns(gdcli.GdcliWarning) as warnings:
        sweep = gdcli.sweep(spec, grid={"optimizer.kind": ["sgd", "adam"], "optimizer.lr": [0.1, "auto"]})
    assert [str(warning.message) for warning in warnings] == [
        "skipped optimizer.kind=adam, optimizer.lr=auto: optimizer.lr cannot be auto with optimizer adam, for which no "
        "best value is known; write a number, such as the default 0.001"
    ]
    assert len(sweep) == 3


def test_an_axis_of_which_no_setting_can_be_auto_is_refused() -> None:
    with pytest.raises(gdcli.SpecError) as error:
        gdcli.sweep({**BASE, "optimizer": "adam"}, grid={"optimizer.lr": [0.1, "auto"]})
    assert str(error.value) == (
        "grid: optimizer.lr cannot be auto with optimizer adam, for which no best value is known; "
        "write a number, such as the default 0.001"
    )


def test_theory_that_finds_rates_is_loaded_for_auto_alone() -> None:
    program = (
        "import sys, gdcli; spec = {'dataset': {'inline': {'x': [1, 2, 3], 'y': [1, 3, 2]}}}; "
        "names = lambda: sorted(name for name in sys.modules if name.startswith('gdcli.theory.')); "
        "gdcli.run(spec); print(*names()); gdcli.run({**spec, 'optimizer': {'lr': 'auto'}}); print(*names())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    before, after = (line.split() for line in done.stdout.splitlines())
    assert "gdcli.theory.rates" in set(after) - set(before)
