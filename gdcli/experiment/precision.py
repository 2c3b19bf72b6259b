"""Limits of double precision: numbers out of range, and optima that are not unique or not exact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gdcli.engine.arrays import LARGEST, Array
from gdcli.engine.problems.factor import RowFactor
from gdcli.engine.problems.optimum import Optimum
from gdcli.errors import DataError, Fault, some_of
from gdcli.experiment.scaling import Scaling
from gdcli.spec.validate import Request

SMALLEST_SCALE = 1e-145  # of the target: losses are multiplied by its square
SMALLEST_TARGET = 1e-140  # the squares of smaller numbers leave no digits for the gap
RESOLUTION = 1e-8  # uncertainty of F*, relative to the mean square of the target, above which there is a warning


def check_range(
    request: Request, labels: tuple[str, ...], scaling: Scaling, training: RowFactor, validating: RowFactor | None
) -> None:
    """Refuse data whose losses cannot be represented.

    Args:
        request: The spec.
        labels: Names of the features and the target.
        scaling: The scaling, fitted on the training rows.
        training: The factor of the training rows.
        validating: The factor of the validation rows, if there are any.

    Raises:
        DataError: The square of the target, or of the number that its scaler divides by, is too small to be
            represented; or the scaling takes validation rows out of range.
    """
    faults = [*_vanishing(request, labels[-1], scaling, training)]
    if validating is not None:
        faults += _overflowing(request, labels, scaling, validating)
    if faults:
        raise DataError(faults)


def _vanishing(request: Request, target: str, scaling: Scaling, rows: RowFactor) -> Iterator[Fault]:
    size, scale = max(abs(rows.minimum[-1]), abs(rows.maximum[-1])), scaling.affine.scale[-1]
    if 0 < size < SMALLEST_TARGET:
        message = (
            f"the target '{target}' is at most {size:.3g} in size, and its squares are too small for double precision; "
            "give it in a smaller unit"
        )
        yield request.fault(("columns", "target"), message)
    elif scale < SMALLEST_SCALE:
        message = (
            f"the scaler divides the target '{target}' by {scale:.3g}, whose square is too small for double precision; "
            "use another scaler for the target"
        )
        yield request.fault(("scaler",), message)


def _overflowing(request: Request, labels: tuple[str, ...], scaling: Scaling, rows: RowFactor) -> Iterator[Fault]:
    shift, scale = scaling.affine.shift, scaling.affine.scale
    for i, (low, high) in enumerate(zip(rows.minimum, rows.maximum, strict=True)):
        value = max(low, high, key=lambda x: abs(x - shift[i]))
        if abs(value - shift[i]) > LARGEST * scale[i]:
            message = (
                f"column '{labels[i]}' reaches {value:.3g} in the validation rows, and the scaler, which divides it by "
                f"{scale[i]:.3g}, takes that beyond ±{LARGEST:g}; use another scaler or another split"
            )
            yield request.fault(("scaler",), message)


def precision_warnings(optimum: Optimum, scaling: Scaling, names: tuple[str, ...], rows: int) -> list[str]:
    """Warn if an optimum is not unique or not exact.

    Args:
        optimum: The optimum of a design.
        scaling: The scaling of its columns.
        names: Names of its columns.
        rows: Number of its rows.

    Returns:
        The warnings, one sentence each.
    """
    return [*_dependence(optimum, names, rows), *_unwritable(optimum, scaling, names), *_uncertainty(optimum, scaling)]


def _dependence(optimum: Optimum, names: tuple[str, ...], rows: int) -> Iterator[str]:
    """Name the columns that depend linearly on others, in one sentence."""
    rank, d = optimum.rank, len(names)
    if not optimum.dependent:
        return
    labels = [name if name == "intercept" else f"'{name}'" for name in names]
    relations = []
    for column, others in optimum.dependent:
        parts = [labels[j] for j in others[:4]] + ([f"{len(others) - 4} more"] if len(others) > 4 else [])
        together = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
        relations.append(f"{labels[column]} depends on {together}" if parts else f"{labels[column]} is zero")
    more = d - rank - len(optimum.dependent)
    if more:
        relations.append(f"{more} more column{'s are' if more > 1 else ' is'} dependent too")
    few = f"there are fewer training rows ({rows}) than columns ({d}); " if rows < d else ""
    which = "the one of smallest norm"
    if not optimum.is_smallest:
        which = "one of many: rounding errors would spoil the fit of the one of smallest norm"
    yield f"rank {rank} of {d}: {few}{'; '.join(relations)}. The optimum shown is {which}."


def _unwritable(optimum: Optimum, scaling: Scaling, names: tuple[str, ...]) -> Iterator[str]:
    """Name the weights that exceed the largest double."""
    original = scaling.original(optimum.weights)
    weights_by_unit: list[tuple[str, Array]] = [("", optimum.weights)]
    if original is not None:
        weights_by_unit.append((" in the units of the file", np.append(original[0], original[1])))
    for unit, weights in weights_by_unit:
        columns = [f"'{name}'" for name, w in zip(names, weights, strict=False) if not np.isfinite(w)]
        if columns:
            yield (
                f"the optimum's weight of {some_of(columns, 4)}{unit} is too large for double precision; "
                "give the columns in units that bring their values closer to the target's"
            )
            return


def _uncertainty(optimum: Optimum, scaling: Scaling) -> Iterator[str]:
    """Say how accurately the loss of the optimum is known, if that is not to all shown digits."""
    if np.isfinite(optimum.weights).all() and not optimum.uncertainty <= RESOLUTION * optimum.power:
        yield (
            f"the optimum's MSE is known only to ±{optimum.uncertainty * scaling.unit:.2g}: some columns are so close "
            "to a combination of others that double precision cannot hold the weights; leave those columns out"
        )
