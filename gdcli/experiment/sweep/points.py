"""What a sweep is: a grid and the points of it that can be run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from gdcli._version import __version__
from gdcli.experiment.grouping import setting_text
from gdcli.experiment.plan import Plan
from gdcli.spec.grid import Axis
from gdcli.spec.model import plain

# Axis key → value.
Setting: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Point:
    """One run of a sweep.

    Attributes:
        setting: Axis key → value.
        plan: What is run.
    """

    setting: Setting
    plan: Plan

    @cached_property
    def identity(self) -> str:
        """Hash of the resolved spec, the data and the engine's version: equal where the result would be."""
        spec, data = plain(self.plan.spec), self.plan.rows.data.sha256
        if data:
            spec["dataset"].pop("path")  # where the file lies does not matter, what is in it does
        return hashlib.sha256(json.dumps([spec, data, __version__], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Sweep:
    """A grid, planned.

    Attributes:
        name: Of the sweep and its directory.
        axes: What is varied.
        seeds: How many seeds each setting is run with.
        points: The runs, in the order of the grid.
        skipped: Settings that no run can have, each with the reason.
    """

    name: str
    axes: tuple[Axis, ...]
    seeds: int
    points: tuple[Point, ...]
    skipped: tuple[tuple[Setting, str], ...]

    @property
    def omissions(self) -> list[str]:
        """What to say of each setting that no run can have."""
        return [f"skipped {setting_text(setting)}: {reason}" for setting, reason in self.skipped]


def origin(plan: Plan) -> dict[str, Any]:
    """What a run comes from, as far as it may change: the engine's version, and the data by path and hash."""
    path = plan.rows.dataset.path
    return {"version": __version__, "data": [list(path) if isinstance(path, tuple) else path, plan.rows.data.sha256]}


# What stands for a whole section, by the key that it is short for.
_SHORT_FOR = {"dataset": "path", "scaler": "features", "optimizer": "kind", "schedule": "kind"}


def effective(key: str, value: Any, keys: Iterable[str]) -> Any:
    """What remains of an axis's value beside the other axes, which override parts of it.

    Args:
        key: Of the axis, such as `optimizer`.
        value: One of its values, such as `{kind: adam, lr: 0.05}`.
        keys: Of all axes; `optimizer.lr` among them overrides the rate.

    Returns:
        The value less what is overridden, such as `adam`.
    """
    overridden = [other.removeprefix(f"{key}.").split(".") for other in keys if other.startswith(f"{key}.")]
    if not overridden:
        return value
    short = _SHORT_FOR.get(key, "kind")
    rest = dict(value) if isinstance(value, Mapping) else {short: value}
    for path in overridden:
        rest = _without(rest, path)
    return rest[short] if set(rest) == {short} else rest


def _without(node: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """A copy of a mapping less what a path leads to."""
    step, *rest = path
    below = node.get(step)
    kept = {key: part for key, part in node.items() if key != step}
    return {**kept, step: _without(below, rest)} if rest and isinstance(below, Mapping) else kept
