"""Ctrl-C and similar signals at every stage of a process: one word, exit code 130, no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

START = """
import signal, sys
from gdcli.cli.interrupts import answer_interrupts, ignore_interrupts
answer_interrupts()
"""
COMMAND = f"""{START}
import typer
from gdcli.cli.outcome import handled
@handled
def command():
    work()
    return 0
def run():
    try:
        command()
    except typer.Exit as end:
        sys.exit(end.exit_code)
"""

# id → a script in which NUMBER is a signal
STAGES: dict[str, str] = {
    "starting": f"{START}\nsignal.raise_signal(NUMBER)",
    "working": f"{COMMAND}\ndef work(): signal.raise_signal(NUMBER)\nrun()",
    "renamed": f"""{COMMAND}
def work():
    try:
        signal.raise_signal(NUMBER)
    except KeyboardInterrupt as error:
        raise ImportError("numpy: please read this page") from error
run()""",
    "finalizer": f"""{COMMAND}
class Held:
    def __del__(self): signal.raise_signal(NUMBER)
def work(): Held()
run()""",
}


def python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("number", ["signal.SIGINT", "signal.SIGTERM"])
@pytest.mark.parametrize("script", STAGES.values(), ids=STAGES)
def test_interrupted(script: str, number: str) -> None:
    process = python(script.replace("NUMBER", number))
    assert process.stderr == "interrupted\n"
    assert process.returncode == 130


def test_ending() -> None:
    process = python(f"{START}\nignore_interrupts()\nsignal.raise_signal(signal.SIGINT)")
    assert (process.returncode, process.stderr) == (0, "")


def test_started_to_ignore_it() -> None:
    ignored = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    process = python(f"{ignored}{START}\nsignal.raise_signal(signal.SIGINT)")
    assert (process.returncode, process.stderr) == (0, "")


# Interrupts a run after 16 epochs, and again before its files are written; repeats within PAUSE seconds are ignored.
TWICE = """
import os, signal, sys
from gdcli.cli import interrupts, main
from gdcli.engine.trace import Record
from gdcli.experiment.result import Result

add, write = Record.add, Result.write

def add_and_raise(*arguments):
    under_way = add(*arguments)
    if arguments[1] > 4:
        signal.raise_signal(signal.SIGINT)
    return under_way

def raise_and_write(*arguments, **options):
    signal.raise_signal(signal.SIGTERM)
    return write(*arguments, **options)

interrupts.REPEAT_SECONDS = PAUSE
Record.add, Result.write = add_and_raise, raise_and_write
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


@pytest.mark.parametrize(("pause", "is_written"), [("1e9", True), ("0.0", False)], ids=["at_once", "later"])
def test_interrupted_twice(tmp_path: Path, pause: str, is_written: bool) -> None:
    """Soon after the first, the second is the same one: what is finished is written. Later, it ends the command."""
    (tmp_path / "s.yaml").write_text("dataset: {inline: {x: [1, 2, 4], y: [3, 5, 10]}}\nepochs: 50\n")
    command = [sys.executable, "-c", TWICE.replace("PAUSE", pause), "run", "s.yaml", "--no-plot", "--quiet"]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    kept = "s: interrupted after epoch 16; its files hold what was finished\n"
    assert process.stderr == (kept if is_written else "interrupted\n")
    assert process.returncode == 130
    names = ["curve.csv", "spec.yaml", "summary.csv", "summary.json"] if is_written else []
    assert sorted(path.name for path in tmp_path.glob("results/**/*") if path.is_file()) == names


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="a signal of POSIX")
def test_forked_worker_says_nothing() -> None:
    worker = "import os\nif os.fork() == 0: signal.raise_signal(signal.SIGTERM)\nprint(os.wait()[1] >> 8)"
    process = python(f"{START}\n{worker}")
    assert (process.returncode, process.stdout, process.stderr) == (0, "130\n", "")


def test_few_imports_before_signals_are_handled() -> None:
    listed = "import sys; before = set(sys.modules); import gdcli.cli; print(*sorted(set(sys.modules) - before))"
    process = subprocess.run([sys.executable, "-S", "-c", listed], capture_output=True, text=True, check=True, cwd=ROOT)
    heavy = {"re", "typing", "dataclasses", "contextlib", "typer", "numpy", "gdcli.errors"}
    assert not heavy & set(process.stdout.split())
