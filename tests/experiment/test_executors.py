"""Sweeps on an executor of the caller's: any that keeps to the protocol of `concurrent.futures`."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gdcli
from gdcli.engine.descent import Watch
from gdcli.experiment.execute import predicted_seconds
from gdcli.spec.draft import read_draft
from gdcli.spec.grid import Axis
from gdcli.sweeps import lockstep, pools
from gdcli.sweeps.lockstep import groups
from gdcli.sweeps.plan import plan_sweep

SPEC: dict[str, Any] = {
    "name": "many",
    "dataset": {"synthetic": {"rows": 300, "weights": [1.0, -2.0], "noise": 1.0}},
    "batch_size": 7,
    "epochs": 3,
}
GRID = {"optimizer.kind": ["sgd", "adam"], "optimizer.lr": [0.001, 0.1, 1e9], "scaler": ["none", "zscore"]}
RATES = {"optimizer.lr": [0.001, 0.01, 0.1, 1.0]}


class InLine(Executor):
    """Runs what is submitted at once, as another process would; what `outcomes` has for a task happens instead."""

    def __init__(self, outcomes: dict[int, BaseException | None] | None = None) -> None:
        self.futures: list[Future[Any]] = []
        self.outcomes = outcomes or {}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        i, future = len(self.futures), Future[Any]()
        outcome = self.outcomes.get(i)
        if isinstance(outcome, KeyboardInterrupt):
            raise outcome
        if outcome:
            future.set_exception(outcome)
        elif i not in self.outcomes:  # else it waits for ever
            fn, args, kwargs = pickle.loads(pickle.dumps((fn, args, kwargs)))
            future.set_result(pickle.loads(pickle.dumps(fn(*args, **kwargs))))
        self.futures.append(future)
        return future

    def shutdown(self, *_: object, **__: object) -> None:
        raise AssertionError("the caller's executor stays open")


@pytest.fixture
def one_run_per_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockstep, "MOST_COLUMNS", 1)


def spawned() -> Executor:
    return ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))


def assert_same(results: Any, expected: Any) -> None:
    assert len(results) == len(expected)
    for run, other in zip(results, expected, strict=True):
        assert run.trace.status is other.trace.status
        for name in ("weights", "mse", "gap"):
            np.testing.assert_array_equal(getattr(run.trace, name), getattr(other.trace, name))


def files_of(directory: Path) -> dict[str, Any]:
    """What a sweep has written, less what depends on the machine's speed."""
    table = pd.read_csv(directory / "summary.csv").drop(columns="seconds")
    return {"summary.csv": table.to_csv(), "best.yaml": (directory / "best.yaml").read_text()}


@pytest.mark.parametrize("make", [lambda: ThreadPoolExecutor(3), spawned], ids=["threads", "processes"])
def test_results_are_the_same_to_the_last_bit(make: Callable[[], Executor]) -> None:
    with make() as executor:
        results = gdcli.sweep(SPEC, grid=GRID, seeds=2, executor=executor)
        assert_same(results, gdcli.sweep(SPEC, grid=GRID, seeds=2))
        assert executor.submit(len, "open").result() == 4


def test_tasks_can_be_sent_anywhere_and_results_keep_our_plans() -> None:
    executor = InLine()
    results = gdcli.sweep(SPEC, grid=GRID, executor=executor)
    assert len(executor.futures) == 4  # two optimizers on rows scaled in two ways
    assert_same(results, gdcli.sweep(SPEC, grid=GRID))
    assert len({run.plan.rows for run in results}) == 2
    assert results.best is not None


def test_a_directory_gets_the_same_files(tmp_path: Path) -> None:
    gdcli.sweep(SPEC, grid=GRID, directory=tmp_path / "here" / "many", plot=False)
    with ThreadPoolExecutor(2) as executor:
        gdcli.sweep(SPEC, grid=GRID, directory=tmp_path / "there" / "many", plot=False, executor=executor)
    assert files_of(tmp_path / "here" / "many") == files_of(tmp_path / "there" / "many")


