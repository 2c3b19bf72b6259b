"""The exact least-squares fit of a data file, as a report."""

from __future__ import annotations

from dataclasses import dataclass

from gdcli.experiment.plan import Plan


@dataclass(frozen=True)
class ExactFit:
    """The optimum of a data file.

    Attributes:
        data: Where the rows came from.
        target: The column that is fitted.
        features: The columns that it is fitted on, by their names in the file.
        unused: The other columns of the file.
        scaler: The scaler of the features.
        rows: Number of rows.
        weights: Trained weights, name → value, the intercept under `intercept`.
        weights_original: The same in the units of the file; None for a scaler that is not affine.
        mse: Mean squared error, in squared units of the target.
        r2: Coefficient of determination 1 − mse/variance of the target; None for a target without variance.
        rank: Numerical rank of the design.
        condition_number: Condition number of the scaled design with its intercept; infinite below full rank.
        warnings: Warnings about the data and the optimum.
    """

    data: str
    target: str
    features: tuple[str, ...]
    unused: tuple[str, ...]
    scaler: str
    rows: int
    weights: dict[str, float]
    weights_original: dict[str, float] | None
    mse: float
    r2: float | None
    rank: int
    condition_number: float
    warnings: tuple[str, ...]


def exact_fit(plan: Plan) -> ExactFit:
    """Report the optimum that a plan holds.

    Args:
        plan: The plan of a run; only its data and its scaler matter.

    Returns:
        The report.
    """
    rows, objective = plan.rows, plan.rows.objective
    optimum = objective.optimum
    original = rows.original_weights(optimum.weights)
    used_columns = set(rows.columns.names)
    return ExactFit(
        data=rows.data.label,
        target=rows.columns.target,
        features=rows.columns.features,
        unused=tuple(name for name in rows.data.names if name not in used_columns),
        scaler=plan.spec.scaler.features,
        rows=rows.n,
        weights=rows.named_weights(optimum.weights),
        weights_original=original,
        mse=objective.optimum_mse,
        r2=rows.factor.r2(objective.optimum_mse),
        rank=optimum.rank,
        condition_number=optimum.condition_number,
        warnings=plan.warnings,
    )
