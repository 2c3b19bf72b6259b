"""The fitted scalers of a spec: rows into trained coordinates, weights back into the units of the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.problems.factor import Factor, RowFactor
from gdcli.engine.scalers import AFFINE_SCALERS, Affine, column_statistics, mapped
from gdcli.spec.model import Scaler


@dataclass(frozen=True)
class Scaling:
    """The transformation of features and target into trained coordinates.

    Attributes:
        affine: Shift and scale of the p features and the target; with `sigmoid`, of the features after the sigmoid.
        sigmoid: Whether the features are mapped through the sigmoid first.
        intercept: Whether a column of ones follows the features.
    """

    affine: Affine
    sigmoid: bool
    intercept: bool

    @property
    def unit(self) -> float:
        """One squared unit of the trained target, in squared units of the file."""
        return float(self.affine.scale[-1] ** 2)

    def trained(self, rows: Array) -> tuple[Array, Array]:
        """Transform mapped rows (n, p + 1) into trained coordinates: the design (n, d) and the target (n,)."""
        scaled = self.affine(rows)
        ones = np.ones((len(rows), 1 if self.intercept else 0))
        return np.hstack([scaled[:, :-1], ones]), np.ascontiguousarray(scaled[:, -1])

    def factor(self, rows: RowFactor) -> Factor:
        """Transform the factor of mapped rows into trained coordinates."""
        affine = self.affine
        return rows.rescaled(affine.shift, affine.scale, vanishing=affine.vanishing, intercept=self.intercept)

    def predict(self, w: Array, rows: Array) -> Array:
        """Predict the target of rows (n, p + 1), whose last column is ignored, in units of the file."""
        X, _ = self.trained(mapped(rows) if self.sigmoid else rows)
        return np.asarray(X @ w * self.affine.scale[-1] + self.affine.shift[-1])

    def original(self, w: Array) -> tuple[Array, float] | None:
        """Weights and constant in the units of the file: target = rows·weights + constant.

        Args:
            w: Trained weights, shape (d,).

        Returns:
            The p weights and the constant; None for a scaler that is not affine.
        """
        if self.sigmoid:
            return None
        shift, scale, unit = self.affine.shift, self.affine.scale, self.affine.scale[-1]
        with np.errstate(all="ignore"):  # the weights of a diverged run may overflow
            weights = w[: len(shift) - 1] / scale[:-1] * unit
            constant = shift[-1] + unit * (w[-1] if self.intercept else 0.0) - weights @ shift[:-1]
        return weights + 0.0, float(constant + 0.0)  # no negative zeros


def fit(
    scaler: Scaler, rows: Array | None, factor: RowFactor, *, names: tuple[str, ...], intercept: bool
) -> tuple[Scaling, list[str]]:
    """Fit the scalers of a spec on the training rows.

    Args:
        scaler: The names of the scalers.
        rows: Features and target of the training rows, shape (n, p + 1); only the robust scaler needs them.
        factor: Factor of the same rows, mapped through the sigmoid if that is the scaler.
        names: Names of the features and the target, for the warning.
        intercept: Whether a column of ones follows the features.

    Returns:
        The scaling, and at most one warning, which names the columns without a spread to divide by.

    Raises:
        ValueError: The robust scaler is fitted without rows.
    """
    is_sigmoid = scaler.features == "sigmoid"
    statistics = column_statistics(rows, factor, quartiles="robust" in (scaler.features, scaler.target))
    features = AFFINE_SCALERS["none" if is_sigmoid else scaler.features](statistics)
    target = AFFINE_SCALERS[scaler.target](statistics)
    affine = Affine(
        shift=np.append(features.shift[:-1], target.shift[-1]),
        scale=np.append(features.scale[:-1], target.scale[-1]),
        undivided=np.append(features.undivided[:-1], target.undivided[-1]),
        vanishing=np.append(features.vanishing[:-1], target.vanishing[-1]),
    )
    warnings = []
    if affine.undivided.any():
        constant = [f"'{name}'" for name, flag in zip(names, affine.undivided, strict=True) if flag]
        what, have = ("column", "has") if len(constant) == 1 else ("columns", "have")
        warnings.append(
            f"{what} {', '.join(constant)} {have} no spread in the training rows to divide by: shifted, not divided"
        )
    return Scaling(affine=affine, sigmoid=is_sigmoid, intercept=intercept), warnings
