"""From a YAML file or a mapping to a spec: short forms written out, overrides applied, all faults at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.schedules import SCHEDULES
from gdcli.errors import Fault, Place, SpecError, suggestion
from gdcli.experiment import checks
from gdcli.experiment.faults import ALTERNATIVES, FORMS, explain, path_text, shown, unknown_key
from gdcli.experiment.markup import KeyPath, Places, parse, read_file
from gdcli.experiment.spec import Columns, Dataset, Expect, Spec, Split, Stop, Synthetic

_HINTS = get_type_hints(Spec, include_extras=True)
_SECTIONS: dict[str, Any] = {field.name: _HINTS[field.name] for field in fields(Spec)}
# Keys that belong into a section, by the section they belong into.
_HOMES = {
    field.name: f"{name}.{field.name}"
    for name, section in (("columns", Columns), ("split", Split), ("stop", Stop), ("expect", Expect))
    for field in fields(section)
    if field.name not in _SECTIONS
} | {"lr": "optimizer.lr"}
_OPTIONAL = tuple(name for name, hint in _SECTIONS.items() if type(None) in getattr(hint, "__args__", ()))
_REGISTRIES: dict[str, Mapping[str, type]] = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES}


@dataclass(frozen=True)
class Source:
    """A spec with what is needed to speak about it.

    Attributes:
        spec: What it says; defaults stand in for the sections that are wrong.
        faults: What is wrong with it.
        sound: The sections that are right, or not given.
        places: Where each key and element stands.
        label: How messages name the spec.
        base: What a relative dataset path starts from.
    """

    spec: Spec
    faults: tuple[Fault, ...]
    sound: frozenset[str]
    places: Places
    label: str
    base: Path

    def fault(self, path: KeyPath, message: str) -> Fault:
        """A fault at a key or element, or at the nearest thing above it that has a place."""
        return Fault(self.place(path), message)

    def key(self, name: str) -> str:
        """What a user knows a key of `columns` by: an option, an argument, or the key itself."""
        place = self.places.get(("columns", name))
        return place.source if place and not place.line and "=" not in place.source else f"columns.{name}"

    def place(self, path: KeyPath) -> Place:
        """The place of a key or element."""
        return _place(path, self.places, self.label)


def read_spec(
    source: str | PathLike[str] | Mapping[str, Any],
    overrides: Sequence[str] = (),
    *,
    has_rows: bool = False,
    places: Places | None = None,
) -> Source:
    """Read a spec, whatever form it comes in.

    Args:
        source: A YAML file, or a mapping with the same keys.
        overrides: `KEY=VALUE` each, dotted keys, the value read as YAML.
        has_rows: Whether the rows come from elsewhere, so that there must be no `dataset`.
        places: What messages name as the places of a mapping's keys.

    Returns:
        The spec, every default written out but for those that depend on the data, and all its faults. It is for
        `plan` to raise them, which may find more in the data.

    Raises:
        SpecError: It is not even a mapping that could be looked at key by key.
    """
    if isinstance(source, Mapping):
        label, base, default_name = "spec", Path(), "run"
        raw, found_at = _normal(source), dict(places or {})
    else:
        path = Path(source)
        label, base, default_name = str(path), path.parent, path.name.removesuffix(path.suffix)
        raw, found_at = read_file(path, label)
    raw = _written_out(raw)
    for override in overrides:
        base = _override(raw, found_at, override, base)
        raw = _written_out(raw)
    if has_rows:
        if "dataset" in raw:
            message = "the rows come from `data`: leave `dataset` out"
            raise SpecError([Fault(_place(("dataset",), found_at, label), message)])
        raw["dataset"] = {}
    values, found = _validate({"name": default_name, **raw})
    found += checks.check(values, has_rows=has_rows)
    wrong = {path[0] if path else "dataset" for path, _ in found}
    sound = {key: value for key, value in values.items() if key not in wrong}
    return Source(
        spec=Spec(**{"name": default_name, "dataset": Dataset(), **sound}),
        faults=tuple(Fault(_place(path, found_at, label), message) for path, message in found),
        sound=frozenset(sound),
        places=found_at,
        label=label,
        base=base,
    )


def _place(path: KeyPath, places: Places, label: str) -> Place:
    """The place of a path, or of the nearest thing above it, or of the first thing below it."""
    for end in range(len(path), 0, -1):
        if path[:end] in places:
            return places[path[:end]]
    below = [place for known, place in places.items() if path and known[: len(path)] == path]
    return below[0] if below else Place(label)


def _normal(value: Any) -> Any:
    """Bring Python and NumPy values to what YAML gives: text keys, tuples, plain scalars."""
    if isinstance(value, Mapping):
        return {str(key): _normal(part) for key, part in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(map(_normal, value))
    return str(value) if isinstance(value, PathLike) else value


def _written_out(raw: dict[str, Any]) -> dict[str, Any]:
    """Write short forms out: a name becomes the mapping that it stands for."""
    raw = dict(raw)
    for key, name in (("dataset", "path"), ("scaler", "features"), ("optimizer", "kind"), ("schedule", "kind")):
        if isinstance(raw.get(key), str):
            raw[key] = {name: raw[key]}
    if isinstance(raw.get("dataset"), tuple):
        raw["dataset"] = {"path": raw["dataset"]}
    if isinstance(raw.get("schedule"), tuple):
        raw["schedule"] = tuple({"kind": part} if isinstance(part, str) else part for part in raw["schedule"])
    if isinstance(raw.get("optimizer"), dict):
        raw["optimizer"] = {"kind": "sgd", **raw["optimizer"]}
    return raw


def _override(raw: dict[str, Any], places: dict[KeyPath, Place], override: str, base: Path) -> Path:
    """Apply one `KEY=VALUE`; return what a relative dataset path starts from now."""
    place = Place(f"--set {override}")
    key, equals, text = override.partition("=")
    if not (key and equals):
        raise SpecError([Fault(place, "write KEY=VALUE, such as optimizer.lr=0.1")])
    try:
        value, _ = parse(text, "")
    except SpecError as error:
        raise SpecError(Fault(place, fault.message) for fault in error.faults) from error
    path: list[str | int] = []
    node: Any = raw
    *above, last = key.split(".")
    for part in above:
        step, node = _step(node, part, place, path)
        path.append(step)
    if isinstance(node, tuple) and last.isdigit() and int(last) < len(node):
        raise SpecError([Fault(place, f"set {path_text(tuple(path))} as a whole: one element alone cannot be set")])
    if not isinstance(node, dict):
        raise SpecError([Fault(place, f"{path_text(tuple(path))} is {shown(node)} and has no key '{last}'")])
    node[last] = value
    target = (*path, last)
    for old in [old for old in places if old[: len(target)] == target]:
        del places[old]
    places[target] = place
    # A path typed at the prompt is meant from where the prompt is, not from where the spec is.
    return Path() if target in (("dataset",), ("dataset", "path")) else base


def _step(node: Any, part: str, place: Place, path: list[str | int]) -> tuple[str | int, Any]:
    """Go one step down a dotted key, making a mapping where there is nothing yet."""
    if isinstance(node, tuple) and part.isdigit() and int(part) < len(node):
        return int(part), node[int(part)]
    if not isinstance(node, dict):
        raise SpecError([Fault(place, f"{path_text(tuple(path))} is {shown(node)} and has no key '{part}'")])
    if node.get(part) is None:
        node[part] = {"kind": "sgd"} if not path and part == "optimizer" else {}
    return part, node[part]


def _validate(raw: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[KeyPath, str]]]:
    """Validate every section by itself, so that one fault does not hide another.

    Returns:
        The sections that are right, defaults for those not given, and what is wrong with the others.
    """
    found: list[tuple[KeyPath, str]] = []
    parsed = {key: _parse(key, value, found) for key, value in raw.items() if key in _SECTIONS}
    for key in raw:
        if key in _HOMES:
            found.append(((key,), f"unknown key '{key}'; did you mean '{_HOMES[key]}'?"))
        elif key not in _SECTIONS:
            found.append(((key,), unknown_key(key, list(_SECTIONS), "")))
    if "dataset" not in raw:
        found.append(((), "dataset is required: a path, or {inline: …}, or {synthetic: …}"))
    faulty = {path[0] for path, _ in found if path}
    values = {key: value for key, value in parsed.items() if key not in faulty}
    for field in fields(Spec):
        if field.name not in raw and field.default is not MISSING:
            values[field.name] = field.default
        elif field.name not in raw and field.default_factory is not MISSING:
            values[field.name] = field.default_factory()
    return values, found


def _parse(key: str, value: Any, found: list[tuple[KeyPath, str]]) -> Any:
    """Validate one section; note what is wrong with it."""
    if value is None and key in _OPTIONAL:
        return None
    if key == "optimizer":
        return _kind_of(key, value, (key,), found)
    if key == "schedule" and isinstance(value, tuple):
        if not value:
            found.append(((key,), "schedule must have at least 1 element"))
        return tuple(_kind_of(key, element, (key, i), found) for i, element in enumerate(value))
    if key == "schedule":
        return (_kind_of(key, value, (key,), found),)
    return _section(_SECTIONS[key], value, (key,), found)


def _kind_of(key: str, value: Any, path: KeyPath, found: list[tuple[KeyPath, str]]) -> Any:
    """Validate an optimizer or schedule by the class that its kind names."""
    registry = _REGISTRIES[key]
    if not isinstance(value, dict):
        found.append((path, f"{path_text(path)} must be {FORMS.get(path, 'a name or a mapping')}, got {shown(value)}"))
        return None
    kind = value.get("kind")
    if "kind" not in value:
        found.append((path, f"{path_text((*path, 'kind'))} is required: {', '.join(registry)}"))
        return None
    if not isinstance(kind, str) or kind not in registry:
        hint = suggestion(kind, registry) if isinstance(kind, str) else f"; known: {', '.join(registry)}"
        found.append(((*path, "kind"), f"unknown {key} {shown(kind)}{hint}"))
        return None
    return _section(registry[kind], value, path, found)


def _section(kind: Any, value: Any, path: KeyPath, found: list[tuple[KeyPath, str]]) -> Any:
    """Validate a section by its type; note what is wrong with it."""
    try:
        # By way of JSON, where pydantic's strict mode takes lists as tuples and mappings as dataclasses.
        config = None if isinstance(kind, type) else ConfigDict(allow_inf_nan=False)
        return TypeAdapter(kind, config=config).validate_json(json.dumps(value, default=repr), strict=True)
    except ValidationError as error:
        errors = list(_of_one_path(error.errors(include_url=False), value))
    places = [details["loc"] for details in errors]
    for details in errors:
        at = (*path, *details["loc"])
        if details["type"] == "too_short" and any(loc[:-1] == details["loc"] for loc in places if loc):
            continue  # what is wrong with an element does not make the list short
        if details["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            owner = _owner(kind, details["loc"][:-1])
            known = [f.name for f in fields(owner)]
            message = unknown_key(str(at[-1]), known, path_text(at[:-1]) + _kind_note(owner))
        elif path == ("init",) and isinstance(value, tuple):
            if not details["loc"] or not isinstance(details["loc"][-1], int):
                continue  # a list is meant to be neither of the names
            at = (*path, details["loc"][-1])
            message = explain(details, at)
        elif path[0] in ALTERNATIVES:
            at, message = path, f"{path[0]} {ALTERNATIVES[str(path[0])]}, got {shown(value)}"
        elif at[:2] == ("dataset", "inline") and len(at) > 3:
            at = at[:4]
            message = f"{path_text(at)} must be a finite number or text, got {shown(details['input'])}"
        else:
            message = explain(details, at)
        if (at, message) not in found:
            found.append((at, message))
    return None


def _of_one_path(errors: list[ErrorDetails], dataset: Any) -> Iterator[ErrorDetails]:
    """Leave out what a path has against being a list, and a list against being a path; neither is part of the place."""
    for details in errors:
        loc = details["loc"]
        if loc[:1] != ("path",) or len(loc) == 1:
            yield details
        elif (loc[1] == "str") != isinstance(dataset["path"], tuple):
            details["loc"] = (*loc[:1], *loc[2:])
            yield details


def _owner(kind: Any, loc: Sequence[str | int]) -> Any:
    """The dataclass that an unknown key was put into."""
    if loc and kind is Dataset and loc[0] == "synthetic":
        return Synthetic
    return kind if isinstance(kind, type) else next(part for part in kind.__args__ if part is not type(None))


def _kind_note(owner: Any) -> str:
    """Name the kind whose keys these are, for an optimizer or a schedule."""
    kind = getattr(owner, "kind", None)
    return f" of kind {kind}" if isinstance(kind, str) else ""
