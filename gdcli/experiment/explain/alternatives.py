"""Full-batch sgd on the same rows, scaled in other ways."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gdcli.data.sources import WHOLE
from gdcli.engine.optimizers.plain import SGD
from gdcli.engine.problems.factor import RowFactor, factor_rows
from gdcli.engine.problems.least_squares import LeastSquares, objective
from gdcli.engine.scalers import AFFINE_SCALERS, mapped
from gdcli.experiment.explain.case import Case
from gdcli.experiment.explain.explanation import Alternative
from gdcli.experiment.rows import Rows
from gdcli.experiment.scaling import fit
from gdcli.spec.model import Scaler
from gdcli.theory.epochs import epochs_to
from gdcli.theory.modes import Modes, modes_of
from gdcli.theory.rates import best_constant
from gdcli.theory.spectrum import Spectrum
from gdcli.theory.stability import largest_stable_rate

TARGETS = ("0.01", "1e-06")  # gap/optimum
MOST_WEIGHTS = 200  # beyond that, only the spec's own scaler is told: each one costs several decompositions
SAME = 1e-9  # relative difference of two optima that are those of the same objective


@dataclass(frozen=True, eq=False)
class Scaled:
    """The loss with one scaler.

    Attributes:
        figures: What the explanation tells of it.
        modes: Its modes, with the start of the run.
        is_same: Whether it has the same optimum in units of the file, so that gaps can be compared.
    """

    figures: Alternative
    modes: Modes
    is_same: bool


def scaled(case: Case) -> tuple[Scaled, ...]:
    """Tell the figures of every scaler that needs no other reading of the rows.

    Args:
        case: The case; of its optimizer, the weight decay counts.

    Returns:
        One entry per scaler. Those that take more than the factor of the rows, robust and sigmoid, are told for small
        files only, unless the spec has them.
    """
    return tuple(_scaled(case, name, loss) for name, loss in _losses(case))


def stable_rates(case: Case) -> dict[str, float]:
    """Compute the largest stable rate of the case's optimizer with each affine scaler that the factor alone gives.

    Args:
        case: The case.

    Returns:
        Rates by scaler, without the scaler of the case; empty for sigmoid columns, whose factor is another one, for
        optimizers without a limit, and for many weights.
    """
    rows, own = case.plan.rows, case.spec.scaler
    if rows.scaling.sigmoid or rows.objective.d > MOST_WEIGHTS or own.target == "robust":
        return {}
    names = [name for name in AFFINE_SCALERS if name not in (own.features, "robust")]  # quartiles need the rows
    losses = {name: _loss(case, Scaler(features=name, target=own.target), rows.factor) for name in names}
    rates = {name: largest_stable_rate(case.optimizer, Spectrum(loss).largest) for name, loss in losses.items()}
    return {name: rate for name, rate in rates.items() if rate is not None}


def _losses(case: Case) -> Iterator[tuple[str, LeastSquares]]:
    rows, own = case.plan.rows, case.spec.scaler.features
    names = [*AFFINE_SCALERS, "sigmoid"] if rows.objective.d <= MOST_WEIGHTS else [own]
    for name in names:
        if name == own:
            yield name, rows.objective
        elif factor := _factor(rows, name):
            yield name, _loss(case, Scaler(features=name, target=case.spec.scaler.target), factor)


def _factor(rows: Rows, scaler: str) -> RowFactor | None:
    """The factor of the rows that a scaler starts from; None where it takes another reading or too long."""
    has_rows = rows.kept_rows is not None and rows.data.size <= WHOLE
    is_sigmoid = scaler == "sigmoid"
    if is_sigmoid == rows.scaling.sigmoid:
        return rows.factor if scaler != "robust" or has_rows else None
    if not has_rows:
        return None
    values = rows.values[rows.training]
    values = mapped(values) if is_sigmoid else values
    return factor_rows(values[:, :-1], values[:, -1])


def _loss(case: Case, scaler: Scaler, factor: RowFactor) -> LeastSquares:
    rows = case.plan.rows
    quartiles = "robust" in (scaler.features, scaler.target)
    values = rows.values[rows.training] if quartiles else None
    labels = (*rows.names[: len(rows.names) - rows.scaling.intercept], rows.columns.target)
    scaling, _ = fit(scaler, values, factor, names=labels, intercept=rows.scaling.intercept)
    return objective(scaling.factor(factor), unit=scaling.unit)


def _scaled(case: Case, name: str, loss: LeastSquares) -> Scaled:
    spectrum, modes = Spectrum(loss), modes_of(loss, case.plan.start)
    optimizer = SGD(weight_decay=case.weight_decay)
    best, limit = best_constant(spectrum, case.weight_decay), largest_stable_rate(optimizer, spectrum.largest)
    assert limit is not None
    figures = Alternative(
        scaler=name,
        condition_number=spectrum.condition_number,
        largest_stable=limit,
        best=best,
        epochs_to={share: _epochs(modes, optimizer, best, loss, float(share)) for share in TARGETS},
    )
    both_zero = loss.optimum.is_zero and case.objective.optimum.is_zero
    is_sigmoid = (name == "sigmoid") != (case.spec.scaler.features == "sigmoid")
    is_same = both_zero or math.isclose(loss.floor, case.objective.floor, rel_tol=SAME)
    return Scaled(figures, modes, is_same and not is_sigmoid)


def _epochs(modes: Modes, optimizer: SGD, lr: float, loss: LeastSquares, share: float) -> int | None:
    if loss.optimum.is_zero or loss.floor <= 0:
        return None
    return epochs_to(modes, optimizer, lr, share * loss.floor)
