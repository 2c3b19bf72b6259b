"""`gdcli sweep`: its files, its options, and what it refuses."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from workbench import Bench

SPEC = "dataset: d.csv\nscaler: zscore\nepochs: 5\n"
GRID = ("--grid", "optimizer.lr=0.01,0.1,5.0")


def test_files_and_their_columns(bench: Bench) -> None:
    bench.runs("sweep", "s.yaml", *GRID, "--grid", "scaler=none,zscore", "--curves", spec=SPEC)
    home = bench.home / "results/s-sweep"
    assert sorted(path.name for path in home.iterdir()) == [
        *("best.yaml", "curves.csv", "runs.jsonl", "summary.csv", "summary.json", "sweep.png")
    ]
    assert bench.results()[0] == "s-sweep"
    table = pd.read_csv(home / "summary.csv")
    assert list(table.columns[:4]) == ["optimizer.lr", "scaler", "name", "status"]
    assert list(zip(table["optimizer.lr"], table["scaler"], strict=True))[:3] == [
        *((0.01, "none"), (0.01, "zscore"), (0.1, "none"))
    ]
    curves = pd.read_csv(home / "curves.csv")
    assert list(curves.columns) == ["optimizer.lr", "scaler", "seed", "epoch", "step", "lr", "mse", "gap"]
    document = json.loads((home / "summary.json").read_text())
    assert (document["planned"], document["finished"], len(document["runs"])) == (6, 6, 6)
    assert document["diverged"] == int((table["status"] == "diverged").sum()) > 0
    assert (home / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_the_best_runs_again_to_the_same_gap(bench: Bench) -> None:
    bench.runs("sweep", "s.yaml", *GRID, "--json", spec=SPEC + "expect: {final_mse: 1}\n")
    best = json.loads((bench.home / "results/s-sweep/summary.json").read_text())["best"]
    bench.runs("run", "results/s-sweep/best.yaml", "--no-plot")
    again = json.loads((bench.home / "results/s-best/summary.json").read_text())
    assert again["gap"] == pytest.approx(best["gap"], rel=1e-10)
    assert again["lr"] == best["setting"]["optimizer.lr"] == 0.1
    assert "expect" not in again["spec"]


def test_block_and_option(bench: Bench) -> None:
    spec = SPEC + "sweep:\n  optimizer.lr: {log: [1.0e-3, 0.1, 3]}\n  batch_size: [1, full]\n"
    out = bench.runs("sweep", "s.yaml", "--json", "--no-plot", "--grid", "batch_size=2", spec=spec).out
    assert json.loads(out)["axes"] == {"optimizer.lr": [0.001, 0.01, 0.1], "batch_size": [2]}
    paired = bench.runs("sweep", "s.yaml", "--json", "--no-plot", "--zip", "--grid", "batch_size=1,2,full").out
    settings = [run["setting"] for run in json.loads(paired)["runs"]]
    assert settings == [{"optimizer.lr": lr, "batch_size": b} for lr, b in ((0.001, 1), (0.01, 2), (0.1, "full"))]


def test_run_leaves_the_block_aside(bench: Bench) -> None:
    bench.runs(spec=SPEC + "sweep: {optimizer.lr: [0.1, 0.2]}\n")


def test_seeds_are_a_column_and_give_a_median(bench: Bench) -> None:
    out = bench.runs("sweep", "s.yaml", *GRID, "--seeds", "4", spec=SPEC).out
    table = pd.read_csv(bench.home / "results/s-sweep/summary.csv")
    assert list(table["seed"]) == [0, 1, 2, 3] * 3
    assert "median gap" in out
    assert "10–90 %" in out
    assert "12 runs, 4 diverged" in out


def test_skipped_settings_are_told_and_listed(bench: Bench) -> None:
    warning = "warning: skipped optimizer.lr=-1: optimizer.lr must be greater than 0, got -1"
    bench.runs("sweep", "s.yaml", "--grid", "optimizer.lr=-1,0.1", spec=SPEC, warnings=warning)
    skipped = json.loads((bench.home / "results/s-sweep/summary.json").read_text())["skipped"]
    assert skipped == [{"setting": {"optimizer.lr": -1}, "reason": "optimizer.lr must be greater than 0, got -1"}]


def test_all_diverged(bench: Bench) -> None:
    bench.write("s.yaml", SPEC)
    outcome = bench.gd("sweep", "s.yaml", "--grid", "optimizer.lr=1.0e+9,1.0e+10")
    assert outcome.code == 4
    assert "2 runs, 2 diverged" in outcome.out
    assert not (bench.home / "results/s-sweep/best.yaml").exists()


REFUSED = {
    "nothing": (
        [],
        "s.yaml: nothing to vary: give a `sweep:` block or --grid, such as --grid optimizer.lr=log:1e-3:1:13",
    ),
    "unknown_key": (
        ["--grid", "optimzer.lr=1,2"],
        "sweep optimzer.lr=1: unknown key 'optimzer'; did you mean 'optimizer'?",
    ),
    "through_a_scalar": (["--grid", "epochs.x=1,2"], "sweep epochs.x=1: epochs is 5 and has no key 'x'"),
    "no_axis": (
        ["--grid", "optimizer.lr=log:0:1:3"],
        "--grid optimizer.lr=log:0:1:3: log needs two different ends above 0",
    ),
    "twice": (
        ["--grid", "optimizer.lr=0.1,0.2", "--grid", "optimizer.lr=0.3"],
        "--grid: optimizer.lr is there twice; give all of its values at once",
    ),
    "unequal": (
        ["--zip", "--grid", "seed=1,2", "--grid", "epochs=1,2,3"],
        "sweep: paired axes must have the same number of values, got seed 2, epochs 3",
    ),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(bench: Bench, options: list[str], message: str) -> None:
    bench.write("s.yaml", SPEC)
    bench.refuses(2, message, "sweep", "s.yaml", *options)


def test_block_that_is_none(bench: Bench) -> None:
    spec = SPEC + "sweep: [1]\n"
    message = "s.yaml:4:1: sweep must be a mapping of keys to values, such as optimizer.lr: [0.01, 0.1]"
    bench.write("s.yaml", spec)
    bench.refuses(2, message, "sweep", "s.yaml")


def test_each_fault_of_a_block_has_its_line(bench: Bench) -> None:
    bench.write("s.yaml", SPEC + "sweep:\n  optimizer.lr: {lgo: [1, 2, 3]}\n  batch_size: 10\n")
    spacings = "{log: [from, to, count]}"
    message = (
        f"s.yaml:5:3: sweep.optimizer.lr must be a list, {spacings} or {{linear: [from, to, count]}}\n"
        f"s.yaml:6:3: sweep.batch_size must be a list, or {spacings}, got 10"
    )
    bench.refuses(2, message, "sweep", "s.yaml")


def test_settings_with_optima_of_their_own_are_told_apart(bench: Bench) -> None:
    said = "the settings have different optima: the gap is to each one's own"
    assert said in bench.runs("sweep", "s.yaml", "--grid", "columns.intercept=true,false", spec=SPEC).out
    assert said not in bench.runs("sweep", "s.yaml", "--grid", "scaler=none,zscore,minmax").out


def test_unfit_data_for_every_point(bench: Bench) -> None:
    bench.write("s.yaml", "dataset: missing.csv\n")
    bench.refuses(3, "s.yaml:1:1: no data file missing.csv", "sweep", "s.yaml", *GRID)
