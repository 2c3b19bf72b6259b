"""Specs before validation: plain values with their places, short forms written out, overrides applied."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from gdcli.errors import Fault, Place, SpecError, printable
from gdcli.spec.messages import path_text, shown
from gdcli.spec.scalars import bounded
from gdcli.spec.spec_file import is_stream, read_file
from gdcli.spec.strict_yaml import MAX_DEPTH, KeyPath, Places, parse

_INDEX = re.compile("[0-9]{1,9}")  # str.isdigit accepts ² too

LARGEST_SEED = 2**32  # exclusive
MOST_RUNS = 100_000  # per command


@dataclass(frozen=True)
class Draft:
    """The keys and values of a spec, not validated yet.

    Attributes:
        values: Plain values, lists as tuples, short forms written out.
        places: Position of each key and element.
        label: Name of the spec in messages.
        base: Directory that a relative dataset path starts from.
        name: Name of the run, unless the spec gives one.
        file: The file that the spec was read from, if any.
    """

    values: Mapping[str, Any]
    places: Places
    label: str
    base: Path
    name: str
    file: Path | None = None

    def place(self, path: KeyPath) -> Place:
        """The place of a path, or of the nearest path above it, or of the first one below it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        below = (place for other, place in self.places.items() if path and other[: len(path)] == path)
        return next(below, Place(self.label))

    def with_value(self, key: str, value: Any, place: Place) -> Draft:
        """The same draft with the value of one dotted key set.

        Args:
            key: Dotted; a number is the index of a list's element.
            value: A plain value.
            place: Its place in messages.

        Returns:
            The new draft; this one is unchanged.

        Raises:
            SpecError: The key is nested too deeply, or goes through a value that is neither a mapping nor a list.
        """
        path = tuple(_index(part) for part in key.split("."))
        if len(path) > MAX_DEPTH:
            raise SpecError([Fault(place, f"nested deeper than {MAX_DEPTH} levels")])
        values = _assigned(self.values, path, value, (), place)
        places = {other: at for other, at in self.places.items() if other[: len(path)] != path}
        # A path on the command line is relative to the working directory, not to the spec.
        base = Path() if key in ("dataset", "dataset.path") else self.base
        return replace(self, values=_written_out(values), places={**places, path: place}, base=base)

    def without(self, key: str) -> Draft:
        """The same draft without one of its keys."""
        return replace(self, values={name: value for name, value in self.values.items() if name != key})


def read_draft(
    spec: str | PathLike[str] | Mapping[str, Any], overrides: Sequence[str] = (), *, places: Places | None = None
) -> Draft:
    """Read the keys and values of a spec.

    Args:
        spec: A YAML file, or a mapping with the same keys.
        overrides: `KEY=VALUE` each, dotted keys, the value read as YAML.
        places: Places of a mapping's keys in messages.

    Returns:
        The draft.

    Raises:
        SpecError: It is not a mapping, or an override cannot be applied.
    """
    if isinstance(spec, Mapping):
        draft = Draft(values=_written_out(normal(spec)), places=places or {}, label="spec", base=Path(), name="run")
    elif not isinstance(spec, str | PathLike):
        message = f"must be the path of a YAML file or a mapping, got {type(spec).__name__}"
        raise SpecError([Fault(Place("spec"), message)])
    else:
        path = Path(spec)
        values, positions = read_file(path, str(path))
        stem = printable(path.name.removesuffix(path.suffix))
        stream = is_stream(path)
        draft = Draft(
            values=_written_out(values),
            places=positions,
            label=str(path),
            base=Path() if stream else path.parent,
            name=stem,
            file=None if stream else path.absolute(),
        )
    for override in overrides:
        place = Place(f"--set {override}")
        key, equals, text = override.partition("=")
        if not (key and equals):
            raise SpecError([Fault(place, "write KEY=VALUE, such as optimizer.lr=0.1")])
        try:
            value, _ = parse(text, "")
        except SpecError as error:
            raise SpecError(Fault(place, fault.message) for fault in error.faults) from error
        draft = draft.with_value(key, value, place)
    return draft


def reseeded(draft: Draft, i: int) -> Draft:
    """The same draft with its seed increased by i."""
    seed = draft.values.get("seed", 0)
    # A seed that is not a number is reported by the validation.
    return draft.with_value("seed", seed + i, Place("--seeds")) if i and isinstance(seed, int) else draft


def check_seeds(draft: Draft, seeds: int, *, settings: int = 1, place: str = "--seeds") -> None:
    """Check that this many seeds can be run, before anything is planned.

    Args:
        draft: The spec with the first seed.
        seeds: Number of seeds.
        settings: Number of settings, or specs, per seed.
        place: The option or argument in messages.

    Raises:
        SpecError: The last seed is too large, or there are too many runs.
    """
    seed, at = draft.values.get("seed", 0), Place(f"{place} {seeds}" if place.startswith("-") else place)
    if isinstance(seed, int) and 0 <= seed < LARGEST_SEED < seed + seeds:
        most = LARGEST_SEED - seed
        message = f"seeds count up from {seed} and must stay below {LARGEST_SEED}: at most {most}"
        raise SpecError([Fault(at, message)])
    if settings * seeds > MOST_RUNS:
        product = f" ({settings} times {seeds})" if settings > 1 else ""
        raise SpecError([Fault(at, f"these are {settings * seeds} runs{product}; at most {MOST_RUNS} are allowed")])


def _index(part: str) -> str | int:
    return int(part) if _INDEX.fullmatch(part) else part


def _assigned(node: Any, path: KeyPath, value: Any, above: KeyPath, place: Place) -> Any:
    """A copy of a node with the value at the end of a path; missing mappings are created."""
    step, *rest = path
    if isinstance(node, tuple) and isinstance(step, int) and step < len(node):
        if not rest:
            raise SpecError([Fault(place, f"set {path_text(above)} as a whole: one element alone cannot be set")])
        inner = _assigned(node[step], tuple(rest), value, (*above, step), place)
        return (*node[:step], inner, *node[step + 1 :])
    key = str(step)
    if not isinstance(node, Mapping):
        raise SpecError([Fault(place, f"{path_text(above)} is {shown(node)} and has no key '{key}'")])
    if not rest:
        return {**node, key: value}
    empty = {"kind": "sgd"} if not above and key == "optimizer" else {}
    below = empty if node.get(key) is None else node[key]
    return {**node, key: _assigned(below, tuple(rest), value, (*above, key), place)}


def normal(value: Any) -> Any:
    """Convert Python and NumPy values to those of YAML: text keys, tuples, plain scalars."""
    if isinstance(value, Mapping):
        return {str(key): normal(part) for key, part in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(map(normal, value))
    if type(value) is int:
        return bounded(value)
    return str(value) if isinstance(value, PathLike) else value


def _written_out(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Write short forms out: a name becomes a mapping."""
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
