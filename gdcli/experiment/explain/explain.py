"""Put together what is known of a run before it runs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.experiment.explain.advice import sentences
from gdcli.experiment.explain.alternatives import scaled
from gdcli.experiment.explain.bounds import bounds
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.directions import oriented
from gdcli.experiment.explain.explanation import Curvature, Explanation, Mode, Prediction, Rate, Standing
from gdcli.experiment.explain.prediction import noise, predict_case
from gdcli.experiment.plan import Plan
from gdcli.theory.epochs import epochs_to, first_epoch
from gdcli.theory.modes import gaps, positions
from gdcli.theory.rates import best_base, best_constant, best_for_epochs, best_heavy_ball
from gdcli.theory.stability import largest_stable_rate

TARGETS = ("0.01", "0.0001", "1e-06")  # gap/optimum
MOST_MODES = 20
MOST_WORK = 3e8  # operations of an expected curve that is followed at thirty rates: a second
MOST_STEPS = 1000  # of a run whose best rate is searched by following it at a hundred rates


def explain(plan: Plan) -> Explanation:
    """Explain a run before it runs.

    Args:
        plan: The plan of the run.

    Returns:
        The explanation.
    """
    case = Case(plan)
    return _explain(case, None)


def explain_run(plan: Plan, status: str, gap: Array) -> Explanation:
    """Explain a finished run: also where it stands, measured against predicted.

    Args:
        plan: Its plan.
        status: How it ended.
        gap: The measured gaps at the start and after each finished epoch, in squared units of the file.

    Returns:
        The explanation, with `standing`.
    """
    return _explain(Case(plan), (status, gap))


def _explain(case: Case, run: tuple[str, Array] | None) -> Explanation:
    plan, prediction, scalers = case.plan, predict_case(case), scaled(case)
    explanation = Explanation(
        name=plan.spec.name,
        rows=plan.rows.n,
        training_rows=len(plan.rows.training),
        weights=len(plan.rows.names),
        batches_per_epoch=plan.steps,
        last_batch=int(case.sizes[-1]),
        steps=plan.spec.epochs * plan.steps,
        curvature=_curvature(case),
        rate=_rate(case),
        scalers=tuple(alternative.figures for alternative in scalers),
        modes=_modes(case),
        prediction=prediction,
        noise=noise(case),
        bounds=bounds(case),
        epochs_to=_epochs_to(case, prediction),
        standing=_standing(case, prediction, *run) if run else None,
    )
    return replace(explanation, advice=tuple(sentences(case, explanation, scalers)))


def _curvature(case: Case) -> Curvature:
    spectrum = case.spectrum
    return Curvature(spectrum.largest, spectrum.smallest, spectrum.condition_number, spectrum.rank)


def _rate(case: Case) -> Rate:
    optimizer, limit = case.optimizer, largest_stable_rate(case.optimizer, case.spectrum.largest)
    best, momentum = None, None
    if case.plan.is_full_batch and isinstance(optimizer, SGD):
        best = best_constant(case.spectrum, case.weight_decay)
    if case.plan.is_full_batch and isinstance(optimizer, Momentum):
        best, momentum = best_heavy_ball(case.spectrum, case.weight_decay)
    return Rate(
        lr=optimizer.lr,
        largest_stable=limit,
        share=None if limit is None else case.largest_rate / limit if limit else math.inf,
        best=best,
        best_for_epochs=_best_for_epochs(case, limit),
        best_momentum=momentum,
    )


def _best_for_epochs(case: Case, limit: float | None) -> float | None:
    """The best constant rate for the length of the run; None where it is not known or takes too long."""
    epochs, modes, optimizer = case.spec.epochs, case.modes, case.optimizer
    if not (case.is_linear and epochs and limit and math.isfinite(limit) and modes.gap > 0):
        return None
    if not case.plan.is_full_batch:
        return _best_expected(case)
    if isinstance(optimizer, SGD) and not case.weight_decay:
        return best_for_epochs(modes, epochs)
    if epochs > MOST_STEPS:
        return None
    return best_base(lambda lr: float(gaps(modes, positions(modes, optimizer, np.full(epochs, lr)))[-1]), limit)


def _best_expected(case: Case) -> float | None:
    """The rate of reshuffled sgd with the smallest expected final gap, to about 1 %: the minimum is flat."""
    figures = noise(case)
    if figures is None or case.spec.shuffle != "each_epoch" or case.work > MOST_WORK:
        return None
    upper = figures.largest_stable_mean_square
    grid = [upper * 2.0**-k for k in range(1, 14)]
    best = min(grid, key=case.expected_end)
    for factor in (2**0.5, 2**0.25, 2**0.125, 2**0.0625, 2**0.03125):
        best = min((best / factor, best, min(best * factor, upper)), key=case.expected_end)
    return best


def _modes(case: Case) -> tuple[Mode, ...]:
    """The directions with the largest shares, at the end if that is known; always the steepest and the flattest."""
    start, end = case.modes.shares(), case.end_shares
    weights = np.array(start if end is None else end)
    weights[[0, -1][: len(weights)]] = np.inf
    first = np.sort(np.argsort(-weights, kind="stable")[:MOST_MODES])
    names, directions = case.plan.rows.names, case.spectrum.directions
    return tuple(
        Mode(
            curvature=float(case.modes.h[i]),
            start=float(start[i]),
            end=None if end is None else float(end[i]),
            columns=dict(zip(names, (oriented(directions[i]) + 0.0).tolist(), strict=True)),
        )
        for i in first
    )


def _epochs_to(case: Case, prediction: Prediction) -> dict[str, int | None]:
    return {share: _epochs(case, prediction, float(share)) for share in TARGETS}


def _epochs(case: Case, prediction: Prediction, share: float) -> int | None:
    """Beyond the length of the run where it is one of full batches at a constant rate."""
    optimum = case.optimum_mse
    if optimum is None or prediction.gap is None:
        return None
    if case.is_linear and case.plan.is_full_batch and case.is_constant:
        return epochs_to(case.modes, case.optimizer, case.optimizer.lr, share * optimum)
    return first_epoch(prediction.gap, share * optimum)


def _standing(case: Case, prediction: Prediction, status: str, gap: Array) -> Standing:
    measured, epochs, optimum = float(gap[-1]), len(gap) - 1, case.optimum_mse
    predicted = None if prediction.gap is None else float(prediction.gap[epochs])
    sd = None if prediction.sd is None else float(prediction.sd[epochs])
    return Standing(
        status=status,
        epochs=epochs,
        gap=measured,
        gap_ratio=measured / optimum if optimum else None,
        predicted=predicted,
        ratio=measured / predicted if predicted else None,
        deviations=(measured - predicted) / sd if predicted is not None and sd else None,
    )
