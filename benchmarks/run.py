"""Run every benchmark, each in its own process; print the findings and write RESULTS.md."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Report, Row, say
from benchmarks.problems import ROOT
from benchmarks.report import from_json, machine, markdown

SCRIPTS = ("full_batch", "mini_batch", "single_rows", "many_rates", "exact_optimum", "startup", "growth")
RESULTS = Path(__file__).with_name("RESULTS.md")
INTRODUCTION = """\
# Benchmarks

Written by `make bench`; README.md says what is compared and how. Times are medians, with the range and the number of
runs; ratios are ratios of medians. `loss` is the relative difference of the two final losses, where both sides do the
same arithmetic. Rows without a target are for comparison only.
"""


def main() -> int:
    """Run the scripts named on the command line, or all.

    Returns:
        The exit code: 1 if a script failed, or if losses differ that should be equal.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help=f"any of {', '.join(SCRIPTS)}; default: all")
    names = parser.parse_args().scripts or SCRIPTS
    unknown = set(names) - set(SCRIPTS)
    if unknown:
        parser.error(f"no such script: {', '.join(sorted(unknown))}")
    about, began, findings = machine(), time.perf_counter(), Report()
    for script in names:
        part = _measure(script)
        findings.rows += part.rows
        findings.tables += part.tables
        findings.notes += part.notes
    minutes = (time.perf_counter() - began) / 60
    page = f"{INTRODUCTION}\n{about}\n- the whole took {minutes:.1f} minutes\n\n{markdown(findings)}"
    print(page)
    if tuple(names) == SCRIPTS:
        RESULTS.write_text(page, encoding="utf-8")
        say(f"written to {RESULTS.relative_to(ROOT)}")
    return int(any(not row.sound for row in findings.rows))


def _measure(script: str) -> Report:
    """Run one script; if it fails, its row says how."""
    say(f"benchmark {script} …")
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "findings.json"
        command = [sys.executable, "-m", f"benchmarks.{script}", "--json", str(path)]
        done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
        say(f"benchmark {script}: {time.perf_counter() - began:.0f} s")
        if done.returncode == 0:
            return from_json(path.read_text())
    say(done.stderr)
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return Report(rows=[Row(work=script, ours="", peer="", missing=f"**failed**: {lines[-1]}", sound=False)])


if __name__ == "__main__":
    sys.exit(main())
