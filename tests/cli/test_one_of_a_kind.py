"""One row, one epoch, one run: nouns in the singular."""

from __future__ import annotations

import re

import pytest
from workbench import Bench

from gdcli.errors import counted

D = "dataset: d.csv\n"
OPTIMUM = ["optimum", "d.csv"]
RUN = ["run", "s.yaml", "--no-plot"]
SWEEP = ["sweep", "s.yaml", "--no-plot"]
ONE_ROW = "x,y\n1,2\n"
PLURAL = re.compile(r"(?<![\d.,/])1 (more |training )?[a-z]+s\b(?! (is|has|was))")

# id → the data, the spec, the command, and a part of what is said
SAID: dict[str, tuple[str, str, list[str], str]] = {
    "optimum": (ONE_ROW, "", OPTIMUM, "d.csv, 1 row\n"),
    "run": (ONE_ROW, D + "epochs: 1\n", RUN, "d.csv, 1 row: y by x\n"),
    "epochs": (ONE_ROW, D + "epochs: 1\n", RUN, "full batch, 1 epoch in "),
    "steps": ("x,y\n1,2\n2,3\n", D + "epochs: 1\nbatch_size: 1\n", RUN, "batches of 1, 1 epoch, 2 steps in "),
    "weights": (
        f"{','.join(f'x{i}' for i in range(21))}\n{','.join('1' * 21)}\n",
        D + "epochs: 1\n",
        RUN,
        "1 more weight in summary.json\n",
    ),
    "columns_long": ("x\n1,2\n", "", OPTIMUM, "d.csv:2: 2 cells, but the header names 1 column; correct this line\n"),
    "batch": (ONE_ROW, D + "batch_size: 5\n", RUN, "and there is only 1 training row; use `full` or at most 1\n"),
    "split": (ONE_ROW, D + "split: {validation: 0.9}\n", RUN, "0.9 of 1 row leaves no row to train on\n"),
    "init": (
        ONE_ROW,
        D + "columns: {intercept: false}\ninit: [1, 2]\n",
        RUN,
        "init must have 1 number, one for each of x; got 2\n",
    ),
    "dropped": ("x,y\n1,\n", "", [*OPTIMUM, "--features", "x", "--target", "y", "--missing", "drop"], "in 1 of 1 row;"),
    "schedule_too_short": (
        ONE_ROW,
        D + "epochs: 3\nschedule: [{kind: constant, length: 1}, {kind: constant, length: 1}]\n",
        RUN,
        "the schedule ends after 2 epochs and leaves 1 of the run's 3 without a rate",
    ),
    "schedule_of_one": (
        ONE_ROW,
        D + "epochs: 1\nschedule: [{kind: constant, length: 1}, constant]\n",
        RUN,
        "schedule[1] never begins: the elements before it take up the whole run (1 epoch)\n",
    ),
    "milestone": (
        ONE_ROW,
        D + "epochs: 1\nschedule: {kind: multistep, milestones: [5]}\n",
        RUN,
        "extends to epoch 6, but there is only 1\n",
    ),
    "faults": (
        ONE_ROW,
        D + "".join(f"k{i}: 1\n" for i in range(51)),
        RUN,
        "s.yaml: and 1 more fault; correct these first\n",
    ),
    "skipped": (
        ONE_ROW,
        D + "epochs: 1\n",
        [*SWEEP, "--grid", "optimizer.kind=sgd,momentum", "--grid", "optimizer.momentum=0.1,0.2,0.3,0.4,0.5,0.6"],
        "skipped 1 more setting; summary.json lists all\n",
    ),
}


@pytest.mark.parametrize(("data", "spec", "command", "said"), SAID.values(), ids=SAID)
def test_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, data: str, spec: str, command: list[str], said: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    bench.write("d.csv", data)
    bench.write("s.yaml", spec)
    outcome = bench.gd(*command)
    assert said in outcome.out + outcome.err
    assert not PLURAL.findall(outcome.out + outcome.err)


def test_a_sweep_of_one_run(bench: Bench) -> None:
    bench.write("s.yaml", D + "epochs: 1\n")
    command = [*SWEEP, "--grid", "optimizer.lr=0.01"]
    assert "\n1 run, 0 diverged\n" in bench.gd(*command).out
    assert "\n1 of 1 run taken from earlier sweeps\n" in bench.gd(*command).out


def test_counted() -> None:
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
