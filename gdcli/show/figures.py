"""Figures: loss and gap against the epoch, for one run or several."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from pathlib import PurePath
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from gdcli.engine.arrays import Array
from gdcli.engine.trace import Status
from gdcli.experiment.comparison import endings
from gdcli.experiment.quantiles import Spread, curve_spread
from gdcli.experiment.result import Result, by_name
from gdcli.show.axes import LARGEST, SMALLEST, drawable, log_axis
from gdcli.show.lettering import as_written

# Okabe and Ito's palette for colour-blind readers; black is reserved for the optimum.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LINE_STYLES = ("-", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
LineStyle: TypeAlias = "str | tuple[int, tuple[int, ...]]"

# The most entries of a legend inside the axes, the most of any legend, and the largest ratio on a linear axis.
LEGEND_INSIDE = 5
LEGEND_MOST = 22
LINEAR_RANGE = 30.0


def curve_figure(result: Result) -> Figure:
    """Draw one run: the loss with the optimum as a dashed line, and the gap on a log axis beside it.

    Args:
        result: The run.

    Returns:
        A figure of two axes.
    """
    figure, left, right = _axes(f"{result.name}: {_setting(result)}", [result])
    trace = result.trace
    _plot(left, trace.mse, label="training", colour=COLOURS[0])
    if trace.val_mse is not None:
        _plot(left, trace.val_mse, label="validation", colour=COLOURS[1])
    optimum = result.plan.rows.objective.optimum_mse
    _mark(left, optimum, label=f"optimum {optimum:.6g}")
    _scale_loss(left, [result])
    _plot(right, trace.gap, label="gap", colour=COLOURS[0])
    _scale_gap(right, [result])
    left.legend(loc="best", frameon=False)
    return figure


def comparison_figure(results: Sequence[Result]) -> Figure:
    """Draw several runs over each other, one colour each. A long legend is placed beside the axes.

    Runs of one name are drawn as their median, with a band from their 10 % to their 90 % quantile.

    Args:
        results: The runs.

    Returns:
        A figure of two axes.
    """
    groups = by_name(results)
    sources = {PurePath(result.plan.rows.data.label).name for result in results}
    many = f"{len(groups)} runs" + (f" on {sources.pop()}" if len(sources) == 1 else "")
    seeds = f", {len(results) // len(groups)} seeds each" if len(results) > len(groups) else ""
    title = (" vs ".join(groups) if len(groups) <= 3 else many) + seeds
    figure, left, right = _axes(title, results, wide=len(groups) > LEGEND_INSIDE)
    bands: list[tuple[Axes, Spread[Array], str]] = []
    for (name, runs), (colour, line) in zip(groups.items(), _styles(), strict=False):
        label = name + _note(runs)
        for axis, curves in ((left, [run.trace.mse for run in runs]), (right, [run.trace.gap for run in runs])):
            spread = curve_spread([run.trace for run in runs], curves)
            _plot(axis, spread.median, label=label, colour=colour, line=line)
            if len(runs) > 1:
                bands.append((axis, spread, colour))
    optima = sorted({f"{result.plan.rows.objective.optimum_mse:.6g}" for result in results}, key=float)
    for i, optimum in enumerate(optima):
        label = f"optimum {optimum}" if len(optima) == 1 else "optima"
        left.axhline(
            min(float(optimum), LARGEST), color="black", linestyle="--", linewidth=1, label=label if not i else None
        )
    _scale_loss(left, results)
    _scale_gap(right, results)
    for axis, spread, colour in bands:
        fill_spread(axis, np.arange(len(spread.low), dtype=float), spread, colour=colour)
    if len(groups) <= LEGEND_INSIDE:
        left.legend(loc="best", frameon=False)
    else:
        handles, labels = left.get_legend_handles_labels()
        if len(groups) > LEGEND_MOST:
            labels[LEGEND_MOST - 1 : -1] = [f"… and {len(groups) - LEGEND_MOST + 1} more"]
            handles[LEGEND_MOST - 1 : -1] = [Line2D([], [], linestyle="none")]
        size = "medium" if len(labels) <= 16 else "x-small"
        figure.legend(handles, labels, fontsize=size, loc="center left", bbox_to_anchor=(0.78, 0.5), frameon=False)
    return figure


def to_png(figure: Figure, *, warn: Callable[[str], None] = lambda _: None) -> bytes:
    """Render a figure as the bytes of a PNG.

    Args:
        figure: Changed in place: texts are drawn as they are written.
        warn: Called with a sentence about characters that no installed font has.

    Returns:
        The bytes.
    """
    message = as_written(figure)
    if message:
        warn(message)
    stream = io.BytesIO()
    FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph ")  # tick labels are made anew by their formatter
        figure.savefig(stream, format="png", pil_kwargs={"compress_level": 3})  # 5 ms less than 6, and 7 % larger
    return stream.getvalue()


def _note(runs: Sequence[Result]) -> str:
    """How runs of one name ended, unless all were completed."""
    counts = [
        f"{f'{count} of {len(runs)} ' if len(runs) > 1 else ''}{status.replace('_', ' ')}"
        for status, count in endings(runs)
    ]
    return f" ({', '.join(counts)})" if counts else ""


def fill_spread(axis: Axes, x: Array, spread: Spread[Array], *, colour: str, alpha: float = 0.2) -> None:
    """Fill from the 10 % to the 90 % quantile; a band with an infinite end reaches the top of the axis.

    Args:
        axis: Axis whose limits are set.
        x: Shape (n,).
        spread: Quantiles, shape (n,) each.
        colour: Colour of the band.
        alpha: Opacity of the band.
    """
    top = np.maximum(axis.get_ylim()[1], spread.low)
    high = np.where(np.isfinite(spread.high), spread.high, top)
    axis.fill_between(x, drawable(spread.low), drawable(high), color=colour, alpha=alpha, linewidth=0)


def _axes(title: str, results: Sequence[Result], *, wide: bool = False) -> tuple[Figure, Axes, Axes]:
    """A figure with an axis for the loss and one for the gap."""
    figure = Figure(figsize=(11.5 if wide else 9.5, 4), dpi=110)
    left, right = figure.subplots(1, 2)
    # Fixed margins: Matplotlib's layout engines draw everything twice to find the same ones.
    figure.subplots_adjust(left=0.08, right=0.77 if wide else 0.98, bottom=0.13, top=0.9, wspace=0.27)
    targets = {result.plan.rows.columns.target for result in results}
    unit = f", squared units of {cut(targets.pop(), 24)}" if len(targets) == 1 else ""
    left.set_ylabel(f"MSE{unit}")
    right.set_ylabel("gap to the optimum")
    for axis in (left, right):
        axis.set_xlabel("epoch")
        axis.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4))
        axis.xaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True, steps=[1, 2, 5, 10]))
        axis.set_autoscaley_on(False)  # curves may go beyond the largest axis
        axis.grid(visible=True, which="major", color="0.9", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(cut(title, 100), fontsize=11)
    return figure, left, right


def cut(text: str, most: int) -> str:
    """Cut a text to at most this many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _setting(result: Result) -> str:
    """The settings of a run in one line."""
    summary = result.summary
    parts = [f"{summary['optimizer']}, lr {summary['lr']:g}"]
    if summary["schedule"] != "constant":
        parts.append(summary["schedule"])
    if summary["scaler"] != "none":
        parts.append(summary["scaler"])
    parts.append("full batch" if summary["batch_size"] == "full" else f"batches of {summary['batch_size']}")
    if result.status is not Status.COMPLETED:
        parts.append(f"{result.status.replace('_', ' ')} at epoch {result.epochs}")
    return ", ".join(parts)


