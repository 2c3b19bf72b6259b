"""Reference results for a data file: Python's parser and NumPy's least squares, and gdcli's own reading in blocks."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from trial import DONE, Outcome, Trial

from gdcli.data import sources, stream
from gdcli.data.csv import blocks


@dataclass
class Rows:
    """A table as text: a header and rows of cells."""

    names: list[str]
    cells: list[list[str]]


def read(content: bytes) -> Rows:
    """Read a CSV file by Python's own parser; a cell that is missing is empty."""
    text = content.decode("utf-8-sig", "replace")
    lines = [line for line in csv.reader(io.StringIO(text, newline=""), skipinitialspace=True) if line]
    names = lines[0]
    return Rows(names, [line + [""] * (len(names) - len(line)) for line in lines[1:]])


def whole_and_blocks(trial: Trial, name: str, codes: set[int]) -> Outcome:
    """Fit a file read whole, and in blocks of a few rows: both must say the same."""
    whole = trial.gdcli("optimum", name, "--json", codes=codes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "WHOLE", 0)
        patch.setattr(stream, "CHUNK_CELLS", 28)
        patch.setattr(blocks, "BLOCK_BYTES", 300)
        parts = trial.gdcli("optimum", name, "--json", codes=codes)
    assert whole.code == parts.code, f"whole {whole}\nin blocks {parts}"
    if whole.code == DONE:
        one, other = whole.document(), parts.document()
        same = ("target", "features", "unused", "rows", "rank")
        assert [one[key] for key in same] == [other[key] for key in same], f"whole {whole}\nin blocks {parts}"
        power = one["mse"] / (1 - one["r2"]) if one["r2"] not in (None, 1) else one["mse"]
        assert math.isclose(one["mse"], other["mse"], rel_tol=1e-6, abs_tol=1e-9 * power + 1e-290), (whole, parts)
    return whole


def hold_optimum(outcome: Outcome, rows: Rows) -> None:
    document = outcome.document()
    assert document["rows"] == len(rows.cells), outcome
    _hold_weights(document, rows, outcome)
    hold_mse(document["mse"], rows, document["features"], document["target"], outcome)


def _hold_weights(document: Any, rows: Rows, outcome: Outcome) -> None:
    """Hold that the weights shown have the error shown, where they are not too large for that."""
    at = {name: j for j, name in enumerate(rows.names)}
    weights = document["weights"]
    terms = [
        [number(row[at[document["target"]]]), -weights["intercept"]]
        + [-weights[name] * number(row[at[name]]) for name in document["features"]]
        for row in rows.cells
    ]
    mse = math.fsum(math.fsum(parts) ** 2 for parts in terms) / len(terms)
    size = max(abs(part) for parts in terms for part in parts)
    assert abs(mse - document["mse"]) <= 1e-6 * mse + 1e-12 * size * size + 1e-290, f"the weights give {mse}: {outcome}"


def hold_mse(mse: float, rows: Rows, features: list[str], target: str, outcome: Outcome) -> None:
    """Hold that no other solver finds a smaller error, each column in units of its largest value."""
    table = np.array([[number(cell) for cell in row] for row in rows.cells], dtype=np.float64)
    columns = {name: table[:, j] for j, name in enumerate(rows.names)}
    y = columns[target]
    unit = float(np.abs(y).max()) or 1.0
    X = np.column_stack([*(columns[name] / (np.abs(columns[name]).max() or 1.0) for name in features), np.ones(len(y))])
    w = np.linalg.lstsq(X, y / unit, rcond=1e-14)[0]
    residual = X @ w - y / unit
    best, power = float(residual @ residual) / len(y), float((y / unit) @ (y / unit)) / len(y)
    got = math.sqrt(mse) / unit
    assert got * got <= best * (1 + 1e-6) + 1e-8 * power + 1e-290, f"MSE {mse}, but {best} x {unit}²: {outcome}"


def number(cell: Any) -> float:
    """What a cell means: a number, or a truth value as one; NaN where it is neither."""
    text = str(cell).strip().lower()
    try:
        return float(text == "true") if text in ("true", "false") else float(text)
    except ValueError:
        return math.nan
