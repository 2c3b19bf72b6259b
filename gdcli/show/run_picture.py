"""The picture of a run: its loss and its gap against the epoch."""

from __future__ import annotations

from matplotlib.figure import Figure

from gdcli.engine.trace import Status
from gdcli.experiment.result import Result
from gdcli.show.pictures import COLOURS, loss_and_gap_axes, mark_optimum, plot_curve, scale_gap, scale_loss


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
    left.legend(loc="best", frameon=False)
    return figure


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
