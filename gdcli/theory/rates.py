"""The best learning rates of full-batch descent, and of anything else whose final gap can be computed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gdcli.engine.arrays import EPS
from gdcli.theory.epochs import epochs_to, first_epoch
from gdcli.theory.modes import Modes
from gdcli.theory.spectrum import Spectrum

__all__ = ["best_base", "best_constant", "best_for_epochs", "best_heavy_ball", "epochs_to", "first_epoch"]

BELOW = 1 - 1e-9  # of a limit: just beneath it, by more than the rounding errors of L
GOLDEN = (math.sqrt(5) - 1) / 2


def best_constant(spectrum: Spectrum, weight_decay: float = 0.0) -> float:
    """Compute the constant rate of plain descent with the fastest convergence in the limit: 2/(L + μ + 2a).

    A step then shrinks the modes of the largest and the smallest curvature by the same factor, (κ − 1)/(κ + 1).

    Args:
        spectrum: The curvatures.
        weight_decay: a, which adds to every curvature.

    Returns:
        The rate; infinite where the loss is constant.

    Source: Polyak (1987), Introduction to optimization, section 1.4.
    """
    slope = spectrum.largest + spectrum.smallest + 2 * weight_decay
    return 2 / slope if slope else math.inf


def best_heavy_ball(spectrum: Spectrum, weight_decay: float = 0.0) -> tuple[float, float]:
    """Compute the rate and the momentum of the heavy ball with the fastest convergence in the limit.

        lr = 4/(√L + √μ)²,    momentum = ((√L − √μ)/(√L + √μ))²

    A step then shrinks the distance by the square root of the momentum, in the limit; the first steps may grow.

    Args:
        spectrum: The curvatures.
        weight_decay: What it adds to every curvature.

    Returns:
        The rate, infinite where the loss is constant, and the momentum, below 1.

    Source: Polyak (1964), Some methods of speeding up the convergence of iteration methods.
    """
    high, low = math.sqrt(spectrum.largest + weight_decay), math.sqrt(spectrum.smallest + weight_decay)
    if not high:
        return math.inf, 0.0
    return (2 / (high + low)) ** 2, min(((high - low) / (high + low)) ** 2, 1 - EPS)


@np.errstate(over="ignore", under="ignore")  # a rate beyond all numbers; modes that count for nothing
def best_for_epochs(modes: Modes, epochs: int) -> float:
    """Compute the constant rate of plain descent with the smallest gap after some epochs from this start.

    It minimises f(γ) = Σ z²(1 − γh)^{2T} on [0, 2/L). f is strictly convex: every term is an even power, of degree
    2T ≥ 2, of a function linear in γ. So f′ grows, and its sign is found by

        Σ z²h·(1 − γh)^{2T−1},    with 1 − γh divided by the largest |1 − γh|: neither overflow nor a lost sign

    f′ ≤ 0 at 1/L, where no factor is negative. The bisection ends at neighbouring numbers. With pow's relative error
    of 2T·eps, the root is off by about eps/h, in any number of epochs.

    Args:
        modes: Curvatures and start.
        epochs: T; 0 counts as 1.

    Returns:
        The rate; infinite where the start has no gap or the loss is constant.
    """
    moving = modes.start != 0
    if not moving.any():
        return math.inf
    h, z = modes.h[moving] / modes.h[0], modes.start[moving] / np.abs(modes.start).max()
    weights, power = z**2 * h, 2 * max(epochs, 1) - 1

    def falls(rate: float) -> bool:
        factors = 1 - rate * h
        largest = np.abs(factors).max()
        return bool(largest > 0 and weights @ (factors / largest) ** power > 0)

    low, high = 1.0, 2 * BELOW
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if falls(middle) else (low, middle)
    return float(low / modes.h[0])


def best_base(
    final_gap: Callable[[float], float],
    upper: float,
    *,
    decades: float = 8,
    per_decade: float = 8,
    precision: float = 1e-8,
) -> float:
    """Find the base rate with the smallest final gap in (0, upper].

    A logarithmic grid below the upper end, then a golden-section search between the neighbours of its best point. A
    final gap with several minima may hide one that is narrower than the grid.

    Args:
        final_gap: The gap at the end of a run with this base rate; where it is not a number, it counts as infinite.
        upper: The largest rate to try, finite.
        decades: How far the grid reaches below it.
        per_decade: Points of the grid per decade.
        precision: The width of the interval at the end, in decades. At 1e-8 a smooth minimum is flat to rounding.

    Returns:
        The best of all rates tried.
    """
    values: dict[float, float] = {}

    def value(exponent: float) -> float:
        rate = upper * 10.0**exponent
        gap = final_gap(rate)
        values[rate] = math.inf if math.isnan(gap) else gap
        return values[rate]

    grid = np.linspace(-decades, 0, math.ceil(decades * per_decade) + 1).tolist()
    best = int(np.argmin([value(exponent) for exponent in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    _golden_section(value, low, high, precision)
    return min(values, key=values.__getitem__)


def _golden_section(value: Callable[[float], float], low: float, high: float, precision: float) -> None:
    """Narrow an interval around a minimum."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = value(left), value(right)
    while high - low > precision:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = value(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = value(right)
