"""Runs that diverge, and expectations that do not hold: a sentence, an exit code, and the curve so far."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from workbench import Bench

D = "dataset: d.csv\n"
PASSED = "its gap passed 1e+06 times that of the start"
NOT_FINITE = "its loss is no longer finite"
LIMIT = (
    "is above 0.05779, the largest stable rate of full-batch descent on these columns; "
    "lower optimizer.lr or scale the features"
)
MOMENTUM = LIMIT.replace("0.05779", "0.1098").replace("descent", "descent with momentum 0.9")
LOWER = "lower optimizer.lr or scale the features"

STABLE = "0.057793, the largest stable rate"
ON_ROWS = (
    "about 0.036479, beyond which the expected gap grows on batches of 1 (for full batches the limit is 0.057793). "
    "In the long run its loss must grow."
)

# id → the spec after its dataset, the warning before the run, and the sentence after `s diverged at epoch `
DIVERGING: dict[str, tuple[str, str, str]] = {
    "sgd": (
        "optimizer: {lr: 1}",
        f"Unstable: lr 1 is 17.3 times {STABLE}. It must diverge at epoch 3.",
        f"3: {PASSED}; lr 1 {LIMIT}",
    ),
    "sgd_far": (
        "optimizer: {lr: 1.0e+30}",
        f"Unstable: lr 1e+30 is 1.73e+31 times {STABLE}. It must diverge at epoch 1.",
        f"1: {PASSED}; lr 1e+30 {LIMIT}",
    ),
    "sgd_to_infinity": (
        "optimizer: {lr: 1.0e+308}",
        f"Unstable: lr 1e+308 is more than 1e+308 times {STABLE}. It must diverge at epoch 1.",
        f"1: {NOT_FINITE}; lr 1e+308 {LIMIT}",
    ),
    "momentum": (
        "optimizer: {kind: momentum, lr: 10}",
        "Unstable: lr 10 is 91.1 times 0.1098, the largest stable rate of full-batch descent with momentum 0.9. "
        "It must diverge at epoch 2.",
        f"2: {PASSED}; lr 10 {MOMENTUM}",
    ),
    "batches": (
        "batch_size: 1\noptimizer: {lr: 1}",
        f"Unstable: lr 1 is 27.4 times {ON_ROWS}",
        f"1: {PASSED}; lr 1 {LIMIT}",
    ),
    "batches_to_nan": (
        "batch_size: 1\noptimizer: {lr: 1.0e+200}",
        f"Unstable: lr 1e+200 is 2.74e+201 times {ON_ROWS}",
        f"1: {NOT_FINITE}; lr 1e+200 {LIMIT}",
    ),
    "start": ("init: [1.0e+200, 0, 0]", "", f"1: {NOT_FINITE}; {LOWER}"),
}


def read_json(path: str) -> Any:
    """Read JSON by the standard, without NaN and Infinity."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(Path(path).read_text(), parse_constant=refuse)


