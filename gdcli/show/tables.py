"""Tables for the terminal: one run, several side by side, an exact fit, the verdicts of a check."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from gdcli.engine.trace import DIVERGENCE_FACTOR, Status
from gdcli.experiment.comparison import Comparison, comparison, endings
from gdcli.experiment.quantiles import spread
from gdcli.experiment.result import Result, by_name

if TYPE_CHECKING:
    from gdcli.experiment.exact import ExactFit
    from gdcli.experiment.expectation import Verdict

MAX_WEIGHTS = 20
STATUS_STYLES = {"completed": "green", "target_reached": "green", "stalled": "yellow"}


def number(value: float | None, digits: int = 8) -> str:
    """Write a number in so many significant digits; a dash for none."""
    return "–" if value is None else "∞" if value == math.inf else f"{value:.{digits}g}"


def scientific(value: float) -> str:
    """Write a number in three digits and an exponent."""
    return "∞" if value == math.inf else f"{value:.2e}"


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
    table.add_row("gap / optimum", _ratio(summary["gap_ratio"]))
    title = Text(result.name, style="bold") + Text("  ") + _status(result)
    return Group(title, table, _weights(summary["weights"], summary["optimum_weights"]))


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
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column("run", overflow="fold")  # the one column that may be broken: figures must stay whole
    settings = ("optimizer", "lr", "schedule", "scaler", "batch_size")
    differing = [key for key in settings if len({str(result.summary[key]) for result in firsts}) > 1]
    for key in differing:
        justify: JustifyMethod = "right" if key in ("lr", "batch_size") else "left"
        table.add_column(key.replace("_size", ""), justify=justify, no_wrap=True)
    with_validation = any(result.summary["val_mse"] is not None for result in results)
    validation = ["val. MSE"] if with_validation else []
    figures = ["final MSE", *validation, *(["median gap", "10–90 %"] if seeds else ["gap"]), "gap/opt."]
    for heading in ([] if seeds else ["epochs"]) + figures:
        table.add_column(heading, justify="right", no_wrap=True)
    rule = comparison(list(groups.values()))
    best = {list(groups)[i] for i in rule.best(list(groups.values()))}
    for name, runs in groups.items():
        title = Text("★ " if name in best else "  ") + Text(name) + _endings(runs)
        table.add_row(
            title,
            *(f"{runs[0].summary[key]:g}" if key == "lr" else str(runs[0].summary[key]) for key in differing),
            *([] if seeds else [str(runs[0].summary["epochs"])]),
            number(_median(runs, "final_mse"), 7),
            *([number(_median(runs, "val_mse"), 5)] if with_validation else []),
            number(_median(runs, "gap"), 4),
            *([_range(runs)] if seeds else []),
            _ratio(_median(runs, "gap_ratio")),
            style="bold" if name in best else "",
        )
    legend = ["★ best"] if best else []
    if seeds:
        legend.append(f"medians of {len(results) // len(groups)} seeds, column by column")
    lines = ["   ".join([*legend, _optima(results)]), *ranking_remarks(rule, len(best))]
    return Group(table, *(Text(line, style="dim") for line in lines))


def ranking_remarks(rule: Comparison, ties: int) -> list[str]:
    """Say why runs are not ranked by their gap, if they are not, and how many are the best.

    Args:
        rule: What ranks them.
        ties: How many are the best.

    Returns:
        Lines.
    """
    if rule.figure is None:
        return [f"no best: {rule.reason}"]
    if rule.figure == "final_mse":
        return [f"ranked by final MSE: {rule.reason}"]
    return [f"{ties} are at the optimum: gaps up to {rule.rounding:.1e} are rounding"] if ties > 1 else []


def _optima(results: Sequence[Result]) -> str:
    """The optima of runs: up to four of them, or the range of more."""
    optima = sorted({number(result.summary["optimum_mse"]) for result in results}, key=float)
    noun = "optimum MSE" if len(optima) == 1 else "optima (MSE)"
    return f"{noun} {', '.join(optima) if len(optima) <= 4 else f'from {optima[0]} to {optima[-1]}'}"


def _endings(runs: Sequence[Result]) -> Text:
    """How runs of one name ended, where that is not as planned."""
    text = Text()
    for status, count in endings(runs):
        counted = f"{count} of {len(runs)} " if len(runs) > 1 else ""
        text += Text("," if text else "") + Text(f" {counted}") + _status_text(status)
    return text


def _median(runs: Sequence[Result], figure: str) -> float | None:
    """The median over the seeds; the run's own figure where there is one only, diverged or not."""
    if len(runs) == 1:
        value: float | None = runs[0].summary[figure]
        return value
    figures = spread(runs, figure)
    return figures.median if figures else None


