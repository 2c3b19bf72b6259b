"""The whole output of each command, at widths of 80 and 60 and into a pipe; kept in tests/golden/output/.

After an intended change: `GDCLI_UPDATE_GOLDEN=1 pytest tests/cli/test_output.py`, then read the difference.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import gdcli
from gdcli.cli.app import app

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden/output"
OPTIMIZERS = [f"experiments/optimizers/{kind}.yaml" for kind in ("sgd", "momentum", "adam", "lion")]
COMMANDS = {
    "run": ["run", "experiments/abalone_norm.yaml"],
    "run_validation": ["run", "experiments/published/line_start.yaml", "--set", "epochs=200"],
    "run_minibatch": ["run", "experiments/schedules/one_cycle.yaml", "--set", "stop={gap: 1.0e-6}"],
    "run_diverged": ["run", "experiments/abalone_norm.yaml", "--set", "optimizer.lr=1.5", "--set", "name=wild"],
    "run_two": ["run", "experiments/abalone_norm.yaml", "experiments/abalone_raw.yaml", "--no-plot"],
    "compare": ["compare", "experiments/abalone_norm.yaml", "experiments/abalone_raw.yaml"],
    "compare_optimizers": ["compare", *OPTIMIZERS],
    "sweep": [
        "sweep",
        "experiments/abalone_norm.yaml",
        "--grid",
        "optimizer.lr=log:1e-3:1:13",
        "--grid",
        "scaler=none,zscore",
    ],
    "sweep_seeds": [
        *("sweep", "experiments/abalone_norm.yaml", "--set", "batch_size=50", "--set", "epochs=3"),
        *("--grid", "optimizer.kind=sgd,momentum", "--grid", "optimizer.momentum=0.5,0.9", "--seeds", "5"),
    ],
    "explain": ["explain", "experiments/abalone_norm.yaml"],
    "explain_raw": ["explain", "experiments/abalone_raw.yaml"],
    "explain_minibatch": ["explain", "experiments/schedules/one_cycle.yaml"],
    "explain_adaptive": ["explain", "experiments/optimizers/adam.yaml"],
    "optimum": ["optimum", "data/abalone.csv"],
    "optimum_scaled": [
        "optimum",
        "data/abalone.csv",
        "--target",
        "Rings",
        "--features",
        "Sex,Length",
        "--scaler",
        "zscore",
    ],
    "check": ["check", "experiments/published"],
    "check_failing": ["check", "experiments/abalone_norm.yaml", "--set", "optimizer.lr=0.03"],
}


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a directory with the shipped experiments and data, at a fixed width."""
    for name in ("experiments", "data"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")


def invoke(*arguments: str) -> tuple[int, str, str]:
    outcome = CliRunner().invoke(app, list(arguments), prog_name="gdcli")
    return outcome.exit_code, outcome.stdout, outcome.stderr


WIDTHS = ("80", "60", "pipe")


def golden(case: str, width: str) -> Path:
    return GOLDEN / (f"{case}.txt" if width == "80" else f"{width}/{case}.txt")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", COMMANDS)
def test_whole_output(case: str, width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if width == "pipe":
        monkeypatch.delenv("COLUMNS")
    else:
        monkeypatch.setenv("COLUMNS", width)
    code, stdout, stderr = invoke(*COMMANDS[case])
    stdout = re.sub(r" in [\d.]+ m?s\b", " in <time>", stdout)
    # Rich pads its lines to the width of the table.
    stdout = "\n".join(line.rstrip() for line in stdout.splitlines())
    text = f"$ gdcli {' '.join(COMMANDS[case])}\n{stdout}\n--- stderr\n{stderr}--- exit code {code}\n"
    path = golden(case, width)
    if os.environ.get("GDCLI_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["run", "compare", "sweep", "explain", "optimum", "check"])
def test_help_shows_an_example_and_the_options(command: str) -> None:
    """Only our own part of the help is tested, because the layout changes with every release of Typer."""
    code, stdout, _ = invoke(command, "--help")
    assert code == 0
    assert f"\n  gdcli {command} " in stdout
    few = {"optimum": ["--json", "--quiet"], "explain": ["--set", "--json", "--quiet"]}
    shared = few.get(command, ["--out", "--set", "--kernel", "--json", "--no-plot", "--quiet"])
    assert all(re.search(rf"^  .*{option}\b", stdout, flags=re.MULTILINE) for option in shared)
    assert f"\n  {command} " in invoke("--help")[1]


def test_every_golden_output_is_of_a_command() -> None:
    assert set(GOLDEN.rglob("*.txt")) == {golden(case, width) for case in COMMANDS for width in WIDTHS}


def test_json_of_one_run_is_its_summary_file() -> None:
    code, stdout, stderr = invoke("run", "experiments/abalone_norm.yaml", "--json", "--no-plot")
    assert (code, stderr) == (0, "")
    written = json.loads(Path("results/abalone_norm/summary.json").read_text())
    assert list(written.pop("files")) == ["curve.csv", "spec.yaml", "summary.csv", "summary.json"]
    assert json.loads(stdout) == written
    assert not Path("results/abalone_norm/curve.png").exists()


def test_json_of_several_is_a_list_of_runs() -> None:
    specs = ["experiments/abalone_norm.yaml", "experiments/abalone_raw.yaml"]
    for command in ("run", "compare"):
        _, stdout, _ = invoke(command, *specs, "--json", "--no-plot")
        assert [run["name"] for run in json.loads(stdout)["runs"]] == ["abalone_norm", "abalone_raw"]


def test_json_of_an_optimum() -> None:
    _, stdout, _ = invoke(
        "optimum", "data/abalone.csv", "--json", "--features", "Length", "--features", "Diameter,Height"
    )
    document = json.loads(stdout)
    assert document["features"] == ["Length", "Diameter", "Height"]
    assert (document["target"], document["rank"]) == ("Rings", 4)
    assert document["mse"] == gdcli.optimum("data/abalone.csv", features=document["features"]).mse
    _, stdout, _ = invoke("optimum", "data/abalone.csv", "--json", "--no-intercept")
    assert "intercept" not in json.loads(stdout)["weights"]


def test_json_of_a_check() -> None:
    code, stdout, _ = invoke("check", "experiments/abalone_norm.yaml", "--json")
    (entry,) = json.loads(stdout)["checks"]
    assert code == 0
    assert (entry["name"], entry["outcome"], entry["status"]) == ("abalone_norm", "passed", "completed")
    assert [held["figure"] for held in entry["held"]] == ["final_mse", "optimum_mse"]
    assert not Path("results").exists()


def test_quiet_prints_nothing_and_writes_all_files() -> None:
    assert invoke("run", "experiments/abalone_norm.yaml", "--quiet", "--out", "here") == (0, "", "")
    assert sorted(path.name for path in Path("here/abalone_norm").iterdir()) == [
        "curve.csv",
        "curve.png",
        "spec.yaml",
        "summary.csv",
        "summary.json",
    ]
    assert invoke("check", "experiments/abalone_norm.yaml", "-q") == (0, "", "")
    code, stdout, _ = invoke("check", "experiments/abalone_norm.yaml", "-q", "--set", "seed=1")
    assert code == 5
    assert stdout.startswith("failed  abalone_norm: final_mse is ")


def test_check_writes_results_to_out() -> None:
    assert invoke("check", "experiments/abalone_norm.yaml", "--out", "kept", "--no-plot")[0] == 0
    assert Path("kept/abalone_norm/curve.csv").is_file()


def test_a_comparison_of_more_than_three_is_named_by_a_hash() -> None:
    code, stdout, _ = invoke("compare", *OPTIMIZERS, "--json")
    (directory,) = Path("results").iterdir()
    assert code == 0
    assert re.fullmatch(r"compare-4-[0-9a-f]{8}", directory.name)
    assert list(pd.read_csv(directory / "summary.csv")["name"]) == [run["name"] for run in json.loads(stdout)["runs"]]


def test_overrides_are_applied() -> None:
    settings = [
        "optimizer={kind: adam, lr: 1e-2}",
        "batch_size=100",
        "schedule=cosine",
        "stop.patience=3",
        "name=other",
    ]
    arguments = [argument for setting in settings for argument in ("--set", setting)]
    _, stdout, _ = invoke("run", "experiments/abalone_norm.yaml", "--json", "--no-plot", *arguments)
    summary = json.loads(stdout)
    assert (summary["name"], summary["optimizer"], summary["lr"]) == ("other", "adam", 0.01)
    assert (summary["batch_size"], summary["schedule"]) == (100, "cosine")
    assert summary["spec"]["stop"] == {"patience": 3, "min_delta": 0.0}
    assert Path("results/other/spec.yaml").is_file()


def test_a_dataset_given_at_the_prompt_is_relative_to_the_prompt() -> None:
    code, _, stderr = invoke(
        "run", "experiments/published/line_start.yaml", "--set", "dataset=data/line.csv", "--no-plot"
    )
    assert (code, stderr) == (0, "")


def test_no_colour_and_no_terminal() -> None:
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "gdcli", "compare", *OPTIMIZERS[:2], "--no-plot"]
    outcome = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert "\x1b" not in outcome.stdout + outcome.stderr
    assert outcome.stderr == ""


def test_a_reader_that_stops_reading_is_no_error() -> None:
    command = f"{sys.executable} -m gdcli run experiments/abalone_norm.yaml --no-plot --json | head -c 10"
    outcome = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert outcome.stderr == ""
    assert outcome.returncode == 0


def test_version() -> None:
    assert invoke("--version") == (0, f"gdcli {gdcli.__version__}\n", "")


def test_seeds_of_a_comparison() -> None:
    code, stdout, stderr = invoke(
        "compare", *OPTIMIZERS[:2], "--set", "batch_size=50", "--set", "epochs=2", "--seeds", "4"
    )
    assert (code, stderr) == (0, "")
    assert "median gap" in stdout
    assert "★ best   medians of 4 seeds, column by column   optimum MSE 0.03318563" in stdout
    table = pd.read_csv("results/sgd-vs-momentum/summary.csv")
    assert list(table["name"]) == ["sgd"] * 4 + ["momentum"] * 4
    assert list(table["seed"]) == [24, 25, 26, 27] * 2
    curves = pd.read_csv("results/sgd-vs-momentum/curves.csv")
    assert list(curves.columns) == ["name", "seed", "epoch", "step", "lr", "mse", "gap"]
    assert len(curves) == 8 * 3
    assert f"{table['gap'][:4].median():.4g}" in stdout
