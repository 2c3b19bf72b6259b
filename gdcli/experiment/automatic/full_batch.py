"""The best base rate of full-batch sgd: by the exact course of a run, mode by mode."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import EPS, Array
from gdcli.engine.optimizers.plain import SGD
from gdcli.engine.problems.least_squares import LeastSquares
from gdcli.experiment.automatic.open_run import OpenRun
from gdcli.theory.modes import Modes, gaps, modes_of, positions
from gdcli.theory.rates import best_base, best_constant, best_for_epochs
from gdcli.theory.stability import largest_stable_rate

FINE, COARSE = 100, 8  # base rates to try per decade
MOST_NUMBERS = 5e6  # positions of modes to compute per decade, as far as the coarse grid allows
BLOCK = 2**16  # epochs that are computed at once
ROUNDING = 4 * EPS  # of weights and residual: the rounding errors of a step


@np.errstate(over="ignore")  # rates and weights beyond double precision
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

    scale, bound = _scale(run.rows.objective), run.divergence_bound(modes.gap)

    def final_gap(base: float) -> float:
        return _final_gap(modes, scale, bound, optimizer, run.rates(base)[:, 0])

    # Up to half of the limit no mode overshoots, so that a larger base is better, unless weight decay pulls away from
    # the optimum. Beyond 500 times the limit, a single step multiplies the gap by more than 1e6, which is divergence.
    upper = 500 * (largest_stable_rate(optimizer, run.rows.spectrum.largest) or 0.0) / run.slope
    if math.isinf(upper):
        return upper
    per_decade = min(FINE, max(COARSE, MOST_NUMBERS / (run.spec.epochs * len(modes.h))))
    base = best_base(final_gap, upper, decades=9 if decay else 3, per_decade=per_decade)
    return base if math.isfinite(final_gap(base)) else math.nan


def _scale(problem: LeastSquares) -> float:
    """The root mean square of the terms xⱼ·wⱼ at the optimum: their rounding errors are those of a residual."""
    return float(np.linalg.norm(np.linalg.norm(problem.R, axis=0) * problem.optimum.weights) / np.sqrt(problem.n))


@np.errstate(all="ignore")  # what overflows has diverged
def _final_gap(modes: Modes, scale: float, bound: float, optimizer: SGD, rates: Array) -> float:
    """The gap at the end of a run with the worst rounding errors; infinite if the run may diverge on its way."""
    errors, now = _Errors.none(modes, scale), modes
    for i in range(0, len(rates), BLOCK):
        part = rates[i : i + BLOCK]
        course = positions(now, optimizer, part)
        if not gaps(modes, course).max() <= bound:
            return math.inf
        errors = errors.after(modes.h + optimizer.weight_decay, course, part)
        if not gaps(modes, errors.highest[None])[0] <= bound:
            return math.inf
        now = Modes(modes.h, course[-1], modes.optimum, modes.unit)
    return float(gaps(modes, (np.abs(now.start) + errors.last)[None])[0])


@dataclass(frozen=True, eq=False)
class _Errors:
    """Rounding errors of each mode, shape (r,): where a rate removes a mode, later rates may let its error grow.

    An error m, a few eps of weights and residual, is multiplied by the later factors. The largest one after a step is
    P/min(P/m), with P the product of all factors up to a step.

    Attributes:
        scale: The size of the terms whose sum is a residual, at the optimum.
        last: The largest now.
        highest: The largest of all steps.
        product: log P.
        least: log min(P/m).
    """

    scale: float
    last: Array
    highest: Array
    product: Array
    least: Array

    @classmethod
    def none(cls, modes: Modes, scale: float) -> _Errors:
        zeros = np.zeros(len(modes.h))
        return cls(scale, zeros, zeros, zeros, zeros + np.inf)

    def after(self, h: Array, course: Array, rates: Array) -> _Errors:
        factors = np.maximum(np.abs(1 - np.multiply.outer(rates, h)), EPS)
        sizes = self.scale + np.linalg.norm(course, axis=1)
        sizes = ROUNDING * np.maximum(sizes[1:], sizes[:-1])[:, None]
        products = self.product + np.cumsum(np.log(factors), axis=0)
        leasts = np.minimum(self.least, np.minimum.accumulate(products - np.log(sizes), axis=0))
        errors = np.exp(products - leasts)
        highest = np.maximum(self.highest, errors.max(axis=0))
        return _Errors(self.scale, errors[-1], highest, products[-1], leasts[-1])
