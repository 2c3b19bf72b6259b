"""Everything that follows from the data: rows, split, scaled and factored once, and shared by all runs on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from gdcli.data import sources
from gdcli.data.choosing import DesignColumns
from gdcli.data.design import Design
from gdcli.data.protocol import Data
from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.problems.factor import RowFactor, factor_rows
from gdcli.engine.problems.least_squares import LeastSquares, objective
from gdcli.engine.scalers import mapped
from gdcli.errors import DataError, counted
from gdcli.experiment.precision import check_range, precision_warnings
from gdcli.experiment.scaling import Scaling, fit
from gdcli.spec.model import Dataset, Spec
from gdcli.spec.validate import Request
from gdcli.theory.spectrum import Spectrum

# Indices of the training and of the validation rows.
Indices: TypeAlias = tuple[IntArray | range, IntArray]


@dataclass(frozen=True)
class LoadedData:
    """A dataset and the columns of a spec, read but not yet split and scaled.

    Attributes:
        data: Where the rows were read from.
        dataset: The dataset section of the resolved spec.
        design: The columns as numbers.
    """

    data: Data
    dataset: Dataset
    design: Design

    @property
    def weight_names(self) -> tuple[str, ...]:
        """Names of the d trained weights, the intercept last."""
        names = self.design.names
        return (*names, "intercept") if self.design.columns.intercept else names


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a dataset, split, scaled and factored. Two are equal only if they are the same object.

    Attributes:
        data: Where the rows were read from, with its label, columns and hash.
        dataset: The dataset section of the resolved spec.
        columns: The columns of the design, by their names in the data.
        texts: The text columns, as far as they were looked at.
        names: Names of the d trained weights, the intercept last.
        kept: Features and target of all rows, shape (n, p + 1), in units of the file; None if a large file was read
            in chunks and no step needs its rows.
        training: Indices of the training rows.
        validating: Indices of the validation rows, in order.
        factor: Factor of the training rows, in units of the file, or of their sigmoid.
        scaling: Transformation into trained coordinates and back.
        objective: The loss on the training rows.
        validation: The loss on the validation rows, if there are any.
        warnings: Warnings about the data.
    """

    data: Data
    dataset: Dataset
    columns: DesignColumns
    texts: frozenset[str]
    names: tuple[str, ...]
    kept: Array | None
    training: IntArray | range
    validating: IntArray
    factor: RowFactor
    scaling: Scaling
    objective: LeastSquares
    validation: LeastSquares | None
    warnings: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of training and validation rows."""
        return len(self.training) + len(self.validating)

    @cached_property
    def spectrum(self) -> Spectrum:
        """The curvatures of the loss on the training rows."""
        return Spectrum(self.objective)

    @property
    def values(self) -> Array:
        """Features and target of all rows, shape (n, p + 1), in units of the file.

        Raises:
            ValueError: They were read in chunks and not kept.
        """
        if self.kept is None:
            raise ValueError(f"the rows of {self.data.label} were read in chunks and not kept")
        return self.kept

    def trained(self, part: slice = slice(None)) -> tuple[Array, Array]:
        """The training rows, or a part of them, in trained coordinates: the design (n, d) and the target (n,).

        Raises:
            ValueError: They were read in chunks and not kept.
        """
        values = self.values[self.training[part]]
        return self.scaling.trained(mapped(values) if self.scaling.sigmoid else values)

    def named_weights(self, w: Array) -> dict[str, float]:
        """Trained weights, name → value, from an array of shape (d,)."""
        return dict(zip(self.names, map(float, w + 0.0), strict=True))  # no weight is shown as -0

    def original_weights(self, w: Array) -> dict[str, float] | None:
        """Weights in the units of the file, name → value; None for a scaler that is not affine.

        Without an intercept, a scaler that shifts columns still adds a constant, listed under `intercept`.
        """
        original = self.scaling.original(w)
        if original is None:
            return None
        weights, constant = original
        named = dict(zip(self.names, map(float, weights + 0.0), strict=False))
        return {**named, "intercept": constant} if self.scaling.intercept or constant else named


def split_indices(request: Request, n: int) -> Indices:
    """Split rows into training and validation rows.

    Args:
        request: The spec.
        n: Number of rows.

    Returns:
        The indices of both.

    Raises:
        DataError: No row is left to train on.
    """
    rule = request.spec.split
    if rule is None:
        return range(n), np.arange(0)
    order = np.arange(n)
    validating = math.ceil(rule.validation * n - 1e-9)  # 0.07 · 100 is 7.000000000000001
    if validating >= n:
        message = f"split.validation {rule.validation:g} of {counted(n, 'row')} leaves no row to train on"
        raise DataError([request.fault(("split", "validation"), message)])
    if rule.shuffle:
        order = np.random.RandomState(request.spec.seed).permutation(n)
    return order[: n - validating], order[n - validating :]


def split_and_scale(loaded: LoadedData, request: Request, indices: Indices) -> Rows:
    """Split data into training and validation rows, fit the scalers on the training rows, and factor both.

    Args:
        loaded: The data of the spec.
        request: The spec.
        indices: Indices of the training and of the validation rows.

    Returns:
        The rows.

    Raises:
        DataError: Losses on these rows cannot be represented in double precision.
    """
    design, labels = loaded.design, (*loaded.design.names, loaded.design.columns.target)
    training, validating = indices
    values, factor, validation_factor = _parts(design, request.spec, indices)
    scaling, warnings = fit(request.spec.scaler, values, factor, names=labels, intercept=design.columns.intercept)
    check_range(request, labels, scaling, factor, validation_factor)
    loss = objective(scaling.factor(factor), unit=scaling.unit)
    return Rows(
        data=loaded.data,
        dataset=loaded.dataset,
        columns=design.columns,
        texts=design.texts,
        names=loaded.weight_names,
        kept=design.rows,
        training=training,
        validating=validating,
        factor=factor,
        scaling=scaling,
        objective=loss,
        validation=objective(scaling.factor(validation_factor), unit=scaling.unit) if validation_factor else None,
        warnings=(
            *_memory(request, loaded),
            *design.warnings,
            *warnings,
            *precision_warnings(loss.optimum, scaling, loaded.weight_names, len(training)),
        ),
    )


def _parts(design: Design, spec: Spec, indices: Indices) -> tuple[Array | None, RowFactor, RowFactor | None]:
    """The training rows if they were kept, their factor, and the factor of the validation rows if there are any."""
    is_sigmoid = spec.scaler.features == "sigmoid"
    if spec.split is None:
        return design.rows, design.factors[is_sigmoid], None
    assert design.rows is not None  # a split keeps the rows: see `Needs`
    training, validating = (design.rows[part] for part in indices)
    factor = _factor(training, is_sigmoid=is_sigmoid)
    return training, factor, _factor(validating, is_sigmoid=is_sigmoid) if len(validating) else None


def _factor(values: Array, *, is_sigmoid: bool) -> RowFactor:
    values = mapped(values) if is_sigmoid else values
    return factor_rows(values[:, :-1], values[:, -1])


def _memory(request: Request, loaded: LoadedData) -> Iterator[str]:
    """Warn that the scaler or the split makes a run keep all rows of a large file in memory."""
    spec, data = request.spec, loaded.data
    if data.size <= sources.WHOLE:
        return
    robust = "robust" in (spec.scaler.features, spec.scaler.target)
    reasons = (["the robust scaler"] if robust else []) + (["the split"] if spec.split else [])
    if reasons:
        verb = "need" if len(reasons) > 1 else "needs"
        yield f"{' and '.join(reasons)} {verb} all rows of {data.label} in memory ({loaded.design.n} of them)"
