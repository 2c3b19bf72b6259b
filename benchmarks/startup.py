"""Start-up of whole processes: commands against the bare imports that they need, and one saved figure."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Contestant, Lap, Report, Timing, compare, race
from benchmarks.problems import ROOT
from benchmarks.report import main

TYPER = "import typer"
# The third-party packages that `gdcli run` needs to parse, validate, read and print.
PACKAGES = "import typer, yaml, pydantic, numpy, pandas, rich.table, rich.console"
DRAW = f"""{PACKAGES}
import sys
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
figure = Figure(figsize=(9.5, 4), dpi=110)
FigureCanvasAgg(figure)
"""
ONE_PANEL = f"""{DRAW}
figure.subplots().plot(range(1, 101))
figure.savefig(sys.argv[1])
"""
TWO_PANELS = f"""{DRAW}
left, right = figure.subplots(1, 2)
left.plot(range(1, 101))
right.plot(range(1, 101))
right.set_yscale("log")
figure.savefig(sys.argv[1])
"""


def report() -> Report:
    """Measure."""
    findings = Report()
    command = str(Path(sys.executable).with_name("gdcli"))
    python = [sys.executable, "-c"]
    with tempfile.TemporaryDirectory() as folder:
        picture = str(Path(folder) / "figure.png")
        run = [command, "run", "experiments/abalone_norm.yaml", "--out", folder]
        help_times = _race({"gdcli": [command, "--help"], "typer": [*python, TYPER]}, runs=25)
        run_times = _race(
            {
                "gdcli": run,
                "two": [*python, TWO_PANELS, picture],
                "one": [*python, ONE_PANEL, picture],
                "imports": [*python, PACKAGES],
                "bare": [*python, "pass"],
            },
            runs=11,
        )
    findings.rows += [
        compare("start-up", ("gdcli --help", help_times["gdcli"]), (TYPER, help_times["typer"]), at_most=1.3),
        compare(
            "start-up",
            ("gdcli run experiments/abalone_norm.yaml", run_times["gdcli"]),
            ("bare imports + a saved figure of two panels, one of them logarithmic", run_times["two"]),
            at_most=1.3,
        ),
        compare(
            "start-up",
            ("gdcli run experiments/abalone_norm.yaml", run_times["gdcli"]),
            ("bare imports + a saved figure of one plain panel", run_times["one"]),
        ),
    ]
    findings.notes.append(
        f"Start-up: Python alone takes {run_times['bare'].median:.3f} s, the bare imports of `gdcli run` without "
        f"a figure {run_times['imports'].median:.3f} s ({PACKAGES.removeprefix('import ')}). The figure saved beside "
        "them has the size and resolution of gdcli's."
    )
    return findings


def _race(commands: dict[str, list[str]], *, runs: int) -> dict[str, Timing]:
    return race({name: _process(command) for name, command in commands.items()}, runs=runs)


def _process(command: list[str]) -> Contestant:
    def lap() -> Lap:
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        return Lap(time.perf_counter() - began)

    return lap


if __name__ == "__main__":
    main(report)
