"""The common parts of pictures: colours, axes for curves of loss and gap, and rendering as a PNG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gdcli.engine.arrays import Array
from gdcli.engine.trace import Status
from gdcli.experiment.result import Result
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


def to_png(figure: Figure, *, warn: Callable[[str], None] = lambda _: None) -> bytes:
    """Render a figure as the bytes of a PNG.

    Args:
        figure: Changed in place: its texts are shown literally.
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


def cut(text: str, most: int) -> str:
    """Cut a text to at most this many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def line_styles() -> cycle[tuple[str, LineStyle]]:
    """The colour and style of each line: all colours with the first style, then with the next."""
    return cycle([(colour, line) for line in LINE_STYLES for colour in COLOURS])


def loss_and_gap_axes(title: str, results: Sequence[Result], *, wide: bool = False) -> tuple[Figure, Axes, Axes]:
    """Make a figure with an axis for the loss and one for the gap, against the epoch.

    Args:
        title: The title; cut if it is long.
        results: The runs that will be drawn.
        wide: Whether to leave room for a legend beside the axes.

    Returns:
        The figure, the axis for the loss and the one for the gap.
    """
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


def plot_curve(axis: Axes, values: Array, *, label: str, colour: str, line: LineStyle = "-") -> None:
    """Plot values against the epoch, without those that are not finite; a single point becomes a marker.

    Args:
        axis: The axis to draw on.
        values: After each epoch, the start first, shape (epochs + 1,).
        label: Label in the legend.
        colour: Colour of the line.
        line: Style of the line.
    """
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


def mark_optimum(axis: Axes, optimum: float, *, label: str | None) -> None:
    """Draw the loss of an optimum as a dashed line; without a label it is not in the legend."""
    axis.axhline(min(optimum, LARGEST), color="black", linestyle="--", linewidth=1, label=label)


def scale_loss(axis: Axes, results: Sequence[Result]) -> None:
    """Scale the loss axis to the runs that did not diverge."""
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


def scale_gap(axis: Axes, results: Sequence[Result]) -> None:
    """Put the gap on a log axis that spans the runs that did not diverge."""
    gaps = _positive(result.trace.gap for result in _steady(results))
    if len(gaps):
        log_axis(axis, float(gaps.min()) / 2, float(gaps.max()) * 2)
    else:
        axis.set_yticks([])
        finite = all(np.isfinite(result.trace.gap).all() for result in results)
        text = "the gap is 0 throughout" if finite else "the gap is not finite"
        axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center")


def _floor(result: Result) -> float:
    """The loss of the optimum, or 0 if it is a rounding error."""
    objective = result.plan.rows.objective
    return 0.0 if objective.optimum.is_zero else objective.optimum_mse


def _steady(results: Sequence[Result]) -> list[Result]:
    """The runs that did not diverge, or all runs if every one did."""
    return [result for result in results if result.status is not Status.DIVERGED] or list(results)


def _positive(curves: Iterable[Array]) -> Array:
    """The finite, positive values of some curves."""
    values = np.concatenate(list(curves))
    return np.asarray(values[np.isfinite(values) & (values > 0)])
