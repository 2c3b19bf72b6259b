"""Sweeps: in lockstep, over processes, interrupted and continued."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

import gdcli
from gdcli.data.design import Needs
from gdcli.data.loading import load
from gdcli.engine.trace import Status, Trace
from gdcli.errors import OutputError, SpecError
from gdcli.experiment.plan import Plan
from gdcli.experiment.planner import Planner, plan
from gdcli.experiment.result import Result
from gdcli.show.drawing import draw_run
from gdcli.spec.draft import read_draft
from gdcli.spec.grid import Axis
from gdcli.spec.model import ScalerName
from gdcli.spec.validate import read_spec, understand
from gdcli.sweeps.journal import Journal, read_journal
from gdcli.sweeps.lockstep import groups
from gdcli.sweeps.plan import plan_sweep
from gdcli.sweeps.points import Sweep
from gdcli.sweeps.result import SweepRun
from gdcli.sweeps.run import run_plans
from gdcli.sweeps.workers import Resources

ROOT = Path(__file__).parents[2]
BASE: dict[str, Any] = {
    "dataset": ROOT / "data/abalone.csv",
    "columns": {"features": ["Length", "Diameter"], "target": "Whole weight"},
    "scaler": "zscore",
    "epochs": 6,
    "seed": 24,
}


def planned(*axes: Axis, paired: bool = False, seeds: int = 1, **changes: Any) -> Sweep:
    return plan_sweep(read_draft({**BASE, **changes}), axes, paired=paired, seeds=seeds)


def run(sweep: Sweep, workers: int = 1) -> list[Result]:
    return run_all([point.plan for point in sweep.points], workers)


def run_all(plans: list[Plan], workers: int = 1) -> list[Result]:
    results: dict[int, Result] = {}
    for group in run_plans(plans, resources=Resources("numpy", workers), draw=draw_run):
        results |= group
    return [results[i] for i in range(len(plans))]


def trace_of(run: Result | SweepRun) -> Trace:
    assert isinstance(run, Result)  # not from an earlier sweep
    return run.trace


GRID = (
    Axis("optimizer.kind", ("sgd", "adam", "lion")),
    Axis("optimizer.lr", (0.001, 0.1, 3.0)),
    Axis("batch_size", (7, 50, "full")),
    Axis("scaler", ("none", "minmax")),
)


def test_lockstep_equals_single_runs() -> None:
    sweep = planned(*GRID, stop={"gap": 0.01}, split={"validation": 0.1})
    statuses = set()
    for point, together in zip(sweep.points, run(sweep), strict=True):
        draft = read_draft({**BASE, "stop": {"gap": 0.01}, "split": {"validation": 0.1}})
        for key, value in point.setting.items():
            draft = draft.with_value(key, value, draft.place(()))
        (alone,) = run_all([plan(understand(draft))])
        assert together.status == alone.status
        np.testing.assert_allclose(together.trace.gap, alone.trace.gap, rtol=1e-10)
        np.testing.assert_allclose(together.curve["val_mse"], alone.curve["val_mse"], rtol=1e-10)
        statuses.add(together.status)
    assert {Status.COMPLETED, Status.TARGET_REACHED, Status.DIVERGED} <= statuses


def test_results_do_not_depend_on_the_workers() -> None:
    sweep = planned(Axis("optimizer.lr", tuple(np.geomspace(1e-3, 0.1, 9).tolist())), batch_size=1, epochs=8)
    assert len(groups([point.plan for point in sweep.points], 2)) == 2
    one, two = run(sweep, workers=1), run(sweep, workers=2)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a.trace.gap, b.trace.gap, rtol=1e-10)
        assert a.status == b.status


def test_what_shares_rows_batches_and_kind_goes_together() -> None:
    sweep = planned(*GRID, epochs=1)
    for group in groups([point.plan for point in sweep.points], 1):
        settings = [sweep.points[i].setting for i in group]
        shared = {(s["optimizer.kind"], s["batch_size"], s["scaler"]) for s in settings}
        assert len(shared) == 1
        assert [s["optimizer.lr"] for s in settings] == [0.001, 0.1, 3.0]


def test_points_on_the_same_rows_share_them() -> None:
    sweep = planned(*GRID)
    assert len({point.plan.rows for point in sweep.points}) == 2
    assert len({id(point.plan.rows.kept_rows) for point in sweep.points}) == 1  # scaled differently, read once


def test_seeds_count_up_from_the_spec() -> None:
    sweep = planned(Axis("optimizer.lr", (0.1, 0.2)), seeds=3)
    assert [point.plan.spec.seed for point in sweep.points] == [24, 25, 26] * 2
    assert not np.array_equal(sweep.points[0].plan.start, sweep.points[1].plan.start)


def test_impossible_settings_are_reported_and_the_others_run() -> None:
    axes = (Axis("optimizer.kind", ("sgd", "momentum")), Axis("optimizer.momentum", (0.5, 0.9)))
    sweep = planned(*axes)
    settings = [{"optimizer.kind": "momentum", "optimizer.momentum": momentum} for momentum in (0.5, 0.9)]
    assert [dict(point.setting) for point in sweep.points] == settings
    assert [reason for _, reason in sweep.skipped] == [
        "unknown key 'momentum' in optimizer of kind sgd; known: kind, lr, weight_decay"
    ] * 2


KINDS = Axis("optimizer.kind", ("sgd", "momentum"))
IMPOSSIBLE: dict[str, tuple[dict[str, Any], list[Axis], list[str]]] = {
    "typo": (
        {},
        [Axis("optimizer.kind", ("sgd", "momentun")), Axis("optimizer.lr", (0.1, 0.2))],
        ["sweep optimizer.kind=momentun: unknown optimizer 'momentun'; did you mean 'momentum'?"],
    ),
    "one_of_many": (
        {},
        [KINDS, Axis("optimizer.momentum", (0.5, 1.5))],
        ["sweep optimizer.momentum=1.5: optimizer.momentum must be less than 1, got 1.5"],
    ),
    "all": (
        {},
        [Axis("optimizer.lr", (-1, -2))],
        [f"sweep optimizer.lr={lr}: optimizer.lr must be greater than 0, got {lr}" for lr in (-1, -2)],
    ),
    "several_axes": (
        {},
        [Axis("optimizer.kind", ("sgd", "momentun")), Axis("scaler", ("none", "zscroe"))],
        [
            "sweep optimizer.kind=momentun: unknown optimizer 'momentun'; did you mean 'momentum'?",
            f"sweep scaler=zscroe: scaler.features must be one of {', '.join(get_args(ScalerName))}, got 'zscroe'; "
            "did you mean 'zscore'?",
        ],
    ),
    "unknown_key": (
        {},
        [Axis("optimizer.momntum", (0.5, 0.9)), KINDS],
        ["sweep optimizer.momntum=0.5: unknown key 'momntum' in optimizer of kind sgd; known: kind, lr, weight_decay"],
    ),
    "by_another_key": (
        {"schedule": [{"kind": "cosine", "length": 6}, {"kind": "constant", "length": 4}]},
        [Axis("epochs", (6, 20))],
        [
            "sweep epochs=20: the schedule ends after 10 epochs and leaves 10 of the run's 20 without a rate; leave "
            "out the length of its last element"
        ],
    ),
    "base": ({"epochs": -1}, [Axis("optimizer.lr", (0.1, 0.2))], ["spec: epochs must be at least 0, got -1"]),
    "base_and_value": (
        {"epochs": -1},
        [Axis("optimizer.kind", ("sgd", "momentun"))],
        [
            "spec: epochs must be at least 0, got -1",
            "sweep optimizer.kind=momentun: unknown optimizer 'momentun'; did you mean 'momentum'?",
        ],
    ),
}


@pytest.mark.parametrize(("changes", "axes", "messages"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_value_that_is_impossible_in_every_setting_is_an_error(
    changes: dict[str, Any], axes: list[Axis], messages: list[str]
) -> None:
    with pytest.raises(SpecError) as caught:
        planned(*axes, **changes)
    assert str(caught.value).splitlines() == messages


def test_a_value_that_the_data_cannot_take_is_an_error() -> None:
    message = "batch_size is 5000, and there are only 4177 training rows; use `full` or at most 4177"
    with pytest.raises(gdcli.DataError) as caught:
        planned(Axis("batch_size", (50, 5000)))
    assert str(caught.value) == f"sweep batch_size=5000: {message}"


def test_possible_values_that_are_impossible_together() -> None:
    axes = (Axis("epochs", (5, 20)), Axis("schedule", ("cosine", ({"kind": "step", "every": 2, "length": 9},) * 2)))
    sweep = planned(*axes)
    assert len(sweep.points) == 3
    assert [dict(setting)["epochs"] for setting, _ in sweep.skipped] == [20]


def test_identity_is_of_spec_data_and_version(tmp_path: Path) -> None:
    axis = Axis("optimizer.lr", (0.1, 0.2))
    first, second = (point.identity for point in planned(axis).points)
    assert first != second
    assert planned(axis).points[0].identity == first
    copy = tmp_path / "elsewhere.csv"
    copy.write_bytes((ROOT / "data/abalone.csv").read_bytes())
    assert planned(axis, dataset=copy).points[0].identity == first
    copy.write_bytes((ROOT / "data/abalone.csv").read_bytes().replace(b"0.455", b"0.456", 1))
    assert planned(axis, dataset=copy).points[0].identity != first
    assert planned(axis, epochs=7).points[0].identity != first


def test_a_cut_journal_loses_at_most_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    journal = Journal(path, {})
    records = {f"id{i}": {"summary": {"gap": i / 3, "name": "ä\n"}} for i in range(5)}
    for identity, record in records.items():
        journal.add({identity: record})
    journal.close()
    whole = path.read_bytes()
    header, *ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    for cut in (0, *range(header, len(whole) + 1)):
        path.write_bytes(whole[:cut])
        kept = sum(end <= cut for end in ends)
        assert read_journal(path) == dict(list(records.items())[:kept])
    path.write_bytes(whole[: header - 1])  # no kill does this: the header is there before the journal has its name
    with pytest.raises(OutputError, match="gdcli did not write it; move it away"):
        read_journal(path)
    path.write_bytes(whole.replace(b'"gap": 0.6', b'"gap": 0.7'))
    assert list(read_journal(path)) == ["id0", "id1"]


SLOW = """
name: slow
dataset: {synthetic: {rows: 3000, weights: [1.0, 2.0], noise: 1.0}}
batch_size: 1
optimizer: {lr: 0.001}
epochs: 2
sweep:
  seed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
  optimizer.lr: [0.001, 1.0e+3]
