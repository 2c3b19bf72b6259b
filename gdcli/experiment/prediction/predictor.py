"""What of a run is needed to predict: its columns, levels, scaling and weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdcli.data.choosing import DesignColumns
from gdcli.data.encoding import Encoding
from gdcli.data.table import Table
from gdcli.engine.arrays import Array
from gdcli.engine.scalers import Affine
from gdcli.errors import DataError, Fault, Place
from gdcli.experiment.rows import Rows
from gdcli.experiment.scaling import Scaling


@dataclass(frozen=True, eq=False)
class Predictor:
    """A fitted run.

    Attributes:
        columns: Features and target, by their names in the data.
        levels: Text feature → its levels, those of the data that the run has seen, sorted.
        scaling: Transformation into trained coordinates, fitted on the training rows.
        weights: As trained, shape (d,).
    """

    columns: DesignColumns
    levels: Mapping[str, tuple[str, ...]]
    scaling: Scaling
    weights: Array

    @classmethod
    def of(cls, rows: Rows, weights: Array) -> Predictor:
        """The predictor of a run.

        Args:
            rows: The rows of the run.
            weights: Its weights as trained, shape (d,).

        Returns:
            The predictor.

        Raises:
            DataError: The weights are not finite, because the run diverged.
        """
        if not np.isfinite(weights).all():
            raise DataError([Fault(Place("predict"), "the run diverged, and its weights are not finite")])
        return cls(rows.columns, rows.levels, rows.scaling, weights)

    def encoding(self, level_of: Mapping[str, Mapping[str, str]]) -> Encoding:
        """How the columns of new rows become numbers.

        Args:
            level_of: Text feature → cell → level.

        Returns:
            The encoding of the run.
        """
        first = 1 if self.columns.intercept else 0
        indicators = {name: levels[first:] for name, levels in self.levels.items()}
        counts = {name: len(levels) for name, levels in self.levels.items()}
        return Encoding(self.columns, indicators, level_of, counts)

    def predict(self, chunk: Table, level_of: Mapping[str, Mapping[str, str]]) -> tuple[Array, Array]:
        """Predict rows that have all features.

        Args:
            chunk: The rows, n of them. The target may be missing.
            level_of: As for `encoding`.

        Returns:
            Predictions and targets in units of the file, shape (n,) each; a target is NaN where there is none.
        """
        rows = self.encoding(level_of).rows(chunk)
        with np.errstate(all="ignore"):  # numbers far outside the training rows may overflow
            return self.scaling.predict(self.weights, rows), rows[:, -1]


def scaling_document(rows: Rows) -> dict[str, Any]:
    """What `summary.json` keeps for predictions, beside the weights and the spec.

    Args:
        rows: The rows of a run.

    Returns:
        `scaling`: shift and scale of each feature and of the target, as trained = (x − shift)/scale, after the sigmoid
        where that is the scaler; `constant` features count as zero. `levels`: those of the text features.
    """
    affine = rows.scaling.affine
    columns = [
        {"shift": float(shift), "scale": float(scale), **({"constant": True} if vanishing else {})}
        for shift, scale, vanishing in zip(affine.shift, affine.scale, affine.vanishing, strict=True)
    ]
    features = dict(zip(rows.names, columns[:-1], strict=False))
    levels = {name: list(levels) for name, levels in rows.levels.items()}
    return {"scaling": {"features": features, "target": columns[-1]}, "levels": levels}


def scaling_of(document: Mapping[str, Any], *, sigmoid: bool, intercept: bool) -> Scaling:
    """Read a scaling that `scaling_document` has written.

    Args:
        document: Its `scaling`.
        sigmoid: Whether the features are mapped through the sigmoid first.
        intercept: Whether a column of ones follows the features.

    Returns:
        The scaling.

    Raises:
        KeyError: Something is missing.
        ValueError: Something is not a number.
    """
    columns = [*document["features"].values(), document["target"]]
    shift, scale = (np.array([column[key] for column in columns], dtype=np.float64) for key in ("shift", "scale"))
    vanishing = np.array([column.get("constant", False) for column in columns], dtype=np.bool_)
    return Scaling(Affine(shift, scale, undivided=vanishing, vanishing=vanishing), sigmoid, intercept)
