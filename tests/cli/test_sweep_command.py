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


def test_run_ignores_the_block(bench: Bench) -> None:
    bench.runs(spec=SPEC + "sweep: {optimizer.lr: [0.1, 0.2]}\n")


def test_seeds_are_a_column_and_give_a_median(bench: Bench) -> None:
    out = bench.runs("sweep", "s.yaml", *GRID, "--seeds", "4", spec=SPEC).out
    table = pd.read_csv(bench.home / "results/s-sweep/summary.csv")
    assert list(table["seed"]) == [0, 1, 2, 3] * 3
    assert "median gap" in out
    assert "10–90 %" in out
    assert "12 runs, 4 diverged" in out


def test_skipped_settings_are_reported_and_listed(bench: Bench) -> None:
    reason = "unknown key 'momentum' in optimizer of kind sgd; known: kind, lr, weight_decay"
    warning = f"warning: skipped optimizer.kind=sgd, optimizer.momentum=0.5: {reason}"
    grid = ("--grid", "optimizer.kind=sgd,momentum", "--grid", "optimizer.momentum=0.5")
    bench.runs("sweep", "s.yaml", *grid, spec=SPEC, warnings=warning)
    skipped = json.loads((bench.home / "results/s-sweep/summary.json").read_text())["skipped"]
    assert skipped == [{"setting": {"optimizer.kind": "sgd", "optimizer.momentum": 0.5}, "reason": reason}]


def test_all_diverged(bench: Bench) -> None:
    bench.write("s.yaml", SPEC)
    outcome = bench.gd("sweep", "s.yaml", "--grid", "optimizer.lr=1.0e+9,1.0e+10")
    assert outcome.code == 4
    assert "2 runs, 2 diverged" in outcome.out
    assert outcome.err.startswith(
        "s-sweep: every setting diverged; optimizer.lr=1000000000.0 diverged at epoch 1: its gap "
    )
    assert not (bench.home / "results/s-sweep/best.yaml").exists()


def test_half_of_the_seeds_diverged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    bench.write("s.yaml", PARTLY)
    outcome = bench.gd("sweep", "s.yaml", "--grid", "optimizer.lr=0.062,0.064", "--seeds", "10", "--no-plot")
    assert outcome.code == 4
    assert outcome.err == (
        "s-sweep: at least half of the seeds of every setting diverged (11 of 20 runs); optimizer.lr=0.062, seed=0 "
        "diverged at epoch 15: its gap passed 1e+06 times that of the start; lr 0.062 is above 0.05779, the largest "
        "stable rate of full-batch descent on these columns; lower optimizer.lr or scale the features\n"
    )
    assert [" ".join(line.split()[:5]) for line in outcome.out.splitlines()[3:5]] == [
        "0.062 5 of 10 diverged",
        "0.064 6 of 10 diverged",
    ]


