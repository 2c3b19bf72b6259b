"""One run, as a table for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gdcli.engine.trace import DIVERGENCE_FACTOR
from gdcli.experiment.result import Result
from gdcli.show.texts import number, ratio, status_text

MAX_WEIGHTS = 20


def run_view(result: Result) -> RenderableType:
    """One run: what was run, what came out against the optimum, and the weights.

    Args:
        result: The run.

    Returns:
        What Rich prints.
    """
    summary, spec = result.summary, result.plan.spec
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    features = list(spec.columns.features or ())
    listed = ", ".join(features) if len(features) <= 4 else f"{len(features)} features"
    table.add_row("data", f"{result.plan.table.label}, {_rows(result)}: {spec.columns.target} by {listed}")
    table.add_row("scaler", summary["scaler"])
    table.add_row("optimizer", f"{summary['optimizer']}, lr {summary['lr']:g}, {summary['schedule']} schedule")
    steps = f"{summary['epochs']} epochs" + (
        "" if summary["steps"] == summary["epochs"] else f", {summary['steps']} steps"
    )
    batches = "full batch" if summary["batch_size"] == "full" else f"batches of {summary['batch_size']}"
    table.add_row("ran", f"{batches}, {steps} in {_seconds(summary['seconds'])}")
    table.add_row("initial MSE", number(summary["initial_mse"]))
    best = (
        ""
        if summary["best_epoch"] == summary["epochs"]
        else f"  (best {number(summary['best_mse'])} at epoch {summary['best_epoch']})"
    )
    table.add_row("final MSE", Text(number(summary["final_mse"]), style="bold") + Text(best, style="dim"))
    if summary["val_mse"] is not None:
        table.add_row("validation MSE", number(summary["val_mse"]))
    table.add_row("optimum MSE", number(summary["optimum_mse"]))
    table.add_row("gap", number(summary["gap"]))
    table.add_row("gap / optimum", ratio(summary["gap_ratio"]))
    title = Text(result.name, style="bold") + Text("  ") + status_text(result)
    return Group(title, table, _weights(summary["weights"], summary["optimum_weights"]))


def divergence_sentence(result: Result) -> str:
    """Say in one sentence that a run diverged, and what to do about it."""
    finite = math.isfinite(result.trace.mse[-1])
    how = f"its gap passed {DIVERGENCE_FACTOR:g} times that of the start" if finite else "its loss is no longer finite"
    limit = result.largest_stable_lr
    lr = float(result.plan.rates[: result.epochs].max())
    todo = "lower optimizer.lr or scale the features"
    if limit is not None and lr > limit:
        todo = f"lr is {lr:g}, and on these columns plain descent needs less than {limit:.4g}: lower it, or scale them"
    return f"{result.name} diverged at epoch {result.epochs}: {how}; {todo}"


def _rows(result: Result) -> str:
    training, held = len(result.plan.training), len(result.plan.validating)
    return f"{training} rows" + (f" + {held} for validation" if held else "")


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _weights(weights: Mapping[str, float], optimum: Mapping[str, float]) -> RenderableType:
    """Weights as trained beside those of the optimum."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("column")
    table.add_column("weight", justify="right")
    table.add_column("at the optimum", justify="right")
    for name in list(weights)[:MAX_WEIGHTS]:
        table.add_row(name, number(weights[name]), number(optimum[name]))
    if len(weights) > MAX_WEIGHTS:
        table.add_row(f"… {len(weights) - MAX_WEIGHTS} more in summary.json", "", "")
    return table
