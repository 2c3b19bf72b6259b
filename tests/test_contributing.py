"""The steps of CONTRIBUTING are followed in a copy of the repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = ("gdcli", "tests", "docs", "experiments", "data", "README.md", "CONTRIBUTING.md", "pyproject.toml")

# What a contributor adds at the end of each file.
ADDITIONS = {
    "gdcli/engine/optimizers/plain.py": '''

@dataclass(frozen=True, kw_only=True)
class Halved(Optimizer):
    """Half a step: w ← w − lr/2·(g + λw).

    Source: none.
    """

    kind: Literal["halved"] = "halved"
    lr: Positive = 0.01
    weight_decay: NonNegative = 0.0

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step against the gradient, half as far."""
        (weight_decay,) = h
        return w - lr / 2 * (g + weight_decay * w), slots
''',
    "gdcli/engine/optimizers/__init__.py": """
from gdcli.engine.optimizers.plain import Halved
OPTIMIZERS["halved"] = Halved
""",
    "tests/engine/optimizer_rows.py": """
from gdcli.engine.optimizers.plain import Halved

def halved(w, gradient, rates, h):
    for t, lr in enumerate(rates, start=1):
        w -= 0.5 * lr * (gradient(w, t) + h.weight_decay * w)
        yield w

ROWS["halved"] = Row(
    halved,
    defaults=(0.01, (0,)),
    settings=(Halved(), Halved(lr=0.1, weight_decay=0.2)),
    lockstep=(Halved(lr=0.1), Halved(lr=0.02, weight_decay=0.1), Halved(lr=0.05)),
)
""",
    "gdcli/engine/schedules/decays.py": '''

@dataclass(frozen=True, kw_only=True)
class Sawtooth(Schedule):
    """base·(1 − (t mod period)/period)."""

    kind: Literal["sawtooth"] = "sawtooth"
    period: Count

    def rates(self, t: IntArray, base: float) -> Array:
        """Fall to zero, and again."""
        return base * (1 - (t % self.period) / self.period)
''',
    "gdcli/engine/schedules/__init__.py": """
from gdcli.engine.schedules.decays import Sawtooth
SCHEDULES["sawtooth"] = Sawtooth
""",
    "tests/engine/schedule_rows.py": """
from gdcli.engine.schedules.decays import Sawtooth

ROWS["sawtooth"] = Row(
    lambda t, base, s: base * (1 - (t % s.period) / s.period),
    settings=(Sawtooth(period=1), Sawtooth(period=7), Sawtooth(period=500)),
)
""",
    "gdcli/engine/scalers.py": '''

def fit_midrange(columns: ColumnStatistics) -> Affine:
    """Scale to (2x − min − max)/(max − min), into [−1, 1] on the training rows."""
    constant, low, high = columns.is_constant(), columns.minimum / 2, columns.maximum / 2
    return _divide(low + high, high - low, undivided=constant, vanishing=constant)

AFFINE_SCALERS["midrange"] = fit_midrange
''',
    "tests/engine/scaler_rows.py": """
ROWS["midrange"] = Row(lambda column: ((min(column) + max(column)) / 2, (max(column) - min(column)) / 2))
""",
}
SPEC = """
dataset: ../../data/line.csv
scaler: midrange
optimizer: {kind: OPTIMIZER, lr: 0.1}
schedule: SCHEDULE
epochs: 20
"""
SPECS = {
    "experiments/optimizers/halved.yaml": SPEC.replace("OPTIMIZER", "halved").replace("SCHEDULE", "constant"),
    "experiments/schedules/sawtooth.yaml": SPEC.replace("OPTIMIZER", "sgd").replace(
        "SCHEDULE", "{kind: sawtooth, period: 5}"
    ),
}
# The tests that cover every kind: those of the three tables, and those of lists, pages and specs.
TABLES = [
    *("tests/engine/test_optimizers.py", "tests/engine/test_schedules.py", "tests/engine/test_scalers.py"),
    *("tests/engine/test_descent.py", "tests/engine/test_compiled.py", "tests/engine/test_precision.py"),
    *("tests/cli/test_bad_spec.py", "tests/experiment/test_sweep.py", "tests/test_docs.py"),
]
THEIRS = (
    "has_a_row or halved or Halved or sawtooth or Sawtooth or midrange or test_reference or spec_of_its_own "
    "or (test_one_fault and (scaler or optimizer or schedule)) or several_axes"
)


def python(home: Path, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(home)}  # before the installed gdcli
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def follow(home: Path) -> None:
    """Add one optimizer, one schedule and one scaler by the steps of the page."""
    for path, text in ADDITIONS.items():
        with (home / path).open("a", encoding="utf-8") as file:
            file.write(text)
    for path, spec in SPECS.items():
        (home / path).write_text(spec, encoding="utf-8")
        shown = json.loads(python(home, "-m", "gdcli", "run", path, "--json", "--no-plot"))
        expected = {key: shown[key] for key in ("final_mse", "optimum_mse")}
        (home / path).write_text(f"{spec}expect: {json.dumps(expected)}\n", encoding="utf-8")
    python(home, "docs/generate.py")


def test_one_made_up_kind_of_each(tmp_path: Path) -> None:
    """Following the steps requires no other changes to the tests; a list that exists twice fails here."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    follow(tmp_path)
    python(tmp_path, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0", "-k", THEIRS, *TABLES)
    python(tmp_path, "-m", "gdcli", "check", *SPECS)


def test_the_files_that_it_names_exist() -> None:
    names = re.findall(r"`((?:gdcli|tests|docs|experiments)/[\w./]*)`", PAGE)
    assert len(names) > 15
    assert [name for name in names if "KIND" not in name and not (ROOT / name).exists()] == []
