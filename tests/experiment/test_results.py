"""Several runs in Python: sequences with a table and a best run, and sweeps into a directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdcli
from gdcli.experiment.summary import SHARES, SUMMARY_COLUMNS
from gdcli.output.lock import sole_writer
from gdcli.output.places import shown
from gdcli.sweeps import lockstep

DATA = {"x": [1.0, 2.0, 3.0, 4.0], "z": [2.0, 1.0, 5.0, 3.0], "y": [3.0, 4.0, 9.0, 8.0]}
SPEC: dict[str, Any] = {"dataset": {"inline": DATA}, "scaler": "zscore", "epochs": 5}
GRID = {"optimizer.lr": [0.01, 0.1]}


def test_a_comparison_is_a_sequence_with_a_frame_and_a_best() -> None:
    slow, fast = {**SPEC, "name": "slow"}, {**SPEC, "name": "fast", "optimizer": {"lr": 0.2}}
    results = gdcli.compare([slow, fast])
    assert len(results) == 2
    assert [result.name for result in results] == ["slow", "fast"]
    assert results[-1] is list(results)[1]
    assert results[:1] == (results[0],)
    assert results.best is results[1]
    assert list(results.frame.columns) == list(SUMMARY_COLUMNS)
    assert results.frame["gap"].tolist() == [result.summary["gap"] for result in results]


def test_short_representations(tmp_path: Path) -> None:
    good, bad = {**SPEC, "name": "good"}, {**SPEC, "name": "bad", "optimizer": {"lr": 1e200}}
    results = gdcli.compare([good, bad, {**good, "name": "same"}])
    mse, gap = (f"{results[0].summary[key]:.6g}" for key in ("final_mse", "gap"))
    best = f"Result(name='good', status='completed', epochs=5, final_mse={mse}, gap={gap})"
    assert repr(results[0]) == best
    assert repr(results[1]) == "Result(name='bad', status='diverged', epochs=1, final_mse=inf, gap=inf)"
    assert repr(results) == f"Results(3 runs, 2 completed, 1 diverged, best={best})"
    assert repr(gdcli.compare([])) == "Results(0 runs, best=None)"
    gdcli.sweep(bad, grid=GRID, directory=tmp_path / "s", plot=False)
    (again, _) = gdcli.sweep(bad, grid=GRID, directory=tmp_path / "s", plot=False)
    figures = f"final_mse={again.summary['final_mse']:.6g}, gap={again.summary['gap']:.6g}"
    assert repr(again) == f"SweepRun(name='bad', status='completed', epochs=5, {figures})"


def test_runs_that_cannot_be_compared_have_no_best_result() -> None:
    assert gdcli.compare([{**SPEC, "columns": {"target": target}} for target in "yz"]).best is None
    assert gdcli.compare([{**SPEC, "optimizer": {"lr": 1e9}}]).best is None
    empty = gdcli.compare([])
    assert (len(empty), empty.best, list(empty.frame.columns)) == (0, None, list(SUMMARY_COLUMNS))


def test_a_sweep_has_its_axes_in_front() -> None:
    results = gdcli.sweep({**SPEC, "epochs": 2}, grid={**GRID, "scaler": ["none", "zscore"]}, seeds=3)
    frame = results.frame
    assert list(frame.columns)[:3] == ["optimizer.lr", "scaler", "seed"]
    assert frame["optimizer.lr"].tolist() == [0.01] * 6 + [0.1] * 6
    assert frame["seed"].tolist() == [0, 1, 2] * 4
    best = results.best
    assert best is not None
    medians = frame.groupby(["optimizer.lr", "scaler"])["gap"].median()
    assert (best.summary["lr"], best.summary["scaler"]) == medians.idxmin()
    assert best.summary["gap"] == medians.min()
    assert not frame.isna().drop(columns="val_mse").any(axis=None)


def test_all_faults_of_all_specs_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("dataset: none.csv\nepochs: -1\n")
    with pytest.raises(gdcli.SpecError) as caught:
        gdcli.compare([{**SPEC, "epochs": -2}, path, {**SPEC, "epochs": -3}])
    assert str(caught.value).splitlines() == [
        f"{path}:1:1: no data file {tmp_path}/none.csv",
        f"{path}:2:1: epochs must be at least 0, got -1",
        "specs[0]: epochs must be at least 0, got -2",
        "specs[2]: epochs must be at least 0, got -3",
    ]


def test_names_in_python() -> None:
    assert len(gdcli.compare([SPEC, SPEC])) == 2  # without a name there is none to clash
    with pytest.raises(gdcli.SpecError) as caught:
        gdcli.compare([{**SPEC, "name": "a"}, SPEC, {**SPEC, "name": "a"}])
    message = "specs[2]: has the same name as specs[0], 'a'; give one of them a `name` of its own"
    assert str(caught.value) == message


def test_a_sweep_writes_into_its_directory_and_reuses_its_runs(tmp_path: Path) -> None:
    place = tmp_path / "new" / "mine"
    first = gdcli.sweep(SPEC, grid=GRID, directory=place, plot=False)
    files = ["best.yaml", "runs.jsonl", "summary.csv", "summary.json"]
    assert sorted(path.name for path in place.iterdir()) == files
    assert [path.name for path in place.parent.iterdir()] == ["mine"]
    more = gdcli.sweep(SPEC, grid={"optimizer.lr": [0.01, 0.1, 0.2]}, directory=place, plot=False)
    assert [isinstance(run, gdcli.Result) for run in more] == [False, False, True]
    assert [run.summary["seconds"] for run in more][:2] == [run.summary["seconds"] for run in first]
    np.testing.assert_array_equal(more.frame["gap"][:2], first.frame["gap"])
    assert more.best is more[2]
    assert json.loads((place / "summary.json").read_text())["finished"] == 3
    anew = gdcli.sweep(SPEC, grid=GRID, directory=str(place), fresh=True, plot=False)
    assert all(isinstance(run, gdcli.Result) for run in anew)
    assert gdcli.run(place / "best.yaml").summary["lr"] == 0.1


def test_a_directory_that_a_sweep_must_not_write(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/d.csv").write_text("x,y\n1,2\n2,3\n4,4\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(gdcli.OutputError) as caught:
        gdcli.sweep(SPEC, grid=GRID, directory=tmp_path / "mine")
    reason = "holds d.csv, which gdcli did not write; move it away, or choose another directory"
    assert str(caught.value) == f"{shown(tmp_path / 'mine')}: {reason}"
    with pytest.raises(gdcli.OutputError, match=r"holds d.csv, which this run reads"):
        gdcli.sweep({**SPEC, "dataset": tmp_path / "mine/d.csv"}, grid=GRID, directory=tmp_path / "mine")
    assert sorted(tmp_path.rglob("*")) == before


def test_an_interrupted_sweep_keeps_what_was_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdcli.sweeps.lockstep.MOST_COLUMNS", 1)
    calls = []

    def run_group(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return lockstep.run_group(*arguments)

    monkeypatch.setattr("gdcli.sweeps.workers.run_group", run_group)
    with pytest.raises(KeyboardInterrupt):
        gdcli.sweep(SPEC, grid=GRID, directory=tmp_path / "s", plot=False)
    assert json.loads((tmp_path / "s/summary.json").read_text())["finished"] == 1


def test_warnings_are_of_the_class_of_gdcli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Any) -> bytes:
        raise ValueError("no such thing")

    monkeypatch.setattr("gdcli.api.draw_sweep", fail)
    with pytest.warns(gdcli.GdcliWarning, match=r"sweep.png could not be drawn: ValueError: no such thing"):
        gdcli.sweep(SPEC, grid=GRID, directory=tmp_path / "s")
    with sole_writer(tmp_path / "s"):
        pass  # the lock is free again


def test_the_epochs_until_a_gap_is_small() -> None:
    result = gdcli.run({**SPEC, "epochs": 400, "optimizer": {"lr": 0.3}})
    optimum, gaps = result.summary["optimum_mse"], result.trace.gap
    expected = {share: next(i for i, gap in enumerate(gaps) if gap <= float(share) * optimum) for share in SHARES}
    assert result.summary["epochs_to"] == expected
    assert 0 < expected["0.01"] < expected["0.0001"] < expected["1e-06"] < 400
    assert gdcli.run({**SPEC, "epochs": 2}).summary["epochs_to"] == dict.fromkeys(SHARES)
    exact = {**SPEC, "dataset": {"inline": {"x": [1.0, 2.0], "y": [2.0, 4.0]}}, "init": "zeros"}
    assert gdcli.run(exact).summary["epochs_to"] == dict.fromkeys(SHARES)
