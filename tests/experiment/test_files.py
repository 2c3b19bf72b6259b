"""The files of a result: their content, their reproducibility, and that nothing is lost."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import gdcli
from gdcli.experiment.files.comparison import write_comparison
from gdcli.experiment.result import Result
from gdcli.experiment.summary import SUMMARY_COLUMNS
from gdcli.output.places import shown

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "experiments").rglob("*.yaml"))
MINIBATCH: dict[str, Any] = {
    "dataset": ROOT / "data/abalone.csv",
    "columns": {"features": ["Length", "Sex"], "target": "Whole weight"},
    "scaler": {"features": "zscore", "target": "minmax"},
    "split": {"validation": 0.25},
    "batch_size": 64,
    "optimizer": {"kind": "adam", "lr": 0.01},
    "epochs": 7,
    "seed": 3,
}


INLINE: dict[str, Any] = {"dataset": {"inline": {"x": [1.0, 2.0, 4.0], "y": [3.0, 5.0, 10.0]}}, "epochs": 3}


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def without_seconds(path: Path) -> pd.DataFrame:
    return pd.read_csv(path).drop(columns="seconds")


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        gdcli.run({**MINIBATCH, "name": "same"}).save(tmp_path / name / "same")
    one, two = tmp_path / "one/same", tmp_path / "two/same"
    assert sorted(path.name for path in one.iterdir()) == [
        "curve.csv",
        "curve.png",
        "spec.yaml",
        "summary.csv",
        "summary.json",
    ]
    for name in ("curve.csv", "spec.yaml"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    pd.testing.assert_frame_equal(without_seconds(one / "summary.csv"), without_seconds(two / "summary.csv"))


@pytest.mark.parametrize("spec", SHIPPED, ids=lambda path: path.stem)
def test_resolved_spec_gives_the_same_curve(spec: Path, tmp_path: Path) -> None:
    first = gdcli.run(spec).save(tmp_path / "deep" / "first", plot=False)
    again = gdcli.run(first / "spec.yaml").save(tmp_path / "again", plot=False)
    assert (first / "curve.csv").read_bytes() == (again / "curve.csv").read_bytes()
    kept = yaml.safe_load((first / "spec.yaml").read_text())
    rerun = yaml.safe_load((again / "spec.yaml").read_text())
    kept.pop("dataset")
    rerun.pop("dataset")
    assert kept == rerun


def test_curve_has_one_row_per_epoch_and_shortest_numbers(tmp_path: Path) -> None:
    result = gdcli.run({**MINIBATCH, "schedule": {"kind": "exponential", "gamma": 0.9, "interval": "step"}})
    lines = (result.save(tmp_path / "x", plot=False) / "curve.csv").read_text().splitlines()
    assert lines[0] == "epoch,step,lr,mse,gap,val_mse"
    assert len(lines) == 1 + 1 + 7
    assert lines[1].startswith("0,0,,")
    steps = -(-(4177 - 1045) // 64)
    for epoch, line in enumerate(lines[2:], start=1):
        cells = line.split(",")
        assert cells[:2] == [str(epoch), str(epoch * steps)]
        assert float(cells[2]) == pytest.approx(0.01 * 0.9 ** (epoch * steps - 1), rel=1e-12)
        assert all(cell == repr(float(cell)) for cell in cells[2:])
    read = pd.read_csv(tmp_path / "x/curve.csv")
    assert np.array_equal(read["gap"].to_numpy(), result.curve["gap"].to_numpy())


def test_summary_csv_has_the_columns_of_the_contract(tmp_path: Path) -> None:
    directory = gdcli.run(MINIBATCH).save(tmp_path / "x", plot=False)
    header, row = (directory / "summary.csv").read_text().splitlines()
    assert header == (
        "name,status,optimizer,lr,schedule,scaler,batch_size,epochs,steps,initial_mse,final_mse,best_mse,best_epoch,"
        "optimum_mse,gap,gap_ratio,val_mse,seconds"
    )
    assert row.startswith("run,completed,adam,0.01,constant,zscore (target minmax),64,7,343,")
    assert tuple(header.split(",")) == SUMMARY_COLUMNS


def test_summary_json_holds_weights_spec_data_and_versions(tmp_path: Path) -> None:
    result = gdcli.run(MINIBATCH)
    summary = json.loads((result.save(tmp_path / "x", plot=False) / "summary.json").read_text())
    names = ["Length", "Sex_I", "Sex_M", "intercept"]
    for key in ("weights", "optimum_weights", "weights_original", "optimum_weights_original"):
        assert list(summary[key]) == names
    assert summary["data_sha256"] == "b25287674a76476ee646b54507ec86c119afdbec5a7f17df9d0aea9460bc9730"
    assert (summary["rows"], summary["training_rows"], summary["validation_rows"]) == (4177, 3132, 1045)
    assert summary["versions"] == {
        "gdcli": gdcli.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    assert summary["spec"]["optimizer"]["betas"] == [0.9, 0.999]
    assert (tmp_path / "x" / summary["spec"]["dataset"]["path"]).resolve() == ROOT / "data/abalone.csv"
    for key in SUMMARY_COLUMNS:
        assert summary[key] == result.summary[key]


def test_original_weights_predict_as_the_trained_ones() -> None:
    result = gdcli.run(MINIBATCH)
    planned, original = result.plan, result.summary["weights_original"]
    rows = planned.rows.values
    direct = rows[:, :-1] @ [original[name] for name in planned.rows.names[:-1]] + original["intercept"]
    assert planned.rows.scaling.predict(result.trace.weights, rows) == pytest.approx(direct, rel=1e-12)
    mse = np.mean((direct[planned.rows.training] - rows[planned.rows.training, -1]) ** 2)
    assert result.summary["final_mse"] == pytest.approx(mse, rel=1e-11)
    held = np.mean((direct[planned.rows.validating] - rows[planned.rows.validating, -1]) ** 2)
    assert result.summary["val_mse"] == pytest.approx(held, rel=1e-11)


def test_sigmoid_has_no_original_weights() -> None:
    summary = gdcli.run({**MINIBATCH, "scaler": "sigmoid", "split": None}).summary
    assert "weights" in summary
    assert "weights_original" not in summary
    assert "optimum_weights_original" not in summary
    assert summary["val_mse"] is None


def test_a_shifting_scaler_without_intercept_still_gives_a_constant() -> None:
    columns = {"features": ["Length"], "target": "Whole weight", "intercept": False}
    result = gdcli.run({**MINIBATCH, "columns": columns, "scaler": "zscore"})
    assert list(result.summary["weights"]) == ["Length"]
    original = result.summary["weights_original"]
    assert list(original) == ["Length", "intercept"]
    predicted = result.plan.rows.values[:, 0] * original["Length"] + original["intercept"]
    assert result.plan.rows.scaling.predict(result.trace.weights, result.plan.rows.values) == pytest.approx(
        predicted, rel=1e-12
    )


def test_gap_ratio_is_empty_where_the_optimum_is_zero(tmp_path: Path) -> None:
    spec = {"dataset": {"inline": {"x": [1.0, 2.0, 4.0], "y": [3.0, 5.0, 9.0]}}, "epochs": 3}
    result = gdcli.run(spec)
    assert result.summary["gap_ratio"] is None
    row = (result.save(tmp_path / "x", plot=False) / "summary.csv").read_text().splitlines()[1]
    assert dict(zip(SUMMARY_COLUMNS, row.split(","), strict=True))["gap_ratio"] == ""


def test_a_result_is_replaced_whole(tmp_path: Path) -> None:
    place = tmp_path / "results" / "x"
    gdcli.run(MINIBATCH).save(place)
    gdcli.run({**MINIBATCH, "epochs": 2}).save(place, plot=False)
    assert sorted(path.name for path in place.iterdir()) == ["curve.csv", "spec.yaml", "summary.csv", "summary.json"]
    assert len((place / "curve.csv").read_text().splitlines()) == 4
    assert [path.name for path in place.parent.iterdir()] == ["x"]


def test_what_gdcli_did_not_write_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "thesis.tex").write_text("years of work")
    with pytest.raises(gdcli.OutputError) as caught:
        gdcli.run(MINIBATCH).save(tmp_path / "x", plot=False)
    reason = "holds thesis.tex, which gdcli did not write; move it away, or choose another directory"
    assert str(caught.value) == f"{shown(tmp_path / 'x')}: {reason}"
    assert [path.name for path in tmp_path.rglob("*")] == ["x", "thesis.tex"]


@pytest.mark.parametrize("source", [None, "file"])
def test_a_result_that_holds_an_input_of_its_run_is_not_replaced(tmp_path: Path, source: str | None) -> None:
    place = gdcli.run({**INLINE, "epochs": 2}).save(tmp_path / "x", plot=False)
    before = contents(place)
    spec = place / "spec.yaml" if source else {"dataset": place / "curve.csv", "columns": {"features": ["step"]}}
    held = "spec.yaml" if source else "curve.csv"
    with pytest.raises(gdcli.OutputError) as caught:
        gdcli.run(spec).save(place)
    reason = f"holds {held}, which this run reads; save the result to another directory"
    assert str(caught.value) == f"{shown(place)}: {reason}"
    assert contents(place) == before
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


PICTURES = [ValueError("no\nsuch \x1b thing"), MemoryError(), ZeroDivisionError("division by zero")]


@pytest.mark.parametrize("error", PICTURES, ids=lambda error: type(error).__name__)
def test_a_result_is_written_without_a_picture_that_cannot_be_drawn(tmp_path: Path, error: Exception) -> None:
    def draw(_: Result) -> bytes:
        raise error

    result = gdcli.run(INLINE)
    result.save(tmp_path / "x")
    said = {"ValueError": "no", "MemoryError": "", "ZeroDivisionError": "division by zero"}[type(error).__name__]
    with pytest.warns(gdcli.GdcliWarning, match="curve.png could not be drawn") as caught:
        place = replace(result, draw=draw).save(tmp_path / "x")
    (warning,) = caught
    reason = f"{type(error).__name__}: {said}"
    assert str(warning.message) == f"{shown(place / 'curve.png')} could not be drawn: {reason}"
    assert warning.filename == __file__
    assert sorted(contents(place)) == ["curve.csv", "spec.yaml", "summary.csv", "summary.json"]
    result.save(place)
    assert (place / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_ctrl_c_while_the_picture_is_drawn_leaves_the_result(tmp_path: Path) -> None:
    def draw(_: Result) -> bytes:
        assert sorted(contents(tmp_path / "x")) == ["curve.csv", "spec.yaml", "summary.csv", "summary.json"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(gdcli.run(INLINE), draw=draw).save(tmp_path / "x")
    assert sorted(contents(tmp_path / "x")) == ["curve.csv", "spec.yaml", "summary.csv", "summary.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_picture_does_not_go_into_another_run_s_result(tmp_path: Path) -> None:
    def draw(_: Result) -> bytes:
        gdcli.run({**INLINE, "epochs": 7}).save(tmp_path / "x", plot=False)
        return b"of the first"

    replace(gdcli.run(INLINE), draw=draw).save(tmp_path / "x")
    assert sorted(contents(tmp_path / "x")) == ["curve.csv", "spec.yaml", "summary.csv", "summary.json"]
    assert json.loads(contents(tmp_path / "x")["summary.json"])["epochs"] == 7
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_comparison_files(tmp_path: Path) -> None:
    specs = [{**MINIBATCH, "name": name, "epochs": epochs, "split": None} for name, epochs in (("a", 2), ("b", 3))]
    results = gdcli.compare(specs)
    write_comparison(results, tmp_path / "a-vs-b", draw=None)
    curves = pd.read_csv(tmp_path / "a-vs-b/curves.csv")
    assert list(curves.columns) == ["name", "epoch", "step", "lr", "mse", "gap"]
    assert list(curves["name"]) == ["a"] * 3 + ["b"] * 4
    assert list(pd.read_csv(tmp_path / "a-vs-b/summary.csv")["name"]) == ["a", "b"]
    runs = json.loads((tmp_path / "a-vs-b/summary.json").read_text())["runs"]
    assert [run["final_mse"] for run in runs] == [result.summary["final_mse"] for result in results]


def test_rows_from_a_frame_are_saved_so_that_the_spec_runs_again(tmp_path: Path) -> None:
    frame = pd.read_csv(ROOT / "data/abalone.csv").astype({"Length": "float32"})
    spec = {key: value for key, value in MINIBATCH.items() if key != "dataset"}
    first = gdcli.run(spec, data=frame).save(tmp_path / "first", plot=False)
    again = gdcli.run(first / "spec.yaml").save(tmp_path / "again", plot=False)
    assert (first / "curve.csv").read_bytes() == (again / "curve.csv").read_bytes()


def test_the_library_writes_and_prints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    gdcli.compare([ROOT / "experiments/abalone_norm.yaml", ROOT / "experiments/abalone_raw.yaml"])
    gdcli.optimum(ROOT / "data/abalone.csv", target="Whole weight")
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
