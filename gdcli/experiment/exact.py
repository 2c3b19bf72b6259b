"""The exact least-squares fit of a data file, as a report."""

from __future__ import annotations

from dataclasses import dataclass

from gdcli.experiment.plan import Plan


@dataclass(frozen=True)
class ExactFit:
    """The optimum of a data file.

    Attributes:
        data: What the rows came from.
        target: The column that is fitted.
        features: The columns that it is fitted by, as the file names them.
        unused: The other columns of the file.
        texts: Those of them that are text; none where features and target are named, so that no other column matters.
        scaler: Of the features.
        rows: How many rows there are.
        weights: Name → value, the intercept under `intercept`, as trained.
        weights_original: The same in the units of the file; None for a scaler that is not affine.
        mse: Mean squared error, in squared units of the target.
        r2: Coefficient of determination 1 − mse/variance of the target; None for a target without variance.
        rank: Numerical rank of the design.
        condition_number: Of the design, columns as scaled, the intercept among them; infinite below full rank.
        warnings: For people.
    """

    data: str
    target: str
    features: tuple[str, ...]
    unused: tuple[str, ...]
    texts: tuple[str, ...]
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
        plan: Of a run; nothing of it but the data and the scaler matters.

    Returns:
        The report.
    """
    rows, objective = plan.rows, plan.rows.objective
    optimum = objective.optimum
    original = rows.original_weights(optimum.weights)
    used = set(rows.columns.names)
    unused = tuple(name for name in rows.data.names if name not in used)
    return ExactFit(
        data=rows.data.label,
        target=rows.columns.target,
        features=rows.columns.features,
        unused=unused,
        texts=tuple(name for name in unused if name in rows.texts),
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
