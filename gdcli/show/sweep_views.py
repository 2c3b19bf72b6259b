"""A sweep for people: the ten best settings as a table, and the picture of the whole grid."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gdcli.experiment.grid import Axis, written
from gdcli.experiment.quantiles import Spread
from gdcli.experiment.sweep import effective
from gdcli.experiment.sweep_result import Setting, SweepResult
from gdcli.show.figures import COLOURS, LEGEND_INSIDE, LEGEND_MOST, LINE_STYLES, cut, fill_spread, log_axis, short
from gdcli.show.tables import number, ranking_remarks, scientific

SHOWN = 10
FEW_BANDS = 4  # that may lie one on the other and still be told apart
FIGURES = {"gap": "gap", "final_mse": "MSE"}


def sweep_view(result: SweepResult) -> RenderableType:
    """The ten best settings, how many diverged, and what stays near the best one.

    Args:
        result: The sweep.

    Returns:
        What Rich prints.
    """
    with_seeds, axes = result.sweep.seeds > 1, _varied(result)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    headings = _headings(axes)
    for axis in axes:
        table.add_column(headings[axis.key], justify="right" if axis.is_numeric else "left", no_wrap=True)
    figures = ["final MSE", "median gap" if with_seeds else "gap", *(["10–90 %"] if with_seeds else []), "gap/opt."]
    # Eighty characters hold so many columns; what the gap says already goes first.
    left_out = {"gap/opt.", "final MSE"} if len(axes) > (2 if with_seeds else 4) else set()
    for heading in figures:
        if heading not in left_out:
            table.add_column(heading, justify="right", no_wrap=True)
    for setting in result.ranked[:SHOWN]:
        cells = dict(zip(figures, _figures(setting, with_seeds=with_seeds), strict=True))
        table.add_row(
            *(_shown(axis.key, setting) for axis in axes),
            *(cell for heading, cell in cells.items() if heading not in left_out),
            style="bold" if setting in result.ties else "",
        )
    return Group(table, *map(Text, _remarks(result)))


def _varied(result: SweepResult) -> tuple[Axis, ...]:
    """The axes of more than one value; all of them where there is none."""
    return tuple(axis for axis in result.sweep.axes if len(axis.values) > 1) or result.sweep.axes


def _headings(axes: Sequence[Axis]) -> dict[str, str]:
    """Keys by their last part, where that is enough to tell them apart; a kind goes by what it is the kind of."""
    keys = [axis.key for axis in axes]
    last = [key.removesuffix(".kind").rpartition(".")[2] for key in keys]
    return {key: part if last.count(part) == 1 else key for key, part in zip(keys, last, strict=True)}


def _figures(setting: Setting, *, with_seeds: bool) -> list[str]:
    mse, gap, ratio = (setting.spread(figure) for figure in ("final_mse", "gap", "gap_ratio"))
    steady = np.isfinite(setting.gap)
    low_high = [f"{scientific(gap.low)} – {scientific(gap.high)}" if gap else "–"] if with_seeds else []
    return [
        number(mse.median, 7) if steady and mse else "diverged",
        number(setting.gap if steady else None, 4),
        *low_high,
        number(ratio.median if steady and ratio else None, 4),
    ]


def _remarks(result: SweepResult) -> list[str]:
    runs, planned, settings = len(result.runs), len(result.sweep.points), result.settings
    diverged = sum(setting.diverged for setting in settings)
    counted = f"{runs} run{'s' if runs > 1 else ''}" if runs == planned else f"{runs} of {planned} runs"
    which = "best" if result.comparison.figure else "first"
    shown = f"; the {SHOWN} {which} are shown" if len(settings) > SHOWN else ""
    lines = [f"{counted}, {diverged} diverged{shown}"]
    if result.sweep.seeds > 1:
        lines.append(f"medians of {result.sweep.seeds} seeds, column by column; 10–90 % is of the gap")
    fixed = [axis for axis in result.sweep.axes if axis not in _varied(result)]
    if fixed:
        lines.append(f"all with {', '.join(f'{axis.key} {_value(axis.values[0])}' for axis in fixed)}")
    lines += ranking_remarks(result.comparison, len(result.ties))
    best = result.best_run()
    if best and result.sweep.seeds > 1:
        lines.append(f"best.yaml has seed {best.plan.spec.seed}, whose run is the nearest to the median")
    return lines + _tolerances(result)


def _tolerances(result: SweepResult) -> list[str]:
    """What each numeric axis may be while the others stay at their best."""
    best, axes = result.best(), _varied(result)
    if best is None:
        return []
    headings, lines = _headings(axes), []
    for axis in axes:
        is_seed = axis.key.rpartition(".")[2] == "seed"  # near in number is near in nothing else
        within = result.tolerated(axis.key) if axis.is_numeric and not is_seed else None
        if within:
            low, high = map(_value, within)
            span = f"no {axis.key} but {low}" if low == high else f"{axis.key} from {low} to {high}"
            others = [f"{headings[other.key]} {_shown(other.key, best)}" for other in axes if other != axis]
            lines.append(f"{_condition(others)}{span} {_near(result, best)}")
    return lines


def _condition(others: Sequence[str]) -> str:
    return f"with {', '.join(others)}: " if others else ""


def _near(result: SweepResult, best: Setting) -> str:
    if result.comparison.is_rounding(result.comparison.rank(best.runs)):
        return "reaches the optimum to rounding"
    return f"stays within 2 times the best {'gap' if result.figure == 'gap' else 'final MSE'}"


def _shown(key: str, setting: Setting) -> str:
    """The value of an axis as it was run, less what other axes override."""
    return _value(effective(key, setting.values[key], setting.values))


def sweep_figure(result: SweepResult) -> Figure:
    """What ranks the settings over the grid: lines over a numeric axis, or a heat map of two that are crossed.

    Args:
        result: The sweep, of at least one run.

    Returns:
        A figure; diverged settings are marked, at the top of a line or as empty cells.
    """
    numeric = [axis for axis in result.sweep.axes if axis.is_numeric and len(axis.values) > 1]
    crossed = len(result.settings) > max(len(axis.values) for axis in result.sweep.axes)
    figure = Figure(figsize=(8.5, 4.6), dpi=110)
    axes = figure.subplots()
    figure.subplots_adjust(left=0.11, right=0.95, bottom=0.13, top=0.9)
    is_map = len(numeric) >= 2 and crossed
    further = [axis for axis in _varied(result) if axis not in numeric[:2]] if is_map else []
    smallest = f", the smallest over {', '.join(_headings(further).values())}" if further else ""
    figure.suptitle(cut(f"{result.sweep.name}: final {FIGURES[result.figure]}{smallest}", 90), fontsize=11)
    if is_map:
        _heat_map(figure, axes, result, numeric[0], numeric[1])
    else:
        _lines(figure, axes, result, numeric[0] if numeric else result.sweep.axes[0])
    return figure


def _lines(figure: Figure, axes: Axes, result: SweepResult, axis: Axis) -> None:
    """One line for each setting of the other axes, a band over the seeds, diverged points at the top."""
    lines: dict[str, list[Setting]] = {}
    others = {key: name for key, name in _headings(_varied(result)).items() if key != axis.key}
    for setting in result.settings:
        label = ", ".join(f"{name} {_shown(key, setting)}" for key, name in others.items())
        lines.setdefault(label, []).append(setting)
    low, high = _extent(result)
    top = 4 * high
    log_axis(axes, low / 2, 2 * top * 1.15 ** len(lines))
    styles = cycle([(colour, style) for style in LINE_STYLES for colour in COLOURS])
    for height, (label, (colour, style)) in enumerate(zip(lines, styles, strict=False)):
        line = sorted(lines[label], key=lambda s: _position(axis, s))
        x = np.array([_position(axis, s) for s in line])
        spreads = [_spread(result, s) for s in line]
        low_end, middle, high_end = np.array([(s.low, s.median, s.high) for s in spreads]).T
        shown = np.where(np.isfinite(middle), middle, np.nan)
        axes.plot(x, shown, label=label or None, color=colour, linestyle=style, linewidth=1.6, marker="o", markersize=3)
        if result.sweep.seeds > 1:
            alpha = 0.2 if len(lines) <= FEW_BANDS else 0.08
            fill_spread(axes, x, Spread(low_end, middle, high_end), colour=colour, alpha=alpha)
        gone = x[np.isinf(middle)]
        # One above the other, or the last line's marks would hide the others'.
        axes.plot(gone, np.full(len(gone), top * 1.15**height), linestyle="none", marker="x", color=colour)
    if any(not np.isfinite(_spread(result, setting).median) for setting in result.settings):
        axes.plot([], [], linestyle="none", marker="x", color="0.3", label="diverged")
    _scale_x(axes, axis, [other.key for other in result.sweep.axes])
    seeds, figures = result.sweep.seeds, FIGURES[result.figure]
    own = "" if result.figure == "final_mse" else " to the optimum"
    axes.set_ylabel(f"final {figures}, median and 10–90 % of {seeds} seeds" if seeds > 1 else f"final {figures}{own}")
    axes.grid(visible=True, which="major", color="0.9", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    _legend(figure, axes)


def _spread(result: SweepResult, setting: Setting) -> Spread[float]:
    """The figure that ranks a setting."""
    spread = setting.spread(result.figure)
    assert spread, "every run has a gap and a final MSE"
    return spread


def _position(axis: Axis, setting: Setting) -> float:
    value = setting.values[axis.key]
    return float(value if axis.is_numeric else axis.values.index(value))


def _extent(result: SweepResult) -> tuple[float, float]:
    """The smallest and the largest finite number above 0 that the lines and bands reach."""
    spreads = [_spread(result, setting) for setting in result.settings]
    ends = [value for s in spreads for value in (s.low, s.median, s.high) if 0 < value < np.inf]
    return min(ends, default=1.0), max(ends, default=1.0)


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


def _scale_x(axes: Axes, axis: Axis, keys: Collection[str]) -> None:
    axes.set_xlabel(axis.key)
    if not axis.is_numeric:
        values = [_value(effective(axis.key, value, keys)) for value in axis.values]
        axes.set_xticks(range(len(values)), [cut(value, 16) for value in values])
    elif min(axis.values) > 0 and max(axis.values) >= 10 * min(axis.values):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(short))


def _heat_map(figure: Figure, axes: Axes, result: SweepResult, across: Axis, up: Axis) -> None:
    """The smallest figure over all other axes for each pair of values; cells that diverged stay empty."""
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
        labels = [f"{value:g}" if len(f"{value:g}") <= 5 else f"{value:.3g}" for value in values[::every]]
        set_ticks(np.arange(len(values))[::every] + 0.5, labels)
    axes.set_xlabel(across.key)
    axes.set_ylabel(up.key)
    bar = figure.colorbar(mesh, ax=axes, format=FuncFormatter(short))
    bar.ax.yaxis.set_minor_formatter("")
    median = f", median of {result.sweep.seeds} seeds" if result.sweep.seeds > 1 else ""
    bar.set_label(f"final {FIGURES[result.figure]}{median}{' (grey: diverged)' if np.isinf(cells).any() else ''}")
    best = result.best()
    if best:
        at = across.values.index(best.values[across.key]), up.values.index(best.values[up.key])
        axes.plot(at[0] + 0.5, at[1] + 0.5, marker="*", markersize=12, color="white", markeredgecolor="black")


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else written(value)
