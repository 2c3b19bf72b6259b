"""Results that cannot be written, names that leave the directory, interrupted runs: nothing is ever half-written."""

from __future__ import annotations

import csv
import errno
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from workbench import Bench

from gdcli.cli.progress import EpochBar
from gdcli.errors import system_reason
from gdcli.experiment import result as results
from gdcli.experiment.execute import execute
from gdcli.output import directories as output

D = "dataset: d.csv\n"
KEPT = "what was there before is kept"
NAME_RULE = "name must be letters, digits, '.', '_', '-', at most 64 and not starting with a dot, got"
RESULT = ["s", "s/curve.csv", "s/spec.yaml", "s/summary.csv", "s/summary.json"]
# gdcli in a separate process, with the default handler for Ctrl-C
MAIN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from gdcli.cli import main; main()"
# The same, with a bar from the start, and a run that waits for the signal once it has shown its first epochs.
PAUSING = """
import signal, threading
from types import SimpleNamespace
from gdcli.cli import main, progress

def watch(bar, *figures, follow=progress.EpochBar.watch):
    follow(bar, *figures)
    signal.pause()

def timer(patience, begin):
    return SimpleNamespace(start=begin, cancel=lambda: None)

signal.signal(signal.SIGINT, signal.default_int_handler)
progress.EpochBar.watch = watch
progress.threading = SimpleNamespace(Timer=timer, Lock=threading.Lock)
main()
"""


def entries(directory: str) -> list[str]:
    return sorted(path.name for path in Path(directory).iterdir())