def _range(runs: Sequence[Result]) -> str:
    figures = spread(runs, "gap")
    return f"{scientific(figures.low)} – {scientific(figures.high)}" if figures else "–"


def exact_view(fit: ExactFit) -> RenderableType:
    """An exact fit: what was fitted by what, how well, and the weights.

    Args:
        fit: The fit.

    Returns:
        What Rich prints.
    """
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row("data", f"{fit.data}, {fit.rows} rows")
    table.add_row("target", fit.target)
    table.add_row("features", ", ".join(fit.features))
    if fit.unused:
        table.add_row("not used", ", ".join(fit.unused))
    if fit.scaler != "none":
        table.add_row("scaler", fit.scaler)
    table.add_row("MSE", Text(number(fit.mse), style="bold"))
    table.add_row("R²", number(fit.r2))
    table.add_row("rank", f"{fit.rank} of {len(fit.weights)}")
    condition = "infinite" if math.isinf(fit.condition_number) else number(fit.condition_number, 4)
    table.add_row("condition number", condition)
    weights = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    weights.add_column("column")
    original = fit.weights_original if fit.scaler != "none" else None
    weights.add_column("weight" if original is None else "weight, scaled", justify="right")
    if original is not None:
        weights.add_column("in units of the file", justify="right")
    for name, value in fit.weights.items():
        weights.add_row(name, number(value), *([] if original is None else [number(original[name])]))
    return Group(table, weights)


def verdict_line(verdict: Verdict) -> Text:
    """One line that says whether a run came out as its spec expects."""
    styles = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
    line = Text(f"{verdict.outcome:<8}", style=styles[verdict.outcome]) + Text(verdict.result.name)
    if verdict.result.status in (Status.DIVERGED, Status.INTERRUPTED):
        return line + Text(f": {verdict.result.status} at epoch {verdict.result.epochs}")
    if not verdict.held:
        return line + Text(": the spec has no `expect`")
    said = []
    for held in verdict.held:
        if held.holds:
            said.append(f"{held.figure} {number(held.got)}")
        else:
            said.append(
                f"{held.figure} is {held.got!r}, expected {held.expected!r}: off by {held.off:.3g}, more than the "
                f"tolerance of {held.tolerance:g}"
            )
    return line + Text(": " + "; ".join(said))


def divergence_sentence(result: Result, *, of: tuple[int, int] = (1, 1)) -> str:
    """Say in one sentence that a run diverged, and what to do about it.

    Args:
        result: The run, or the first of several seeds that diverged.
        of: How many seeds diverged, and how many there are.
    """
    finite = math.isfinite(result.trace.mse[-1])
    how = f"its gap passed {DIVERGENCE_FACTOR:g} times that of the start" if finite else "its loss is no longer finite"
    limit = result.largest_stable_lr
    lr = float(result.plan.rates[: result.epochs].max())
    todo = "lower optimizer.lr or scale the features"
    if limit is not None and lr > limit:
        todo = f"lr is {lr:g}, and on these columns plain descent needs less than {limit:.4g}: lower it, or scale them"
    diverged, seeds = of
    seed = f" with {diverged} of {seeds} seeds, seed {result.plan.spec.seed}" if seeds > 1 else ""
    return f"{result.name} diverged{seed} at epoch {result.epochs}: {how}; {todo}"


def _rows(result: Result) -> str:
    training, held = len(result.plan.training), len(result.plan.validating)
    return f"{training} rows" + (f" + {held} for validation" if held else "")


def _status(result: Result) -> Text:
    return _status_text(result.status)


def _status_text(status: Status) -> Text:
    return Text(status.replace("_", " "), style=STATUS_STYLES.get(status, "bold red"))


def _ratio(ratio: float | None) -> str:
    return number(ratio, 4)


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
