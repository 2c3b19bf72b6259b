"""A sweep for people: the ten best settings as a table, and the picture of the whole grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from rich.console import Group, RenderableType

from gdcli.experiment.grid import Axis
from gdcli.experiment.sweep import written
from gdcli.experiment.sweep_result import Setting, SweepResult
from gdcli.show.axes import log_axis, short
from gdcli.show.figures import COLOURS, LEGEND_INSIDE, LEGEND_MOST, LINE_STYLES, cut
from gdcli.show.layout import Column, Sheet, Words
from gdcli.show.tables import RANKS
from gdcli.show.texts import number

SHOWN = 10
FEW_BANDS = 4  # that may lie one on the other and still be told apart
SAME_OPTIMUM = 1e-6  # relatively: scalers change an optimum by rounding errors only


def sweep_view(result: SweepResult) -> RenderableType:
    """The ten best settings, how many diverged, and what stays within 2 times the best gap.

    Args:
        result: The sweep.

    Returns:
        What Rich prints.
    """
    settings = sorted(result.settings, key=lambda s: s.gap)
    with_seeds, axes = result.sweep.seeds > 1, _varied(result)
    headings = _headings(axes)
    figures = ["final MSE", "median gap" if with_seeds else "gap", *(["10–90 %"] if with_seeds else []), "gap/opt."]
    columns = [Column(headings[axis.key], 90 - i, is_name=not axis.is_numeric) for i, axis in enumerate(axes)]
    columns += [Column(heading, 99 if heading.endswith("gap") else RANKS[heading]) for heading in figures]
    rows = [
        [*(_value(setting.values[axis.key]) for axis in axes), *_figures(setting, with_seeds=with_seeds)]
        for setting in settings[:SHOWN]
    ]
    bold = frozenset([0] if settings and np.isfinite(settings[0].gap) else [])
    remarks = (Words(line.split(" ")) for line in _remarks(result, settings))
    return Group(Sheet(columns, rows, bold), *remarks)


def _varied(result: SweepResult) -> tuple[Axis, ...]:
    """The axes of more than one value; all of them where there is none."""
    return tuple(axis for axis in result.sweep.axes if len(axis.values) > 1) or result.sweep.axes


def _headings(axes: Sequence[Axis]) -> dict[str, str]:
    """Keys by their last part, where that is enough to tell them apart; a kind goes by what it is the kind of."""
    keys = [axis.key for axis in axes]
    last = [key.removesuffix(".kind").rpartition(".")[2] for key in keys]
    return {key: part if last.count(part) == 1 else key for key, part in zip(keys, last, strict=True)}


def _figures(setting: Setting, *, with_seeds: bool) -> list[str]:
    if not np.isfinite(setting.gap):
        return ["diverged", "–", *(["–"] if with_seeds else []), "–"]
    finite = [run.summary["final_mse"] for run in setting.runs if run.summary["final_mse"] is not None]
    optimum = setting.runs[0].summary["optimum_mse"]
    ratio = "–" if setting.runs[0].summary["gap_ratio"] is None else number(setting.gap / optimum, 4)
    spread = [f"{setting.low:.2e} – {setting.high:.2e}"] if with_seeds else []
    return [number(float(np.median(finite)), 7), number(setting.gap, 4), *spread, ratio]


def _remarks(result: SweepResult, settings: Sequence[Setting]) -> list[str]:
    runs, planned = len(result.runs), len(result.sweep.points)
    diverged = sum(setting.diverged for setting in settings)
    counted = f"{runs} run{'s' if runs > 1 else ''}" if runs == planned else f"{runs} of {planned} runs"
    lines = [f"{counted}, {diverged} diverged" + (f"; the {SHOWN} best are shown" if len(settings) > SHOWN else "")]
    for axis in result.sweep.axes:
        within = result.tolerated(axis.key) if axis.is_numeric and len(axis.values) > 1 else None
        if within and within[0] == within[1]:
            lines.append(f"no {axis.key} but {within[0]:g} stays within 2 times the best gap")
        elif within:
            lines.append(f"{axis.key} from {within[0]:g} to {within[1]:g} stays within 2 times the best gap")
    optima = [run.summary["optimum_mse"] for run in result.runs]
    if max(optima) - min(optima) > SAME_OPTIMUM * max(optima):
        lines.append("the settings have different optima: the gap is to each one's own")
    return lines


def sweep_figure(result: SweepResult) -> Figure:
    """The final gap over the grid: lines over a numeric axis, or a heat map where two numeric axes are crossed.

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
    figure.suptitle(cut(f"{result.sweep.name}: final gap", 90), fontsize=11)
    if len(numeric) >= 2 and crossed:
        _heat_map(figure, axes, result, numeric[0], numeric[1])
    else:
        _lines(figure, axes, result, numeric[0] if numeric else result.sweep.axes[0])
    return figure