@pytest.mark.usefixtures("one_run_per_task")
def test_a_worker_that_dies_costs_no_finished_run(tmp_path: Path) -> None:
    executor = InLine({2: BrokenExecutor("a worker died")})
    with pytest.raises(BrokenExecutor, match="a worker died"):
        gdcli.sweep(SPEC, grid=RATES, directory=tmp_path / "s", plot=False, executor=executor)
    again = InLine()
    results = gdcli.sweep(SPEC, grid=RATES, directory=tmp_path / "s", plot=False, executor=again)
    assert [isinstance(run, gdcli.Result) for run in results] == [False, False, True, True]
    assert len(again.futures) == 2
    assert results.frame["gap"].tolist() == gdcli.sweep(SPEC, grid=RATES).frame["gap"].tolist()


def test_a_process_that_dies_is_told_in_the_executors_own_words() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        executor.submit(os._exit, 1)
        with pytest.raises(BrokenExecutor):
            gdcli.sweep(SPEC, grid=GRID, executor=executor)


@pytest.mark.usefixtures("one_run_per_task")
def test_an_error_cancels_what_has_not_begun() -> None:
    executor = InLine({0: None, 1: None, 3: RuntimeError("no power")})
    with pytest.raises(RuntimeError, match="no power"):
        gdcli.sweep(SPEC, grid=RATES, executor=executor)
    assert [future.cancelled() for future in executor.futures] == [True, True, False, False]


@pytest.mark.usefixtures("one_run_per_task")
def test_ctrl_c_cancels_what_has_not_begun_and_keeps_what_is_finished(tmp_path: Path) -> None:
    executor = InLine({1: None, 2: None, 3: KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        gdcli.sweep(SPEC, grid=RATES, directory=tmp_path / "s", plot=False, executor=executor)
    assert [future.cancelled() for future in executor.futures] == [False, True, True]
    assert json.loads((tmp_path / "s" / "summary.json").read_text())["finished"] == 1


@pytest.mark.usefixtures("one_run_per_task")
def test_what_runs_in_lent_threads_ends_with_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    started, futures = threading.Event(), list[Future[Any]]()

    def run_for_ever(_group: object, _kernel: object, watch: Watch) -> None:
        started.set()
        while True:
            watch(1, np.ones(1), np.ones(1))

    class Interrupted(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            if futures:
                started.wait()
                raise KeyboardInterrupt
            futures.append(super().submit(fn, *args, **kwargs))
            return futures[0]

    monkeypatch.setattr(pools, "run_group", run_for_ever)
    with Interrupted(1) as executor, pytest.raises(KeyboardInterrupt):
        gdcli.sweep(SPEC, grid=RATES, executor=executor)
    assert isinstance(futures[0].exception(), InterruptedError)


class Client:
    """Has a `submit` of another kind, as Dask's client does."""

    def submit(self, *_: Any) -> str:
        return "a future of its own kind"

    def __repr__(self) -> str:
        return "<Client>"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"executor": 4}, "executor: must be a concurrent.futures.Executor, got 4"),
        (
            {"executor": ThreadPoolExecutor},
            f"executor: must be a concurrent.futures.Executor, got {ThreadPoolExecutor}",
        ),
        ({"executor": Client()}, "executor: must be a concurrent.futures.Executor, got <Client>"),
        (
            {"executor": InLine(), "workers": 2},
            "workers: only applies without an executor, which has its own workers; leave it out, got 2",
        ),
    ],
)
def test_what_is_no_executor(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(gdcli.SpecError) as caught:
        gdcli.sweep(SPEC, grid=RATES, **keys)
    assert str(caught.value) == message


def test_where_the_number_of_workers_is_unknown_no_part_is_long_and_no_work_is_doubled() -> None:
    rates = Axis("optimizer.lr", tuple(np.geomspace(1e-3, 1.0, 60).tolist()))
    for size in (1, 50, 299, "full"):
        draft = read_draft({**SPEC, "batch_size": size, "epochs": 20_000})
        plans = [point.plan for point in plan_sweep(draft, [rates], paired=False, seeds=1).points]
        seconds = [predicted_seconds([plans[i] for i in group]) for group in groups(plans, None)]
        assert sum(seconds) <= 2 * predicted_seconds(plans)
        assert max(seconds) <= 2 * predicted_seconds(plans[:2])
