"""`gdcli validate`: all faults of a spec and its data, and nothing run."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from workbench import Bench

import gdcli
from gdcli.engine.problems import factor
from gdcli.experiment import execute

D = "dataset: d.csv\n"


@pytest.fixture(autouse=True)
def _nothing_is_factored_or_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(factor.Factoring, "add", refuse)
    monkeypatch.setattr(execute, "descend", refuse)


def test_a_valid_spec(bench: Bench) -> None:
    before = bench.tree()
    assert bench.runs("validate", "s.yaml", spec=D).out == "s.yaml: valid\n"
    assert bench.runs("validate", "s.yaml", "--quiet").out == ""
    assert bench.tree() == {**before, "s.yaml": D.encode()}


def test_a_folder(bench: Bench) -> None:
    bench.write("specs/b.yaml", "dataset: ../d.csv\n")
    bench.write("specs/deep/a.yml", "dataset: ../../d.csv\n")
    assert bench.runs("validate", "specs").out == "specs/b.yaml: valid\nspecs/deep/a.yml: valid\n"
    bench.refuses(2, "results: no *.yaml in this folder", "validate", *_made(bench, "results"))


def _made(bench: Bench, name: str) -> list[str]:
    (bench.home / name).mkdir()
    return [name]


# id → spec, exit code, message
FAULTS: dict[str, tuple[str, int, str]] = {
    "keys_and_data_at_once": (
        D + "columns: {features: [X], target: y}\noptimizer: {lr: -1}\nepoch: 3\n",
        2,
        "s.yaml:2:22: no column 'X' in d.csv; did you mean 'x'?\n"
        "s.yaml:3:13: optimizer.lr must be greater than 0, got -1\n"
        "s.yaml:4:1: unknown key 'epoch'; did you mean 'epochs'?",
    ),
    "only_data": (
        D + "columns: {features: [X], target: y}\n",
        3,
        "s.yaml:2:22: no column 'X' in d.csv; did you mean 'x'?",
    ),
    "no_file": ("dataset: e.csv\n", 3, "s.yaml:1:1: no data file e.csv"),
    "all_misfits": (
        D + "init: [1]\nbatch_size: 5\nsplit: {validation: 0.3}\n",
        3,
        "s.yaml:2:1: init must have 3 numbers, one for each of x, z, intercept; got 1\n"
        "s.yaml:3:1: batch_size is 5, and there are only 2 training rows; use `full` or at most 2",
    ),
    "no_training_rows": (
        D + "split: {validation: 0.9}\n",
        3,
        "s.yaml:2:9: split.validation 0.9 of 4 rows leaves no row to train on",
    ),
    "steps_without_a_rate": (
        D + "batch_size: 2\nepochs: 5\nschedule: {kind: one_cycle, total: 6, interval: step}\n",
        3,
        "s.yaml:4:29: schedule.total is 6 and leaves 4 of 10 steps without a rate; leave it out to span the run",
    ),
    "sweep": (
        D + "sweep: {optimizer.lr: {log: [0, 1, 3]}, scaler: none}\n",
        2,
        "s.yaml:2:9: sweep.optimizer.lr log needs two different ends above 0\n"
        "s.yaml:2:41: sweep.scaler must be a list, or {log: [from, to, count]}, got 'none'",
    ),
    "yaml": ("dataset: [", 2, "s.yaml:1:11: not valid YAML: expected the node content, but found '<stream end>'"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(bench: Bench, case: str) -> None:
    spec, code, message = FAULTS[case]
    bench.refuses(code, message, "validate", "s.yaml", spec=spec)


def test_bad_cells(bench: Bench) -> None:
    bench.write("d.csv", "x,y\n1,2\n,3\ninf,\n")
    bench.refuses(
        3,
        "d.csv:3: column 'x' has 1 blank cell, the first on line 3; fill them in, or leave these rows out: "
        "set dataset: {path: …, missing: drop}\n"
        "d.csv:4: column 'x' has 1 infinite cell, the first on line 4; correct them or drop these rows\n"
        "d.csv:4: column 'y' has 1 blank cell, the first on line 4; fill them in, or leave these rows out: "
        "set dataset: {path: …, missing: drop}",
        "validate",
        "s.yaml",
        spec=D,
    )


def test_a_wrong_spec_does_not_hide_the_others(bench: Bench) -> None:
    bench.write("a.yaml", "dataset: e.csv\n")
    bench.write("b.yaml", D + "epochs: -1\n")
    bench.write("c.yaml", D)
    outcome = bench.gd("validate", "a.yaml", "b.yaml", "c.yaml")
    assert outcome.out == "c.yaml: valid\n"
    assert outcome.err == ("a.yaml:1:1: no data file e.csv\nb.yaml:2:1: epochs must be at least 0, got -1\n")
    assert outcome.code == 2


def test_a_missing_spec(bench: Bench) -> None:
    bench.refuses(2, "t.yaml: there is no such spec", "validate", "t.yaml")


def test_overrides(bench: Bench) -> None:
    message = "--set epochs=-1: epochs must be at least 0, got -1"
    bench.refuses(2, message, "validate", "s.yaml", "--set", "epochs=-1", spec=D)


def test_json(bench: Bench) -> None:
    bench.write("a.yaml", D + "epochs: -1\n")
    bench.write("b.yaml", D)
    outcome = bench.gd("validate", "a.yaml", "b.yaml", "t.yaml", "--json")
    assert (outcome.code, outcome.err) == (2, "")
    fault = {"file": "a.yaml", "line": 2, "column": 1, "message": "epochs must be at least 0, got -1"}
    missing = {"file": "t.yaml", "line": None, "column": None, "message": "there is no such spec"}
    assert json.loads(outcome.out) == {
        "specs": [
            {"spec": "a.yaml", "valid": False, "faults": [fault]},
            {"spec": "b.yaml", "valid": True, "faults": []},
            {"spec": "t.yaml", "valid": False, "faults": [missing]},
        ]
    }


@pytest.mark.usefixtures("bench")
def test_in_python() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [1.0, np.nan]})
    gdcli.validate({"epochs": 3}, data=frame[:1])
    with pytest.raises(gdcli.DataError, match="column 'y' has 1 blank cell, the first in row 2"):
        gdcli.validate({}, data=frame)
    with pytest.raises(gdcli.SpecError) as caught:
        gdcli.validate({"dataset": "d.csv", "epochs": -1, "columns": {"target": "Y"}})
    assert [fault.message for fault in caught.value.faults] == [
        "epochs must be at least 0, got -1",
        "no column 'Y' in d.csv; did you mean 'y'?",
    ]


def test_planning_finds_the_same_faults(bench: Bench) -> None:
    for case, (spec, code, message) in FAULTS.items():
        if case not in ("sweep", "steps_without_a_rate"):  # which only `gdcli sweep` reads, or a plan finds later
            bench.refuses(code, message, "run", "s.yaml", spec=spec)
