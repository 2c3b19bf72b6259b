"""`gdcli sweep --dry-run` and `gdcli.forecast`: what would run, what is skipped, for how long; nothing is written."""

from __future__ import annotations

import json

import pytest
from workbench import Bench

import gdcli
from gdcli.cli.forecast_view import duration
from gdcli.engine.kernels.choice import numpy_seconds
from gdcli.sweeps.forecast import forecast
from gdcli.sweeps.library import plan_arguments

SPEC = "dataset: d.csv\nscaler: zscore\nepochs: 5\n"
GRID = ("--grid", "optimizer.lr=0.01,0.1", "--grid", "batch_size=1,2,full")
DRY = ("--dry-run", "--kernel", "numpy", "--workers", "2")
KINDS = ("--grid", "optimizer.kind=sgd,momentum", "--grid", "optimizer.momentum=linear:0:0.9:7")


@pytest.fixture(autouse=True)
def _unlimited_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are as long as they need to be, as into a pipe."""
    monkeypatch.delenv("COLUMNS", raising=False)


def document(bench: Bench, *arguments: str, spec: str = SPEC) -> dict[str, object]:
    given: dict[str, object] = json.loads(bench.runs("sweep", "s.yaml", *arguments, *DRY, "--json", spec=spec).out)
    return given


def test_nothing_is_run_or_written(bench: Bench) -> None:
    bench.write("s.yaml", SPEC)
    before = bench.tree()
    out = bench.runs("sweep", "s.yaml", *GRID, *DRY, "--out", "elsewhere/deep").out
    assert out == (
        "s-sweep dry run: nothing is run or written\n"
        "optimizer.lr    0.01, 0.1\n"
        "batch_size      1, 2, full\n"
        "runs            6\n"
        "predicted time  less than a second\n"
        "directory       elsewhere/deep/s-sweep/\n"
    )
    assert bench.tree() == before
    assert not (bench.home / "elsewhere").exists()
    assert not bench.runs("sweep", "s.yaml", *GRID, *DRY, "--quiet").out


def test_finished_runs_are_counted(bench: Bench) -> None:
    bench.runs("sweep", "s.yaml", *GRID, "--no-plot", spec=SPEC)
    before = bench.tree()
    wider = ("--grid", "optimizer.lr=0.01,0.1,0.2", *GRID[2:])
    out = bench.runs("sweep", "s.yaml", *wider, *DRY).out
    assert "\nruns            9; 6 finished by earlier sweeps, 3 to run\n" in out
    out = bench.runs("sweep", "s.yaml", *GRID, *DRY).out
    assert "\nruns            6; 6 finished by earlier sweeps, 0 to run\n" in out
    assert "\npredicted time  none: all runs are finished\n" in out
    counts = {key: document(bench, *GRID, "--fresh")[key] for key in ("planned", "reused", "remaining")}
    assert counts == {"planned": 6, "reused": 0, "remaining": 6}
    assert document(bench, *GRID, "--curves")["reused"] == 0  # their curves were not kept
    assert bench.tree() == before


def test_all_skipped_settings_are_listed_with_the_reason(bench: Bench) -> None:
    outcome = bench.runs("sweep", "s.yaml", *KINDS, *DRY, spec=SPEC)
    reason = "unknown key 'momentum' in optimizer of kind sgd; known: kind, lr, weight_decay"
    lines = [line for line in outcome.out.splitlines() if line.startswith("skipped ")]
    assert len(lines) == 7
    assert lines[0] == f"skipped optimizer.kind=sgd, optimizer.momentum=0.0: {reason}"
    assert "\nruns                7; 7 settings skipped\n" in outcome.out
    skipped = document(bench, *KINDS)["skipped"]
    assert isinstance(skipped, list)
    assert skipped[1] == {"setting": {"optimizer.kind": "sgd", "optimizer.momentum": 0.15}, "reason": reason}


def test_faults_are_those_of_the_sweep(bench: Bench) -> None:
    bench.write("s.yaml", SPEC)
    message = "--grid optimizer.lr=-1,1: optimizer.lr must be greater than 0, got -1"
    bench.refuses(2, message, "sweep", "s.yaml", "--grid", "optimizer.lr=-1,1", "--dry-run")
    message = "results/s-sweep: holds mine.txt, which gdcli did not write; move it away, or choose another --out"
    bench.write("results/s-sweep/mine.txt", "mine")
    bench.refuses(2, message, "sweep", "s.yaml", *GRID, "--dry-run")
    bench.refuses(3, "s.yaml:1:1: no data file e.csv", "sweep", "s.yaml", *GRID, "--dry-run", spec="dataset: e.csv\n")


@pytest.mark.usefixtures("bench")
def test_from_python() -> None:
    spec = {"dataset": "d.csv", "epochs": 1000, "batch_size": 2}
    grid = {"optimizer.lr": [0.01, 0.1], "seed": [1, 2, 3]}
    given = gdcli.forecast(spec, grid=grid, kernel="numpy", workers=2, directory="r")
    assert (given.planned, given.reused, given.remaining, given.sweep.skipped) == (6, 0, 6, ())
    pair = numpy_seconds(steps=2000, rows=2, d=3, k=2)  # each seed has its own batches, so two runs are in lockstep
    assert given.seconds == pytest.approx(3 * pair / 2, rel=1e-12)
    gdcli.sweep(spec, grid=grid, directory="r", plot=False)
    again = gdcli.forecast(spec, grid=grid, directory="r")
    assert (again.reused, again.remaining, again.seconds) == (6, 0, 0)


@pytest.mark.usefixtures("bench")
def test_no_number_of_workers_shortens_the_longest_group() -> None:
    sweep = plan_arguments(
        {"dataset": "d.csv", "batch_size": 2, "epochs": 3000}, {"seed": [1, 2, 3]}, paired=False, seeds=1, frame=None
    )
    one = numpy_seconds(steps=6000, rows=2, d=3)
    for workers, seconds in ((1, 3 * one), (2, 1.5 * one), (50, one)):
        assert forecast(sweep, None, kernel="numpy", workers=workers).seconds == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a second"),
        (0.99, "less than a second"),
        (1.234, "about 1.2 seconds"),
        (89, "about 89 seconds"),
        (90, "about 1.5 minutes"),
        (3000, "about 50 minutes"),
        (90 * 60, "about 1.5 hours"),
        (36 * 3600, "about 1.5 days"),
        (1e9, "about 11574 days"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
