"""What of the theory every run can afford: a few milliseconds for a run of 100 epochs."""

from __future__ import annotations

import math

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Noise, Prediction
from gdcli.experiment.explain.prediction import noise, predict_case
from gdcli.theory.krylov import bound
from gdcli.theory.moments import MOST_DIRECTIONS
from gdcli.theory.noise import mean_square_limit

MOST_WEIGHTS = 200  # the modes take a decomposition of a d×d matrix: 10 ms
MOST_POSITIONS = 2_000_000  # epochs times modes of an exact curve: 10 ms
MOST_LOOPS = 20_000  # epochs of momentum, 5 µs each; the run itself takes twice that
MOST_PRODUCTS = 5e8  # of the moments of the rows, n·q² for q pairs of directions: 50 ms
FEW_DIRECTIONS = 10  # up to which an expected curve, or a floor, takes a few milliseconds
FEW_RATES = 16  # different epochs of an expected curve, each 0.3 ms
LEAST_FRICTION = 1e-3  # of momentum, 1 − β, down to which the epochs until a gap are counted in 50 ms
MOST_GRADIENTS = 8  # of the bound: 1 ms, and it grows with their cube


def has_modes(case: Case) -> bool:
    """Whether the modes of a run cost little."""
    return case.objective.d <= MOST_WEIGHTS


def has_quick_count(optimizer: Optimizer, case: Case) -> bool:
    """Whether the epochs until a gap cost little to count: where momentum is very near 1, modes oscillate for long."""
    if isinstance(optimizer, SGD) and not optimizer.weight_decay:
        return has_modes(case)
    has_friction = not isinstance(optimizer, Momentum) or 1 - optimizer.momentum >= LEAST_FRICTION
    return has_friction and case.spectrum.rank <= MOST_DIRECTIONS


def quick_prediction(case: Case) -> Prediction:
    """Predict the curve of a run if that costs little.

    Args:
        case: The case.

    Returns:
        The prediction; of kind `none` also where it would take too long.
    """
    is_affordable = _is_exact_affordable(case) if case.plan.is_full_batch else _is_expected_affordable(case)
    return predict_case(case) if is_affordable else Prediction("none", reason="it would take too long for every run")


def quick_noise(case: Case) -> Noise | None:
    """Compute what mini-batches cost if that takes little.

    Args:
        case: The case.

    Returns:
        As `noise`; the floor is NaN for more than a few directions.
    """
    if case.plan.is_full_batch or not isinstance(case.optimizer, SGD) or case.weight_decay or not _has_moments(case):
        return None
    if case.spectrum.rank <= FEW_DIRECTIONS:
        return noise(case)
    return Noise(mean_square_limit(case.moments, int(case.sizes.max())), math.nan)


def quick_bound(case: Case) -> Array | None:
    """Compute what no full-batch gradient method can beat if that costs little.

    Args:
        case: The case.

    Returns:
        Lower bounds of the gap at the start and after each epoch, shape (epochs + 1,), 0 once the optimum can be
        reached; None for mini-batches, other optimizers than sgd and momentum, and long computations.
    """
    if not (case.plan.is_full_batch and case.is_linear and has_modes(case)):
        return None
    modes, epochs = case.modes, case.spec.epochs
    if min(len(modes.h), epochs) > MOST_GRADIENTS or not np.isfinite(modes.start).all():
        return None
    gradient = modes.h * modes.start + case.weight_decay * (modes.start + modes.optimum)
    return bound(modes.h, modes.start, gradient, epochs, modes.unit)


def _is_exact_affordable(case: Case) -> bool:
    epochs = case.spec.epochs
    is_short = isinstance(case.optimizer, SGD) or epochs <= MOST_LOOPS
    return has_modes(case) and is_short and epochs * case.spectrum.rank <= MOST_POSITIONS


def _is_expected_affordable(case: Case) -> bool:
    """Batches in a fixed order are followed one by one, which is as long as an epoch of the run for each rate."""
    is_random = case.spec.shuffle == "each_epoch"
    few = case.spectrum.rank <= FEW_DIRECTIONS and len(np.unique(case.rates, axis=0)) <= FEW_RATES
    return few and is_random and case.rates.shape[1] == 1 and _has_moments(case)


def _has_moments(case: Case) -> bool:
    """Whether the moments of the rows are exact and cost little."""
    rank = case.spectrum.rank
    pairs = (rank + 1) * (rank + 2) / 2
    rows = case.plan.rows
    return rows.kept_rows is not None and rank <= MOST_DIRECTIONS and len(rows.training) * pairs**2 <= MOST_PRODUCTS
