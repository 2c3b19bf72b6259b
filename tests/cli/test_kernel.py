"""`--kernel` on the command line."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest
from workbench import Bench

SPEC = "dataset: d.csv\nbatch_size: 2\nepochs: 3\nexpect: {final_mse: 1.0, tolerance: 100}\n"
COMMANDS = (["run", "s.yaml"], ["compare", "s.yaml", "t.yaml"], ["check", "s.yaml"])


@pytest.fixture
def ready(bench: Bench) -> Bench:
    for name in ("s", "t"):
        bench.write(f"{name}.yaml", SPEC)
    return bench


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_the_compiled_kernel_names_the_extra_it_needs(
    command: list[str], ready: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    message = "--kernel compiled: needs Numba, which is not installed; pip install numba"
    ready.refuses(2, message, *command, "--kernel", "compiled")
    ready.runs(*command, "--kernel", "auto")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_an_unknown_kernel_is_refused_with_a_list(command: list[str], ready: Bench) -> None:
    ready.refuses(2, "--kernel: must be one of auto, numpy, compiled, got 'gpu'", *command, "--kernel", "gpu")


def test_kernel_is_not_a_key_of_a_spec(ready: Bench) -> None:
    ready.refuses(2, re.compile(r"s\.yaml:5:1: unknown key 'kernel'; .*"), spec=SPEC + "kernel: compiled\n")


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs Numba")
@pytest.mark.parametrize("kernel", ["numpy", "compiled"])
def test_the_summary_says_which_kernel_ran(kernel: str, ready: Bench) -> None:
    ready.runs("run", "s.yaml", "--no-plot", "--kernel", kernel)
    assert json.loads(Path("results/s/summary.json").read_text())["kernel"] == kernel
    told = json.loads(ready.runs("compare", "s.yaml", "t.yaml", "--no-plot", "--json", "--kernel", kernel).out)
    assert [run["kernel"] for run in told["runs"]] == [kernel, kernel]
    ready.runs("check", "s.yaml", "--out", "checked", "--no-plot", "--kernel", kernel)
    assert json.loads(Path("checked/s/summary.json").read_text())["kernel"] == kernel
