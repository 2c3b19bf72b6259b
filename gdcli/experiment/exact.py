"""The exact least-squares fit of a data file: its plan and its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from gdcli.data.stream import Reading
from gdcli.errors import DataError, Fault, Place, SpecError
from gdcli.experiment.plan import Plan, plan
from gdcli.spec.messages import one_of
from gdcli.spec.model import ScalerName
from gdcli.spec.paths import is_text
from gdcli.spec.strict_yaml import KeyPath
from gdcli.spec.validate import read_spec

if TYPE_CHECKING:
    import pandas as pd

COLUMN_KEYS = ("features", "target", "intercept")
DATASET_KEYS = ("delimiter", "decimal", "thousands", "encoding", "missing")


@dataclass(frozen=True)
class ExactFit:
    """The optimum of a data file.

    Attributes:
        data: Where the rows came from.
        target: Name of the fitted column.
        features: Names of the features, as in the file.
        unused: Names of the other columns.
        texts: The text columns among `unused`; empty if features and target are named, since no other column matters.
        scaler: The scaler of the features.
        rows: Number of rows.
        weights: Trained weights, name → value, the intercept under `intercept`.
        weights_original: The weights in the units of the file; None for a scaler that is not affine.
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

    @property
    def document(self) -> dict[str, Any]:
        """The fit as a dict, without attributes that do not exist."""
        given = asdict(self)
        if self.weights_original is None:
            del given["weights_original"]
        return given


def exact_fit(plan: Plan) -> ExactFit:
    """Report the optimum of a plan.

    Args:
        plan: The plan of a run; only its data and its scaler are used.

    Returns:
        The report.
    """
    rows, objective = plan.rows, plan.rows.objective
    optimum = objective.optimum
    original = rows.original_weights(optimum.weights)
    used_columns = set(rows.columns.names)
    unused = tuple(name for name in rows.data.names if name not in used_columns)
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


def plan_optimum(
    data: str | PathLike[str] | pd.DataFrame,
    columns: Mapping[str, Any],
    *,
    scaler: str = "none",
    settings: Mapping[str, Any] | None = None,
    prefix: str = "",
    reading: Reading | None = None,
) -> Plan:
    """Plan a run of zero epochs; only its optimum is used.

    Args:
        data: A data file, or a DataFrame.
        columns: The keys of `columns` in a spec; None for a default.
        scaler: The scaler of the features.
        settings: The keys of `dataset` in a spec; None for a default.
        prefix: Put before the names of arguments in messages.
        reading: Called after each read of a large file.

    Returns:
        The plan.

    Raises:
        SpecError: An argument is wrong.
        DataError: The data is missing or unfit.
    """
    if scaler not in get_args(ScalerName):
        raise SpecError([Fault(Place(f"{prefix}scaler"), one_of(scaler, get_args(ScalerName)))])
    check_data(data)
    places, dataset = argument_places(prefix), given(settings or {})
    spec = {"columns": given(columns), "scaler": scaler, "epochs": 0}
    if isinstance(data, str | PathLike):
        return plan(read_spec({**spec, "dataset": {"path": data, **dataset}}, places=places), reading=reading)
    for key in dataset.keys() - {"missing"}:
        raise SpecError([Fault(places["dataset", key], "only applies to CSV files; leave it out for a DataFrame")])
    return plan(read_spec({**spec, "dataset": dataset}, has_rows=True, places=places), frame=data)


def check_data(data: Any) -> None:
    """Refuse values that are not data, and files whose name is not that of a data file."""
    if not isinstance(data, str | PathLike):
        if not hasattr(data, "columns"):
            message = f"must be a path or a pandas DataFrame, got {type(data).__name__}"
            raise DataError([Fault(Place("data"), message)])
        return
    name = str(data)
    if name.lower().endswith((".yaml", ".yml")):
        raise SpecError([Fault(Place(name), "is a spec, not a data file; name the data file, or use `gdcli run`")])
    if not is_text(Path(data)):
        raise DataError([Fault(Place(name), "this path is not UTF-8 text; rename it")])


def given(section: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a section that have a value."""
    return {key: value for key, value in section.items() if value is not None}


def argument_places(prefix: str) -> dict[KeyPath, Place]:
    """The place of each key in messages: the argument that gives it."""
    keys: list[KeyPath] = [("columns", key) for key in COLUMN_KEYS]
    keys += [("scaler",), *(("dataset", key) for key in DATASET_KEYS)]
    arguments = {path: Place(f"{prefix}{path[-1]}") for path in keys}
    return {("dataset",): Place("data"), ("columns",): Place("data"), **arguments}
