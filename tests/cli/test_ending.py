"""Remarks on runs that have ended: what `completed` alone does not say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from workbench import Bench

import gdcli

D = "dataset: d.csv\n"
LIMIT = (
    "is above 0.05779, the largest stable rate of full-batch descent on these columns; "
    "lower optimizer.lr or scale the features"
)


def remarks(*lines: str) -> str:
    return "\n".join(f"warning: s: {line}" for line in lines)


def told(spec: str, bench: Bench) -> tuple[str, str, str]:
    """The first line of the table, the warnings after the run, and those of summary.json."""
    bench.write("s.yaml", spec)
    outcome = bench.gd("run", "s.yaml", "--no-plot")
    assert outcome.code == 0
    summary = json.loads(Path("results/s/summary.json").read_text())
    assert bench.gd("run", "s.yaml", "--no-plot", "--quiet").err == ""
    before = tuple(f"{start}s: {sentence}" for start in ("", "warning: ") for sentence in summary["explanation"][:1])
    title, *_ = (line for line in outcome.out.splitlines() if not line.startswith(before or "\0"))
    warned = [line for line in outcome.err.splitlines() if not line.startswith(before or "\0")]
    return title, "\n".join(warned), remarks(*summary["warnings"])


def test_house_prices_just_beyond_the_limit(bench: Bench) -> None:
    rng = np.random.RandomState(0)
    area, rooms = rng.uniform(500, 4000, 200).round(), rng.randint(1, 8, 200)
    price = (150 * area + 20000 * rooms + rng.randn(200) * 20000).round()
    rows = "\n".join(f"{a:.0f},{r},{p:.0f}" for a, r, p in zip(area, rooms, price, strict=True))
    bench.write("h.csv", f"area,rooms,price\n{rows}\n")
    limit = gdcli.run({"dataset": "h.csv", "epochs": 0}).largest_stable_lr
    assert limit is not None
    title, warned, kept = told(f"dataset: h.csv\noptimizer: {{lr: {1.01 * limit!r}}}\nepochs: 200\n", bench)
    summary = json.loads(Path("results/s/summary.json").read_text())
    assert summary["final_mse"] > summary["initial_mse"]
    assert title == "s  completed, above its start"
    assert (
        warned
        == kept
        == remarks(
            f"ended above its start: the MSE went from {summary['initial_mse']:.6g} to {summary['final_mse']:.6g}; "
            f"lr {1.01 * limit:g} is above {limit:.4g}, the largest stable rate of full-batch descent on these "
            "columns; lower optimizer.lr or scale the features"
        )
    )


REMARKS = {
    "beyond_and_below": ("optimizer: {lr: 0.058}\nepochs: 2\n", "lr beyond its limit", f"lr 0.058 {LIMIT}"),
    "batches": (
        "optimizer: {lr: 0.058}\nepochs: 1\nbatch_size: 3\n",
        "above its start",
        f"ended above its start: the MSE went from 0.79358 to 0.916934; lr 0.058 {LIMIT}",
    ),
    "schedule": (
        "optimizer: {lr: 0.06}\nschedule: cosine\nepochs: 50\n",
        "lr beyond its limit",
        f"lr 0.06 {LIMIT}",
    ),
    "other_optimizer": (
        "optimizer: {kind: adam, lr: 5}\nepochs: 1\n",
        "above its start",
        "ended above its start: the MSE went from 0.79358 to 1084.22; lower optimizer.lr or scale the features",
    ),
    "hardly_moved": (
        "optimizer: {kind: sgd, lr: 1.0e-9}\n",
        "hardly moved",
        "moved only 0.00012 % of the way from its start to the optimum: the gap is still 0.7222; raise optimizer.lr or "
        "epochs, or scale features and target",
    ),
    "scaled_and_above_its_start": (
        "scaler: zscore\noptimizer: {kind: adam, lr: 5}\nepochs: 1\n",
        "above its start",
        "ended above its start: the MSE went from 26.0844 to 66.0887; lower optimizer.lr",
    ),
    "scaled_and_hardly_moved": (
        "scaler: minmax\noptimizer: {kind: sgd, lr: 1.0e-9}\n",
        "hardly moved",
        "moved only 5.8e-05 % of the way from its start to the optimum: the gap is still 19.11; raise optimizer.lr or "
        "epochs",
    ),
    "adam_on_prices": (
        "dataset: {inline: {area: [50, 80, 120], price: [2.0e5, 3.1e5, 4.9e5]}}\noptimizer: adam\nepochs: 200\n",
        "hardly moved",
        "",
    ),
}


@pytest.mark.parametrize(("keys", "note", "sentence"), REMARKS.values(), ids=REMARKS)
def test_remarks(bench: Bench, keys: str, note: str, sentence: str) -> None:
    title, warned, kept = told(keys if keys.startswith("dataset") else D + keys, bench)
    assert title == f"s  completed, {note}"
    assert warned == kept
    if sentence:
        assert warned == remarks(sentence)
    else:
        assert warned.startswith("warning: s: moved only ")
    assert "\n" not in warned


@pytest.mark.parametrize(
    "keys",
    [
        "optimizer: {lr: 0.0577}\n",  # just below the limit
        "epochs: 0\n",
        "epochs: 0\noptimizer: {lr: 9}\n",
        "dataset: {inline: {x: [1, 2, 3], y: [2, 4, 6]}}\ninit: [2, 0]\n",  # starts at the optimum
        "dataset: {inline: {x: [0.1, 0.2, 0.7], y: [0.3, 0.6, 2.1]}}\ninit: [3, 0]\noptimizer: adam\n",
    ],
)
def test_nothing_to_say(bench: Bench, keys: str) -> None:
    title, warned, kept = told(keys if keys.startswith("dataset") else D + keys, bench)
    assert title == "s  completed"
    assert warned == kept == ""


def test_a_diverged_result_carries_its_explanation() -> None:
    spec = {"dataset": {"inline": {"x": [1.0, 2.0, 4.0], "y": [0.0, 1.0, 5.0]}}, "optimizer": {"lr": 5.0}}
    result = gdcli.run(spec)
    assert result.status == "diverged"
    (warning,) = result.warnings
    assert warning.startswith("diverged at epoch ")
    assert result.summary["warnings"] == [warning]


COUNTED = "2 of 3 above its start, 1 lr beyond its limit"


def test_seeds_share_one_remark(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for name in "ab":
        bench.write(f"{name}.yaml", f"{D}optimizer: {{lr: 0.058}}\nepochs: 2\n")
    outcome = bench.gd("compare", "a.yaml", "b.yaml", "--seeds", "3", "--no-plot")
    rest = f"the MSE went from 21.952 to 22.179; lr 0.058 {LIMIT} ({COUNTED}; this is seed 1)"
    assert outcome.err.splitlines() == [f"warning: {name}: ended above its start: {rest}" for name in "ab"]
    assert outcome.code == 0
    assert outcome.out.count(COUNTED) == 2


@pytest.mark.parametrize(
    ("keys", "status", "sentence"),
    [
        ("stop: {gap: 1}\n", "target reached", "at epoch 1: the gap is at most stop.gap, 1"),
        (
            "stop: {patience: 3, min_delta: 0.5}\n",
            "stalled",
            "at epoch 3: the MSE has not improved by 0.5 on 0.79358, that of epoch 0; it ended at 677 % above the "
            "optimum",
        ),
    ],
)
def test_why_a_run_stopped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, keys: str, status: str, sentence: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    bench.write("s.yaml", f"{D}optimizer: {{lr: 0.03}}\n{keys}")
    lines = bench.gd("run", "s.yaml", "--no-plot").out.splitlines()
    assert lines[:2] == ["s: Stable: lr 0.03 is 51.9 % of 0.057793, the largest stable rate.", f"s  {status}"]
    assert [line.split("  ", 1)[1].strip() for line in lines if line.startswith("stopped ")] == [sentence]


def test_no_weight_is_minus_zero(bench: Bench) -> None:
    bench.write("s.yaml", f"{D}epochs: 0\ninit: [-0.0, 0, 0]\nscaler: zscore\n")
    outcome = bench.gd("run", "s.yaml", "--no-plot")
    assert " -0 " not in outcome.out
    summary = json.loads(Path("results/s/summary.json").read_text())
    assert "-0.0" not in map(str, (*summary["weights"].values(), *summary["weights_original"].values()))


ADAM = D + "optimizer: {kind: adam, lr: 5}\nepochs: 1\n"


def test_a_sweep_counts_remarks_and_warns_about_its_best_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    warning = (
        "warning: best run, optimizer.lr=5: ended above its start: the MSE went from 0.79358 to 1084.22; "
        "lower optimizer.lr or scale the features"
    )
    command = ("sweep", "s.yaml", "--grid", "optimizer.lr=5,6", "--no-plot")
    for said in (bench.runs(*command, spec=ADAM, warnings=warning), bench.runs(*command, warnings=warning)):
        assert "\n2 runs, 0 diverged, 2 ended above their start\n" in said.out  # also of runs from earlier sweeps
    assert bench.gd(*command, "--quiet").err == ""


def test_the_warning_about_the_best_run_names_its_seed(bench: Bench) -> None:
    bench.write("s.yaml", ADAM)
    outcome = bench.gd("sweep", "s.yaml", "--grid", "optimizer.lr=5,6", "--seeds", "3", "--no-plot")
    assert outcome.err.startswith("warning: best run, optimizer.lr=5, seed=")
    assert ": ended above its start: the MSE went from " in outcome.err


CONSTANT = "x,z,y\n1,1,3\n1,2,4\n2,3,9\n1,4,8\n1,5,1\n"  # with seeds 3 to 6, x is constant in the training rows
SPLIT = D + "columns: {target: y}\nsplit: {validation: 0.4}\nepochs: 2\n"


@pytest.mark.parametrize(("seeds", "concerned"), [(5, "seed=3, 4"), (8, "seed=3, 4, 5 and 1 more")])
def test_data_warnings_name_the_seeds_concerned(bench: Bench, seeds: int, concerned: str) -> None:
    bench.write("d.csv", CONSTANT)
    for name in "st":
        bench.write(f"{name}.yaml", SPLIT)
    rank = "rank 2 of 3: 'x' depends on intercept. The optimum shown is the one of smallest norm."
    options = ("--seeds", str(seeds), "--no-plot")
    bench.runs(
        "compare", "s.yaml", "t.yaml", *options, warnings="\n".join(f"warning: {n}: {concerned}: {rank}" for n in "st")
    )
    bench.runs(
        "sweep", "s.yaml", "--grid", "optimizer.lr=0.01,0.02", *options, warnings=f"warning: {concerned}: {rank}"
    )
    zero = rank.replace("depends on intercept", "is zero")
    spread = "column 'x' has no spread in the training rows to divide by: shifted, not divided"
    warnings = [f"scaler=zscore, {concerned}: {spread}", f"scaler=none, {concerned}: {rank}"]
    warnings = [f"warning: {line}" for line in (*warnings, f"scaler=zscore, {concerned}: {zero}")]
    bench.runs("sweep", "s.yaml", "--grid", "scaler=none,zscore", *options, warnings="\n".join(warnings))


# What `auto` has become

AUTO = "optimizer: {lr: auto}\n"


def test_run_says_what_auto_has_become(bench: Bench) -> None:
    said = "lr auto: 0.05665, the best constant rate for 100 epochs"
    outcome = bench.runs(spec=f"{D}{AUTO}")
    assert outcome.out.splitlines()[0] == f"s: {said}"
    summary = json.loads(bench.runs("run", "s.yaml", "--no-plot", "--json").out)
    assert summary["explanation"][0] == said
    assert summary["spec"]["optimizer"]["lr"] == summary["lr"] == gdcli.run("s.yaml").plan.spec.optimizer.lr
    assert bench.runs("run", "s.yaml", "--no-plot", "--quiet").out == ""


def test_check_with_auto(bench: Bench) -> None:
    spec = f"{D}{AUTO}expect: {{gap: {{at_most: 0.02}}}}\n"
    outcome = bench.runs("check", "s.yaml", spec=spec)
    assert outcome.out.endswith("\n1 passed, 0 failed\n")
    assert "auto" not in outcome.out


def test_rates_above_the_limit_that_auto_chose_need_no_warning(bench: Bench) -> None:
    outcome = bench.runs(spec=f"{D}{AUTO}schedule: cosine\n")
    limit = gdcli.run("s.yaml").largest_stable_lr
    assert limit
    assert gdcli.run("s.yaml").summary["lr"] > limit
    assert f"some of its rates are above {limit:.4g}, " in outcome.out
