"""Validate a draft as a spec: every section by itself, all faults at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from os import PathLike
from typing import Any

from gdcli.errors import Fault, SpecError
from gdcli.spec import checks
from gdcli.spec.advice import Style, how_to_set, style_of
from gdcli.spec.automatic import refusals, without_auto
from gdcli.spec.draft import Draft, read_draft
from gdcli.spec.messages import Flaw, unknown_key
from gdcli.spec.model import Columns, Dataset, Expect, Spec, Split, Stop
from gdcli.spec.sections import SECTIONS, parse_section
from gdcli.spec.strict_yaml import KeyPath, Places

# Where keys belong that users may write at the top level by mistake.
_HOMES = {
    field.name: f"{name}.{field.name}"
    for name, section in (("columns", Columns), ("split", Split), ("stop", Stop), ("expect", Expect))
    for field in fields(section)
    if field.name not in SECTIONS
} | {"lr": "optimizer.lr"}


@dataclass(frozen=True)
class Request:
    """The request of a user: a spec, its faults, and the places of its keys.

    Attributes:
        spec: The spec, with defaults for invalid sections.
        faults: Its faults.
        valid_sections: Names of the sections that are valid or left out.
        draft: The draft that was validated.
        automatic: The settings of the optimizer that are `auto`, `lr` and `momentum` at most; `spec` has their
            defaults, and planning replaces these.
    """

    spec: Spec
    faults: tuple[Fault, ...]
    valid_sections: frozenset[str]
    draft: Draft
    automatic: frozenset[str] = frozenset()

    def fault(self, path: KeyPath, message: str) -> Fault:
        """A fault at a key or element, or at the nearest parent that has a place."""
        return Fault(self.draft.place(path), message)

    def key(self, name: str) -> str:
        """The name of a key of `columns` as the user gives it: an option, an argument, or the key itself."""
        place = self.draft.places.get(("columns", name))
        return place.label if place and not place.line and "=" not in place.label else f"columns.{name}"

    @property
    def style(self) -> Style:
        """How the user gives settings of the dataset."""
        return style_of(self.draft.places.get(("dataset", "missing")))

    def how_to_set(self, values: Mapping[str, str]) -> str:
        """Write settings of the dataset as the user gives them."""
        beside = [f"{key}: …" for key in ("path", "inline", "synthetic") if getattr(self.spec.dataset, key) is not None]
        return how_to_set(self.style, values, beside=", ".join(beside))


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
        has_rows: Whether the rows are given as an argument, so that `dataset` must be left out.
        places: Places of a mapping's keys in messages.

    Returns:
        The spec and all its faults, not raised yet: planning may add faults of the data. Defaults that depend on
        the data are not filled in.

    Raises:
        SpecError: The spec cannot be read as a mapping, or an override cannot be applied.
    """
    return understand(read_draft(spec, overrides, places=places), has_rows=has_rows)


def understand(draft: Draft, *, has_rows: bool = False) -> Request:
    """Validate a draft.

    Args:
        draft: The draft.
        has_rows: Whether the rows are given as an argument, so that `dataset` must be left out.

    Returns:
        As `read_spec`.

    Raises:
        SpecError: The rows are given as an argument and by `dataset`.
    """
    raw = {"name": draft.name, **draft.without("sweep").values}  # `gdcli sweep` reads that block
    if has_rows:
        dataset = raw.setdefault("dataset", {})
        if not isinstance(dataset, Mapping) or not dataset.keys() <= {"missing"}:
            message = "the rows come from `data`: leave `dataset` out"
            raise SpecError([Fault(draft.place(("dataset",)), message)])
    raw, automatic = without_auto(raw)
    values, flaws = _validate(raw)
    flaws += [*checks.check(values, has_rows=has_rows), *refusals(automatic, values)]
    wrong = {path[0] if path else "dataset" for path, _ in flaws}
    valid = {key: value for key, value in values.items() if key not in wrong}
    return Request(
        spec=Spec(**{"name": draft.name, "dataset": Dataset(), **valid}),
        faults=tuple(Fault(draft.place(path), message) for path, message in flaws),
        valid_sections=frozenset(valid),
        draft=draft,
        automatic=automatic,
    )


def _validate(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Flaw]]:
    """Validate every section by itself, so that one fault does not hide another.

    Returns:
        The valid sections, the defaults of sections left out, and the faults of the others.
    """
    sections = {key: parse_section(key, value) for key, value in raw.items() if key in SECTIONS}
    values = {key: section.value for key, section in sections.items() if not section.flaws}
    flaws = [flaw for section in sections.values() for flaw in section.flaws]
    return _defaults(raw) | values, [*flaws, *_keys(raw)]


def _keys(raw: Mapping[str, Any]) -> Iterator[Flaw]:
    """Find unknown keys and missing ones."""
    for key in raw:
        if key in _HOMES:
            yield (key,), f"unknown key '{key}'; did you mean '{_HOMES[key]}'?"
        elif key not in SECTIONS:
            yield (key,), unknown_key(key, list(SECTIONS), "")
    if "dataset" not in raw:
        yield (), "dataset is required: a path, or {inline: …}, or {synthetic: …}"


def _defaults(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of the sections that are left out."""
    missing = [field for field in fields(Spec) if field.name not in raw]
    return {
        **{field.name: field.default for field in missing if field.default is not MISSING},
        **{field.name: field.default_factory() for field in missing if field.default_factory is not MISSING},
    }
