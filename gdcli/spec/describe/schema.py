"""The JSON Schema of a spec: what the dataclasses say, and the short forms that a spec may use instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, get_args

from pydantic import TypeAdapter

from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.schedules import SCHEDULES, Schedule
from gdcli.spec.checks import NAME
from gdcli.spec.describe.words import attributes_of
from gdcli.spec.grid import MOST_POINTS, SPACINGS
from gdcli.spec.model import EXPECTED, ScalerName, Section, Spec
from gdcli.spec.sections import SECTIONS

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
AUTOMATIC = {"sgd": ("lr",), "momentum": ("lr", "momentum")}  # optimizer → what `auto` can stand for
PLANNED = {"optimal": {"const": "optimal"}}  # schedules whose rates follow from the data


def schema() -> Schema:
    """Describe a spec as JSON Schema, draft 2020-12.

    The schema accepts every valid spec. It cannot express all rules between keys, such as the number of values of a
    piecewise schedule, nor what depends on the data: `gdcli validate` checks these too.

    Returns:
        The schema, as JSON has it.
    """
    sections, definitions = _by_pydantic()
    _add_automatic(definitions)
    _add_rules(definitions)
    forms = {**sections, **_short_forms(sections), "sweep": _sweep()}
    meanings = {**attributes_of(Spec), "sweep": "What `gdcli sweep` varies: dotted keys and their values."}
    return {
        "$schema": DIALECT,
        "title": "gdcli spec",
        "description": "One experiment of gdcli.",
        "type": "object",
        "properties": {name: {"description": meanings[name], **form} for name, form in forms.items()},
        "required": ["dataset"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _by_pydantic() -> tuple[dict[str, Schema], dict[str, Schema]]:
    """The schemas of the sections by key, and those of the dataclasses by name, with the meanings of their keys."""
    classes: list[type] = [cls for cls in Section.__subclasses__() if cls is not Spec]
    classes += [*OPTIMIZERS.values(), *SCHEDULES.values()]
    types = {name: hint for name, hint in SECTIONS.items() if name not in ("optimizer", "schedule")}
    adapters = {name: TypeAdapter(hint) for name, hint in [*types.items(), *((c.__name__, c) for c in classes)]}
    forms, document = TypeAdapter.json_schemas([(name, "validation", adapter) for name, adapter in adapters.items()])
    definitions: dict[str, Schema] = document["$defs"]
    for cls in classes:
        _explain(definitions[cls.__name__], cls)
    return {name: dict(forms[name, "validation"]) for name in types}, definitions


def _explain(definition: Schema, cls: type) -> None:
    """Add the meaning of each key, where it is documented, and leave titles out, which repeat the keys."""
    definition["description"] = definition["description"].partition("\n\nAttributes:")[0]
    definition["description"] = " ".join(definition["description"].split())
    meanings = {**attributes_of(Schedule), **attributes_of(cls)}
    for name, form in definition["properties"].items():
        form.pop("title", None)
        if name in meanings:
            form["description"] = meanings[name]


def _add_automatic(definitions: dict[str, Schema]) -> None:
    """Let `auto` stand for the hyperparameters that follow from the data."""
    for kind, names in AUTOMATIC.items():
        properties = definitions[OPTIMIZERS[kind].__name__]["properties"]
        for name in names:
            number = properties[name]
            properties[name] = {"default": number.pop("default"), "anyOf": [number, {"const": "auto"}]}


def _add_rules(definitions: dict[str, Schema]) -> None:
    """Add rules that types cannot express."""
    sources = ("path", "synthetic", "inline")
    definitions["Dataset"]["oneOf"] = [{"required": [source]} for source in sources]
    definitions["Scaler"]["properties"]["target"]["not"] = {"const": "sigmoid"}
    definitions["Stop"]["anyOf"] = [{"required": ["gap"]}, {"required": ["patience"]}]
    definitions["Expect"]["anyOf"] = [{"required": [figure]} for figure in EXPECTED]
    kinds: list[type] = [*SCHEDULES.values(), *(cls for kind, cls in OPTIMIZERS.items() if kind != "sgd")]
    for cls in kinds:  # an optimizer without a kind is sgd
        definition = definitions[cls.__name__]
        definition["required"] = ["kind", *definition.get("required", ())]


def _short_forms(sections: Mapping[str, Schema]) -> dict[str, Schema]:
    """The sections that may be written as a name, a path or a list."""
    schedule = _named(SCHEDULES, PLANNED)
    paths = [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
    return {
        "name": {"type": "string", "pattern": f"^(?:{NAME.pattern})$"},
        "dataset": {"anyOf": [*paths, sections["dataset"]]},
        "scaler": {"anyOf": [{"enum": [*get_args(ScalerName)]}, sections["scaler"]]},
        "optimizer": _named(OPTIMIZERS, {}),
        "schedule": {"anyOf": [*schedule["anyOf"], {"type": "array", "items": schedule, "minItems": 1}]},
    }


def _named(registry: Mapping[str, type], more: Mapping[str, Schema]) -> Schema:
    """A kind by its name alone, or as a mapping with its hyperparameters."""
    names = [*dict.fromkeys([*registry, *more])]
    mappings = [{"$ref": f"#/$defs/{cls.__name__}"} for cls in registry.values()]
    others = [
        {"type": "object", "properties": {"kind": form}, "required": ["kind"]}
        for kind, form in more.items()
        if kind not in registry
    ]
    return {"anyOf": [{"enum": names}, *mappings, *others]}


def _sweep() -> Schema:
    """The `sweep:` block: for each key a list, or evenly spaced values."""
    count = {"type": "integer", "minimum": 2, "maximum": MOST_POINTS}
    ends = {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}, count]}
    spaced = [
        {
            "type": "object",
            "properties": {spacing: {**ends, "minItems": 3, "maxItems": 3}},
            "required": [spacing],
            "additionalProperties": False,
        }
        for spacing in SPACINGS
    ]
    values = {"anyOf": [{"type": "array", "minItems": 1, "uniqueItems": True}, *spaced]}
    return {"type": "object", "minProperties": 1, "additionalProperties": values}
