"""Fixtures of the tests of bad input."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbench import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A working directory that holds only `d.csv`, so that messages show short, relative paths."""
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path)
