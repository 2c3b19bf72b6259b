"""The published figures of the lessons, reproduced to every printed digit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

import gdcli
from gdcli.cli.app import app
from gdcli.engine.problems.base import loss
from gdcli.experiment.plan import plan
from gdcli.spec.validate import read_spec

ROOT = Path(__file__).parents[1]
PUBLISHED: dict[str, Any] = {
    entry["id"]: entry for entry in yaml.safe_load((ROOT / "tests/golden/published_figures.yaml").read_text())
}
PRINTED = 5e-9

# Shipped spec → the published entry that it states, with the path to its figures.
STATED = {
    "abalone_raw": ("abalone_lr002", "raw"),
    "abalone_norm": ("abalone_lr002", "scaled"),
    "published/abalone_lr02_raw": ("abalone_lr02", "raw"),
    "published/abalone_lr02_norm": ("abalone_lr02", "scaled"),
    "published/abalone_schedule_constant": ("abalone_schedule", "constant"),
    "published/abalone_schedule_decayed": ("abalone_schedule", "decayed"),
    "published/abalone_minibatch": ("abalone_minibatch", None),
    "published/abalone_combined": ("abalone_combined", None),
    "published/abalone_optimum_raw": ("abalone_optimum", "raw"),
    "published/abalone_optimum_norm": ("abalone_optimum", "scaled"),
}


def experiment(name: str) -> gdcli.Result:
    return gdcli.run(ROOT / "experiments" / f"{name}.yaml")


@pytest.mark.parametrize(("name", "entry", "part"), [(name, *where) for name, where in STATED.items()])
def test_spec_states_the_published_figure_and_reaches_it(name: str, entry: str, part: str | None) -> None:
    figures = PUBLISHED[entry][part] if part else PUBLISHED[entry]
    result = experiment(name)
    expect = result.plan.spec.expect
    assert expect is not None
    assert expect.tolerance == PRINTED
    if "final_mse" in figures:
        assert expect.final_mse == figures["final_mse"]
        assert result.summary["final_mse"] == pytest.approx(figures["final_mse"], abs=PRINTED)
    optimum = PUBLISHED["abalone_optimum"]["raw"]["mse"]
    assert expect.optimum_mse == optimum
    assert result.summary["optimum_mse"] == pytest.approx(optimum, abs=PRINTED)
    if "weights" in figures:
        key = "optimum_weights" if "mse" in figures else "weights"
        assert list(result.summary[key].values()) == pytest.approx(figures["weights"], abs=PRINTED)


def test_start_is_the_published_one() -> None:
    start = experiment("abalone_norm").plan.start
    assert start == pytest.approx([1.32921217, -0.77003345, -0.31628036], abs=PRINTED)


def test_predictions_do_not_depend_on_the_scaler() -> None:
    published = PUBLISHED["abalone_optimum"]["predictions"]
    for name in ("raw", "norm"):
        planned = experiment(f"published/abalone_optimum_{name}").plan
        predictions = planned.rows.scaling.predict(planned.rows.objective.optimum.weights, planned.rows.values)
        assert predictions[:3] == pytest.approx(published["first"], abs=PRINTED)
        assert predictions[-3:] == pytest.approx(published["last"], abs=PRINTED)


def test_factors_of_the_decaying_schedule() -> None:
    figures = PUBLISHED["abalone_schedule"]
    rates = experiment("published/abalone_schedule_decayed").curve["lr"].to_numpy()[1:]
    assert rates[:100:10] / 0.5 == pytest.approx(figures["factors"], rel=1e-15)
    assert rates[-1] * 0.95 == pytest.approx(figures["next_lr"], rel=1e-15)


def test_line() -> None:
    figures = PUBLISHED["line"]
    planned = plan(read_spec(ROOT / "experiments/published/line_start.yaml"))
    assert (len(planned.rows.training), len(planned.rows.validating)) == (80, 20)
    start = planned.start
    assert start == pytest.approx([-0.13826430, 0.49671415], abs=PRINTED)
    assert loss(planned.rows.objective, start[:, None])[0] == pytest.approx(figures["initial_mse"], rel=1e-15)
    objective = planned.rows.objective
    gradient = 2 / objective.n * objective.R.T @ (objective.R @ start - objective.c)
    assert gradient == pytest.approx([figures["gradient"]["x"], figures["gradient"]["intercept"]], rel=1e-14)
    spec = {
        "dataset": ROOT / "data/line.csv",
        "split": {"validation": 0.2, "shuffle": False},
        "init": start,
        "optimizer": {"lr": 0.1},
        "epochs": 1,
    }
    assert gdcli.run(spec).summary["weights"] == pytest.approx(figures["weights_after_one_step"], abs=PRINTED)


def test_toy() -> None:
    assert experiment("published/toy").summary["weights"]["x"] == pytest.approx(PUBLISHED["toy"]["weight"], rel=1e-15)


def test_batches() -> None:
    figures = PUBLISHED["batches"]
    result = experiment("published/batches")
    assert result.plan.steps == figures["batches_per_epoch"]
    assert result.summary["steps"] == figures["iterations_in_10_epochs"]


def test_units() -> None:
    figures = PUBLISHED["units"]
    planned = experiment("published/units").plan
    rows = planned.rows.values
    assert rows[:3, :2].ravel() == pytest.approx(np.ravel(figures["first_rows"]), abs=PRINTED)
    scaled = planned.rows.objective.optimum.weights
    assert scaled == pytest.approx(figures["minmax_features_and_target_weights"], abs=PRINTED)
    frame = pd.DataFrame(rows, columns=["x1", "x2", "y"])
    raw = gdcli.optimum(frame)
    assert list(raw.weights.values()) == pytest.approx(figures["raw_weights"], rel=5e-9)
    new = next_hundred().to_numpy()
    scaling = planned.rows.scaling
    trained, _ = scaling.trained(new)
    assert (trained @ scaled)[:5] == pytest.approx(figures["new_predictions_scaled"], abs=PRINTED)
    assert scaling.predict(scaled, new)[:5] == pytest.approx(figures["new_predictions"], abs=PRINTED)
    assert new[:5, 2] == pytest.approx(figures["new_targets"], abs=PRINTED)


def next_hundred() -> pd.DataFrame:
    """The next 100 rows of the stream that the spec `units` draws from, drawn in the same way."""
    generator = np.random.RandomState(24)
    generator.randn(1000, 2)
    generator.normal(size=1000)
    X = generator.randn(100, 2)
    y = X @ [200.0, -1.0] + 1.0 + 0.01 * generator.normal(size=100)
    return pd.DataFrame({"x1": 0.1 * X[:, 0], "x2": 10.0 * X[:, 1], "y": y})


def test_units_through_predict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = PUBLISHED["units"]
    monkeypatch.chdir(tmp_path)
    rows = next_hundred()
    rows.to_csv("new.csv", index=False)
    spec = str(ROOT / "experiments/published/units.yaml")
    run = ["run", spec, "--set", "epochs=3000", "--no-plot", "--quiet"]  # down to the optimum
    assert CliRunner().invoke(app, run).exit_code == 0
    outcome = CliRunner().invoke(app, ["predict", "results/units", "new.csv", "--output", "predicted.csv"])
    assert outcome.exit_code == 0
    predicted = np.genfromtxt("predicted.csv", delimiter=",", names=True)
    assert predicted["prediction"][:5] == pytest.approx(figures["new_predictions"], abs=PRINTED)
    assert predicted["y"][:5] == pytest.approx(figures["new_targets"], abs=PRINTED)
    assert list(gdcli.predict("results/units", rows)) == list(predicted["prediction"])
    mse = np.mean((predicted["prediction"] - rows["y"]) ** 2)
    assert outcome.stdout == f"units: 100 rows predicted; MSE {mse:.8g}\nwritten to predicted.csv\n"


def test_every_published_entry_is_tested() -> None:
    here = {entry for entry, _ in STATED.values()} | {"line", "toy", "batches", "units"}
    scalers = {"scalers", "scalers_outlier"}  # in engine/test_scalers.py
    assert here | scalers == set(PUBLISHED)
