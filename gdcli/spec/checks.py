"""Rules between the keys of a spec, beyond the type and bounds of each key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.engine.schedules import Schedule
from gdcli.engine.schedules.decays import Piecewise
from gdcli.engine.schedules.optimal import Optimal
from gdcli.engine.schedules.waves import OneCycle, Warmup
from gdcli.spec.encodings import canonical
from gdcli.spec.messages import Flaw, cut, path_text, shown
from gdcli.spec.model import EXPECTED, Columns, Dataset, Expect, Scaler, Stop
from gdcli.spec.rates import uncovered
from gdcli.spec.strict_yaml import KeyPath

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


def check(values: dict[str, Any], *, has_rows: bool) -> list[Flaw]:
    """Run every check whose keys are valid by themselves.

    Args:
        values: The valid sections of a spec.
        has_rows: Whether the rows are given as an argument instead of `dataset`.

    Returns:
        The faults.
    """
    flaws: list[Flaw] = []
    for keys, function in _CHECKS:
        arguments = [values.get(key) for key in keys]
        if None not in arguments and not (has_rows and keys == ("dataset",)):
            flaws.extend(function(*arguments))
    return flaws


def _name(name: str) -> Iterator[Flaw]:
    if not _NAME.fullmatch(name):
        yield (
            ("name",),
            f"name must be letters, digits, '.', '_', '-', at most 64 and not starting with a dot, got {shown(name)}; "
            "set `name:` in the spec",
        )


def _dataset(dataset: Dataset) -> Iterator[Flaw]:
    keys = [key for key in ("path", "synthetic", "inline") if getattr(dataset, key) is not None]
    if len(keys) != 1:
        got = " and ".join(keys) or "none of them"
        yield ("dataset",), f"dataset needs exactly one of path, synthetic and inline, got {got}"
    if dataset.synthetic and dataset.synthetic.column_factors is not None:
        factors, weights = len(dataset.synthetic.column_factors), len(dataset.synthetic.weights)
        if factors != weights:
            path = ("dataset", "synthetic", "column_factors")
            yield path, f"{path_text(path)} must have one value per weight ({weights}), got {factors}"
    if dataset.path is not None:
        yield from _path(dataset.path)
    mark = dataset.delimiter
    if not mark.isascii() or mark.isalnum() or mark in '"\n\r\0.+-':
        yield ("dataset", "delimiter"), f"dataset.delimiter must be a mark such as , ; | or a tab, got {shown(mark)}"
    elif dataset.decimal == mark:
        yield ("dataset", "decimal"), f"dataset.decimal must differ from dataset.delimiter, got {shown(mark)} for both"
    if dataset.thousands is not None:
        yield from _thousands(dataset.thousands, dataset.decimal)
    if canonical(dataset.encoding) is None:
        message = f"dataset.encoding must be a text encoding such as utf-8 or latin-1, got {shown(dataset.encoding)}"
        yield ("dataset", "encoding"), message
    if dataset.inline is not None:
        yield from _inline(dataset.inline)


def _thousands(mark: str, decimal: str) -> Iterator[Flaw]:
    path = ("dataset", "thousands")
    if mark.isalnum() or mark in '"\n\r\0+-':
        yield path, f"dataset.thousands must be a mark such as , . ' or a blank, got {shown(mark)}"
    elif mark == decimal:
        yield path, f"dataset.thousands must differ from dataset.decimal, got {shown(mark)} for both"


def _path(path: str | tuple[str, ...]) -> Iterator[Flaw]:
    if not path:
        yield ("dataset", "path"), "dataset.path must not be empty"
    paths: set[str] = set()
    for i, part in enumerate(() if isinstance(path, str) else path):
        if not part:
            yield ("dataset", "path", i), f"dataset.path[{i}] must not be empty"
        elif part in paths:
            yield ("dataset", "path", i), f"dataset.path names {shown(part)} twice"
        paths.add(part)


def _inline(columns: dict[str, tuple[float | str, ...]]) -> Iterator[Flaw]:
    lengths = {len(values) for values in columns.values()}
    if not columns or 0 in lengths:
        yield ("dataset", "inline"), "dataset.inline needs at least one column with at least one row"
    elif len(lengths) > 1:
        counts = cut(", ".join(f"{name} {len(values)}" for name, values in columns.items()))
        yield ("dataset", "inline"), f"the columns of dataset.inline must have the same number of rows, got {counts}"


def _columns(columns: Columns) -> Iterator[Flaw]:
    names: set[str] = set()
    for i, name in enumerate(columns.features or ()):
        if name in names:
            yield ("columns", "features", i), f"column {shown(name)} is listed twice among the features"
        names.add(name)
        if name == columns.target:
            yield ("columns", "features", i), f"the target {shown(name)} cannot be a feature too"
        if name == "intercept" and columns.intercept:
            yield (
                ("columns", "features", i),
                "with an intercept, no feature can be called 'intercept'; rename it, or set intercept: false",
            )


def _scaler(scaler: Scaler) -> Iterator[Flaw]:
    if scaler.target == "sigmoid":
        yield (
            ("scaler", "target"),
            "scaler.target cannot be sigmoid: it has no inverse for predictions outside (0, 1), so losses could "
            "not be given in the units of the file; use zscore, minmax, maxabs or robust",
        )


def _optimizer(optimizer: Optimizer) -> Iterator[Flaw]:
    if isinstance(optimizer, Momentum) and optimizer.nesterov and (optimizer.dampening or not optimizer.momentum):
        yield ("optimizer", "nesterov"), "optimizer.nesterov needs a momentum and no dampening"


def _stop(stop: Stop) -> Iterator[Flaw]:
    if stop.gap is None and stop.patience is None:
        yield ("stop",), "stop needs a gap, a patience or both"


def _expect(expect: Expect) -> Iterator[Flaw]:
    if all(getattr(expect, key) is None for key in EXPECTED):
        yield ("expect",), f"expect needs at least one of {', '.join(EXPECTED)}"


def _schedule(schedules: tuple[Schedule, ...]) -> Iterator[Flaw]:
    single = len(schedules) == 1
    for i, schedule in enumerate(schedules):
        path: KeyPath = ("schedule",) if single else ("schedule", i)
        if single and schedule.length is not None and not isinstance(schedule, Warmup):
            yield (*path, "length"), "schedule.length is only for the elements of a list; did you mean epochs?"
        if not single and schedule.length is None and i < len(schedules) - 1:
            yield path, f"{path_text((*path, 'length'))} is required: only the last element of a list may omit it"
        if schedule.interval != schedules[0].interval:
            yield (*path, "interval"), "all elements of a schedule must have the same interval"
        if isinstance(schedule, Piecewise) and len(schedule.values) != len(schedule.boundaries) + 1:
            needed, got = len(schedule.boundaries) + 1, len(schedule.values)
            at = (*path, "values")
            yield at, f"{path_text(at)} must have one more value than boundaries ({needed}), got {got}"
        if isinstance(schedule, OneCycle) and schedule.three_phase and schedule.pct_start > 0.5:
            at = (*path, "pct_start")
            yield at, f"{path_text(at)} must be at most 0.5 with three_phase, got {schedule.pct_start:g}"


def _coverage(schedules: tuple[Schedule, ...], epochs: int) -> Iterator[Flaw]:
    if schedules[0].interval == "epoch":  # the number of steps depends on the data
        yield from uncovered(schedules, epochs)


def _optimal(schedules: tuple[Schedule, ...]) -> Iterator[Flaw]:
    for i, schedule in enumerate(schedules):
        if isinstance(schedule, Optimal) and len(schedules) > 1:
            yield ("schedule", i), f"schedule[{i}] cannot be optimal: its rates are those of a whole run; use no list"
        elif isinstance(schedule, Optimal) and schedule.interval == "step":
            message = "schedule.interval of kind optimal must be epoch: full batches take one step per epoch"
            yield ("schedule", "interval"), message


def _optimal_optimizer(schedules: tuple[Schedule, ...], optimizer: Optimizer) -> Iterator[Flaw]:
    if not isinstance(schedules[0], Optimal):
        return
    if not isinstance(optimizer, SGD):
        message = f"schedule cannot be optimal with optimizer {optimizer.kind}: only for sgd are such rates known"
        yield ("schedule",), f"{message}; use optimizer sgd or another schedule"
    elif optimizer.weight_decay:
        message = f"schedule cannot be optimal with optimizer.weight_decay, got {optimizer.weight_decay:g}"
        yield ("schedule",), f"{message}: the best steps may then need rates that are not real; set it to 0"


def _optimal_batch(schedules: tuple[Schedule, ...], size: str | int) -> Iterator[Flaw]:
    if isinstance(schedules[0], Optimal) and size != "full":
        message = f"schedule cannot be optimal with batch_size {size}: its rates are best for exact gradients only"
        yield ("schedule",), f"{message}; use batch_size: full or another schedule"


_CHECKS: list[tuple[tuple[str, ...], Callable[..., Iterator[Flaw]]]] = [
    (("name",), _name),
    (("dataset",), _dataset),
    (("columns",), _columns),
    (("scaler",), _scaler),
    (("optimizer",), _optimizer),
    (("stop",), _stop),
    (("expect",), _expect),
    (("schedule",), _schedule),
    (("schedule", "epochs"), _coverage),
    (("schedule",), _optimal),
    (("schedule", "optimizer"), _optimal_optimizer),
    (("schedule", "batch_size"), _optimal_batch),
]