REFUSED = {
    "nothing": (
        [],
        "s.yaml: nothing to vary: give a `sweep:` block or --grid, such as --grid optimizer.lr=log:1e-3:1:13",
    ),
    "unknown_key": (
        ["--grid", "optimzer.lr=1,2"],
        "--grid optimzer.lr=1,2: unknown key 'optimzer'; did you mean 'optimizer'?",
    ),
    "through_a_scalar": (["--grid", "epochs.x=1,2"], "--grid epochs.x=1,2: epochs is 5 and has no key 'x'"),
    "no_axis": (
        ["--grid", "optimizer.lr=log:0:1:3"],
        "--grid optimizer.lr=log:0:1:3: log needs two different ends above 0",
    ),
    "twice": (
        ["--grid", "optimizer.lr=0.1,0.2", "--grid", "optimizer.lr=0.3"],
        "--grid: optimizer.lr is given twice; give all of its values at once",
    ),
    "typo": (
        ["--grid", "optimizer.kind=sgd,momentun", "--grid", "scaler=none,zscore"],
        "--grid optimizer.kind=sgd,momentun: unknown optimizer 'momentun'; did you mean 'momentum'?",
    ),
    "out_of_bounds": (
        ["--grid", "optimizer.lr=-1,0.1"],
        "--grid optimizer.lr=-1,0.1: optimizer.lr must be greater than 0, got -1",
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


def test_block_that_is_not_a_mapping(bench: Bench) -> None:
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


def test_an_impossible_value_of_a_block_has_its_line(bench: Bench) -> None:
    block = "sweep:\n  optimizer.lr: {linear: [-1, 1, 3]}\n  optimizer.kind:\n    - sgd\n    - momentun\n"
    bench.write("s.yaml", SPEC + block)
    message = (
        "s.yaml:5:3: optimizer.lr must be greater than 0, got -1\n"
        "s.yaml:5:3: optimizer.lr must be greater than 0, got 0\n"
        "s.yaml:8:7: unknown optimizer 'momentun'; did you mean 'momentum'?"
    )
    bench.refuses(2, message, "sweep", "s.yaml")


def test_settings_with_different_optima_are_distinguished(bench: Bench) -> None:
    said = "ranked by final MSE: the features differ"
    assert said in bench.runs("sweep", "s.yaml", "--grid", "columns.intercept=true,false", spec=SPEC).out
    assert "ranked by" not in bench.runs("sweep", "s.yaml", "--grid", "scaler=none,zscore,minmax").out


def test_unfit_data_for_every_point(bench: Bench) -> None:
    bench.write("s.yaml", "dataset: missing.csv\n")
    bench.refuses(3, "s.yaml:1:1: no data file missing.csv", "sweep", "s.yaml", *GRID)


PARTLY = "dataset: d.csv\nbatch_size: 1\nepochs: 30\noptimizer: {lr: 0.06}\n"  # 4 of 10 seeds diverge


def test_compare_and_sweep_have_the_same_medians(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    bench.write("s.yaml", PARTLY)
    bench.write("other.yaml", PARTLY)
    swept = bench.gd("sweep", "s.yaml", "--grid", "epochs=30", "--seeds", "10")
    compared = bench.gd("compare", "s.yaml", "other.yaml", "--seeds", "10")
    row = next(line for line in swept.out.splitlines() if line.strip().startswith("30"))
    figures = row.split()[1:]
    assert figures == ["9780093", "9.78e+06", "1.18e+02", "–", "∞", "1.369e+08"]
    same = next(line for line in compared.out.splitlines() if "★ s " in line)
    assert " 4 of 10 diverged, 5 above its start, 1 lr beyond its limit " in same
    assert same.split()[-7:] == [*figures, "∞"]  # 1 % of the optimum is never reached
    medians = json.loads((bench.home / "results/s-vs-other/summary.json").read_text())["medians"]["s"]
    (setting,) = json.loads((bench.home / "results/s-sweep/summary.json").read_text())["settings"]
    assert {key: setting[key] for key in medians} == medians
    assert medians["gap"]["high"] is None
    optimum = medians["gap"]["median"] / medians["gap_ratio"]["median"]
    assert medians["final_mse"]["median"] == pytest.approx(medians["gap"]["median"] + optimum, rel=1e-12)
    said = "medians of 10 seeds, column by column"
    assert f"{said}; 10–90 % is the range of the gap" in swept.out
    assert f"★ best   {said}   optimum MSE 0.071428571" in compared.out


def test_runs_that_cannot_be_compared_have_no_best(bench: Bench) -> None:
    out = bench.runs("sweep", "s.yaml", "--grid", "columns.target=y,z", spec="dataset: d.csv\nepochs: 5\n").out
    assert "no best: the runs have different targets ('y', 'z')" in out
    assert "stays within" not in out
    document = json.loads((bench.home / "results/s-sweep/summary.json").read_text())
    assert (document["best"], document["ranked_by"]) == (None, None)
    assert not (bench.home / "results/s-sweep/best.yaml").exists()
    bench.write("t.yaml", "dataset: d.csv\nepochs: 5\ncolumns: {target: z}\n")
    out = bench.runs("compare", "s.yaml", "t.yaml").out
    assert "★" not in out
    assert "no best: the runs have different targets ('y', 'z')" in out


def test_other_features_are_ranked_by_final_mse(bench: Bench) -> None:
    grid = ("--grid", "columns.features=[x],[x, z]", "--grid", "optimizer.lr=0.01,0.05")
    out = bench.runs("sweep", "s.yaml", *grid, spec="dataset: d.csv\nepochs: 50\n").out
    assert "ranked by final MSE: the features differ" in out
    document = json.loads((bench.home / "results/s-sweep/summary.json").read_text())
    losses = {str(run["setting"]): run["final_mse"] for run in document["runs"]}
    assert losses[str(document["best"]["setting"])] == min(losses.values())
    rows = [float(line.split()[-3]) for line in out.splitlines()[3:7]]
    assert rows == sorted(rows)
    assert "with features [x, z]: only optimizer.lr 0.05 stays within 2 times the best final MSE" in " ".join(
        out.split()
    )


def test_a_narrow_table_keeps_what_ranks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    grid = [f"--grid={axis}" for axis in ("optimizer.lr=0.01,0.1", "epochs=5,6", "seed=0,1", "init=zeros,normal")]
    out = bench.runs("sweep", "s.yaml", *grid, "--grid=columns.intercept=true,false", spec=SPEC).out
    assert "final MSE" in out.splitlines()[1]
    out = bench.runs("sweep", "s.yaml", *grid, "--grid=scaler=none,zscore").out
    assert "gap" in out.splitlines()[1].split()


def test_gaps_that_are_rounding_are_not_ranked(bench: Bench) -> None:
    grid = ("--grid", "optimizer.lr=0.1,0.4,0.5", "--grid", "optimizer=[sgd]")
    out = bench.runs("sweep", "s.yaml", *grid[:2], spec="dataset: d.csv\nscaler: zscore\nepochs: 2000\n").out
    assert "\n3 are at the optimum: gaps up to 1.6e-17 are rounding\n" in out
    assert "optimizer.lr from 0.1 to 0.5 reaches the optimum to rounding" in out


def test_labels_say_what_was_run(bench: Bench) -> None:
    grid = ("--grid", "optimizer={kind: sgd, lr: 0.5},{kind: adam, lr: 0.05}", "--grid", "optimizer.lr=0.1")
    out = bench.runs("sweep", "s.yaml", *grid, spec=SPEC).out
    assert sorted(line.split()[0] for line in out.splitlines()[3:5]) == ["adam", "sgd"]
    assert "0.05" not in out
    assert "all with optimizer.lr 0.1" in out
    table = pd.read_csv(bench.home / "results/s-sweep/summary.csv")
    assert list(zip(table["optimizer"], table["optimizer.lr"], table["lr"], strict=False)) == [
        *(("sgd", 0.1, 0.1), ("adam", 0.1, 0.1))
    ]


def test_the_list_of_settings_near_the_best_names_the_best(bench: Bench) -> None:
    grid = ("--grid", "optimizer.lr=0.01,0.1,0.4", "--grid", "scaler=none,zscore")
    out = bench.runs("sweep", "s.yaml", *grid, spec=SPEC).out
    assert "\nwith scaler zscore: only optimizer.lr 0.4 stays within 2 times the best gap\n" in out
    paired = ("--zip", "--grid", "optimizer.lr=0.01,0.1", "--grid", "epochs=5,6")
    assert "stays within" not in bench.runs("sweep", "s.yaml", *paired, spec=SPEC).out


def test_warnings_name_the_settings_concerned(bench: Bench) -> None:
    bench.write("d.csv", "x,z,y\n1,7,3\n2,7,4\n3,7,9\n4,7,8\n")
    spec = "dataset: d.csv\nscaler: zscore\nschedule: {kind: warmup, length: 10}\n"
    warnings = (
        "columns.features=[x, z]: column 'z' has no spread in the training rows to divide by: shifted, not divided",
        "columns.features=[x, z]: rank 2 of 3: 'z' is zero. The optimum shown is the one of smallest norm.",
        "epochs=5: schedule.length extends to epoch 10, but there are only 5",
    )
    grid = ("--grid", "columns.features=[x],[x, z]", "--grid", "optimizer.lr=0.01,0.1", "--grid", "epochs=5,20")
    told = "\n".join(f"warning: {warning}" for warning in warnings)
    bench.runs("sweep", "s.yaml", "--no-plot", *grid, spec=spec, warnings=told)


def test_best_names_its_seed(bench: Bench) -> None:
    spec = "dataset: d.csv\nscaler: zscore\nbatch_size: 1\nepochs: 5\n"
    out = bench.runs("sweep", "s.yaml", *GRID[:1], "optimizer.lr=0.01,0.1", "--seeds", "5", spec=spec).out
    document = json.loads((bench.home / "results/s-sweep/summary.json").read_text())
    seed = document["best"]["seed"]
    gaps = {run["seed"]: run["gap"] for run in document["runs"] if run["setting"] == document["best"]["setting"]}
    assert gaps[seed] == sorted(gaps.values())[2] == document["best"]["gap"]
    assert f"best.yaml has seed {seed}, whose run is the nearest to the median" in out
    best = (bench.home / "results/s-sweep/best.yaml").read_text()
    assert best.startswith(f"# Seed {seed}, whose run is the nearest to the median of 5.\nname: s-best\n")
    bench.runs("run", "results/s-sweep/best.yaml", "--no-plot")
    again = json.loads((bench.home / "results/s-best/summary.json").read_text())
    assert again["gap"] == pytest.approx(gaps[seed], rel=1e-10)


SEEDS = {
    "beyond_the_last": (
        ["sweep", "s.yaml", *GRID, "--seeds", "4294967296", "--set", "seed=24"],
        "--seeds 4294967296: seeds count up from 24 and must stay below 4294967296: at most 4294967272",
    ),
    "too_many_runs": (
        ["sweep", "s.yaml", *GRID, "--seeds", "50000"],
        "--seeds 50000: these are 150000 runs (3 times 50000); at most 100000 are allowed",
    ),
    "comparison_beyond_the_last": (
        ["compare", "s.yaml", "t.yaml", "--seeds", "4294967297"],
        "--seeds 4294967297: seeds count up from 0 and must stay below 4294967296: at most 4294967296",
    ),
    "comparison_of_too_many": (
        ["compare", "s.yaml", "t.yaml", "--seeds", "4294967296"],
        "--seeds 4294967296: these are 8589934592 runs (2 times 4294967296); at most 100000 are allowed",
    ),
}


@pytest.mark.parametrize(("command", "message"), SEEDS.values(), ids=SEEDS)
def test_the_number_of_seeds_is_limited(bench: Bench, command: list[str], message: str) -> None:
    bench.write("s.yaml", SPEC)
    bench.write("t.yaml", SPEC)
    bench.refuses(2, message, *command)


def test_a_spec_of_many_seeds_diverges_in_one_line(bench: Bench) -> None:
    bench.write("s.yaml", PARTLY)
    bench.write("t.yaml", PARTLY.replace("0.06", "0.001"))
    outcome = bench.gd("compare", "s.yaml", "t.yaml", "--seeds", "10", "--no-plot")
    assert outcome.code == 4
    assert outcome.err == (
        "s diverged at epoch 15: its gap passed 1e+06 times that of the start; lr 0.06 is above 0.05779, "
        "the largest stable rate of full-batch descent on these columns; lower optimizer.lr or scale the features "
        "(4 of 10 diverged, 5 above its start, 1 lr beyond its limit; this is seed 0)\n"
    )
