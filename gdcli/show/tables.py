"""Several runs side by side, as a table for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from gdcli.engine.trace import Status
from gdcli.experiment.result import Result, by_name
from gdcli.show.layout import Cell, Column, Sheet, Words, listed
from gdcli.show.texts import number
from gdcli.show.texts import ratio as _ratio
from gdcli.show.texts import status_text as _status

# Which column goes first where there is no room for all: the one of the smallest rank.
RANKS = {
    **{"gap": 60, "median gap": 60, "final MSE": 40, "val. MSE": 35, "10–90 %": 30, "gap/opt.": 20},
    **{"optimizer": 28, "lr": 27, "schedule": 26, "scaler": 25, "batch_size": 24, "epochs": 10},
}


def comparison_view(results: Sequence[Result]) -> RenderableType:
    """Several runs, one row each: the settings in which they differ, and what came out; the best is marked.

    Args:
        results: The runs.

    Returns:
        What Rich prints.
    """
    groups = by_name(results)
    seeds = len(results) > len(groups)
    firsts = [runs[0] for runs in groups.values()]
    columns, rows = [Column("run", rank=99, is_name=True)], []
    settings = ("optimizer", "lr", "schedule", "scaler", "batch_size")
    differing = [key for key in settings if len({str(result.summary[key]) for result in firsts}) > 1]
    noted = any(_ending(runs) for runs in groups.values())
    columns += [Column("status", rank=50, is_name=True)] if noted else []
    columns += [
        Column(key.replace("_size", ""), RANKS[key], is_name=key not in ("lr", "batch_size")) for key in differing
    ]
    with_validation = any(result.summary["val_mse"] is not None for result in results)
    validation = ["val. MSE"] if with_validation else []
    figures = ["final MSE", *validation, *(["median gap", "10–90 %"] if seeds else ["gap"]), "gap/opt."]
    columns += [Column(heading, RANKS[heading]) for heading in ([] if seeds else ["epochs"]) + figures]
    best = best_run(results)
    for name, runs in groups.items():
        marked = best is not None and best.name == name
        row: list[Cell] = [
            ("★ " if marked else "  ") + name,
            *([_ending(runs)] if noted else []),
            *(f"{runs[0].summary[key]:g}" if key == "lr" else str(runs[0].summary[key]) for key in differing),
            *([] if seeds else [str(runs[0].summary["epochs"])]),
            number(_median(runs, "final_mse"), 7),
            *([number(_median(runs, "val_mse"), 5)] if with_validation else []),
            number(_median(runs, "gap"), 4),
            *([_range(runs)] if seeds else []),
            _ratio(_median(runs, "gap_ratio")),
        ]
        rows.append(row)
    optima = sorted({number(result.summary["optimum_mse"]) for result in results}, key=float)
    noun = "optimum MSE" if len(optima) == 1 else "optima (MSE)"
    legend = [] if best is None else ["★ best", "", ""]
    repeated = ["medians", "of", f"{len(results) // len(groups)} seeds", "", ""] if seeds else []
    bold = frozenset(i for i, row in enumerate(rows) if str(row[0]).startswith("★"))
    return Group(Sheet(columns, rows, bold), Words([*legend, *repeated, noun, *listed(optima)], style="dim"))


def _ending(runs: Sequence[Result]) -> Text:
    """How runs of one name ended, where there is more to say than that they were completed."""
    ended = [run for run in runs if run.status is not Status.COMPLETED or run.remarks]
    if not ended:
        return Text()
    counted = Text(f"{len(ended)} of {len(runs)} ") if len(runs) > 1 else Text()
    return counted + _status(ended[0])


def _median(runs: Sequence[Result], figure: str) -> float | None:
    values = [run.summary[figure] for run in runs if run.summary[figure] is not None]
    return float(np.median(values)) if values else None


def _range(runs: Sequence[Result]) -> str:
    low, high = np.quantile([run.summary["gap"] for run in runs], (0.1, 0.9), method="inverted_cdf")
    return f"{low:.2e} – {high:.2e}"


def best_run(results: Sequence[Result]) -> Result | None:
    """The run nearest to the optimum, by final MSE where the optima differ; of runs of one name the median counts.

    None where every run diverged.
    """
    steady = {n: runs for n, runs in by_name(results).items() if any(r.status is not Status.DIVERGED for r in runs)}
    optima = [runs[0].summary["optimum_mse"] for runs in steady.values()]
    same = all(math.isclose(optimum, optima[0], rel_tol=1e-9) for optimum in optima)
    figure = "gap" if same else "final_mse"
    best = min(steady.values(), key=lambda runs: _median(runs, figure) or 0.0, default=None)
    return best[0] if best else None
