"""The best base rate of mini-batch sgd: by the expected course of a run.

Near the best rate the gap hardly depends on the rate, and a search asks for it thirty times. So the rates of a schedule
are rounded to numbers 4 % apart, whose maps are computed once, and rates that change from step to step are averaged
over stretches of an epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.batches import mini_batches
from gdcli.engine.threads import one_blas_thread
from gdcli.experiment.automatic.open_run import OpenRun
from gdcli.theory.expected import stretches
from gdcli.theory.fixed_order import fixed_order
from gdcli.theory.modes import modes_of
from gdcli.theory.rates import best_base
from gdcli.theory.reshuffling import epoch_map

SPACING = math.log(1.04)  # of rounded rates
NEGLIGIBLE = 1e-12  # of the largest rate
FEW = 32  # rates that are not rounded
MOST_STRETCHES = 100  # of a run whose rate changes from step to step
MOST_OPERATIONS = 3e8  # of one course through batches in a fixed order; thirty of them take seconds

FinalGap = Callable[[Array], float]  # of the rates of a run, shape (epochs, 1 or steps); up to a factor


def best_mini_batch_rate(run: OpenRun) -> float | None:
    """Find the base rate with the smallest expected gap after the epochs of a run.

    Args:
        run: The run, of sgd without weight decay.

    Returns:
        The rate; infinite beyond double precision; NaN if the run diverges at every base rate; None if the search
        would take too long.
    """
    reshuffles = run.spec.shuffle == "each_epoch"
    if not reshuffles and _operations(run) > MOST_OPERATIONS:
        return None
    final = (_reshuffled if reshuffles else _fixed)(run)
    upper = 2 / run.rows.spectrum.largest / run.slope  # noise makes less unstable, and then the gap grows
    if math.isinf(upper):
        return upper

    def final_gap(base: float) -> float:
        return final(run.rates(base))

    with one_blas_thread:
        base = best_base(final_gap, upper, per_decade=2, precision=1e-3)
        return base if math.isfinite(final_gap(base)) else math.nan


def _reshuffled(run: OpenRun) -> FinalGap:
    """The expected final gap of random reshuffling."""
    moments, size = run.rows.moments, int(run.spec.batch_size)
    sizes = np.append(np.full(run.steps - 1, size), moments.n - (run.steps - 1) * size)
    modes = modes_of(run.rows.objective, run.start)
    z, bound = np.append(modes.start, moments.scale), run.divergence_bound(modes.gap) / modes.unit
    epoch = cache(partial(epoch_map, moments))
    power = cache(lambda plan, count: epoch(plan).power(count))

    def final(rates: Array) -> float:
        M = np.outer(z, z)
        with np.errstate(all="ignore"):  # a gap that overflows is not the smallest one
            for row, count in _repeats(_rounded(_averaged(rates))):
                plan = tuple(stretches(row, sizes))
                M = epoch(plan).times(M, count) if count < FEW else power(plan, count).times(M, 1)
                if not M[:-1, :-1].trace() <= bound:
                    return math.inf
        return float(M[:-1, :-1].trace())

    return final


def _fixed(run: OpenRun) -> FinalGap:
    """The final gap of batches in a fixed order."""
    X, y = run.rows.trained()
    batches = mini_batches(X, y, size=int(run.spec.batch_size), shuffle=run.spec.shuffle, seed=run.spec.seed)
    residual = batches.b[:, 0] - batches.A @ run.rows.objective.optimum.weights
    modes = modes_of(run.rows.objective, run.start)
    bound = run.divergence_bound(modes.gap)

    def final(rates: Array) -> float:
        course = fixed_order(
            run.rows.spectrum, batches.A, residual, modes.start, _rounded(rates), batches.size, unit=modes.unit
        )
        if course is None or not course.gap.max() <= bound:
            return math.inf
        return float(course.gap[-1])

    return final


def _operations(run: OpenRun) -> float:
    """Operations of one course through batches in a fixed order, as `fixed_order` counts them."""
    distinct = {row.tobytes() for row in _rounded(run.rates(1.0))}
    return len(distinct) * run.steps * 2.0 * (run.rows.spectrum.rank + 1) ** 3


def _repeats(rates: Array) -> Iterator[tuple[Array, int]]:
    """The rates of an epoch, and for how many epochs in a row they stay the same."""
    starts = np.flatnonzero(np.append(True, (np.diff(rates, axis=0) != 0).any(axis=1)))
    for start, count in zip(starts, np.diff(np.append(starts, len(rates))), strict=True):
        yield rates[start], int(count)


def _averaged(rates: Array) -> Array:
    """Rates of steps, averaged over stretches of each epoch."""
    epochs, steps = rates.shape
    ends = np.linspace(0, steps, min(steps, max(1, MOST_STRETCHES // epochs)) + 1).astype(int)
    lengths = np.diff(ends)
    return np.repeat(np.add.reduceat(rates, ends[:-1], axis=1) / lengths, lengths, axis=1)


def _rounded(rates: Array) -> Array:
    """Rates, rounded where a run has many different ones, and the smallest to 0."""
    if len(np.unique(rates)) <= FEW:
        return rates
    with np.errstate(divide="ignore"):
        rounded = np.exp(SPACING * np.round(np.log(rates) / SPACING))
    return np.where(rates < NEGLIGIBLE * rates.max(), 0.0, rounded)