# id → --out, and the message
PLACES: dict[str, tuple[str, str]] = {
    "file": ("d.csv", f"d.csv: cannot write the result: File exists; {KEPT}"),
    "below_a_file": ("d.csv/below", f"d.csv/below: cannot write the result: Not a directory; {KEPT}"),
    "long": ("a" * 300, f"{'a' * 300}: cannot write the result: File name too long; {KEPT}"),
    "null": ("/dev/null", f"/dev/null: cannot write the result: File exists; {KEPT}"),
    "below_null": ("/dev/null/x", f"/dev/null/x: cannot write the result: Not a directory; {KEPT}"),
}
COMMANDS = {
    "run": ["run", "s.yaml"],
    "compare": ["compare", "s.yaml", "t.yaml"],
    "check": ["check", "s.yaml"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("out", "message"), PLACES.values(), ids=PLACES)
def test_place(bench: Bench, command: list[str], out: str, message: str) -> None:
    bench.write("t.yaml", D)
    bench.refuses(2, message, *command, "--out", out, spec=D + "expect: {final_mse: 1}\n")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc on this system")
def test_place_in_proc(bench: Bench) -> None:
    with pytest.raises(OSError, match="proc") as caught:
        Path("/proc/gdcli").mkdir()
    message = f"/proc/gdcli: cannot write the result: {caught.value.strerror}; {KEPT}"
    bench.refuses(2, message, "run", "s.yaml", "--out", "/proc/gdcli", spec=D)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_place_without_permission(bench: Bench) -> None:
    (bench.home / "locked").mkdir(mode=0o500)
    message = f"locked: cannot write the result: Permission denied; {KEPT}"
    bench.refuses(2, message, "run", "s.yaml", "--out", "locked", spec=D)


GONE = "import os; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); "


def test_working_directory_that_was_removed(bench: Bench) -> None:
    spec = str(bench.write("s.yaml", D + "epochs: 2\n"))
    process = separately(bench, "run", spec, "--no-plot", before=GONE)
    reason = "the working directory has been removed; change to one that exists"
    assert process.stderr == f"results: cannot write the result: {reason}; {KEPT}\n"
    assert process.returncode == 2
    process = separately(bench, "run", spec, "--no-plot", "--out", str(bench.home / "results"), before=GONE)
    assert (process.returncode, process.stderr) == (0, "")
    assert bench.results() == RESULT


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc on this system")
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_link_to_where_nothing_can_be_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """This is reported before anything runs."""
    monkeypatch.setattr("gdcli.cli.session.execute", None)
    name = "s-vs-t" if command[0] == "compare" else "s"
    for spec in ("s.yaml", "t.yaml"):
        bench.write(spec, D + "expect: {final_mse: 1}\n")
    (bench.home / "results").mkdir()
    (bench.home / "results" / name).symlink_to("/proc/nope/s")
    message = f"results/{name}: cannot write the result: {os.strerror(errno.ENOENT)}; {KEPT}"
    bench.refuses(2, message, *command, "--out", "results")


def test_a_file_added_to_a_result_during_the_run_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def and_write(*arguments: Any, **options: Any) -> Any:
        bench.write("results/s/notes.txt", "years of work")
        return execute(*arguments, **options)

    bench.runs(spec=D + "epochs: 2\n")
    before = bench.tree()
    monkeypatch.setattr("gdcli.cli.session.execute", and_write)
    outcome = bench.gd("run", "s.yaml", "--no-plot", "--set", "seed=7")
    reason = "holds notes.txt, which gdcli did not write; move it away, or choose another --out"
    assert (outcome.code, outcome.err) == (2, f"results/s: {reason}\n")
    assert bench.tree() == {**before, "results/s/notes.txt": b"years of work"}


def test_circular_links(bench: Bench) -> None:
    (bench.home / "results").mkdir()
    for name, target in (("results/s", "s"), ("a", "b"), ("b", "a")):
        (bench.home / name).symlink_to(target)
    reason = f"cannot write the result: {os.strerror(errno.ELOOP)}; {KEPT}"
    bench.refuses(2, f"results/s: {reason}", spec=D)
    bench.refuses(2, f"a/x: {reason}", "run", "s.yaml", "--out", "a/x")
    bench.refuses(2, f"a: cannot write the result: {os.strerror(errno.EEXIST)}; {KEPT}", "run", "s.yaml", "--out", "a")


@pytest.mark.parametrize("unreadable", ["results/s", "results/s/summary.json"])
def test_result_that_cannot_be_read(bench: Bench, monkeypatch: pytest.MonkeyPatch, unreadable: str) -> None:
    bench.runs(spec=D + "epochs: 2\n")

    def refusing(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def refuse(path: Any) -> Any:
            if str(path).endswith(unreadable):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return function(path)

        return refuse

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing(os.scandir))
        patch.setattr(Path, "read_bytes", refusing(Path.read_bytes))
        outcome = bench.gd("run", "s.yaml", "--no-plot")
    assert outcome.err == f"results/s: cannot write the result: {os.strerror(errno.EACCES)}; {KEPT}\n"
    assert outcome.code == 2
    assert bench.results() == RESULT


# Unexpected errors of the system, and their messages
REFUSALS = {
    "a_file": (PermissionError(errno.EACCES, "Permission denied", "d.csv"), "d.csv: Permission denied"),
    "no_file": (OSError(errno.EMFILE, "Too many open files"), "the system refuses: Too many open files"),
    "words_alone": (OSError("it does not\nwork"), r"the system refuses: it does not\nwork"),
    "a_pipe_of_its_own": (BrokenPipeError(errno.EPIPE, "Broken pipe"), "the system refuses: Broken pipe"),
}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "d.csv"), "Permission denied"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), "No such file or directory"),
        (OSError("it does not work"), "it does not work"),
        (BrokenPipeError(), "BrokenPipeError"),
    ],
)
def test_an_error_of_the_system_always_has_a_reason(error: OSError, words: str) -> None:
    assert system_reason(error) == words


