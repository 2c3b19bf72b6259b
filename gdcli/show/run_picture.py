"""The picture of a run: its loss and its gap against the epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from gdcli.engine.arrays import Array
from gdcli.engine.trace import Status
from gdcli.experiment.explain.run.forecast import Forecast
from gdcli.experiment.result import Result
from gdcli.show.axes import SMALLEST_DRAWN, drawable, fill_band
from gdcli.show.pictures import COLOURS, loss_and_gap_axes, mark_optimum, plot_curve, scale_gap, scale_loss

THIN: dict[str, Any] = {"color": "black", "linestyle": (0, (4, 3)), "linewidth": 0.8}  # seen on the measured line
DOTTED: dict[str, Any] = {"color": "black", "linestyle": ":", "linewidth": 1.2}


def run_picture(result: Result) -> Figure:
    """Draw one run: the loss with the optimum as a dashed line, and the gap on a log axis beside it.

    Args:
        result: The run.

    Returns:
        A figure of two axes.
    """
    figure, left, right = loss_and_gap_axes(f"{result.name}: {_setting(result)}", [result])
    trace = result.trace
    plot_curve(left, trace.mse, label="training", colour=COLOURS[0])
    if trace.val_mse is not None:
        plot_curve(left, trace.val_mse, label="validation", colour=COLOURS[1])
    optimum = result.plan.rows.objective.floor
    scale_loss(left, [result])
    mark_optimum(left, optimum, label=f"optimum {optimum:.6g}")
    plot_curve(right, trace.gap, label="gap", colour=COLOURS[0])
    scale_gap(right, [result])
    if right.get_yscale() == "log" and result.epochs:
        _show_forecast(right, result.forecast, len(trace.gap))
    left.legend(loc="best", frameon=False)
    return figure


def _show_forecast(axis: Axes, forecast: Forecast, length: int) -> None:
    """Draw what was known before the run, up to its end, without a change of the axis."""
    known: dict[str, Any] = {}
    if forecast.prediction.gap is not None:
        gap, sd = forecast.prediction.gap[:length], forecast.prediction.sd
        (line,) = axis.plot(drawable(gap), **THIN)
        if sd is None:
            known["predicted"] = line
        else:
            known["expected ± 2 sd"] = (_fill_spread(axis, gap, 2 * sd[:length]), line)
    if forecast.bound is not None:
        (known["no gradient method is lower"],) = axis.plot(_down_to_zero(forecast.bound[:length]), **DOTTED)
    if known:
        axis.legend([axis.get_lines()[0], *known.values()], ["measured", *known], loc="best", frameon=False)


def _fill_spread(axis: Axes, gap: Array, spread: Array) -> PolyCollection:
    """Fill a band around a curve, from the bottom of the axis where the band reaches 0."""
    with np.errstate(all="ignore"):  # both may be infinite
        low, high = np.fmax(gap - spread, axis.get_ylim()[0]), gap + spread
    return fill_band(axis, np.arange(float(len(gap))), low, high, colour="0.4", alpha=0.25)


def _down_to_zero(bound: Array) -> Array:
    """A bound as a log axis can show it: down to its first 0, and no further."""
    is_shown = np.arange(len(bound)) <= np.count_nonzero(bound)
    return np.where(is_shown, np.maximum(drawable(bound), SMALLEST_DRAWN), np.nan)


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
