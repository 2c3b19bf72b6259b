"""One run, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from gdcli.errors import counted
from gdcli.experiment.result import Result
from gdcli.show.explain_view import words
from gdcli.show.layout import Cell, Column, Facts, Sheet, Words, comma_separated
from gdcli.show.texts import number, status_text

MAX_WEIGHTS = 20
MAX_FEATURES = 4


def run_view(result: Result) -> RenderableType:
    """Show one run: its settings, its figures beside the optimum's, and its weights.

    Args:
        result: The run.

    Returns:
        A Rich renderable.
    """
    title = Words([Text(result.name, style="bold"), "", status_text(result)])
    return Group(title, Facts([*_settings(result), *_figures(result)]), *_weights(result.summary))


def _settings(result: Result) -> Iterator[tuple[str, list[Cell]]]:
    """The settings of a run."""
    summary, columns = result.summary, result.plan.rows.columns
    features = list(columns.features)
    by = comma_separated(features) if len(features) <= MAX_FEATURES else [f"{len(features)} features"]
    yield "data", [f"{result.plan.rows.data.label},", *_rows(result), columns.target, "by", *by]
    yield "scaler", summary["scaler"].split(" ")
    yield "optimizer", [f"{summary['optimizer']},", f"lr {summary['lr']:g},", f"{summary['schedule']}", "schedule"]
    batches = "full batch," if summary["batch_size"] == "full" else f"batches of {summary['batch_size']},"
    steps = [] if summary["steps"] == summary["epochs"] else [counted(summary["steps"], "step")]
    yield (
        "ran",
        [
            batches,
            *comma_separated([counted(summary["epochs"], "epoch"), *steps]),
            f"in {_seconds(summary['seconds'])}",
        ],
    )
    if result.ending:
        verb, _, rest = result.ending.removesuffix(".").partition(" ")
        names = sorted((name for name in result.plan.rows.names if " " in name), key=len, reverse=True)
        yield verb.lower(), list(words(rest, names))


def _figures(result: Result) -> Iterator[tuple[str, list[Cell]]]:
    """The figures of a run, with R² if the target varies."""
    summary = result.summary
    best: list[Cell] = []
    if summary["best_epoch"] != summary["epochs"]:
        best = _aside(f"(best {number(summary['best_mse'])} at epoch {summary['best_epoch']})")
    yield "initial MSE", [number(summary["initial_mse"])]
    yield "final MSE", [Text(number(summary["final_mse"]), style="bold"), *_r2(summary["r2"]), *best]
    yield "optimum MSE", [number(summary["optimum_mse"]), *_r2(summary["optimum_r2"])]
    yield "gap", [number(summary["gap"])]
    yield "gap / optimum", [number(summary["gap_ratio"], 4)]
    if summary["val_mse"] is not None:
        optimum = _aside(f"(optimum {number(summary['optimum_val_mse'])})")
        yield "validation MSE", [number(summary["val_mse"]), *optimum]


def _r2(value: float | None) -> list[Cell]:
    return [] if value is None else _aside(f"R² {number(value, 6)}")


def _aside(text: str) -> list[Cell]:
    """Dimmed words after a double space."""
    return ["", *(Text(word, style="dim") for word in text.split(" "))]


def _rows(result: Result) -> list[str]:
    training, validating = len(result.plan.rows.training), len(result.plan.rows.validating)
    rows = counted(training, "row")
    return [rows, "+", f"{validating} for", "validation:"] if validating else [f"{rows}:"]


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _weights(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Weights beside those of the optimum; with a scaler, both as trained and in the units of the file."""
    scaled = summary["scaler"] != "none"
    kinds = [("weights", "scaled"), ("weights_original", "in file units")] if scaled else [("weights", "")]
    columns, pairs = [Column("column", rank=5, is_name=True)], []
    for i, (key, unit) in enumerate(kinds):
        if key in summary:
            note = f"\n({unit})" if unit else ""
            columns += [Column(f"weight{note}", rank=4 - i), Column(f"optimum{note}", rank=2 - i)]
            pairs += [summary[key], summary[f"optimum_{key}"]]
    names = list(dict.fromkeys(name for weights in pairs for name in weights))
    digits = 8 if len(pairs) <= 2 else 7
    first = names[:MAX_WEIGHTS]
    yield Sheet(columns, [[name, *(number(weights.get(name), digits) for weights in pairs)] for name in first])
    if len(names) > MAX_WEIGHTS:
        yield Words(f"{counted(len(names) - MAX_WEIGHTS, 'more weight')} in summary.json".split(" "), style="dim")
