"""Examine a data file: which columns a first spec uses, and which rows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from typing import Any

from gdcli.data.stream import Reading
from gdcli.errors import DataError, Fault, FaultsError, Place
from gdcli.experiment.exact import argument_places, check_data, given
from gdcli.experiment.plan import Plan
from gdcli.experiment.planner import Planner
from gdcli.spec.strict_yaml import Places
from gdcli.spec.validate import read_spec


@dataclass(frozen=True)
class Examined:
    """A data file that can be fitted.

    Attributes:
        raw: The plan of a run without a scaler.
        scaled: The plan of the same run with `zscore`; both share the data.
        settings: The keys of `dataset` beside its path.
        constant: Numeric columns that are left out because they do not vary.
        texts: The text columns of the file, as far as they were looked at.
        hints: Warnings about text columns that may be numbers.
        by_default: Whether the features and the target are chosen by default.
    """

    raw: Plan
    scaled: Plan
    settings: Mapping[str, str]
    constant: tuple[str, ...]
    texts: frozenset[str]
    hints: tuple[str, ...]
    by_default: tuple[bool, bool]


def examine(
    data: str | PathLike[str],
    columns: Mapping[str, Any],
    settings: Mapping[str, Any],
    *,
    prefix: str = "",
    reading: Reading | None = None,
) -> Examined:
    """Examine a data file.

    Rows with blank cells are left out if there are any and `settings` leaves that open. So are columns without a
    spread, if `columns` names no features and others remain.

    Args:
        data: The file, or a pattern.
        columns: The keys of `columns` in a spec; None for a default.
        settings: The keys of `dataset` in a spec; None for a default.
        prefix: Put before the names of arguments in messages.
        reading: Called after each read of a large file.

    Returns:
        The plans of a run without and with a scaler.

    Raises:
        SpecError: An argument is wrong.
        DataError: The data is missing or unfit.
    """
    if not isinstance(data, str | PathLike):
        raise DataError([Fault(Place("data"), f"must be the path of a data file, got {type(data).__name__}")])
    check_data(data)
    columns, settings = given(columns), given(settings)
    by_default = "features" not in columns, "target" not in columns
    settings, (raw, scaled) = _readable(data, columns, settings, prefix, reading)
    constant = _constant(scaled) if by_default[0] else ()
    texts, hints = raw.rows.texts, tuple(filter(_is_hint, raw.warnings))  # not known if all columns are named
    if constant:
        features = [name for name in raw.rows.columns.features if name not in constant]
        raw, scaled = _plans(data, {**columns, "features": features}, settings, {}, reading)
    return Examined(raw, scaled, settings, constant, texts, hints, by_default)


def _is_hint(warning: str) -> bool:
    return warning.startswith("text column")


def _readable(
    data: str | PathLike[str],
    columns: Mapping[str, Any],
    settings: Mapping[str, Any],
    prefix: str,
    reading: Reading | None,
) -> tuple[Mapping[str, Any], tuple[Plan, Plan]]:
    """The plans, with `missing: drop` if the file cannot be used otherwise, and the settings of the dataset."""
    attempts = [settings] if "missing" in settings else [settings, {**settings, "missing": "drop"}]
    for attempt in attempts:
        with suppress(FaultsError):  # its messages are about a spec, which the user has not written
            return attempt, _plans(data, columns, attempt, {}, reading)
    return attempts[-1], _plans(data, columns, attempts[-1], argument_places(prefix), reading)


def _plans(
    data: str | PathLike[str],
    columns: Mapping[str, Any],
    settings: Mapping[str, Any],
    places: Places,
    reading: Reading | None,
) -> tuple[Plan, Plan]:
    """Plans without and with `zscore`; the data is read once."""
    spec = {"dataset": {"path": data, **settings}, "columns": columns, "epochs": 0}
    raw, scaled = (read_spec({**spec, "scaler": scaler}, places=places) for scaler in ("none", "zscore"))
    planner = Planner((raw, scaled), reading=reading)
    return planner.plan(raw), planner.plan(scaled)


def _constant(scaled: Plan) -> tuple[str, ...]:
    """The features without a spread, if there are others."""
    features, undivided = scaled.rows.columns.features, scaled.rows.scaling.affine.undivided[:-1]
    names = tuple(name for name, flag in zip(features, undivided, strict=True) if flag)
    return names if len(names) < len(features) else ()