"""
OPTIONS = ["sweep", "slow.yaml", "--no-plot", "--quiet", "--kernel", "numpy"]
COMMAND = [sys.executable, "-m", "gdcli", *OPTIONS]
# gdcli, with a Ctrl-C as soon as three runs are in the journal, and its repeat where that is closed.
INTERRUPTED = """
import os, signal
from gdcli.cli import interrupts, main
from gdcli.sweeps import run

class Journal(run.Journal):
    finished = 0

    def add(self, records):
        super().add(records)
        self.finished += len(records)
        if self.finished >= 3:
            os.kill(os.getpid(), signal.SIGINT)

    def close(self):
        os.kill(os.getpid(), signal.SIGINT)
        super().close()

interrupts.REPEAT_SECONDS = 1e9
signal.signal(signal.SIGINT, signal.default_int_handler)
run.Journal = Journal
main()
"""


def summary(home: Path) -> pd.DataFrame:
    return pd.read_csv(home / "results/slow-sweep/summary.csv").drop(columns="seconds")


KILLS = int(os.environ.get("GDCLI_KILLS", "4"))


def finished(home: Path) -> dict[str, Any]:
    """The runs that a sweep would reuse."""
    return {**read_journal(home / "slow-sweep/runs.jsonl"), **read_journal(home / ".slow-sweep.runs.jsonl")}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_at_random_moments_and_continued(tmp_path: Path, workers: str) -> None:
    (tmp_path / "slow.yaml").write_text(SLOW)
    whole, results, command = tmp_path / "whole", tmp_path / "results", [*COMMAND, "--workers", workers]
    subprocess.run([*command, "--out", str(whole / "results")], cwd=tmp_path, check=True)
    chance, before = random.Random(int(workers)), dict[str, Any]()
    for _ in range(KILLS):
        process = subprocess.Popen(command, cwd=tmp_path, start_new_session=True)
        enough = len(before) + chance.randint(0, 12)  # runs: moments of the work and not of the clock
        while process.poll() is None and len(finished(results)) < enough:
            pass
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code, after = process.wait(), finished(results)
        assert {identity: after.get(identity) for identity in before} == before
        if code == 0:
            shutil.rmtree(results)  # and from the start
            after = {}
        before = after
    subprocess.run(command, cwd=tmp_path, check=True)
    pd.testing.assert_frame_equal(summary(tmp_path), summary(whole), check_exact=True)
    kept = finished(results)
    assert {identity: kept[identity] for identity in before} == before
    # What the kills have left, journal, lock and workspaces, is gone with the first sweep that ends.
    assert [path.name for path in results.iterdir()] == ["slow-sweep"]
    assert set(summary(tmp_path)["status"]) == {"completed", "diverged"}


def test_no_thread_of_the_pool_outlives_a_sweep_that_is_left_early() -> None:
    plans = [point.plan for point in planned(Axis("seed", tuple(range(8))), batch_size=1).points]
    threads = set(threading.enumerate())
    finished = run_plans(plans, resources=Resources("numpy", 2), draw=draw_run)
    next(finished)
    assert set(threading.enumerate()) > threads
    finished.close()
    assert set(threading.enumerate()) == threads


def test_an_interrupted_sweep_keeps_finished_runs_and_the_next_one_runs_the_rest(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text(SLOW)
    command = [sys.executable, "-c", INTERRUPTED, *OPTIONS, "--workers", "2"]
    process = subprocess.run(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
    assert process.returncode == 130
    kept = read_journal(tmp_path / "results/slow-sweep/runs.jsonl")
    assert 3 <= len(kept) < 24
    message = f"slow-sweep: interrupted after {len(kept)} of 24 runs; the same command continues from there"
    assert process.stderr == f"{message}\n"
    assert len(summary(tmp_path)) == len(kept)
    seconds = {identity: record["summary"]["seconds"] for identity, record in kept.items()}
    subprocess.run(COMMAND, cwd=tmp_path, check=True)
    after = read_journal(tmp_path / "results/slow-sweep/runs.jsonl")
    assert len(after) == len(summary(tmp_path)) == 24
    assert {identity: after[identity]["summary"]["seconds"] for identity in seconds} == seconds
    assert json.loads((tmp_path / "results/slow-sweep/summary.json").read_text())["finished"] == 24


def test_a_sweep_in_python() -> None:
    results = gdcli.sweep(
        {**BASE, "sweep": {"optimizer.lr": [0.01, 0.1]}}, grid={"scaler": ["none", "zscore"]}, seeds=2
    )
    settings = [(r.summary["lr"], r.summary["scaler"], r.plan.spec.seed) for r in results]
    assert settings == [(lr, s, seed) for lr in (0.01, 0.1) for s in ("none", "zscore") for seed in (24, 25)]
    alone = gdcli.run({**BASE, "optimizer": {"lr": 0.1}, "seed": 25})
    np.testing.assert_allclose(trace_of(results[-1]).gap, alone.trace.gap, rtol=1e-10)
    spec = {key: value for key, value in BASE.items() if key != "dataset"}
    framed = gdcli.sweep(spec, grid={"optimizer.lr": [0.01, 0.1]}, data=pd.read_csv(ROOT / "data/abalone.csv"))
    alone = gdcli.run({**BASE, "optimizer": {"lr": 0.1}})
    np.testing.assert_allclose(trace_of(framed[-1]).gap, alone.trace.gap, rtol=1e-10)


def test_a_whole_block_comes_before_its_keys() -> None:
    results = gdcli.sweep(BASE, grid={"optimizer.lr": [0.01, 0.1], "optimizer": ["sgd", "adam"]})
    settings = [(r.summary["optimizer"], r.summary["lr"]) for r in results]
    assert settings == [("sgd", 0.01), ("adam", 0.01), ("sgd", 0.1), ("adam", 0.1)]


def test_grids_in_python_take_arrays_and_spacings() -> None:
    grid = {"optimizer.lr": np.logspace(-2, -1, 2), "epochs": {"log": [1, 100, 3]}, "batch_size": np.array([50])}
    results = gdcli.sweep(BASE, grid=grid)
    settings = [(r.summary["lr"], r.summary["epochs"]) for r in results]
    assert settings == [(lr, epochs) for lr in (0.01, 0.1) for epochs in (1, 10, 100)]


def test_python_warns_about_skipped_settings() -> None:
    grid = {"optimizer.kind": ["sgd", "momentum"], "optimizer.momentum": [0.5]}
    with pytest.warns(gdcli.GdcliWarning, match=r"skipped optimizer.kind=sgd, .*: unknown key 'momentum' in optimizer"):
        results = gdcli.sweep(BASE, grid=grid)
    assert [r.summary["optimizer"] for r in results] == ["momentum"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"seeds": 0}, "seeds: must be an integer of at least 1, got 0"),
        ({"seeds": "3"}, "seeds: must be an integer of at least 1, got '3'"),
        ({"workers": -1}, "workers: must be an integer of at least 1, got -1"),
        ({"grid": [1]}, r"grid: must be a mapping of keys to values, got \[1\]"),
        ({"grid": {"optimizer.lr": 0.1}}, "grid: sweep.optimizer.lr must be a list"),
        ({"grid": {"optimizer.lr": "log:1e-3:1:4"}}, "grid: sweep.optimizer.lr must be a list"),
        ({"grid": {}}, "spec: nothing to vary: give a `sweep:` block or `grid`, such as "),
        ({"grid": {"optimizer.lr": [-1, 0.1]}}, "grid: optimizer.lr must be greater than 0, got -1"),
        ({"data": [[1, 2]]}, "data: must be a pandas DataFrame, got list"),
    ],
)
def test_wrong_arguments_in_python(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(gdcli.GdcliError, match=message):
        gdcli.sweep(
            {key: value for key, value in BASE.items() if key != "dataset" or "data" not in keys},
            **{"grid": {"optimizer.lr": [0.1]}, **keys},
        )


def test_planning_many_splits_reads_the_rows_once_and_each_spec_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = {"load": 0, "of": 0}
    of = Needs.of

    def counted_load(*arguments: Any, **keys: Any) -> Any:
        calls["load"] += 1
        return load(*arguments, **keys)

    def counted_of(spec: Any) -> Needs:
        calls["of"] += 1
        return of(spec)

    monkeypatch.setattr("gdcli.experiment.planner.load", counted_load)
    monkeypatch.setattr(Needs, "of", counted_of)
    sweep = planned(Axis("split.validation", (0.1, 0.2)), Axis("seed", tuple(range(30))))
    assert len({point.plan.rows for point in sweep.points}) == 60
    assert calls["load"] == 1
    assert calls["of"] <= 3 * 60


def test_inline_data_with_another_order_of_columns_differ() -> None:
    """The last column is the target by default."""
    cells = {"x": [1, 2, 4], "y": [2, 3, 3]}
    specs = [read_spec({"dataset": {"inline": inline}}) for inline in (cells, dict(reversed(cells.items())))]
    planner = Planner(specs)
    assert [planner.plan(spec).rows.columns.target for spec in specs] == ["y", "x"]


def test_equal_data_are_read_and_scaled_once_however_they_are_written() -> None:
    recipe = {"dataset": {"synthetic": {"rows": 9, "weights": [1.0]}}}
    specs = [read_spec(recipe), read_spec({**recipe, "optimizer": "adam", "seed": 3, "epochs": 5})]
    planner = Planner(specs)
    assert len({planner.plan(spec).rows for spec in specs}) == 1
