"""Which runs can be compared, and by which figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gdcli
from gdcli.experiment.comparison import comparison

ROWS: dict[str, Any] = {"rows": 40, "weights": [1.0, 2.0, 3.0], "noise": 1.0}
SPEC: dict[str, Any] = {"dataset": {"synthetic": ROWS}, "epochs": 30, "optimizer": {"lr": 0.1}}


def run(**changes: Any) -> gdcli.Result:
    return gdcli.run({**SPEC, **changes})


@pytest.mark.parametrize(
    ("changes", "figure", "reason"),
    [
        ({"optimizer": "adam", "scaler": "zscore"}, "gap", ""),
        ({"seed": 3}, "gap", ""),
        ({"dataset": {"synthetic": {**ROWS, "seed": 1}}}, None, "the runs have different data"),
        ({"columns": {"target": "x1"}}, None, "the runs have different targets ('y', 'x1')"),
        (
            {"dataset": {"synthetic": {**ROWS, "seed": 1}}, "columns": {"target": "x1"}},
            None,
            "the runs have different data and different targets ('y', 'x1')",
        ),
        ({"columns": {"features": ["x1"]}}, "final_mse", "the features differ"),
        ({"columns": {"intercept": False}}, "final_mse", "the features differ"),
        ({"split": {"validation": 0.5}}, "final_mse", "the splits differ"),
        (
            {"split": {"validation": 0.5}, "columns": {"features": ["x1"]}},
            "final_mse",
            "the features and the splits differ",
        ),
        ({"scaler": "sigmoid"}, "final_mse", "the optima differ"),
    ],
)
def test_what_ranks_two_runs(changes: dict[str, Any], figure: str | None, reason: str) -> None:
    one, other = run(name="one"), run(name="other", **changes)
    rule = comparison([[one], [other]])
    assert (rule.figure, rule.reason) == (figure, reason)
    if figure:
        values = [one.summary[figure], other.summary[figure]]
        assert rule.best([[one], [other]]) == [values.index(min(values))]
    else:
        assert rule.best([[one], [other]]) == []
        assert rule.order([[one], [other]]) == [0, 1]


def test_a_smaller_optimum_is_not_a_smaller_loss() -> None:
    # At the optimum of one feature the gap is 0, and the loss is far above that of all three.
    few = run(columns={"features": ["x1"]}, scaler="zscore", epochs=500)
    many = run(scaler="zscore", epochs=20)
    assert few.summary["gap"] < many.summary["gap"]
    assert few.summary["final_mse"] > many.summary["final_mse"]
    assert comparison([[few], [many]]).best([[few], [many]]) == [1]


def test_gaps_that_are_rounding_tie() -> None:
    near, nearer = (run(scaler="zscore", epochs=epochs, optimizer={"lr": 0.3}) for epochs in (45, 50))
    far = run(epochs=1)
    assert 0 <= nearer.summary["gap"] < near.summary["gap"] < 1e-16
    groups = [[far], [nearer], [near]]
    rule = comparison(groups)
    assert rule.best(groups) == [1, 2]
    assert rule.order([[far], [near], [nearer]]) == [1, 2, 0]
    assert rule.rounding == pytest.approx(2.3e-16 * near.summary["optimum_mse"], rel=0.1)


def test_seeds_of_one_split_each_are_compared_by_their_gaps() -> None:
    split = {"validation": 0.5}
    groups = [[run(split=split, seed=seed, optimizer={"lr": lr}) for seed in (0, 1)] for lr in (0.1, 0.2)]
    assert comparison(groups).figure == "gap"
    assert comparison([groups[0][:1], groups[1][1:]]).reason == "the splits differ"


GAPS = {"x": [1.0, 2, 3, 4, 5], "z": [1.0, None, 2, 5, 3], "v": [None, 1.0, 0, 2, 4], "y": [1.0, 2, 4, 4, 6]}


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ([["x"], ["x", "z"]], "the runs have different rows (5, 4)"),
        ([["x", "z"], ["x", "v"]], "the runs have different rows"),  # four each, but not the same ones
        ([["x", "z"], ["z"]], "the features differ"),
    ],
)
def test_runs_on_other_rows_have_no_best(features: list[list[str]], reason: str) -> None:
    spec = {"dataset": {"missing": "drop"}, "columns": {"target": "y"}, "epochs": 5}
    frame = pd.DataFrame(GAPS)
    specs = [{**spec, "name": f"s{i}", "columns": {"features": f, "target": "y"}} for i, f in enumerate(features)]
    results = gdcli.compare(specs, data=frame)
    assert comparison(results.groups).reason == reason
    assert (results.best is None) == ("rows" in reason)
    swept = gdcli.sweep(spec, grid={"columns.features": features}, data=frame)
    assert (swept.best is None) == ("rows" in reason)


def test_rows_left_out_are_the_same_whole_and_in_blocks(tmp_path: Path) -> None:
    frame = pd.DataFrame(GAPS)
    frame.to_csv(tmp_path / "whole.csv", index=False)
    frame[:2].to_csv(tmp_path / "a.csv", index=False)
    frame[2:].to_csv(tmp_path / "b.csv", index=False)
    whole, parts, all_used = (
        gdcli.run({"dataset": {"path": path, "missing": "drop"}, "columns": {"features": features}}).plan.rows.left_out
        for path, features in (
            (str(tmp_path / "whole.csv"), ["z", "v"]),
            ([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], ["z", "v"]),
            (str(tmp_path / "whole.csv"), ["x"]),
        )
    )
    assert whole == parts != all_used == ""


def test_diverged_runs_have_no_best() -> None:
    groups = [[run(optimizer={"lr": lr})] for lr in (1e9, 1e10)]
    assert comparison(groups).best(groups) == []
