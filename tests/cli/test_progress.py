"""The progress bar, on a terminal of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = """
dataset: {synthetic: {rows: 20000, weights: [1.0, 2.0], noise: 1.0}}
batch_size: 1
optimizer: {lr: 0.001}
stop: {patience: 1000}
"""


def on_a_terminal(spec: Path, *options: str) -> tuple[int, str]:
    """Run with a terminal as stderr; give the exit code and all that was written there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gdcli", "run", str(spec), "--no-plot", "--kernel", "numpy", *options]
    with subprocess.Popen(command, cwd=spec.parent, stderr=theirs, stdout=subprocess.DEVNULL) as process:
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
