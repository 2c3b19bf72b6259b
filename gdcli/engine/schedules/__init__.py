"""The schedules, by the `kind` that a spec names."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.schedules.base import Schedule
from gdcli.engine.schedules.decays import (
    Constant,
    Exponential,
    InversePower,
    InverseTime,
    MultiStep,
    Piecewise,
    Polynomial,
    Step,
)
from gdcli.engine.schedules.optimal import Optimal
from gdcli.engine.schedules.waves import Cosine, CosineRestarts, Linear, OneCycle, Triangular, Warmup

__all__ = ["SCHEDULES", "Schedule", "resolve", "sequence_rates"]


def resolve(schedule: Schedule, length: int) -> Schedule:
    """Fill in the defaults that depend on the length of the run.

    Args:
        schedule: One schedule, or an element of a sequence.
        length: For how many epochs or steps it is in force; 0 counts as 1.

    Returns:
        The same schedule with `total` and `down` filled in.
    """
    open_fields = {field.name for field in fields(schedule) if getattr(schedule, field.name) is None}
    changes: dict[str, Any] = {}
    if "total" in open_fields:
        changes["total"] = max(length, 1)
    if "down" in open_fields and isinstance(schedule, Triangular):
        changes["down"] = schedule.up
    return replace(schedule, **changes)


def sequence_rates(schedules: tuple[Schedule, ...], lengths: tuple[int, ...], base: float) -> Array:
    """Rates of a whole run: each schedule for its length, with its own t from 0.

    Args:
        schedules: Schedules whose defaults `resolve` has filled in.
        lengths: For how many epochs or steps each is in force.
        base: The optimizer's learning rate.

    Returns:
        The rates, shape (sum of lengths,).

    Raises:
        ValueError: A default is not filled in.
    """
    with np.errstate(all="ignore"):  # a rate that overflows makes the run diverge, and its status says so
        parts = [schedule.rates(np.arange(k), base) for schedule, k in zip(schedules, lengths, strict=True)]
        return np.concatenate([*parts, np.zeros(0)])


SCHEDULES: dict[str, type[Schedule]] = {
    cls.kind: cls
    for cls in (
        Constant,
        Step,
        MultiStep,
        Piecewise,
        Exponential,
        InverseTime,
        InversePower,
        Polynomial,
        Linear,
        Cosine,
        CosineRestarts,
        Triangular,
        OneCycle,
        Warmup,
        Optimal,
    )
}
