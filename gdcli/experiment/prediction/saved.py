"""The predictor of a finished run, from the files that the run has written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gdcli.data.choosing import DesignColumns
from gdcli.errors import DataError, Fault, Place, system_reason
from gdcli.experiment.exact import DATASET_KEYS
from gdcli.experiment.prediction.predictor import Predictor, scaling_of
from gdcli.output.manifest import SUMMARY


@dataclass(frozen=True)
class SavedRun:
    """A finished run in a directory.

    Attributes:
        name: Its name.
        status: How it ended.
        predictor: What it predicts with.
        form: How its data file is written: `delimiter`, `decimal`, `thousands`, `encoding`.
        file: The file that this was read from.
    """

    name: str
    status: str
    predictor: Predictor
    form: Mapping[str, str]
    file: Path


def read_run(directory: Path) -> SavedRun:
    """Read a finished run.

    Args:
        directory: The directory that `gdcli run` or `Result.save` has written.

    Returns:
        The run.

    Raises:
        DataError: There is no such directory, or it is not that of one finished run.
    """
    file = directory / SUMMARY
    summary = _summary(directory, file)
    if "weights" not in summary:
        several = "runs" in summary or "settings" in summary
        raise _fault(directory, "holds several runs; name the directory of a single one" if several else _NO_RUN)
    if "scaling" not in summary or "levels" not in summary:
        message = "was written by an earlier gdcli, which did not keep the scaling; run its spec again"
        raise _fault(directory, message)
    if None in summary["weights"].values():
        raise _fault(directory, "the run diverged, and its weights are not finite")
    try:
        return _run(summary, file)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _fault(directory, f"its {SUMMARY} is damaged; run its spec again") from error


_NO_RUN = f"its {SUMMARY} is not that of a finished run; name the directory of one"


def _summary(directory: Path, file: Path) -> dict[str, Any]:
    """The content of `summary.json`."""
    try:
        if not directory.exists():
            raise _fault(directory, "there is no such result; name a directory that `gdcli run` has written")
        if not directory.is_dir():
            raise _fault(directory, "is a file; name the directory of a finished run")
        if not file.exists():
            raise _fault(directory, f"holds no {SUMMARY}; name the directory of a finished run")
        summary = json.loads(file.read_bytes())
    except OSError as error:
        raise _fault(directory, f"cannot read {SUMMARY}: {system_reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise _fault(directory, f"its {SUMMARY} is damaged; run its spec again") from error
    if not isinstance(summary, dict):
        raise _fault(directory, _NO_RUN)
    return summary


def _run(summary: Mapping[str, Any], file: Path) -> SavedRun:
    """The run of a summary; errors of any kind where it is damaged."""
    spec, columns = summary["spec"], summary["spec"]["columns"]
    intercept = columns["intercept"]
    scaling = scaling_of(summary["scaling"], sigmoid=spec["scaler"]["features"] == "sigmoid", intercept=intercept)
    weights = np.array([*summary["weights"].values()], dtype=np.float64)
    if len(weights) != len(scaling.affine.shift) - (0 if intercept else 1):
        raise ValueError
    return SavedRun(
        name=str(summary["name"]),
        status=str(summary["status"]),
        predictor=Predictor(
            columns=DesignColumns(tuple(columns["features"]), columns["target"], intercept),
            levels={name: tuple(levels) for name, levels in summary["levels"].items()},
            scaling=scaling,
            weights=weights,
        ),
        form={key: spec["dataset"][key] for key in DATASET_KEYS if key in spec["dataset"] and key != "missing"},
        file=file,
    )


def _fault(directory: Path, message: str) -> DataError:
    return DataError([Fault(Place(str(directory)), message)])