def _styles() -> cycle[tuple[str, LineStyle]]:
    """Colours first, then line styles."""
    return cycle([(colour, line) for line in LINE_STYLES for colour in COLOURS])


def _plot(axis: Axes, values: Array, *, label: str, colour: str, line: LineStyle = "-") -> None:
    """Plot values against the epoch, without those that are not finite; a single point becomes a marker."""
    marker = "o" if len(values) == 1 else ""
    axis.plot(
        np.arange(len(values)),
        drawable(values),
        label=label,
        color=colour,
        linestyle=line,
        linewidth=1.6,
        marker=marker,
    )


def _mark(axis: Axes, optimum: float, *, label: str | None) -> None:
    """Draw the loss of the optimum as a dashed line."""
    axis.axhline(min(optimum, LARGEST), color="black", linestyle="--", linewidth=1, label=label)


def _scale_loss(axis: Axes, results: Sequence[Result]) -> None:
    """Choose the loss axis by the runs that did not diverge."""
    steady = _steady(results)
    losses = _positive(loss for r in steady for loss in (r.trace.mse, r.trace.val_mse) if loss is not None)
    if not len(losses):
        axis.set_ylim(-0.05, 1)
        return
    low, high = float(losses.min()), float(losses.max())
    floor = min(_floor(result) for result in steady)
    if high > LINEAR_RANGE * low or not SMALLEST < high < LARGEST:
        log_axis(axis, (min(low, floor) if floor > 0 else low) / 1.5, high * 1.5)
    else:
        bottom = min(low, floor)
        room = 0.05 * (high - bottom if high - bottom > 1e-9 * high else high)
        axis.set_ylim(max(0.0, bottom - room), high + room)


def _floor(result: Result) -> float:
    """The loss of the optimum, or 0 if it is a rounding error."""
    objective = result.plan.rows.objective
    return 0.0 if objective.optimum.is_zero else objective.optimum_mse


def _scale_gap(axis: Axes, results: Sequence[Result]) -> None:
    """Put the gap on a log axis that spans the runs that did not diverge."""
    gaps = _positive(result.trace.gap for result in _steady(results))
    if len(gaps):
        log_axis(axis, float(gaps.min()) / 2, float(gaps.max()) * 2)
    else:
        axis.set_yticks([])
        finite = all(np.isfinite(result.trace.gap).all() for result in results)
        text = "the gap is 0 throughout" if finite else "the gap is not finite"
        axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center")


def _steady(results: Sequence[Result]) -> list[Result]:
    """The runs that did not diverge, or all runs if every one did."""
    return [result for result in results if result.status is not Status.DIVERGED] or list(results)


def _positive(curves: Iterable[Array]) -> Array:
    """The finite, positive values of some curves."""
    values = np.concatenate(list(curves))
    return np.asarray(values[np.isfinite(values) & (values > 0)])
