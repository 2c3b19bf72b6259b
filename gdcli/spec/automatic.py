"""`lr: auto` and `momentum: auto`: settings of the optimizer that follow from the data, and where they cannot.

`auto` is taken out of a spec before it is validated. The default of the setting stands there until planning knows the
number, and is never used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from gdcli.engine.optimizers import OPTIMIZERS, Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.engine.schedules import Schedule
from gdcli.engine.schedules.decays import Piecewise
from gdcli.engine.schedules.optimal import Optimal
from gdcli.spec.messages import Flaw, path_text

AUTO = "auto"
_NUMBER = "write a number"
SETTINGS = ("lr", "momentum")
AUTOMATIC_KEYS = tuple(f"optimizer.{name}" for name in SETTINGS)


def without_auto(raw: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """Take `auto` out of the optimizer.

    Args:
        raw: The keys of a spec.

    Returns:
        The keys without it, and the settings that were `auto`, of those that the optimizer has.
    """
    section = raw.get("optimizer")
    if not isinstance(section, Mapping):
        return dict(raw), frozenset()
    names = _names(section.get("kind"))
    automatic = frozenset(name for name in SETTINGS if section.get(name) == AUTO and name in names)
    return {**raw, "optimizer": {key: value for key, value in section.items() if key not in automatic}}, automatic


def _names(kind: Any) -> set[str]:
    """The hyperparameters of a kind of optimizer; `lr` alone if it is unknown."""
    optimizer = OPTIMIZERS.get(kind) if isinstance(kind, str) else None
    return {field.name for field in fields(optimizer)} if optimizer else {"lr"}


def refusals(automatic: frozenset[str], values: Mapping[str, Any]) -> Iterator[Flaw]:
    """Say why settings cannot be `auto`, as far as this does not depend on the data.

    Args:
        automatic: The settings that are `auto`.
        values: The valid sections of the spec.

    Yields:
        Flaws at these settings.
    """
    match values.get("optimizer"):
        case SGD() if automatic:
            yield from _refused("lr", *_reasons_for_sgd(values))
        case Momentum() as optimizer if automatic:
            first = min(automatic)  # lr before momentum
            yield from _refused(first, *_reasons_for_momentum(automatic, optimizer, values))
        case Optimizer(kind=kind) as optimizer:
            for name in sorted(automatic):
                default = f"{_NUMBER}, such as the default {getattr(optimizer, name):g}"
                yield from _refused(name, f"with optimizer {kind}, for which no best value is known; {default}")


def _refused(name: str, *reasons: str) -> Iterator[Flaw]:
    at = ("optimizer", name)
    for reason in reasons:
        yield at, f"{path_text(at)} cannot be auto {reason}"


def _reasons_for_sgd(values: Mapping[str, Any]) -> Iterator[str]:
    schedules: tuple[Schedule, ...] = values.get("schedule", ())
    if schedules and all(isinstance(schedule, Piecewise | Optimal) for schedule in schedules):
        yield f"with schedule {schedules[0].kind}, whose rates do not depend on it; leave optimizer.lr out"
    if values.get("epochs") == 0:
        yield f"with epochs 0: there is no step to take; {_NUMBER}"


def _reasons_for_momentum(automatic: frozenset[str], optimizer: Momentum, values: Mapping[str, Any]) -> Iterator[str]:
    schedules: tuple[Schedule, ...] = values.get("schedule", ())
    if len(automatic) == 1:
        (other,) = {*SETTINGS} - automatic
        beside = f"beside optimizer.{other} {getattr(optimizer, other):g}"
        yield f"{beside}: only the best pair of both is known; set optimizer.{other} to auto too, or {_NUMBER}"
    if optimizer.nesterov or optimizer.dampening:
        name = "nesterov" if optimizer.nesterov else "dampening"
        yield f"with optimizer.{name}: the best pair is known for the heavy ball; leave {name} out, or write numbers"
    if [schedule.kind for schedule in schedules] not in ([], ["constant"]):
        kinds = "+".join(schedule.kind for schedule in schedules)
        yield f"with momentum and schedule {kinds}: the best pair is that of constant rates; use schedule: constant"
    if values.get("batch_size", "full") != "full":
        size = values["batch_size"]
        yield f"with momentum and batch_size {size}: the best pair is that of full batches; use batch_size: full"
    if values.get("epochs") == 0:
        yield f"with epochs 0: there is no step to take; {_NUMBER}"
