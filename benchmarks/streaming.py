"""The optimum of large CSV files: time against `pandas.read_csv` alone, and peak memory.

    python benchmarks/streaming.py [MB ...]          # 200 and 1100 by default

Files are made in a temporary directory. Whole processes are measured in turns; times are medians of five.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

COLUMNS = 10
REPEATS = 5


def make_csv(path: Path, megabytes: float, *, columns: int = COLUMNS, seed: int = 0) -> int:
    """Write a CSV file of normal features x1 … and their noisy sum y, with six decimals.

    Args:
        path: The file.
        megabytes: Smallest size of the file, in units of 10⁶ bytes.
        columns: Number of features.
        seed: Seed of the rows. One block of rows is repeated, which does not affect parsing.

    Returns:
        The number of rows.
    """
    features = np.random.RandomState(seed).randn(50_000, columns)
    noise = np.random.RandomState(seed + 1).randn(len(features), 1)
    block = np.hstack([features, features.sum(axis=1, keepdims=True) + noise])
    text = "".join(",".join(f"{value:.6f}" for value in row) + "\n" for row in block.tolist())
    rows = 0
    with path.open("w", encoding="utf-8") as stream:
        stream.write(",".join([*(f"x{j + 1}" for j in range(columns)), "y"]) + "\n")
        while stream.tell() < megabytes * 1e6:
            stream.write(text)
            rows += len(block)
    return rows


def measure(*command: str) -> tuple[float, float]:
    """Run a command; return its wall time in seconds and its peak memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - began, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main(sizes: list[float]) -> None:
    """Measure files of these sizes, in MB."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.csv"
            rows = make_csv(path, size)
            peer = (sys.executable, "-c", f"import pandas; pandas.read_csv({str(path)!r})")
            ours = (sys.executable, "-m", "gdcli", "optimum", str(path))
            pairs = [(measure(*peer), measure(*ours)) for _ in range(REPEATS)]
            theirs, mine = (median(pair[i][0] for pair in pairs) for i in (0, 1))
            memory = [max(pair[i][1] for pair in pairs) for i in (0, 1)]
            print(
                f"{path.stat().st_size / 1e6:,.0f} MB, {rows:,} rows: read_csv {theirs:.2f} s, {memory[0]:,.0f} MB; "
                f"gdcli optimum {mine:.2f} s, {memory[1]:,.0f} MB; ratio {mine / theirs:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main([float(size) for size in sys.argv[1:]] or [200.0, 1100.0])
