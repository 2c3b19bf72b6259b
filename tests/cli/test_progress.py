"""The progress bar on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = "dataset: {inline: {x: [1, 2, 4], y: [3, 5, 10]}}\noptimizer: {lr: 0.001}\n"
# The bar appears before the work begins, or never, so that no test has to wait or to work for a second.
AT_ONCE = """
import threading
from types import SimpleNamespace
from gdcli.cli import main, progress

def timer(patience, begin):
    return SimpleNamespace(start=begin, cancel=lambda: None)

progress.threading = SimpleNamespace(Timer=timer, Lock=threading.Lock)
progress.REFRESH = 0.0
main()
"""
NEVER = "from gdcli.cli import main, progress; progress.PATIENCE = 1e6; main()"


def on_a_terminal(program: str, *arguments: str, home: Path) -> tuple[int, str]:
    """Run with a terminal as stderr; return the exit code and everything written there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, cwd=home, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                read = os.read(ours, 65536)
            except OSError:  # Linux says so when the other side has closed
                break
            if not read:
                break
            written += read
        os.close(ours)
    return process.returncode, written.decode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "slow.yaml").write_text(SPEC)
    return tmp_path


RUN = ("run", "slow.yaml", "--no-plot", "--set", "epochs=60")


def test_long_work_has_a_bar_that_is_removed_at_the_end(home: Path) -> None:
    code, written = on_a_terminal(AT_ONCE, *RUN, home=home)
    assert code == 0
    assert "slow " in written
    for part in (" epoch 60/60  loss ", "  gap "):
        assert part in written
    assert written.startswith("\x1b[?25l")
    assert written.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # cursor back, line up, line erased


def test_quick_work_has_no_bar(home: Path) -> None:
    assert on_a_terminal(NEVER, *RUN, home=home) == (0, "")


def test_quiet_work_has_no_bar(home: Path) -> None:
    assert on_a_terminal(AT_ONCE, *RUN, "--quiet", home=home) == (0, "")


def test_reading_shows_the_bytes(tmp_path: Path) -> None:
    """A file large enough to be read in chunks, most of whose columns are not used."""
    path = tmp_path / "rows.csv"
    with path.open("w") as stream:
        stream.write("y," + ",".join(f"x{j}" for j in range(40)) + "\n")
        stream.write("".join(f"{i}.25,0.{i}" + ",0.123456789012345" * 39 + "\n" for i in range(400)) * 250)
    command = ("optimum", "rows.csv", "--features", "x0", "--target", "y")
    code, written = on_a_terminal(AT_ONCE, *command, home=tmp_path)
    assert code == 0
    assert re.search(rf"reading .* \d+ of {path.stat().st_size / 1e6:.0f} MB", written)
    assert written.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")
    assert on_a_terminal(AT_ONCE, *command, "--quiet", home=tmp_path) == (0, "")
