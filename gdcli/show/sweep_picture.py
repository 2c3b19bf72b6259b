"""The picture of a sweep: the figure that ranks its settings, over the whole grid."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from gdcli.experiment.quantiles import Spread, spread
from gdcli.show.axes import fill_band, log_axis, short
from gdcli.show.pictures import LEGEND_INSIDE, LEGEND_MOST, cut, line_styles
from gdcli.show.sweep_labels import FIGURES, diverged_label, headings_of, plain_label, value_text, varied
from gdcli.spec.grid import Axis
from gdcli.sweeps.points import effective
from gdcli.sweeps.result import SettingRuns, SweepResult

FEW_BANDS = 4  # the most bands drawn at full opacity


def sweep_picture(result: SweepResult) -> Figure:
    """Draw the figure that ranks the settings: as lines over a numeric axis, or as a heat map over two crossed axes.

    Args:
        result: The sweep, with at least one run.

    Returns:
        A figure; diverged settings are marked, at the top of a line or as empty cells.
    """
    numeric = [axis for axis in result.sweep.axes if axis.is_numeric and len(axis.values) > 1]
    crossed = len(result.settings) > max(len(axis.values) for axis in result.sweep.axes)
    figure = Figure(figsize=(8.5, 4.6), dpi=110)
    axes = figure.subplots()
    figure.subplots_adjust(left=0.11, right=0.95, bottom=0.13, top=0.9)
    is_map = len(numeric) >= 2 and crossed
    further = [axis for axis in varied(result) if axis not in numeric[:2]] if is_map else []
    smallest = f", the smallest over {', '.join(headings_of(further).values())}" if further else ""
    figure.suptitle(cut(f"{result.sweep.name}: final {FIGURES[result.figure]}{smallest}", 90), fontsize=11)
    if is_map:
        _heat_map(figure, axes, result, numeric[0], numeric[1])
    else:
        _lines(figure, axes, result, numeric[0] if numeric else result.sweep.axes[0])
    return figure


def _lines(figure: Figure, axes: Axes, result: SweepResult, axis: Axis) -> None:
    """One line for each setting of the other axes, a band over the seeds, diverged points at the top."""
    lines: dict[str, list[SettingRuns]] = {}
    others = {key: name for key, name in headings_of(varied(result)).items() if key != axis.key}
    for setting in result.settings:
        label = ", ".join(f"{name} {plain_label(key, setting)}" for key, name in others.items())
        lines.setdefault(label, []).append(setting)
    values = _values(result)
    top = 4 * max(values, default=1.0)
    log_axis(axes, min(values, default=1.0) / 2, 2 * top * 1.15 ** len(lines))
    if not values:  # only marks, whose height means nothing
        axes.set_yticks([])
        axes.set_yticks([], minor=True)
    for height, (label, (colour, style)) in enumerate(zip(lines, line_styles(), strict=False)):
        line = sorted(lines[label], key=lambda s: _position(axis, s))
        x = np.array([_position(axis, s) for s in line])
        spreads = [_spread(result, s) for s in line]
        low_end, middle, high_end = np.array([(s.low, s.median, s.high) for s in spreads]).T
        shown = np.where(np.isfinite(middle), middle, np.nan)
        axes.plot(x, shown, label=label or None, color=colour, linestyle=style, linewidth=1.6, marker="o", markersize=3)
        if result.sweep.seeds > 1:
            alpha = 0.2 if len(lines) <= FEW_BANDS else 0.08
            fill_band(axes, x, low_end, high_end, colour=colour, alpha=alpha)
        diverged = x[np.isinf(middle)]
        # At different heights, so that no mark hides another.
        axes.plot(diverged, np.full(len(diverged), top * 1.15**height), linestyle="none", marker="x", color=colour)
    if any(not np.isfinite(_spread(result, setting).median) for setting in result.settings):
        axes.plot([], [], linestyle="none", marker="x", color="0.3", label=diverged_label(result))
    _scale_x(axes, axis, result)
    seeds, figures = result.sweep.seeds, FIGURES[result.figure]
    own = "" if result.figure == "final_mse" else " to the optimum"
    axes.set_ylabel(f"final {figures}, median and 10–90 % of {seeds} seeds" if seeds > 1 else f"final {figures}{own}")
    axes.grid(visible=True, which="major", color="0.9", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    _legend(figure, axes)


def _spread(result: SweepResult, setting: SettingRuns) -> Spread[float]:
    """The spread of the figure that ranks a setting."""
    values = spread(setting.runs, result.figure)
    assert values, "every run has a gap and a final MSE"
    return values


def _position(axis: Axis, setting: SettingRuns) -> float:
    return setting.number(axis.key) if axis.is_numeric else axis.values.index(setting.values[axis.key])


def _values(result: SweepResult) -> list[float]:
    """The positive finite values of the lines and bands."""
    spreads = [_spread(result, setting) for setting in result.settings]
    return [value for s in spreads for value in (s.low, s.median, s.high) if 0 < value < np.inf]


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) > LEGEND_INSIDE:
        figure.set_figwidth(11)
        figure.subplots_adjust(left=0.09, right=0.7)
        more = len(labels) - LEGEND_MOST
        if more > 0:
            handles, labels = handles[:LEGEND_MOST], [*labels[: LEGEND_MOST - 1], f"… and {more + 1} more"]
        size = "small" if len(labels) <= 16 else "x-small"
        labels = [cut(label, 44) for label in labels]
        figure.legend(handles, labels, fontsize=size, loc="center left", bbox_to_anchor=(0.71, 0.5), frameon=False)
    elif labels:
        axes.legend(loc="best", frameon=False)


def _scale_x(axes: Axes, axis: Axis, result: SweepResult) -> None:
    axes.set_xlabel(axis.key)
    positions = [_position(axis, setting) for setting in result.settings]
    if not axis.is_numeric:
        keys = [other.key for other in result.sweep.axes]
        values = [value_text(effective(axis.key, value, keys)) for value in axis.values]
        axes.set_xticks(range(len(values)), [cut(value, 16) for value in values])
    elif min(positions) > 0 and max(positions) >= 10 * min(positions):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(short))


def _heat_map(figure: Figure, axes: Axes, result: SweepResult, across: Axis, up: Axis) -> None:
    """Draw, per pair of values, the smallest figure over all other axes; diverged cells stay empty."""
    cells = np.full((len(up.values), len(across.values)), np.inf)
    rows, columns = ({value: i for i, value in enumerate(axis.values)} for axis in (up, across))
    for setting in result.settings:
        i, j = rows[setting.values[up.key]], columns[setting.values[across.key]]
        cells[i, j] = min(cells[i, j], _spread(result, setting).median)
    shown = np.where(np.isfinite(cells), cells, np.nan)
    positive = shown[shown > 0]
    norm = LogNorm(positive.min(), positive.max()) if len(positive) and positive.min() < positive.max() else None
    axes.set_facecolor("0.85")
    mesh = axes.pcolormesh(np.ma.masked_invalid(shown), norm=norm, cmap="viridis_r")
    for values, set_ticks, room in ((across.values, axes.set_xticks, 8), (up.values, axes.set_yticks, 12)):
        every = -(-len(values) // room)
        labels = [_tick_label(value) for value in values[::every]]
        set_ticks(np.arange(len(values))[::every] + 0.5, labels)
    axes.set_xlabel(across.key)
    axes.set_ylabel(up.key)
    bar = figure.colorbar(mesh, ax=axes, format=FuncFormatter(short))
    bar.ax.yaxis.set_minor_formatter("")
    if not np.isfinite(cells).any():
        bar.set_ticks([])
    median = f", median of {result.sweep.seeds} seeds" if result.sweep.seeds > 1 else ""
    grey = f" (grey: {diverged_label(result)})" if np.isinf(cells).any() else ""
    bar.set_label(f"final {FIGURES[result.figure]}{median}{grey}")
    best = result.best
    if best:
        at = across.values.index(best.values[across.key]), up.values.index(best.values[up.key])
        axes.plot(at[0] + 0.5, at[1] + 0.5, marker="*", markersize=12, color="white", markeredgecolor="black")


def _tick_label(value: float | str) -> str:
    """A value beside a heat map: a number of at most five characters where possible, or `auto`."""
    if isinstance(value, str):
        return value
    return f"{value:g}" if len(f"{value:g}") <= 5 else f"{value:.3g}"
