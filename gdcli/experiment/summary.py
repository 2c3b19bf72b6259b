"""The figures of a finished run for `summary.json`; the first ones are the columns of `summary.csv`."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdcli._version import __version__
from gdcli.engine.arrays import Array
from gdcli.engine.kernels.base import Kernel
from gdcli.engine.problems.base import loss
from gdcli.engine.trace import Trace
from gdcli.experiment.plan import Plan
from gdcli.experiment.prediction.predictor import scaling_document
from gdcli.experiment.rows import Rows
from gdcli.spec.model import Scaler, plain
from gdcli.theory.epochs import first_epoch

SUMMARY_COLUMNS = (
    "name",
    "status",
    "optimizer",
    "lr",
    "schedule",
    "scaler",
    "batch_size",
    "epochs",
    "steps",
    "initial_mse",
    "final_mse",
    "best_mse",
    "best_epoch",
    "optimum_mse",
    "gap",
    "gap_ratio",
    "val_mse",
    "seconds",
)
SHARES = ("0.01", "0.0001", "1e-06")  # of the optimum's MSE: `epochs_to` has the first epoch with such a gap


def summarise(plan: Plan, trace: Trace, *, kernel: Kernel, seconds: float, warnings: Sequence[str]) -> dict[str, Any]:
    """Summarise a run.

    Args:
        plan: The plan of the run.
        trace: The trace of the run.
        kernel: The kernel that stepped through the epochs.
        seconds: Wall time of the descent.
        warnings: The warnings about the run.

    Returns:
        The keys of `summary.json`, those of `SUMMARY_COLUMNS` first.
    """
    rows, optimum = plan.rows, plan.rows.objective.optimum
    figures = _figures(plan, trace, seconds)
    return {
        **figures,
        "kernel": kernel,
        "epochs_to": _epochs_to(plan, trace),
        **_weights("weights", trace.weights, rows),
        **_weights("optimum_weights", optimum.weights, rows),
        **scaling_document(rows),
        "r2": rows.factor.r2(figures["final_mse"]),
        "optimum_r2": rows.factor.r2(figures["optimum_mse"]),
        "optimum_val_mse": _optimum_val_mse(rows),
        "rank": optimum.rank,
        "condition_number": optimum.condition_number,
        "spec": plain(plan.spec),
        "data_sha256": rows.data.sha256,
        "rows": rows.n,
        "training_rows": len(rows.training),
        "validation_rows": len(rows.validating),
        "warnings": list(warnings),
        "versions": {"gdcli": __version__, "python": platform.python_version(), "numpy": np.__version__},
    }


def brief(summary: Mapping[str, Any]) -> str:
    """Name, ending and figures of a run on one line, for its `repr`."""
    name, status, epochs = summary["name"], str(summary["status"]), summary["epochs"]
    figures = {key: "None" if summary[key] is None else f"{summary[key]:.6g}" for key in ("final_mse", "gap")}
    return f"name={name!r}, status={status!r}, epochs={epochs}, " + ", ".join(f"{k}={v}" for k, v in figures.items())


def _figures(plan: Plan, trace: Trace, seconds: float) -> dict[str, Any]:
    """The values of `SUMMARY_COLUMNS`."""
    spec, objective = plan.spec, plan.rows.objective
    epochs, best, gap = len(trace.gap) - 1, int(np.argmin(trace.gap)), float(trace.gap[-1])
    return {
        "name": spec.name,
        "status": str(trace.status),
        "optimizer": spec.optimizer.kind,
        "lr": spec.optimizer.lr,
        "schedule": "+".join(schedule.kind for schedule in spec.schedule),
        "scaler": _scaler(spec.scaler),
        "batch_size": spec.batch_size,
        "epochs": epochs,
        "steps": epochs * plan.steps,
        "initial_mse": float(trace.mse[0]),
        "final_mse": float(trace.mse[-1]),
        "best_mse": float(trace.mse[best]),
        "best_epoch": best,
        "optimum_mse": objective.floor,
        "gap": gap,
        "gap_ratio": gap / objective.floor if has_ratio(plan) else None,
        "val_mse": None if trace.val_mse is None else float(trace.val_mse[-1]),
        "seconds": seconds,
    }


def has_ratio(plan: Plan) -> bool:
    """Whether gaps can be divided by the MSE of the optimum: whether it is greater than 0."""
    return plan.rows.objective.floor > 0 and not plan.rows.objective.optimum.is_zero


def _epochs_to(plan: Plan, trace: Trace) -> dict[str, int | None]:
    """The first epoch whose gap/optimum is at most each of `SHARES`; None where there is none."""
    if not has_ratio(plan):
        return dict.fromkeys(SHARES)
    with np.errstate(all="ignore"):  # the gap of a run that diverged may overflow
        ratios = trace.gap / plan.rows.objective.floor
    return {share: first_epoch(ratios, float(share)) for share in SHARES}


def _scaler(scaler: Scaler) -> str:
    """The scalers of the features and, if there is one, of the target, as one text."""
    return scaler.features if scaler.target == "none" else f"{scaler.features} (target {scaler.target})"


def _weights(key: str, weights: Array, rows: Rows) -> dict[str, dict[str, float]]:
    """Weights by name, as trained and, for an affine scaler, in the units of the file."""
    original = rows.original_weights(weights)
    named = {key: rows.named_weights(weights)}
    return named if original is None else {**named, f"{key}_original": original}


def _optimum_val_mse(rows: Rows) -> float | None:
    """The loss of the training rows' optimum on the validation rows."""
    if rows.validation is None:
        return None
    return float(loss(rows.validation, rows.objective.optimum.weights[:, None])[0])
