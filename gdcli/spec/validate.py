"""From a draft to a spec: every section validated by itself, all faults at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.schedules import SCHEDULES
from gdcli.errors import Fault, Place, SpecError, nearest
from gdcli.spec import checks
from gdcli.spec.advice import Style, setting, style_of
from gdcli.spec.draft import Draft, read_draft
from gdcli.spec.messages import ALTERNATIVES, FORMS, explain, path_text, shown, unknown_key
from gdcli.spec.model import AtMost, Columns, Dataset, Expect, Spec, Split, Stop, Synthetic
from gdcli.spec.strict_yaml import KeyPath, Places

_HINTS = get_type_hints(Spec, include_extras=True)
_SECTIONS: dict[str, Any] = {field.name: _HINTS[field.name] for field in fields(Spec)}
# Keys of sections, for those who write them at the top level.
_HOMES = {
    field.name: f"{name}.{field.name}"
    for name, section in (("columns", Columns), ("split", Split), ("stop", Stop), ("expect", Expect))
    for field in fields(section)
    if field.name not in _SECTIONS
} | {"lr": "optimizer.lr"}
_OPTIONAL = tuple(name for name, hint in _SECTIONS.items() if type(None) in getattr(hint, "__args__", ()))
_REGISTRIES: dict[str, Mapping[str, type]] = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES}


@dataclass(frozen=True)
class Request:
    """What a user asks for: a spec, its faults, and the places of its keys.

    Attributes:
        spec: The spec, with defaults for invalid sections.
        faults: Its faults.
        sound: Names of the sections that are valid or left out.
        draft: The draft that was validated.
    """

    spec: Spec
    faults: tuple[Fault, ...]
    sound: frozenset[str]
    draft: Draft

    def fault(self, path: KeyPath, message: str) -> Fault:
        """A fault at a key or element, or at the nearest one above it that has a place."""
        return Fault(self.place(path), message)

    def key(self, name: str) -> str:
        """The name of a key of `columns` to the user: an option, an argument, or the key itself."""
        place = self.draft.places.get(("columns", name))
        return place.label if place and not place.line and "=" not in place.label else f"columns.{name}"

    @property
    def style(self) -> Style:
        """How a user gives settings of the dataset."""
        return style_of(self.draft.places.get(("dataset", "missing")))

    def setting(self, values: Mapping[str, str]) -> str:
        """Write settings of the dataset as the user gives them."""
        beside = [f"{key}: …" for key in ("path", "inline", "synthetic") if getattr(self.spec.dataset, key) is not None]
        return setting(self.style, values, beside=", ".join(beside))

    def place(self, path: KeyPath) -> Place:
        """The place of a key or element."""
        return self.draft.place(path)

    @property
    def base(self) -> Path:
        """Directory that a relative dataset path starts from."""
        return self.draft.base


def read_spec(
    spec: str | PathLike[str] | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    has_rows: bool = False,
    places: Places | None = None,
) -> Request:
    """Read and validate a spec.

    Args:
        spec: A YAML file, or a mapping with the same keys.
        overrides: `KEY=VALUE` each, dotted keys, the value read as YAML.
        has_rows: Whether the rows come as an argument, so that there must be no `dataset`.
        places: Places of a mapping's keys in messages.

    Returns:
        The spec and all its faults, not raised yet: planning may add faults of the data. Defaults that depend on
        the data are left open.

    Raises:
        SpecError: It cannot be read as a mapping, or an override cannot be applied.
    """
    return understand(read_draft(spec, overrides, places=places), has_rows=has_rows)


def understand(draft: Draft, *, has_rows: bool = False) -> Request:
    """Validate a draft.

    Args:
        draft: The draft.
        has_rows: Whether the rows come as an argument, so that there must be no `dataset`.

    Returns:
        As `read_spec`.

    Raises:
        SpecError: The rows come as an argument, and there is a `dataset` too.
    """
    raw = {"name": draft.name, **draft.without("sweep").values}  # `gdcli sweep` reads that one
    if has_rows:
        dataset = raw.setdefault("dataset", {})
        if not isinstance(dataset, Mapping) or not dataset.keys() <= {"missing"}:
            message = "the rows come from `data`: leave `dataset` out"
            raise SpecError([Fault(draft.place(("dataset",)), message)])
    values, faults = _validate(raw)
    faults += checks.check(values, has_rows=has_rows)
    wrong = {path[0] if path else "dataset" for path, _ in faults}
    sound = {key: value for key, value in values.items() if key not in wrong}
    return Request(
        spec=Spec(**{"name": draft.name, "dataset": Dataset(), **sound}),
        faults=tuple(Fault(draft.place(path), message) for path, message in faults),
        sound=frozenset(sound),
        draft=draft,
    )


def _validate(raw: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[KeyPath, str]]]:
    """Validate every section by itself, so that one fault does not hide another.

    Returns:
        The valid sections, defaults for those left out, and the faults of the others.
    """
    faults: list[tuple[KeyPath, str]] = []
    parsed = {key: _parse(key, value, faults) for key, value in raw.items() if key in _SECTIONS}
    for key in raw:
        if key in _HOMES:
            faults.append(((key,), f"unknown key '{key}'; did you mean '{_HOMES[key]}'?"))
        elif key not in _SECTIONS:
            faults.append(((key,), unknown_key(key, list(_SECTIONS), "")))
    if "dataset" not in raw:
        faults.append(((), "dataset is required: a path, or {inline: …}, or {synthetic: …}"))
    faulty = {path[0] for path, _ in faults if path}
    values = {key: value for key, value in parsed.items() if key not in faulty}
    for field in fields(Spec):
        if field.name not in raw and field.default is not MISSING:
            values[field.name] = field.default
        elif field.name not in raw and field.default_factory is not MISSING:
            values[field.name] = field.default_factory()
    return values, faults


def _parse(key: str, value: Any, faults: list[tuple[KeyPath, str]]) -> Any:
    """Validate one section; add its faults."""
    if value is None and key in _OPTIONAL:
        return None
    if key == "optimizer":
        return _kind_of(key, value, (key,), faults)
    if key == "schedule" and isinstance(value, tuple):
        if not value:
            faults.append(((key,), "schedule must have at least 1 element"))
        return tuple(_kind_of(key, element, (key, i), faults) for i, element in enumerate(value))
    if key == "schedule":
        return (_kind_of(key, value, (key,), faults),)
    return _section(_SECTIONS[key], value, (key,), faults)


def _kind_of(key: str, value: Any, path: KeyPath, faults: list[tuple[KeyPath, str]]) -> Any:
    """Validate an optimizer or schedule by the class of its kind.

    A discriminated union would build the validators of all 26 kinds: 33 ms at every start. The two in use take 1 ms.
    """
    registry = _REGISTRIES[key]
    if not isinstance(value, dict):
        faults.append((path, f"{path_text(path)} must be {FORMS.get(path, 'a name or a mapping')}, got {shown(value)}"))
        return None
    kind = value.get("kind")
    if "kind" not in value:
        faults.append((path, f"{path_text((*path, 'kind'))} is required: {', '.join(registry)}"))
        return None
    if not isinstance(kind, str) or kind not in registry:
        close = nearest(kind, registry) if isinstance(kind, str) else ""
        hint = f"; did you mean '{close}'?" if close else f"; known: {', '.join(registry)}"
        faults.append(((*path, "kind"), f"unknown {key} {shown(kind)}{hint}"))
        return None
    return _section(registry[kind], value, path, faults)


def _section(kind: Any, value: Any, path: KeyPath, faults: list[tuple[KeyPath, str]]) -> Any:
    """Validate a section by its type; add its faults."""
    try:
        # JSON, because only there pydantic's strict mode reads lists as tuples and mappings as dataclasses.
        return _adapter(kind).validate_json(json.dumps(value, default=repr), strict=True)
    except ValidationError as error:
        errors = list(_of_one_form(error.errors(include_url=False), value))
    parents = {details["loc"][:-1] for details in errors if details["loc"]}
    messages: dict[tuple[KeyPath, str], None] = {}
    for details in errors:
        at = (*path, *details["loc"])
        if details["type"] == "too_short" and details["loc"] in parents:
            continue  # pydantic leaves invalid elements out of the count
        if details["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            owner = _owner(kind, details["loc"][:-1])
            known = [f.name for f in fields(owner)]
            message = unknown_key(str(at[-1]), known, path_text(at[:-1]) + _kind_note(owner))
        elif path == ("init",) and isinstance(value, tuple):
            if not details["loc"] or not isinstance(details["loc"][-1], int):
                continue  # a list is not meant to be a name
            at = (*path, details["loc"][-1])
            message = explain(details, at)
        elif path[0] in ALTERNATIVES:
            at, message = path, f"{path[0]} {ALTERNATIVES[str(path[0])]}, got {shown(value)}"
        elif at[:2] == ("dataset", "inline") and len(at) > 3:
            at = at[:4]
            message = f"{path_text(at)} must be a finite number or text, got {shown(details['input'])}"
        else:
            message = explain(details, at)
        messages[at, message] = None
    faults.extend(messages)
    return None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """The validator of a type, made once."""
    return TypeAdapter(kind, config=None if isinstance(kind, type) else ConfigDict(allow_inf_nan=False))


# Keys of two possible forms: pydantic's name of the second one, and its type in a draft.
_FORKS: dict[str, tuple[str, type]] = {"path": ("tuple[str, ...]", tuple), "gap": ("AtMost", dict)}


def _of_one_form(errors: list[ErrorDetails], section: Any) -> Iterator[ErrorDetails]:
    """Keep the errors of the form that was written, where a key may be one of two; drop the form from the place."""
    for details in errors:
        loc = details["loc"]
        fork = _FORKS.get(str(loc[0])) if len(loc) > 1 else None
        if fork is None:
            yield details
        elif (loc[1] == fork[0]) == isinstance(section[loc[0]], fork[1]):
            details["loc"] = (*loc[:1], *loc[2:])
            yield details


def _owner(kind: Any, loc: Sequence[str | int]) -> Any:
    """The dataclass that an unknown key was put into."""
    if loc and kind is Dataset and loc[0] == "synthetic":
        return Synthetic
    if loc and kind in (Expect, Expect | None) and loc[0] == "gap":
        return AtMost
    return kind if isinstance(kind, type) else next(part for part in kind.__args__ if part is not type(None))


def _kind_note(owner: Any) -> str:
    """Name the kind whose keys these are, for an optimizer or a schedule."""
    kind = getattr(owner, "kind", None)
    return f" of kind {kind}" if isinstance(kind, str) else ""