@pytest.mark.parametrize(("keys", "outlook", "sentence"), DIVERGING.values(), ids=DIVERGING)
def test_diverging_run(bench: Bench, keys: str, outlook: str, sentence: str) -> None:
    bench.write("s.yaml", f"{D}{keys}\n")
    outcome = bench.gd("run", "s.yaml")
    complaint = f"s diverged at epoch {sentence}\n"
    assert outcome.err == (f"warning: s: {outlook}\n" if outlook else "") + complaint
    assert outcome.code == 4
    epochs = int(sentence.partition(":")[0])
    curve = pd.read_csv("results/s/curve.csv")
    assert curve["epoch"].to_list() == list(range(epochs + 1))
    summary = read_json("results/s/summary.json")
    assert (summary["status"], summary["epochs"]) == ("diverged", epochs)
    assert summary["best_epoch"] == 0
    assert summary["best_mse"] == summary["initial_mse"]
    assert Path("results/s/curve.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    table = pd.read_csv("results/s/summary.csv")
    assert table["status"].to_list() == ["diverged"]
    assert bench.gd("run", "s.yaml", "--quiet", "--no-plot").err == complaint
    as_json = bench.gd("run", "s.yaml", "--json", "--no-plot")
    assert as_json.code == 4
    assert json.loads(as_json.out)["status"] == "diverged"


@pytest.mark.parametrize(
    "keys",
    [
        "schedule: {kind: exponential, gamma: 1.0e+10}",
        "schedule: {kind: step, every: 1, gamma: 1.0e+300}",
        "schedule: {kind: multistep, milestones: [1, 2, 3], gamma: 1.0e+300}",
        "schedule: {kind: linear, start_factor: 1.0e+308, end_factor: 0}",
        "schedule: {kind: cosine, eta_min: 1.0e+308}",
        "schedule: {kind: piecewise, boundaries: [3], values: [0.01, 1]}",
        "schedule: {kind: cosine, eta_min: 1}",
        "batch_size: 1\noptimizer: {lr: 0.05}",
    ],
)
def test_a_rate_below_the_limit_is_not_blamed(bench: Bench, keys: str) -> None:
    """If `lr` is below the limit, the cause is something else, and a warning says so: the schedule, or single rows."""
    bench.write("s.yaml", f"{D}{keys}\n")
    outcome = bench.gd("run", "s.yaml", "--no-plot")
    assert outcome.code == 4, outcome.err
    warning, complaint = outcome.err.splitlines()
    assert warning.startswith(("warning: s: The largest rate of the schedule, ", "warning: s: Unstable: lr 0.05 is "))
    assert complaint.startswith("s diverged at epoch ")
    assert "lr 0.0" not in complaint


@pytest.mark.parametrize(
    "keys",
    [
        "schedule: {kind: inverse_time, decay: 1.0e+308}",
        "schedule: {kind: inverse_power, power: 1.0e+308}",
        "schedule: {kind: polynomial, power: 1.0e+308}",
        "schedule: {kind: exponential, gamma: 1.0e-300}",
        "schedule: {kind: one_cycle, div_factor: 1.0e+308, final_div_factor: 1.0e+308}",
        "schedule: {kind: one_cycle, pct_start: 0}",
        "schedule: {kind: one_cycle, pct_start: 1}",
        "init: [1.0e+100, 0, 0]",
        "epochs: 0",
    ],
)
def test_extreme_numbers_without_a_warning(bench: Bench, keys: str) -> None:
    bench.runs(spec=f"{D}{keys}\n")
    read_json("results/s/summary.json")


@pytest.mark.parametrize(
    "keys", ["optimizer: {lr: 1.0e-320}", "optimizer: {kind: adam, lr: 0.01, weight_decay: 1.0e+308}"]
)
def test_extreme_numbers_that_do_not_move_the_weights(bench: Bench, keys: str) -> None:
    warning = (
        "warning: s: moved only 0 % of the way from its start to the optimum: the gap is still 0.7222; "
        "raise optimizer.lr or epochs, or scale features and target"
    )
    bench.runs(spec=f"{D}{keys}\n", warnings=warning)
    read_json("results/s/summary.json")


def test_others_of_a_comparison_go_on(bench: Bench) -> None:
    bench.write("a.yaml", D + "optimizer: {lr: 1}\n")
    bench.write("b.yaml", D + "epochs: 5\n")
    bench.write("c.yaml", D + "optimizer: {lr: 1.0e+308}\n")
    outcome = bench.gd("compare", "a.yaml", "b.yaml", "c.yaml")
    assert outcome.err.splitlines() == [
        f"a diverged at epoch 3: {PASSED}; lr 1 {LIMIT}",
        f"c diverged at epoch 1: {NOT_FINITE}; lr 1e+308 {LIMIT}",
    ]
    assert outcome.code == 4
    assert "★ b" in outcome.out
    runs = read_json("results/a-vs-b-vs-c/summary.json")["runs"]
    assert [run["status"] for run in runs] == ["diverged", "completed", "diverged"]
    curves = pd.read_csv("results/a-vs-b-vs-c/curves.csv")
    assert curves.groupby("name").size().to_dict() == {"a": 4, "b": 6, "c": 2}
    assert Path("results/a-vs-b-vs-c/curves.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_best_where_all_diverge(bench: Bench) -> None:
    bench.write("a.yaml", D + "optimizer: {lr: 1}\n")
    bench.write("b.yaml", D + "optimizer: {lr: 2}\n")
    outcome = bench.gd("compare", "a.yaml", "b.yaml")
    assert outcome.code == 4
    assert "★" not in outcome.out
    assert sorted(path.name for path in Path("results/a-vs-b").iterdir()) == [
        "curves.csv",
        "curves.png",
        "summary.csv",
        "summary.json",
    ]


def test_others_of_several_runs_go_on(bench: Bench) -> None:
    bench.write("a.yaml", D + "optimizer: {lr: 1}\n")
    bench.write("b.yaml", D + "epochs: 5\n")
    outcome = bench.gd("run", "a.yaml", "b.yaml", "--no-plot")
    assert outcome.code == 4
    assert outcome.err.splitlines() == [
        f"warning: a: Unstable: lr 1 is 17.3 times {STABLE}. It must diverge at epoch 3.",
        f"a diverged at epoch 3: {PASSED}; lr 1 {LIMIT}",
    ]
    assert outcome.out.splitlines().count("b: Stable: lr 0.01 is 17.3 % of 0.057793, the largest stable rate.") == 1
    assert read_json("results/b/summary.json")["status"] == "completed"


# id → the spec after its dataset, the exit code, and all that stdout says
CHECKS: dict[str, tuple[str, int, str]] = {
    "passed": (
        "epochs: 0\ninit: zeros\nexpect: {final_mse: 42.5}\n",
        0,
        "passed  s: final_mse 42.5\n1 passed, 0 failed\n",
    ),
    "failed": (
        "epochs: 0\ninit: zeros\nexpect: {final_mse: 42.25}\n",
        5,
        "failed  s: final_mse is 42.5, expected 42.25: off by 0.25, more than the tolerance of 5e-09\n"
        "0 passed, 1 failed\n",
    ),
    "tolerated": (
        "epochs: 0\ninit: zeros\nexpect: {final_mse: 42.25, tolerance: 0.25}\n",
        0,
        "passed  s: final_mse 42.5\n1 passed, 0 failed\n",
    ),
    "diverged": (
        "optimizer: {lr: 1}\nexpect: {final_mse: 42.5}\n",
        5,
        "failed  s: diverged at epoch 3\n0 passed, 1 failed\n",
    ),
    "diverged_to_infinity": (
        "optimizer: {lr: 1.0e+308}\nexpect: {final_mse: 42.5, tolerance: 1.0e+308}\n",
        5,
        "failed  s: diverged at epoch 1\n0 passed, 1 failed\n",
    ),
}


@pytest.mark.parametrize(("keys", "code", "said"), CHECKS.values(), ids=CHECKS)
def test_check(bench: Bench, monkeypatch: pytest.MonkeyPatch, keys: str, code: int, said: str) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    bench.write("s.yaml", D + keys)
    outcome = bench.gd("check", "s.yaml")
    assert outcome.out == said
    assert (outcome.code, outcome.err) == (code, "")
    assert not Path("results").exists()
    as_json = bench.gd("check", "s.yaml", "--json")
    assert as_json.code == code
    assert not {"NaN", "Infinity"} & set(as_json.out.replace(",", " ").split())
    json.loads(as_json.out)


def test_check_skips_specs_without_expectations(bench: Bench) -> None:
    bench.write("s.yaml", D + "epochs: 0\ninit: zeros\nexpect: {final_mse: 42.5}\n")
    bench.write("t.yaml", D)
    outcome = bench.gd("check", ".")
    assert outcome.out.splitlines()[1:] == ["skipped t: the spec has no `expect`", "1 passed, 0 failed, 1 skipped"]
    assert outcome.code == 0
