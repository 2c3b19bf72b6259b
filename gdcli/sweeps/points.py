"""A sweep: a grid, and its points that can be run."""

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
        plan: The plan of the run.
    """

    setting: Setting
    plan: Plan

    @cached_property
    def identity(self) -> str:
        """Hash of the resolved spec, the data and the engine's version: equal for runs with equal results."""
        spec, data = plain(self.plan.spec), self.plan.rows.data.sha256
        if data:
            spec["dataset"].pop("path")  # the contents of the file matter, not its path
        return hashlib.sha256(json.dumps([spec, data, __version__], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Sweep:
    """A planned grid.

    Attributes:
        name: Name of the sweep and its directory.
        axes: The axes of the grid.
        seeds: Number of seeds per setting.
        points: The runs, in the order of the grid.
        skipped: Settings that cannot be run, each with the reason.
    """

    name: str
    axes: tuple[Axis, ...]
    seeds: int
    points: tuple[Point, ...]
    skipped: tuple[tuple[Setting, str], ...]

    @property
    def omissions(self) -> list[str]:
        """A message for each skipped setting."""
        return [f"skipped {setting_text(setting)}: {reason}" for setting, reason in self.skipped]


def origin(plan: Plan) -> dict[str, Any]:
    """The origin of a run that may change: the engine's version, and the path and hash of the data."""
    path = plan.rows.dataset.path
    return {"version": __version__, "data": [list(path) if isinstance(path, tuple) else path, plan.rows.data.sha256]}


# The key that the short form of each section stands for.
_SHORT_FOR = {"dataset": "path", "scaler": "features", "optimizer": "kind", "schedule": "kind"}


def effective(key: str, value: Any, keys: Iterable[str]) -> Any:
    """The part of an axis's value that no other axis overrides.

    Args:
        key: Key of the axis, such as `optimizer`.
        value: A value of the axis, such as `{kind: adam, lr: 0.05}`.
        keys: Keys of all axes; `optimizer.lr` overrides the rate.

    Returns:
        The value without the overridden parts, such as `adam`.
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
    """A copy of a mapping without the value at a path."""
    step, *rest = path
    below = node.get(step)
    kept = {key: part for key, part in node.items() if key != step}
    return {**kept, step: _without(below, rest)} if rest and isinstance(below, Mapping) else kept