def _lines(figure: Figure, axes: Axes, result: SweepResult, axis: Axis) -> None:
    """One line for each setting of the other axes, a band over the seeds, diverged points at the top."""
    lines: dict[str, list[Setting]] = {}
    others = {key: name for key, name in _headings(_varied(result)).items() if key != axis.key}
    for setting in result.settings:
        label = ", ".join(f"{name} {_value(setting.values[key])}" for key, name in others.items())
        lines.setdefault(label, []).append(setting)
    finite = [s.gap for s in result.settings if np.isfinite(s.gap) and s.gap > 0]
    top = 4 * max(finite, default=1.0)
    band = 0.2 if len(lines) <= FEW_BANDS else 0.08
    styles = cycle([(colour, style) for style in LINE_STYLES for colour in COLOURS])
    for height, (label, (colour, style)) in enumerate(zip(lines, styles, strict=False)):
        line = lines[label]
        x = np.array([s.values[axis.key] if axis.is_numeric else axis.values.index(s.values[axis.key]) for s in line])
        order = np.argsort(x)
        x, line = x[order], [line[i] for i in order]
        gap = np.array([s.gap if np.isfinite(s.gap) else np.nan for s in line])
        axes.plot(x, gap, label=label or None, color=colour, linestyle=style, linewidth=1.6, marker="o", markersize=3)
        if result.sweep.seeds > 1:
            low, high = (np.array([getattr(s, end) for s in line]) for end in ("low", "high"))
            axes.fill_between(
                x, low, np.minimum(high, top), where=np.isfinite(gap), color=colour, alpha=band, linewidth=0
            )
        gone = x[np.isnan(gap)]
        # One above the other, or the last line's marks would hide the others'.
        axes.plot(gone, np.full(len(gone), top * 1.15**height), linestyle="none", marker="x", color=colour)
    if any(setting.diverged for setting in result.settings):
        axes.plot([], [], linestyle="none", marker="x", color="0.3", label="diverged")
    _scale_x(axes, axis)
    log_axis(axes, min(finite, default=1.0) / 2, 2 * top * 1.15 ** len(lines))
    seeds = result.sweep.seeds
    axes.set_ylabel(f"final gap, median and 10–90 % of {seeds} seeds" if seeds > 1 else "final gap to the optimum")
    axes.grid(visible=True, which="major", color="0.9", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    _legend(figure, axes)


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


def _scale_x(axes: Axes, axis: Axis) -> None:
    axes.set_xlabel(axis.key)
    if not axis.is_numeric:
        axes.set_xticks(range(len(axis.values)), [cut(_value(value), 16) for value in axis.values])
    elif min(axis.values) > 0 and max(axis.values) >= 10 * min(axis.values):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(short))


def _heat_map(figure: Figure, axes: Axes, result: SweepResult, across: Axis, up: Axis) -> None:
    """The smallest gap over all other axes for each pair of values; cells that diverged stay empty."""
    cells = np.full((len(up.values), len(across.values)), np.inf)
    for setting in result.settings:
        i, j = up.values.index(setting.values[up.key]), across.values.index(setting.values[across.key])
        cells[i, j] = min(cells[i, j], setting.gap)
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
    bar.set_label("final gap (grey: diverged)" if np.isinf(cells).any() else "final gap")
    best = result.best()
    if best:
        at = across.values.index(best.values[across.key]), up.values.index(best.values[up.key])
        axes.plot(at[0] + 0.5, at[1] + 0.5, marker="*", markersize=12, color="white", markeredgecolor="black")


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else written(value)
