"""`gdcli explain`: its JSON, the folders of finished runs, and what it says to bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gdcli.cli.app import app

KEYS = [
    *("name", "rows", "training_rows", "weights", "batches_per_epoch", "last_batch", "steps", "curvature", "rate"),
    *("scalers", "modes", "prediction", "noise", "bounds", "epochs_to", "advice"),
]
SPEC = """
dataset: {inline: {a: [1, 2, 3, 4], b: [1.5, -2, 0.25, 7], y: [1, 3, 2, 5]}}
epochs: 3
"""


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_text(SPEC)


def invoke(*arguments: str) -> tuple[int, str, str]:
    outcome = CliRunner().invoke(app, list(arguments), prog_name="gdcli")
    return outcome.exit_code, outcome.stdout, outcome.stderr


def document(*arguments: str) -> dict[str, Any]:
    code, stdout, stderr = invoke("explain", "--json", *arguments)
    assert (code, stderr) == (0, "")
    given: dict[str, Any] = json.loads(stdout)
    return given


def test_the_keys_of_one_document() -> None:
    given = document("s.yaml")
    assert list(given) == KEYS
    assert list(given["curvature"]) == ["largest", "smallest", "condition_number", "rank"]
    assert list(given["rate"]) == ["lr", "largest_stable", "share", "best", "best_for_epochs"]
    for scaler in given["scalers"]:
        assert list(scaler) == ["scaler", "condition_number", "largest_stable", "best", "epochs_to"]
        assert list(scaler["epochs_to"]) == ["0.01", "1e-06"]
    for mode in given["modes"]:
        assert list(mode) == ["curvature", "start", "end", "columns"]
        assert list(mode["columns"]) == ["a", "b", "intercept"]
    assert list(given["prediction"]) == ["kind", "gap", "sd", "reason"]
    assert given["noise"] is None
    assert list(given["bounds"]) == ["krylov", "optimal_schedule"]
    assert list(given["epochs_to"]) == ["0.01", "0.0001", "1e-06"]
    assert len(given["prediction"]["gap"]) == len(given["bounds"]["krylov"]) == 4
    assert not Path("results").exists()


def test_the_keys_that_depend_on_the_optimizer() -> None:
    assert "best_momentum" in document("s.yaml", "--set", "optimizer=momentum")["rate"]
    noise = document("s.yaml", "--set", "batch_size=2")["noise"]
    assert list(noise) == ["largest_stable_mean_square", "floor"]


def test_several_specs_are_a_list() -> None:
    Path("t.yaml").write_text(SPEC)
    given = document("s.yaml", "t.yaml")
    assert list(given) == ["explanations"]
    assert [explanation["name"] for explanation in given["explanations"]] == ["s", "t"]


def test_numbers_that_are_not_finite_are_null() -> None:
    given = document("s.yaml", "--set", "optimizer.lr=1e300")
    assert given["prediction"]["gap"][1:] == [None, None, None]


def test_a_finished_run_is_measured_against_its_prediction() -> None:
    assert invoke("run", "s.yaml", "--no-plot", "--quiet")[0] == 0
    given = document("results/s", "s.yaml")["explanations"]
    assert list(given[0]) == [*KEYS, "standing"]
    assert list(given[1]) == KEYS
    standing = given[0]["standing"]
    assert list(standing) == ["status", "epochs", "gap", "gap_ratio", "predicted", "ratio", "deviations"]
    assert (standing["status"], standing["epochs"], standing["deviations"]) == ("completed", 3, None)
    assert standing["ratio"] == pytest.approx(1, rel=1e-9)
    _, stdout, _ = invoke("explain", "results/s")
    assert "The run ended after 3 epochs (completed) with a gap of" in stdout
    assert "measured divided by predicted is 1." in " ".join(stdout.split())


def test_a_finished_run_on_data_that_have_changed() -> None:
    Path("d.csv").write_text("a,y\n1,2\n2,3\n3,5\n")
    Path("s.yaml").write_text("dataset: d.csv\nepochs: 2\n")
    assert invoke("run", "s.yaml", "--no-plot", "--quiet")[0] == 0
    assert invoke("explain", "results/s", "--json")[2] == ""
    Path("d.csv").write_text("a,y\n1,2\n2,3\n3,6\n")
    code, _, stderr = invoke("explain", "results/s", "--json")
    changed = "has changed since the run in results/s: measured and predicted differ"
    assert (code, stderr) == (0, f"warning: d.csv {changed}\n")


def message(*arguments: str) -> str:
    code, stdout, stderr = invoke("explain", *arguments)
    assert (code, stdout) == (2, "")
    return stderr


def test_messages_about_folders() -> None:
    assert invoke("run", "s.yaml", "--no-plot", "--quiet")[0] == 0
    hint = "name a spec, or the folder of one finished run"
    assert message("results") == f"results: this folder is not the result of a run: it has no summary.json; {hint}\n"
    assert message("results/s", "--set", "epochs=4") == (
        "--set epochs=4: a finished run cannot be changed; explain the spec.yaml in its folder instead\n"
    )
    Path("results/s/curve.csv").write_text("epoch,gap\n0,much\n")
    assert message("results/s", "results") == (
        f"results: this folder is not the result of a run: it has no summary.json; {hint}\n"
        "results/s/curve.csv: this is not the curve of a run\n"
    )
    Path("results/s/curve.csv").write_text("epoch,gap\n")
    assert message("results/s") == "results/s/curve.csv: this curve has no rows\n"
    Path("results/s/curve.csv").write_text("gap\n" + "1\n" * 9)
    assert message("results/s") == "results/s/curve.csv: has 8 epochs, and the spec beside it 3\n"
    Path("results/s/curve.csv").unlink()
    assert message("results/s") == f"results/s: this folder is not the result of a run: it has no curve.csv; {hint}\n"
    Path("results/s/summary.json").write_text("[]")
    assert message("results/s") == "results/s/summary.json: this is not the summary of a run\n"


def test_messages_about_specs() -> None:
    Path("bad.yaml").write_text("dataset: {inline: {a: [1, 2], y: [1, 2]}}\noptimizer: {kind: sgd, lr: -1}\n")
    assert message("bad.yaml", "none.yaml") == (
        "bad.yaml:2:24: optimizer.lr must be greater than 0, got -1\nnone.yaml: there is no such spec\n"
    )
    code, stdout, stderr = invoke("explain", "s.yaml", "--set", "batch_size=9")
    assert (code, stdout) == (3, "")
    assert (
        stderr == "--set batch_size=9: batch_size is 9, and there are only 4 training rows; use `full` or at most 4\n"
    )


def test_quiet_prints_nothing() -> None:
    assert invoke("explain", "s.yaml", "--quiet") == (0, "", "")
