"""Findings as Markdown and as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.harness import Report, Row, Timing

PACKAGES = ("gdcli", "numpy", "pandas", "numba", "torch", "scikit-learn", "vowpalwabbit", "matplotlib", "typer")


def main(measure: Callable[[], Report]) -> None:
    """Run one script: print its findings, or write them as JSON for `benchmarks.run`.

    Args:
        measure: The `report` function of the script.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path, help="write the findings here and print nothing")
    path = parser.parse_args().json
    findings = measure()
    if path:
        path.write_text(json.dumps(asdict(findings)))
    else:
        print(markdown(findings))


def from_json(text: str) -> Report:
    """Read findings that `main` wrote."""
    data: dict[str, Any] = json.loads(text)
    rows = []
    for row in data["rows"]:
        times = {key: Timing(**row[key]) if row[key] else None for key in ("gdcli", "other")}
        rows.append(Row(**{**row, **times}))
    return Report(rows=rows, notes=data["notes"], tables=data["tables"])


def markdown(findings: Report) -> str:
    """The findings as Markdown: the table, further tables, notes."""
    parts = []
    if findings.rows:
        parts.append(table(findings.rows))
    parts += findings.tables
    if findings.notes:
        parts.append("### Notes\n\n" + "\n".join(f"- {note}" for note in findings.notes))
    return "\n\n".join(parts) + "\n"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| work | gdcli | median | peer | median | ratio | target | met | loss |",
        "|---|---|--:|---|--:|--:|--:|---|---|",
    ]
    return "\n".join([*lines, *(f"| {' | '.join(_cells(row))} |" for row in rows)])


def _cells(row: Row) -> list[str]:
    if row.gdcli is None or row.other is None:
        return [row.work, row.ours, "", row.peer, "", "", _target(row), row.missing, ""]
    times = (_time(row.gdcli), _time(row.other))
    return [row.work, row.ours, times[0], row.peer, times[1], _ratio(row), _target(row), verdict(row), row.check]


def _time(timing: Timing) -> str:
    """Median, range and number of runs."""
    unit, factor = ("ms", 1e3) if timing.median < 0.1 else ("s", 1.0)
    low, middle, high = (f"{value * factor:.4g}" for value in (timing.low, timing.median, timing.high))
    return f"{middle} {unit} ({low}–{high}, n={timing.runs})" if timing.runs > 1 else f"{middle} {unit} (n=1)"


def speed(row: Row) -> float | None:
    """Peer's median ÷ gdcli's: above 1, gdcli is faster."""
    return row.other.median / row.gdcli.median if row.gdcli and row.other else None


def _ratio(row: Row) -> str:
    faster = speed(row) or 1.0
    return f"{1 / faster:.2f} × the time" if row.at_most is not None else f"{faster:.3g} × as fast"


def _target(row: Row) -> str:
    if row.at_least is not None:
        return f"≥ {row.at_least:,g} ×"
    if row.at_most is not None:
        return f"≤ {row.at_most:g} ×" if row.at_most != 1 else "faster"
    return ""


def verdict(row: Row) -> str:
    """Whether the row meets its target, and by how much it misses it."""
    faster = speed(row)
    if faster is None:
        return row.missing
    if not row.sound:
        return "**losses differ**"
    if row.at_least is not None:
        return "yes" if faster >= row.at_least else f"**no**: {row.at_least / faster:.2f} × too slow"
    if row.at_most is not None:
        return "yes" if 1 / faster <= row.at_most else f"**no**: {1 / faster / row.at_most:.2f} × too slow"
    return ""


def machine() -> str:
    """The machine and the versions, without names of hosts, users or paths."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    installed = []
    for package in PACKAGES:
        try:
            installed.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            installed.append(f"{package} not installed")
    return "\n".join(
        [
            f"- {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}; "
            f"load before the start {load}",
            f"- Python {platform.python_version()}, {', '.join(installed)}",
        ]
    )


def _processor() -> str:
    """The name of the processor, from /proc/cpuinfo on Linux."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        fields = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
        named = {key.strip(): value.strip() for key, value in fields.items()}
        family = ", ".join(f"{key} {named[key]}" for key in ("cpu family", "model") if key in named)
        return f"{named.get('model name', platform.machine())} ({family})"
    return platform.processor() or platform.machine()
