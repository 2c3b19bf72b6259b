"""Sweeps: every point of a grid planned at once, those on the same rows sharing them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from gdcli._version import __version__
from gdcli.errors import FaultsError, Place
from gdcli.experiment.draft import Draft, reseeded
from gdcli.experiment.grid import Axis, points
from gdcli.experiment.markup import dump
from gdcli.experiment.plan import Plan, plan, vary
from gdcli.experiment.reading import Source, understand
from gdcli.experiment.spec import plain
from gdcli.experiment.stream import Reading

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Point:
    """One run of a sweep.

    Attributes:
        setting: Axis key → value.
        plan: What is run.
    """

    setting: Mapping[str, Any]
    plan: Plan

    @cached_property
    def identity(self) -> str:
        """Hash of the resolved spec, the data and the engine's version: equal where the result would be."""
        spec, data = plain(self.plan.spec), self.plan.table.sha256
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
    skipped: tuple[tuple[Mapping[str, Any], str], ...]


def plan_sweep(
    draft: Draft,
    axes: Sequence[Axis],
    *,
    paired: bool,
    seeds: int,
    frame: pd.DataFrame | None = None,
    reading: Reading | None = None,
) -> Sweep:
    """Plan every point of a grid; points on the same rows share them.

    Args:
        draft: The spec that the points vary.
        axes: What is varied.
        paired: Whether the axes are paired in place of crossed.
        seeds: How many seeds each setting is run with, counted up from the spec's own.
        frame: Rows in place of the spec's dataset.
        reading: Told of every read of a large file.

    Returns:
        The sweep.

    Raises:
        SpecError: The grid is wrong, or no point of it can be run.
        DataError: The data are unfit for every point.
    """
    found: list[Point] = []
    skipped: list[tuple[Mapping[str, Any], str]] = []
    first_error: FaultsError | None = None
    shared: dict[str, Plan] = {}
    sources: list[tuple[Mapping[str, Any], list[Source] | FaultsError]] = []
    for setting in points(axes, paired=paired):
        try:
            sources.append((setting, _sources(draft, setting, seeds, has_rows=frame is not None)))
        except FaultsError as error:
            sources.append((setting, error))
    beside = [source for _, part in sources if isinstance(part, list) for source in part]
    for values, part in sources:
        try:
            if isinstance(part, FaultsError):
                raise part
            found.extend(
                [
                    _point(values, source, partial(plan, frame=frame, beside=beside, reading=reading), shared)
                    for source in part
                ]
            )
        except FaultsError as error:
            first_error = first_error or error
            skipped.append((values, "; ".join(fault.message for fault in error.faults)))
    if first_error and not found:
        raise first_error
    name = f"{found[0].plan.spec.name}-sweep"
    return Sweep(name=name, axes=tuple(axes), seeds=seeds, points=tuple(found), skipped=tuple(skipped))


def written(value: Any) -> str:
    """Write a value on one line, as YAML."""
    return dump(plain(value)).removesuffix("\n").removesuffix("\n...").replace("\n", " ")


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


def _sources(draft: Draft, setting: Mapping[str, Any], seeds: int, *, has_rows: bool) -> list[Source]:
    """The specs of one setting, one a seed."""
    # `optimizer` before `optimizer.lr`, whatever the order of the axes: a block replaces all of its keys.
    for key, value in sorted(setting.items(), key=lambda item: item[0].count(".")):
        draft = draft.with_value(key, value, Place(f"sweep {key}={written(value)}"))
    return [understand(reseeded(draft, i), has_rows=has_rows) for i in range(seeds)]


def _point(
    setting: Mapping[str, Any], source: Source, plan_anew: Callable[[Source], Plan], shared: dict[str, Plan]
) -> Point:
    spec = source.spec
    seed = spec.seed if spec.split and spec.split.shuffle else None
    rows = repr((spec.dataset, spec.columns, spec.scaler, spec.split, seed, source.faults))
    planned = vary(shared[rows], source) if rows in shared else plan_anew(source)
    shared.setdefault(rows, planned)
    return Point(setting=setting, plan=planned)
