"""The progress bar, on a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

SLOW = """
dataset: {synthetic: {rows: 20000, weights: [1.0, 2.0], noise: 1.0}}
batch_size: 1
optimizer: {lr: 0.001}
stop: {patience: 1000}
"""


def on_a_terminal(spec: Path, *options: str, command: Sequence[str] = ()) -> tuple[int, str]:
    """Run with a terminal as stderr; give the exit code and all that was written there."""
    ours, theirs = pty.openpty()
    arguments = [*(command or ("-m", "gdcli", "run", str(spec), "--no-plot", "--kernel", "numpy")), *options]
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=spec.parent, stderr=theirs, stdout=subprocess.DEVNULL
    ) as process:
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
def slow(tmp_path: Path) -> Path:
    path = tmp_path / "slow.yaml"
    path.write_text(SLOW)
    return path


def test_what_lasts_gets_a_bar_that_is_gone_when_done(slow: Path) -> None:
    code, written = on_a_terminal(slow, "--set", "epochs=60")
    assert code == 0
    assert "slow " in written
    for part in (" epoch ", "/60  loss ", "  gap "):
        assert part in written
    assert written.startswith("\x1b[?25l")
    assert written.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # cursor back, line up, line erased


@pytest.mark.parametrize("options", [("--set", "epochs=1"), ("--set", "epochs=30", "--quiet")])
def test_what_is_quick_or_quiet_gets_none(slow: Path, options: tuple[str, ...]) -> None:
    assert on_a_terminal(slow, *options) == (0, "")


IMPATIENT = "from gdcli.cli import main, progress; progress.PATIENCE = 0.01; main()"


def test_reading_shows_the_bytes(tmp_path: Path) -> None:
    """The time is spent on columns that nobody asks for."""
    path = tmp_path / "rows.csv"
    with path.open("w") as stream:
        stream.write("y," + ",".join(f"x{j}" for j in range(40)) + "\n")
        stream.write("".join(f"{i}.25,0.{i}" + ",0.123456789012345" * 39 + "\n" for i in range(400)) * 250)
    command = ["-c", IMPATIENT, "optimum", "rows.csv", "--features", "x0", "--target", "y"]
    code, written = on_a_terminal(path, command=command)
    assert code == 0
    assert re.search(rf"reading .* \d+ of {path.stat().st_size / 1e6:.0f} MB", written)
    assert written.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")
    assert on_a_terminal(path, "--quiet", command=command) == (0, "")
