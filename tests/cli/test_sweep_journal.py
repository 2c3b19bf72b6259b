"""The journal of a sweep: what it keeps for later sweeps, who may write it, and failures."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from workbench import Bench

from gdcli.errors import OutputError
from gdcli.output.lock import sole_writer
from gdcli.sweeps.journal import Journal, read_journal

SPEC = "dataset: d.csv\nscaler: zscore\nepochs: 5\n"
JOURNAL = Path("results/s-sweep/runs.jsonl")
HIDDEN = Path("results/.s-sweep.runs.jsonl")
LOCK = Path("results/.s-sweep.lock")


def sweep(bench: Bench, *grid: str, options: tuple[str, ...] = (), spec: str | None = None) -> dict[str, Any]:
    """Run a sweep and return its summary."""
    axes = [part for axis in grid for part in ("--grid", axis)]
    command = ("sweep", "s.yaml", "--json", "--no-plot", *axes, *options)
    document: dict[str, Any] = json.loads(bench.runs(*command, spec=spec).out)
    return document


def seconds() -> dict[str, float]:
    """The time of each run, which identifies it."""
    return {identity: record["summary"]["seconds"] for identity, record in read_journal(JOURNAL).items()}


def test_runs_of_another_grid_are_reused(bench: Bench) -> None:
    assert sweep(bench, "optimizer.lr=0.01,0.1", spec=SPEC)["reused"] == 0
    first = seconds()
    assert sweep(bench, "optimizer.lr=0.1,0.2,0.3")["reused"] == 1
    both = seconds()
    assert len(both) == 4
    assert {identity: both[identity] for identity in first} == first
    assert sweep(bench, "optimizer.lr=0.01,0.3", options=("--resume",))["reused"] == 2
    assert seconds() == both
    assert sweep(bench, "optimizer.lr=0.01,0.1", options=("--set", "epochs=6"))["reused"] == 0
    assert len(seconds()) == 6


def test_a_sweep_that_is_interrupted_before_a_run_is_finished_starts_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs of one group finish together."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gdcli.sweeps.workers.run_group", interrupt)
    bench.write("s.yaml", SPEC)
    outcome = bench.gd("sweep", "s.yaml", "--grid", "optimizer.lr=0.01,0.1")
    assert outcome.code == 130
    assert outcome.err == "s-sweep: interrupted after 0 of 2 runs; the same command starts again\n"


def test_the_number_of_reused_runs_is_reported(bench: Bench) -> None:
    bench.runs("sweep", "s.yaml", "--grid", "optimizer.lr=0.01,0.1", spec=SPEC)
    out = bench.runs("sweep", "s.yaml", "--grid", "optimizer.lr=0.1,0.2,0.3").out
    assert out.endswith("1 of 3 runs taken from earlier sweeps\nwritten to results/s-sweep/\n")


def test_fresh_starts_over(bench: Bench) -> None:
    sweep(bench, "optimizer.lr=0.01,0.1", spec=SPEC)
    assert sweep(bench, "optimizer.lr=0.1", options=("--fresh",))["reused"] == 0
    assert len(seconds()) == 1


def test_runs_on_other_rows_are_not_reused(bench: Bench) -> None:
    sweep(bench, "optimizer.lr=0.01,0.1", spec=SPEC)
    bench.write("d.csv", "x,z,y\n1,2,3\n2,1,4\n3,5,9\n4,3,7\n")
    assert sweep(bench, "optimizer.lr=0.01,0.1")["reused"] == 0


def test_runs_without_curves_are_repeated_for_curves(bench: Bench) -> None:
    sweep(bench, "optimizer.lr=0.01,0.1", spec=SPEC)
    assert sweep(bench, "optimizer.lr=0.1,0.2", options=("--curves",))["reused"] == 0
    assert len(pd.read_csv("results/s-sweep/curves.csv")) == 2 * 6
    assert sweep(bench, "optimizer.lr=0.01,0.1,0.2")["reused"] == 3
    assert not Path("results/s-sweep/curves.csv").exists()
    assert sweep(bench, "optimizer.lr=0.1,0.2", options=("--curves",))["reused"] == 2


def directory(path: Path) -> None:
    path.mkdir()
    (path / "mine").write_text("mine")


# id → makes something at a path, and how that is refused
OBSTACLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "directory": (directory, "Is a directory"),
    "link": (lambda path: path.symlink_to("../precious"), "it is a link"),
    "dangling_link": (lambda path: path.symlink_to("../nothing"), "it is a link"),
    "pipe": (os.mkfifo, "it is not a regular file"),
    "file": (lambda path: path.write_text("years of work\n"), ""),
    "file_without_an_end": (lambda path: path.write_text("years of work"), ""),
    "hard_link": (lambda path: os.link("precious", path), ""),
}


def obstruct(bench: Bench, path: Path, make: Callable[[Path], object]) -> None:
    bench.write("s.yaml", SPEC)
    bench.write("precious", "years of work, and more than a number\n")
    path.parent.mkdir()
    make(path)


@pytest.mark.parametrize(("make", "reason"), OBSTACLES.values(), ids=OBSTACLES)
@pytest.mark.parametrize("options", [(), ("--fresh",)], ids=["", "fresh"])
def test_a_foreign_file_at_the_place_of_the_journal_is_kept(
    bench: Bench, make: Callable[[Path], object], reason: str, options: tuple[str, ...]
) -> None:
    obstruct(bench, HIDDEN, make)
    message = f"{HIDDEN}: sweeps keep finished runs in this file, but gdcli did not write it; move it away"
    if reason and options:
        kept = "runs finished before are kept, and the same command continues from there"
        message = f"{HIDDEN}: cannot write the journal of finished runs: {reason}; {kept}"
    elif reason:
        message = f"{HIDDEN}: cannot read the runs of earlier sweeps: {reason}; move it away"
    bench.refuses(2, message, "sweep", "s.yaml", "--grid", "optimizer.lr=0.01,0.1", *options)


@pytest.mark.parametrize(("make", "reason"), OBSTACLES.values(), ids=OBSTACLES)
def test_a_foreign_file_at_the_place_of_the_lock_is_kept(
    bench: Bench, make: Callable[[Path], object], reason: str
) -> None:
    obstruct(bench, LOCK, make)
    message = (
        f"{LOCK}: is where this sweep puts its lock, and gdcli did not write it; move it away, or choose another --out"
    )
    if reason:
        message = f"{LOCK}: cannot make this lock: {reason}; nothing has been run"
    bench.refuses(2, message, "sweep", "s.yaml", "--grid", "optimizer.lr=0.01,0.1")


@pytest.mark.parametrize("make", [make for make, _ in OBSTACLES.values()], ids=OBSTACLES)
def test_a_foreign_file_beside_the_journal_is_kept(bench: Bench, make: Callable[[Path], object]) -> None:
    """Earlier versions prepared their journals there."""
    beside = HIDDEN.with_name(HIDDEN.name + ".new")
    obstruct(bench, beside, make)
    before = bench.tree()
    sweep(bench, "optimizer.lr=0.01")
    assert before.items() <= bench.tree().items()
    assert sorted(path.name for path in Path("results").iterdir()) == [beside.name, "s-sweep"]


@pytest.mark.parametrize("content", ["", "7", f"{12345:<20}"])
def test_the_lock_of_a_killed_process_is_taken(bench: Bench, content: str) -> None:
    bench.write(str(LOCK), content)
    sweep(bench, "optimizer.lr=0.01", spec=SPEC)
    assert [path.name for path in Path("results").iterdir()] == ["s-sweep"]


def test_a_full_disk_while_the_lock_is_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptors = []

    def refuse(descriptor: int, _: bytes) -> int:
        descriptors.append(descriptor)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    bench.write("s.yaml", SPEC)
    Path("results").mkdir()
    monkeypatch.setattr("gdcli.output.lock.os.write", refuse)
    message = f"{LOCK}: cannot make this lock: {os.strerror(errno.ENOSPC)}; nothing has been run"
    bench.refuses(2, message, "sweep", "s.yaml", "--grid", "optimizer.lr=0.01,0.1")
    (descriptor,) = descriptors
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(descriptor)


def test_runs_on_earlier_content_of_the_data_are_dropped(bench: Bench) -> None:
    bench.write("e.csv", "x,y\n1,2\n2,3\n4,9\n")
    sweep(bench, "optimizer.lr=0.01,0.1", spec=SPEC)
    sweep(bench, "optimizer.lr=0.01,0.1", options=("--set", "dataset=e.csv"))
    assert len(seconds()) == 4
    bench.write("d.csv", "x,z,y\n1,2,3\n2,1,4\n3,5,9\n4,3,7\n")
    for _ in range(3):
        sweep(bench, "optimizer.lr=0.1,0.2")
        assert len(seconds()) == 4  # two of these rows, two of other data
    assert sweep(bench, "optimizer.lr=0.01,0.1", options=("--set", "dataset=e.csv"))["reused"] == 2


def test_runs_of_another_version_are_dropped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep(bench, "optimizer.lr=0.01,0.1", spec=SPEC)
    for module in ("points", "run"):
        monkeypatch.setattr(f"gdcli.sweeps.{module}.__version__", "0.0.0")
    assert sweep(bench, "optimizer.lr=0.1")["reused"] == 0
    assert len(seconds()) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is unreadable for this user")
def test_a_journal_that_cannot_be_read(bench: Bench) -> None:
    sweep(bench, "optimizer.lr=0.01", spec=SPEC)
    JOURNAL.chmod(0)
    message = f"{JOURNAL}: cannot read the runs of earlier sweeps: Permission denied; move it away"
    bench.refuses(2, message, "sweep", "s.yaml", "--grid", "optimizer.lr=0.1")


def test_a_disk_that_fills_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.chdir(tmp_path)
    path = Path("j.jsonl")
    journal = Journal(path, {})
    journal.add({"one": {"summary": {"gap": 1.0}}})
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 40, limit[1]))
    try:
        with pytest.raises(OutputError) as caught:
            journal.add({"two": {"summary": {"name": "x" * 100}}})
        with pytest.raises(OutputError, match="runs finished before are kept"):
            Journal(path, {"two": {"summary": {"name": "x" * 300}}})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
        journal.close()
    assert str(caught.value) == (
        "j.jsonl: cannot write the journal of finished runs: File too large; runs finished before are kept, "
        "and the same command continues from there"
    )
    assert list(read_journal(path)) == ["one"]
    assert [path.name for path in tmp_path.iterdir()] == ["j.jsonl"]


class Full:
    """A file on a full disk."""

    def __init__(self, stream: Any) -> None:
        self.close, self.fileno = stream.close, stream.fileno

    def write(self, _: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_keeps_what_has_finished(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    add = Journal.add

    def add_to_full_disk(self: Journal, records: Any) -> None:
        if list(read_journal(HIDDEN)):
            vars(self)["_stream"] = Full(self._stream)
        add(self, records)

    bench.write("s.yaml", SPEC)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", add_to_full_disk)
        outcome = bench.gd("sweep", "s.yaml", "--grid", "epochs=1,2,3")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"{HIDDEN}: cannot write the journal of finished runs: No space left on device; runs finished before are "
        "kept, and the same command continues from there\n"
    )
    assert sweep(bench, "epochs=1,2,3")["reused"] == 1
    assert not any(name.startswith(".") for name in bench.results())


HOLD = """
from pathlib import Path
from gdcli.output.lock import sole_writer
with sole_writer(Path("results/s-sweep")):
    print("held", flush=True)
    input()
