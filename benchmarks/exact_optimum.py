"""The optimum of a 200 MB CSV file, in whole processes: against pandas.read_csv, alone and with LinearRegression."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import Contestant, Lap, NotAvailable, Report, Row, compare, peer, race, say
from benchmarks.problems import gaussian
from benchmarks.report import main

ROWS, COLUMNS = 1_000_000, 10
FULL_DIGITS = 3.0  # divided by this, numbers are written with 16 or 17 digits, as programs write measured data
READ = "import sys, pandas; frame = pandas.read_csv(sys.argv[1])"
FIT = f"""{READ}
from sklearn.linear_model import LinearRegression
X, y = frame.iloc[:, :-1].to_numpy(), frame.iloc[:, -1].to_numpy()
model = LinearRegression().fit(X, y)
residual = model.predict(X) - y
print(float(residual @ residual) / len(y))"""


def report() -> Report:
    """Measure."""
    findings = Report()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        say("writing a CSV file …")
        frame = gaussian(ROWS, COLUMNS).frame / FULL_DIGITS
        frame.to_csv(path, index=False, chunksize=100_000)
        del frame
        size = path.stat().st_size / 1e6
        work = f"optimum of a CSV file of {size:.0f} MB ({ROWS:,} rows × {COLUMNS + 1})"
        contestants = {"gdcli": _gdcli(path), "read": _python(READ, path)}
        try:
            peer("sklearn")
            contestants["fit"], missing = _python(FIT, path), ""
        except NotAvailable as error:
            missing = str(error)
        times = race(contestants, runs=3)
    ours = ("gdcli optimum", times["gdcli"])
    findings.rows.append(compare(work, ours, ("pandas.read_csv", times["read"]), at_most=1.6))
    name = "read_csv + LinearRegression"
    if missing:
        findings.rows.append(Row(work=work, ours=ours[0], peer=name, at_most=1, missing=missing))
    else:
        findings.rows.append(compare(work, ours, (name, times["fit"]), at_most=1))
    findings.notes.append(
        f"Optimum: whole processes from start to exit, the file in the page cache; gdcli costs "
        f"{times['gdcli'].median - times['read'].median:+.2f} s beside pandas.read_csv, and 1.6 × would be "
        f"{0.6 * times['read'].median:+.2f} s."
    )
    return findings


def _gdcli(path: Path) -> Contestant:
    """Make a contestant of the command."""
    command = [sys.executable, "-m", "gdcli", "optimum", str(path), "--json"]
    return _process(command, lambda output: (float(json.loads(output)["mse"]),))


def _python(code: str, path: Path) -> Contestant:
    """Make a contestant of a few lines of Python."""
    return _process([sys.executable, "-c", code, str(path)], lambda output: tuple(map(float, output.split())))


def _process(command: list[str], judge: Callable[[str], tuple[float, ...]]) -> Contestant:
    def lap() -> Lap:
        began = time.perf_counter()
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return Lap(time.perf_counter() - began, judge(output))

    return lap


if __name__ == "__main__":
    main(report)
