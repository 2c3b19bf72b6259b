"""The best base rate of full-batch sgd: by the exact course of a run, mode by mode."""

from __future__ import annotations

import math

from gdcli.engine.arrays import Array
from gdcli.engine.optimizers.plain import SGD
from gdcli.engine.trace import DIVERGENCE_FACTOR
from gdcli.experiment.automatic.open_run import OpenRun
from gdcli.theory.modes import Modes, gaps, modes_of, positions
from gdcli.theory.rates import best_base, best_constant, best_for_epochs
from gdcli.theory.stability import largest_stable_rate

FINE, COARSE = 100, 8  # base rates to try per decade
MOST_NUMBERS = 5e6  # positions of modes to compute per decade, as far as the coarse grid allows
BLOCK = 2**16  # epochs that are computed at once


def best_full_batch_rate(run: OpenRun, optimizer: SGD) -> float:
    """Find the base rate with the smallest gap after the epochs of a run.

    At a constant rate without weight decay by bisection, else by a search. A schedule may begin above the largest
    stable rate: what grows then, lower rates take away later. Only bases at which no run diverges are taken.

    Args:
        run: The run.
        optimizer: Its optimizer.

    Returns:
        The rate; infinite beyond double precision; NaN if the run diverges at every base rate.
    """
    modes, decay = modes_of(run.rows.objective, run.start), optimizer.weight_decay
    if not modes.gap:
        return best_constant(run.rows.spectrum, decay) / run.slope
    if run.is_constant and not decay:
        return best_for_epochs(modes, run.spec.epochs)

    def final_gap(base: float) -> float:
        return _final_gap(modes, optimizer, run.rates(base)[:, 0])

    # Up to half of the limit no mode overshoots, so that a larger base is better, unless weight decay pulls away from
    # the optimum. Beyond 500 times the limit, a single step multiplies the gap by more than `DIVERGENCE_FACTOR`.
    upper = 500 * (largest_stable_rate(optimizer, run.rows.spectrum.largest) or 0.0) / run.slope
    if math.isinf(upper):
        return upper
    per_decade = min(FINE, max(COARSE, MOST_NUMBERS / (run.spec.epochs * len(modes.h))))
    base = best_base(final_gap, upper, decades=9 if decay else 3, per_decade=per_decade)
    return base if math.isfinite(final_gap(base)) else math.nan


def _final_gap(modes: Modes, optimizer: SGD, rates: Array) -> float:
    """The gap at the end of a run; infinite if the run diverges on its way."""
    gap, largest = modes.gap, DIVERGENCE_FACTOR * modes.gap
    for i in range(0, len(rates), BLOCK):
        course = positions(modes, optimizer, rates[i : i + BLOCK])
        curve = gaps(modes, course)
        if not curve.max() <= largest:
            return math.inf
        gap, modes = float(curve[-1]), Modes(modes.h, course[-1], modes.optimum, modes.unit)
    return gap