"""


def test_two_sweeps_of_one_name(bench: Bench) -> None:
    bench.write("s.yaml", SPEC)
    Path("results").mkdir()
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        message = (
            f"results/s-sweep: another sweep (process {other.pid}) is writing there; wait until it is done, or choose "
            "another --out"
        )
        bench.refuses(2, message, "sweep", "s.yaml", "--grid", "optimizer.lr=0.1")
        other.kill()
    sweep(bench, "optimizer.lr=0.1")  # a lock does not outlive its process
    assert not any(name.startswith(".") for name in bench.results())


def test_a_lock_can_be_taken_again(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "x"):
        assert (tmp_path / ".x.lock").read_text().strip() == str(os.getpid())
    assert list(tmp_path.iterdir()) == []
    with sole_writer(tmp_path / "x"):
        pass


# The last two runs make 10⁹ steps and more. On no machine do they end by themselves within the time limit below.
LONG = """
name: long
dataset: {synthetic: {rows: 3000, weights: [1.0, 2.0], noise: 1.0}}
batch_size: 1
optimizer: {lr: 0.0001}
sweep:
  epochs: [1, 2, 400000, 400001]
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")
@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_workers_end_with_their_parent(tmp_path: Path, end: str) -> None:
    (tmp_path / "long.yaml").write_text(LONG)
    options = ["--workers", "2", "--kernel", "numpy", "--no-plot"]
    command = [sys.executable, "-m", "gdcli", "sweep", "long.yaml", *options]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, start_new_session=True)
    try:
        while process.poll() is None and len(read_journal(tmp_path / "results/.long-sweep.runs.jsonl")) < 2:
            pass
        process.send_signal(getattr(signal, end))
        process.communicate(timeout=600)  # workers have stdout too: it ends with the last of them
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    # What can be answered is: 130, as for Ctrl-C.
    assert process.returncode == (-signal.SIGKILL if end == "SIGKILL" else 130)


def test_no_value_is_a_formula_for_a_spreadsheet(bench: Bench) -> None:
    bench.write("d.csv", "=1+1,@b,y\n1,2,1\n2,1,2\n3,5,5\n4,4,2\n")
    grid = ("columns.target='=1+1','@b',y", "optimizer.lr=1.0e-3")
    sweep(bench, *grid, options=("--curves",), spec="dataset: d.csv\nepochs: 1\n")
    for name in ("summary.csv", "curves.csv"):
        table = pd.read_csv(f"results/s-sweep/{name}")
        assert list(dict.fromkeys(table["columns.target"])) == ["'=1+1", "'@b", "y"]
        assert set(table["optimizer.lr"]) == {0.001}


def test_control_characters_of_values_are_escaped(bench: Bench) -> None:
    bench.write("d.csv", "a\x1b]0;x\x07,z,y\n1,3,1\n2,4,2\n3,9,5\n")
    sweep(bench, 'columns.target="a\\u001b]0;x\\u0007",y', spec="dataset: d.csv\nepochs: 1\n")
    assert re.findall(r"^a.*?,", Path("results/s-sweep/summary.csv").read_text(), flags=re.MULTILINE) == [
        r"a\x1b]0;x\x07,"
    ]
