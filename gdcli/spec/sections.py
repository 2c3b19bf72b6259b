"""Validate one section of a spec by its type, with messages that users understand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.schedules import SCHEDULES
from gdcli.errors import nearest
from gdcli.spec.messages import ALTERNATIVES, FORMS, Flaw, explain, path_text, shown, unknown_key
from gdcli.spec.model import AtMost, Dataset, Expect, Spec, Synthetic
from gdcli.spec.strict_yaml import KeyPath

_HINTS = get_type_hints(Spec, include_extras=True)
SECTIONS: dict[str, Any] = {field.name: _HINTS[field.name] for field in fields(Spec)}
_OPTIONAL = tuple(name for name, hint in SECTIONS.items() if type(None) in getattr(hint, "__args__", ()))
_REGISTRIES: dict[str, Mapping[str, type]] = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES}


@dataclass(frozen=True)
class Parsed:
    """A validated section.

    Attributes:
        value: The value of its type; meaningless if there are flaws.
        flaws: Its faults.
    """

    value: Any = None
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True)
class _Part:
    """A section, or an element of one, of a single type.

    Attributes:
        kind: The type.
        value: The value in the draft.
        path: Its path in the spec.
    """

    kind: Any
    value: Any
    path: KeyPath


def parse_section(name: str, value: Any) -> Parsed:
    """Validate one section.

    Args:
        name: The key of the section, one of `SECTIONS`.
        value: The value in the draft.

    Returns:
        The value, or its faults.
    """
    if value is None and name in _OPTIONAL:
        return Parsed()
    if name == "schedule":
        return _schedule(value)
    return _by_kind(name, value, (name,)) if name in _REGISTRIES else _by_type(_Part(SECTIONS[name], value, (name,)))


def _schedule(value: Any) -> Parsed:
    """A schedule, or a list of them, as a tuple."""
    name = "schedule"
    if not isinstance(value, tuple):
        single = _by_kind(name, value, (name,))
        return Parsed((single.value,), single.flaws)
    if not value:
        return Parsed(flaws=(((name,), "schedule must have at least 1 element"),))
    elements = [_by_kind(name, element, (name, i)) for i, element in enumerate(value)]
    return Parsed(
        tuple(element.value for element in elements), tuple(flaw for element in elements for flaw in element.flaws)
    )


def _by_kind(name: str, value: Any, path: KeyPath) -> Parsed:
    """Validate an optimizer or schedule by the class of its kind.

    A discriminated union would build the validators of all 26 kinds: 33 ms at every start. The two in use take 1 ms.
    """
    registry = _REGISTRIES[name]
    if not isinstance(value, dict):
        message = f"{path_text(path)} must be {FORMS.get(path, 'a name or a mapping')}, got {shown(value)}"
        return Parsed(flaws=((path, message),))
    kind, at = value.get("kind"), (*path, "kind")
    if "kind" not in value:
        return Parsed(flaws=((path, f"{path_text(at)} is required: {', '.join(registry)}"),))
    if not isinstance(kind, str) or kind not in registry:
        close = nearest(kind, registry) if isinstance(kind, str) else ""
        hint = f"; did you mean '{close}'?" if close else f"; known: {', '.join(registry)}"
        return Parsed(flaws=((at, f"unknown {name} {shown(kind)}{hint}"),))
    return _by_type(_Part(registry[kind], value, path))


def _by_type(part: _Part) -> Parsed:
    """Validate a part by its type."""
    try:
        # Pydantic's strict mode accepts lists as tuples and mappings as dataclasses only from JSON.
        text = json.dumps(part.value, default=repr)
        return Parsed(_adapter(part.kind).validate_json(text, strict=True))
    except ValidationError as error:
        errors = list(_of_one_form(error.errors(include_url=False), part.value))
    parents = {details["loc"][:-1] for details in errors if details["loc"]}
    flaws = [
        _flaw(details, part)
        for details in errors
        if details["type"] != "too_short" or details["loc"] not in parents  # pydantic counts only the valid elements
    ]
    return Parsed(flaws=tuple(dict.fromkeys(flaw for flaw in flaws if flaw)))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """The validator of a type, made once."""
    return TypeAdapter(kind, config=None if isinstance(kind, type) else ConfigDict(allow_inf_nan=False))


# Keys with two possible forms: pydantic's name of the second form, and its type in a draft.
_FORKS: dict[str, tuple[str, type]] = {"path": ("tuple[str, ...]", tuple), "gap": ("AtMost", dict)}


def _of_one_form(errors: list[ErrorDetails], section: Any) -> Iterator[ErrorDetails]:
    """If a key has two possible forms, keep only the errors of the one that was written; drop it from the path."""
    for details in errors:
        loc = details["loc"]
        fork = _FORKS.get(str(loc[0])) if len(loc) > 1 else None
        if fork is None:
            yield details
        elif (loc[1] == fork[0]) == isinstance(section[loc[0]], fork[1]):
            details["loc"] = (*loc[:1], *loc[2:])
            yield details


def _flaw(details: ErrorDetails, part: _Part) -> Flaw | None:
    """The path and the message of one of pydantic's errors; None if another error covers it."""
    name, loc = part.path[0], details["loc"]
    at: KeyPath = (*part.path, *loc)
    if details["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        owner = _owner(part.kind, loc[:-1])
        keys = [field.name for field in fields(owner)]
        return at, unknown_key(str(at[-1]), keys, path_text(at[:-1]) + _kind_note(owner))
    if name == "init" and isinstance(part.value, tuple):
        if not loc or not isinstance(loc[-1], int):
            return None  # an error of the form that was not written
        at = (name, loc[-1])
    elif name in ALTERNATIVES:
        return part.path, f"{name} {ALTERNATIVES[str(name)]}, got {shown(part.value)}"
    elif at[:2] == ("dataset", "inline") and len(at) > 3:
        return at[:4], f"{path_text(at[:4])} must be a finite number or text, got {shown(details['input'])}"
    return at, explain(details, at)


def _owner(kind: Any, loc: Sequence[str | int]) -> Any:
    """The dataclass that an unknown key was given to."""
    if loc and kind is Dataset and loc[0] == "synthetic":
        return Synthetic
    if loc and kind in (Expect, Expect | None) and loc[0] == "gap":
        return AtMost
    return kind if isinstance(kind, type) else next(part for part in kind.__args__ if part is not type(None))


def _kind_note(owner: Any) -> str:
    """The kind of an optimizer or a schedule, for the message of an unknown key."""
    kind = getattr(owner, "kind", None)
    return f" of kind {kind}" if isinstance(kind, str) else ""