@pytest.mark.parametrize(("error", "message"), REFUSALS.values(), ids=REFUSALS)
def test_errors_of_the_system_are_reported(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: OSError, message: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("gdcli.experiment.planner.Planner.plan", refuse)
    bench.refuses(2, message, spec=D)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_picture_that_cannot_be_drawn(bench: Bench, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    def fail(*_: object) -> bytes:
        raise ValueError("no such thing")

    for function in ("cli.session.draw_run", "show.drawing.draw_together", "cli.commands.sweeping.draw_sweep"):
        monkeypatch.setattr(f"gdcli.{function}", fail)
    bench.write("t.yaml", D)
    bench.write("s.yaml", D + "epochs: 2\nexpect: {final_mse: 1, tolerance: 1.0e+9}\n")
    place, name = ("results/s-vs-t", "curves.png") if command[0] == "compare" else ("results/s", "curve.png")
    warning = f"warning: {place}/{name} could not be drawn: ValueError: no such thing"
    bench.runs(*command, "--out", "results", warnings=warning)
    assert Path(place, "summary.json").is_file()
    assert bench.runs(*command, "--out", "results", "--no-plot").code == 0
    bench.runs(
        "sweep",
        "s.yaml",
        "--grid",
        "seed=1,2",
        warnings=warning.replace(place, "results/s-sweep").replace(name, "sweep.png"),
    )


def test_ctrl_c_while_a_picture_is_drawn(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("gdcli.cli.session.draw_run", interrupt)
    bench.write("s.yaml", D + "epochs: 2\n")
    outcome = bench.gd("run", "s.yaml")
    assert (outcome.code, outcome.err) == (130, "interrupted\n")
    assert bench.results() == RESULT


def test_stderr_is_full(bench: Bench) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    bench.write("s.yaml", D + "epochs: 2\n")
    bench.runs()
    with Path("/dev/full").open("w") as full:  # the warning that it is written beside
        process = separately(bench, "run", "results/s/spec.yaml", "--no-plot", stderr=full)
    assert process.returncode == 0
    assert Path("results/s-2/curve.csv").is_file()


def test_file_in_the_place_of_the_result(bench: Bench) -> None:
    bench.write("results/s", "mine")
    bench.refuses(2, "results/s: is a file; remove it, or choose another --out", spec=D)
    bench.write("results/s-vs-t", "mine")
    bench.write("t.yaml", D)
    message = "results/s-vs-t: is a file; remove it, or choose another --out"
    bench.refuses(2, message, "compare", "s.yaml", "t.yaml")


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        *(
            (["notes.txt"], "notes.txt"),
            ([".hidden"], ".hidden"),
            (list("dcba"), "a, b, c and 1 more"),
            (["x/y"], "x/"),
        ),
        *((["data.csv"], "data.csv"), (["curve.png", "curve.csv.bak"], "curve.csv.bak, curve.png")),
    ],
)
def test_foreign_files_are_left_alone(bench: Bench, names: list[str], listed: str) -> None:
    bench.runs(spec=D + "epochs: 2\n")
    for name in names:
        bench.write(f"results/s/{name}", "mine")
    message = f"results/s: holds {listed}, which gdcli did not write; move it away, or choose another --out"
    bench.refuses(2, message, spec=D)
    bench.refuses(2, message, "check", "s.yaml", "--out", "results", spec=D + "expect: {final_mse: 1}\n")


def test_a_foreign_directory_of_the_second_spec_stops_the_first(bench: Bench) -> None:
    bench.write("t.yaml", D)
    bench.write("results/t/notes.txt", "mine")
    message = "results/t: holds notes.txt, which gdcli did not write; move it away, or choose another --out"
    bench.refuses(2, message, "run", "s.yaml", "t.yaml", spec=D)


def test_result_is_replaced_whole(bench: Bench) -> None:
    bench.runs("run", "s.yaml", spec=D + "epochs: 9\n")
    assert "results/s/curve.png" in bench.tree()
    bench.runs(spec=D + "epochs: 2\n")
    assert bench.results() == RESULT
    assert len(Path("results/s/curve.csv").read_text().splitlines()) == 4


def test_the_target_of_a_link_to_a_result_is_replaced(bench: Bench) -> None:
    (bench.home / "far").mkdir()
    (bench.home / "results").mkdir()
    (bench.home / "results/s").symlink_to("../far")
    bench.runs(spec=D + "epochs: 2\n")
    assert (bench.home / "results/s").is_symlink()
    assert entries("far") == [name.removeprefix("s/") for name in RESULT[1:]]
    assert entries(".") == ["d.csv", "far", "results", "s.yaml"]


# The value of `name`, and how the message shows it.
NAMES = {
    "../x": "'../x'",
    "..": "'..'",
    ".": "'.'",
    "/abs": "'/abs'",
    ".hidden": "'.hidden'",
    "a/b": "'a/b'",
    "'a\\b'": "'a\\b'",
    "''": "''",
    "a b": "'a b'",
    "é": "'é'",
    "a" * 65: f"'{'a' * 56}…",
    "a\u2028b": "'a\\u2028b'",
}


@pytest.mark.parametrize(("name", "shown"), NAMES.items(), ids=NAMES)
def test_empty_name(bench: Bench, name: str, shown: str) -> None:
    if name == "a\u2028b":
        name = '"a\\Lb"'
    bench.refuses(2, f"s.yaml:2:1: {NAME_RULE} {shown}; set `name:` in the spec", spec=f"{D}name: {name}\n")


# The value of `name` where it is no text at all.
NO_TEXT = {
    "": "nothing",
    "3": "3; write '3' in quotes",
    "1.0": "1.0; write '1.0' in quotes",
    "true": "true",
    "[a]": "a list of 1",
}


@pytest.mark.parametrize(("name", "shown"), NO_TEXT.items(), ids=["nothing", *list(NO_TEXT)[1:]])
def test_name_that_is_not_text(bench: Bench, name: str, shown: str) -> None:
    bench.refuses(2, f"s.yaml:2:1: name must be text, got {shown}", spec=f"{D}name: {name}\n")


# A file, and how the message shows its stem.
STEMS = {"my run.yaml": "my run", ".hidden.yaml": ".hidden", "größe.yaml": "größe", f"{'a' * 65}.yaml": f"{'a' * 56}…"}


@pytest.mark.parametrize(("file", "shown"), STEMS.items(), ids=["space", "hidden", "umlaut", "long"])
def test_stem_that_is_not_a_valid_name(bench: Bench, file: str, shown: str) -> None:
    bench.write(file, D)
    quoted = f"'{shown}" if shown.endswith("…") else f"'{shown}'"
    bench.refuses(2, f"{file}: {NAME_RULE} {quoted}; set `name:` in the spec", "run", file)
    bench.write(file, D + "name: fine\nepochs: 2\n")
    bench.runs("run", file, "--no-plot")
    assert bench.results() == [name.replace("s", "fine", 1) for name in RESULT]


@pytest.mark.parametrize("name", ["a" * 64, "-", "--help", "_", "a..b", "1", "con.csv"])
def test_odd_names_that_are_valid(bench: Bench, name: str) -> None:
    bench.runs(spec=f"{D}name: '{name}'\nepochs: 2\n")
    assert bench.results()[0] == name


def separately(
    bench: Bench, *arguments: str, before: str = "", environment: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run gdcli in a separate process."""
    return subprocess.run(
        [sys.executable, "-c", before + MAIN, *arguments],
        cwd=bench.home,
        env={**os.environ, **(environment or {})},
        check=False,
        encoding=(environment or {}).get("PYTHONIOENCODING", "utf-8"),
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


@pytest.mark.parametrize("limit", [100, 1000], ids=["at_the_curve", "at_the_summary"])
def test_full_disk(bench: Bench, limit: int) -> None:
    bench.runs(spec=D + "epochs: 2\n")
    before = bench.tree()
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
    process = separately(bench, "run", "s.yaml", "--no-plot", "--set", "seed=7", before=limited)
    assert process.stderr == f"results/s: cannot write the result: {os.strerror(errno.EFBIG)}; {KEPT}\n"
    assert process.returncode == 2
    assert bench.tree() == before
    assert bench.results() == RESULT


def test_full_disk_and_nothing_there_before(bench: Bench) -> None:
    bench.write("s.yaml", D)
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); "
    process = separately(bench, "run", "s.yaml", "--no-plot", before=limited)
    assert process.returncode == 2
    assert bench.results() == []


@pytest.mark.parametrize("stage", ["manifest", "write_csv", "dump"])
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), MemoryError()]
)
def test_failure_while_writing(bench: Bench, monkeypatch: pytest.MonkeyPatch, stage: str, error: BaseException) -> None:
    bench.runs(spec=D + "epochs: 2\n")

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(output if stage == "manifest" else results, stage, fail)
    before = bench.tree()
    outcome = bench.gd("run", "s.yaml", "--no-plot", "--set", "seed=7")
    code, said = {
        KeyboardInterrupt: (130, "interrupted"),
        OSError: (2, f"results/s: cannot write the result: {os.strerror(errno.ENOSPC)}; {KEPT}"),
        MemoryError: (2, "not enough memory; use fewer rows, columns or epochs"),
    }[type(error)]
    assert (outcome.code, outcome.err) == (code, said + "\n")
    assert bench.tree() == before
    assert bench.results() == RESULT


def test_stdout_is_full(bench: Bench) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    bench.write("s.yaml", D + "epochs: 2\n")
    for more in ([], ["--json"]):
        with Path("/dev/full").open("w") as full:
            process = separately(bench, "run", "s.yaml", "--no-plot", *more, stdout=full)
        assert process.stderr == f"stdout: cannot write: {os.strerror(errno.ENOSPC)}\n"
        assert process.returncode == 2
    assert bench.results() == RESULT


def test_stdout_is_closed(bench: Bench) -> None:
    bench.write("s.yaml", D + "epochs: 2\n")
    process = separately(bench, "run", "s.yaml", "--no-plot", before="import sys; sys.stdout = None; ")
    assert (process.returncode, process.stderr) == (0, "")
    assert bench.results() == RESULT


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_stdout_with_a_small_character_set(bench: Bench, encoding: str) -> None:
    bench.write("s.yaml", D + "epochs: 2\n")
    bench.write("t.yaml", D + "epochs: 3\n")
    for command in (["compare", "s.yaml", "t.yaml", "--no-plot"], ["optimum", "d.csv"]):
        process = separately(bench, *command, environment={"PYTHONIOENCODING": encoding})
        assert (process.returncode, process.stderr) == (0, "")


def test_reader_closes_stdout(bench: Bench) -> None:
    bench.write("s.yaml", D + "epochs: 2\n")
    read, write = os.pipe()
    os.close(read)
    try:
        process = separately(bench, "run", "s.yaml", "--no-plot", stdout=write)
    finally:
        os.close(write)
    assert (process.returncode, process.stderr) == (0, "")
    assert bench.results() == RESULT


def interrupt_at(monkeypatch: pytest.MonkeyPatch, name: str, epoch: int) -> None:
    """Press Ctrl-C in the run of this name at the end of an epoch."""

    def watch(self: EpochBar, done: int, *_: object) -> None:
        if done == epoch and vars(self)["_description"] == name:
            raise KeyboardInterrupt

    def enter(self: EpochBar) -> EpochBar:
        self.shown = True
        return self

    monkeypatch.setattr(EpochBar, "watch", watch)
    monkeypatch.setattr(EpochBar, "__enter__", enter)
    monkeypatch.setattr(EpochBar, "__exit__", lambda *_: None)


def held(directory: str) -> SimpleNamespace:
    summary = json.loads(Path(directory, "summary.json").read_text())
    rows = list(csv.DictReader(Path(directory, "curve.csv").read_text().splitlines()))
    return SimpleNamespace(status=summary["status"], epochs=summary["epochs"], rows=rows, final=summary["final_mse"])


def test_interrupted_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        bench.write(f"{name}.yaml", D + "epochs: 9\n")
    interrupt_at(monkeypatch, "b", 4)
    outcome = bench.gd("run", "a.yaml", "b.yaml", "c.yaml")
    assert outcome.err == "b: interrupted after epoch 4; its files hold what was finished\nnot started: c\n"
    assert outcome.code == 130
    assert entries("results") == ["a", "b"]
    assert held("results/a").status == "completed"
    kept = held("results/b")
    assert (kept.status, kept.epochs, len(kept.rows)) == ("interrupted", 4, 5)
    assert kept.rows == held("results/a").rows[:5]
    assert kept.final == float(kept.rows[-1]["mse"])
    assert Path("results/b/curve.png").read_bytes().startswith(b"\x89PNG")


def test_interrupted_comparison(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        bench.write(f"{name}.yaml", D + "epochs: 9\n")
    interrupt_at(monkeypatch, "b", 4)
    outcome = bench.gd("compare", "a.yaml", "b.yaml", "c.yaml", "--no-plot")
    assert outcome.err == "b: interrupted after epoch 4; its files hold what was finished\nnot started: c\n"
    assert outcome.code == 130
    runs = json.loads(Path("results/a-vs-b-vs-c/summary.json").read_text())["runs"]
    assert [(run["name"], run["status"]) for run in runs] == [("a", "completed"), ("b", "interrupted")]
    assert "no best: a run was interrupted\n" in outcome.out
    assert "★" not in outcome.out


def test_interrupted_check(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        bench.write(f"{name}.yaml", D + "epochs: 9\nexpect: {final_mse: 1, tolerance: 9}\n")
    interrupt_at(monkeypatch, "b", 4)
    outcome = bench.gd("check", ".")
    assert outcome.code == 130
    assert "failed  b: interrupted at epoch 4" in outcome.out
    assert outcome.err == "not started: c\n"
    assert not Path("results").exists()


def test_interrupted_seeds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"s{i:02}" for i in range(14)]
    for name in names:
        bench.write(f"{name}.yaml", D + "epochs: 9\n")
    interrupt_at(monkeypatch, "s01", 4)
    outcome = bench.gd("compare", *(f"{name}.yaml" for name in names), "--seeds", "3", "--no-plot")
    assert outcome.err.splitlines() == [
        "s01: interrupted after epoch 4; its files hold what was finished",
        f"not started: 2 of 3 runs of s01, {', '.join(names[2:11])} and 3 more",
    ]
    assert "medians of up to 3 seeds, column by column" in outcome.out
    assert outcome.code == 130


def test_interrupted_last_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        bench.write(f"{name}.yaml", D + "epochs: 9\n")
    interrupt_at(monkeypatch, "b", 4)
    outcome = bench.gd("compare", "a.yaml", "b.yaml", "--no-plot")
    assert outcome.err == "b: interrupted after epoch 4; its files hold what was finished\n"


def test_interrupted_before_anything_runs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gdcli.experiment.planner.Planner.plan", interrupt)
    bench.refuses(130, "interrupted", spec=D)


def test_ctrl_c(bench: Bench) -> None:
    """A signal from outside, sent once the progress bar shows that the run is under way."""
    bench.write("s.yaml", D + "epochs: 1000\nname: long\n")
    bench.write("t.yaml", D + "name: never\n")
    terminal, end = pty.openpty()
    command = [sys.executable, "-c", PAUSING, "run", "s.yaml", "t.yaml", "--no-plot"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, cwd=bench.home, env=environment, stdout=subprocess.PIPE, stderr=end) as process:
        os.close(end)
        said = b""
        try:
            while b"loss" not in said:
                said += os.read(terminal, 4096)
            process.send_signal(signal.SIGINT)
            while more := read_terminal(terminal):
                said += more
            assert process.wait() == 130
        finally:
            process.kill()
            os.close(terminal)
    assert b"Traceback" not in said
    kept = held("results/long")
    words = re.compile(rb"long: interrupted after epoch (\d+); its files hold what was finished")
    sentence = words.search(said)
    assert sentence
    assert int(sentence[1]) == kept.epochs == len(kept.rows) - 1 == int(kept.rows[-1]["epoch"])
    assert 0 < kept.epochs < 1000
    assert kept.status == "interrupted"
    assert Path("results/long/curve.csv").read_bytes().endswith(b"\n")
    assert all(None not in row.values() and len(row) == 5 for row in kept.rows)
    assert entries("results") == ["long"]


def read_terminal(terminal: int) -> bytes:
    """Read from a pseudo terminal; Linux reports its end as an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
