"""The picture of several runs: all losses and all gaps against the epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gdcli.engine.arrays import Array
from gdcli.experiment.comparison import endings
from gdcli.experiment.quantiles import Spread, curve_spread
from gdcli.experiment.result import Result, by_name
from gdcli.show.axes import fill_band
from gdcli.show.pictures import (
    LEGEND_INSIDE,
    LEGEND_MOST,
    line_styles,
    loss_and_gap_axes,
    mark_optimum,
    plot_curve,
    scale_gap,
    scale_loss,
)


def comparison_picture(results: Sequence[Result]) -> Figure:
    """Draw several runs in the same axes, one colour each. A long legend is placed beside the axes.

    Runs with the same name are drawn as their median, with a band from the 10 % to the 90 % quantile.

    Args:
        results: The runs.

    Returns:
        A figure of two axes.
    """
    groups = by_name(results)
    is_long = len(groups) > LEGEND_INSIDE
    figure, left, right = loss_and_gap_axes(_title(groups), results, wide=is_long)
    bands: list[tuple[Axes, Spread[Array], str]] = []
    for (name, runs), (colour, line) in zip(groups.items(), line_styles(), strict=False):
        traces = [run.trace for run in runs]
        for axis, curves in ((left, [trace.mse for trace in traces]), (right, [trace.gap for trace in traces])):
            spread = curve_spread(traces, curves)
            plot_curve(axis, spread.median, label=name + _note(runs), colour=colour, line=line)
            if len(runs) > 1:
                bands.append((axis, spread, colour))
    _mark_optima(left, results)
    scale_loss(left, results)
    scale_gap(right, results)
    for axis, spread, colour in bands:  # a band may reach the top of its axis
        fill_band(axis, np.arange(len(spread.low), dtype=float), spread.low, spread.high, colour=colour)
    if is_long:
        _legend_beside(figure, left, len(groups))
    else:
        left.legend(loc="best", frameon=False)
    return figure


def _title(groups: Mapping[str, Sequence[Result]]) -> str:
    """The names of a few runs, or the number of many runs and their file; and the number of seeds."""
    results = [run for runs in groups.values() for run in runs]
    files = {PurePath(result.plan.rows.data.label).name for result in results}
    many = f"{len(groups)} runs" + (f" on {files.pop()}" if len(files) == 1 else "")
    seeds = f", {len(results) // len(groups)} seeds each" if len(results) > len(groups) else ""
    return (" vs ".join(groups) if len(groups) <= 3 else many) + seeds


def _mark_optima(axis: Axes, results: Sequence[Result]) -> None:
    """Draw each distinct optimum, to six digits."""
    optima = sorted({f"{result.plan.rows.objective.optimum_mse:.6g}" for result in results}, key=float)
    label = f"optimum {optima[0]}" if len(optima) == 1 else "optima"
    for i, optimum in enumerate(optima):
        mark_optimum(axis, float(optimum), label=None if i else label)


def _legend_beside(figure: Figure, axis: Axes, runs: int) -> None:
    """Place the legend of an axis beside all axes, shortened in the middle if there are very many runs."""
    handles, labels = axis.get_legend_handles_labels()
    if runs > LEGEND_MOST:
        labels[LEGEND_MOST - 1 : -1] = [f"… and {runs - LEGEND_MOST + 1} more"]
        handles[LEGEND_MOST - 1 : -1] = [Line2D([], [], linestyle="none")]
    size = "medium" if len(labels) <= 16 else "x-small"
    figure.legend(handles, labels, fontsize=size, loc="center left", bbox_to_anchor=(0.78, 0.5), frameon=False)


def _note(runs: Sequence[Result]) -> str:
    """How runs with the same name ended, unless all were completed."""
    counts = [
        f"{f'{count} of {len(runs)} ' if len(runs) > 1 else ''}{status.replace('_', ' ')}"
        for status, count in endings(runs)
    ]
    return f" ({', '.join(counts)})" if counts else ""
