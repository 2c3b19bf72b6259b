"""Axes for numbers of any size: limits, ticks, and bands between curves."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from gdcli.engine.arrays import Array

# The span of an axis, and the most decades for which Matplotlib chooses the ticks. It looks beyond the ends of the
# axis, where doubles may overflow.
SMALLEST_DRAWN, LARGEST_DRAWN = 1e-300, 1e300
FEW_DECADES = 50


def log_axis(axis: Axes, low: float, high: float) -> None:
    """Set up a log axis from low to high. Labels are plain text, because math text doubles the time of a picture."""
    low, high = _within_reach(low, high)
    axis.set_autoscaley_on(False)  # autoscaling looks beyond the largest double
    axis.set_yscale("log", nonpositive="mask")
    axis.set_ylim(low, high)
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    if last - first > FEW_DECADES:
        step = 10 * math.ceil((last - first) / 70)
        axis.yaxis.set_major_locator(FixedLocator([10.0**k for k in range(-(-first // step) * step, last + 1, step)]))
        axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter(FuncFormatter(short))
    axis.yaxis.set_minor_formatter(FuncFormatter(short) if high < 10 * low else NullFormatter())


def _within_reach(low: float, high: float) -> tuple[float, float]:
    """The limits of an axis, made distinct and within the range that Matplotlib can draw."""
    high = min(max(high, 2 * SMALLEST_DRAWN), LARGEST_DRAWN)
    return min(max(low, SMALLEST_DRAWN), high / 2), high


def short(value: float, _position: int | None = None) -> str:
    """The label of a tick, of at most five characters: 0.01, 250, 1e6, 1e-12."""
    if 1e-3 <= value < 1e4 or not math.isfinite(value):
        return f"{value:g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def drawable(values: Array) -> Array:
    """Values that Matplotlib can draw: NaN instead of values that are not finite, and at most `LARGEST_DRAWN`."""
    return np.where(np.isfinite(values), np.minimum(values, LARGEST_DRAWN), np.nan)


def fill_band(axis: Axes, x: Array, low: Array, high: Array, *, colour: str, alpha: float = 0.2) -> PolyCollection:
    """Fill between two curves; a band with an infinite end reaches the top of the axis.

    Args:
        axis: Axis whose limits are set.
        x: Shape (n,).
        low: The lower curve, shape (n,).
        high: The upper curve, shape (n,).
        colour: Colour of the band.
        alpha: Opacity of the band.

    Returns:
        The band.
    """
    top = np.maximum(axis.get_ylim()[1], low)
    return axis.fill_between(
        x, drawable(low), drawable(np.where(np.isfinite(high), high, top)), color=colour, alpha=alpha, linewidth=0
    )
