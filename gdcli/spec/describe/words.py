"""The fields of a dataclass in words: type with bounds, default, and meaning."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, get_type_hints

import annotated_types

from gdcli.spec.model import AtMost, plain

_WORDS: dict[Any, str] = {float: "number", int: "integer", str: "text", bool: "true or false"}
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNS: tuple[tuple[type, str, str], ...] = (
    (annotated_types.Gt, "gt", ">"),
    (annotated_types.Ge, "ge", "≥"),
    (annotated_types.Lt, "lt", "<"),
    (annotated_types.Le, "le", "≤"),
)


@dataclass(frozen=True)
class Key:
    """One key of a spec, in words. Backticks surround what a spec has literally.

    Attributes:
        name: The key.
        value: Its type and its bounds.
        default: Its default as a spec has it; empty for none, `required` for a key that must be given.
        meaning: What it means, where the docstring of its class says so.
        given: Its default as plain data; None for none.
    """

    name: str
    value: str
    default: str
    meaning: str = ""
    given: Any = None

    @property
    def is_required(self) -> bool:
        """Whether a spec must give it."""
        return self.default == "required"

    @property
    def document(self) -> dict[str, Any]:
        """The key as JSON."""
        value = self.value.replace("`", "")
        return {"key": self.name, "value": value, "required": self.is_required, "default": self.given}


def keys_of(cls: type) -> Iterator[Key]:
    """Describe the fields of a dataclass.

    Args:
        cls: The dataclass.

    Yields:
        One key per field, in order.
    """
    hints, meanings = get_type_hints(cls, include_extras=True), attributes_of(cls)
    for field in fields(cls):
        default = None if field.default is MISSING else plain(field.default)
        value, words = type_words(hints[field.name]), default_words(field)
        yield Key(field.name, value, words, meanings.get(field.name, ""), default)


def attributes_of(cls: type) -> dict[str, str]:
    """The entries of the `Attributes:` section of a class's docstring, name → meaning."""
    listed = (inspect.getdoc(cls) or "").partition("Attributes:\n")[2]
    entries = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", listed, flags=re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in entries}


def type_words(hint: Any) -> str:
    """Write a type in words, with its bounds: `number > 0`."""
    args: list[Any] = list(getattr(hint, "__args__", ()))
    if hasattr(hint, "__metadata__"):
        bounds = [text for text in map(_bound, hint.__metadata__) if text]
        return type_words(hint.__origin__) + (f" {', '.join(bounds)}" if bounds else "")
    if hint in _WORDS:
        return _WORDS[hint]
    if hint is AtMost:
        return f"`{{at_most: …}}` with a {type_words(get_type_hints(AtMost, include_extras=True)['at_most'])}"
    return _composed(str(getattr(hint, "__origin__", "")), args)


def _composed(origin: str, args: list[Any]) -> str:
    """A type that is made of others."""
    if "Literal" in origin:
        return ", ".join(f"`{value}`" for value in args)
    if "tuple" in origin:
        return f"list of {type_words(args[0])}" if Ellipsis in args else f"[{', '.join(map(type_words, args))}]"
    if "dict" in origin:
        return "mapping of names to lists"
    return " or ".join(type_words(arg) for arg in args if arg is not type(None))


def _bound(bound: Any) -> str:
    for kind, attribute, sign in _SIGNS:
        if isinstance(bound, kind):
            return f"{sign} {_short(getattr(bound, attribute))}"
    if isinstance(bound, annotated_types.Predicate):
        return "(increasing)"
    is_lower = isinstance(bound, annotated_types.Len) and bound.max_length is None and bound.min_length > 1
    return f"(at least {bound.min_length})" if is_lower else ""


def _short(number: float) -> str:
    """A bound; a large power of ten by its exponent."""
    digits = str(number)
    is_power = len(digits) > 6 and digits.rstrip("0") == "1"
    return "10" + str(len(digits) - 1).translate(_RAISED) if is_power else digits


def default_words(field: Field[Any]) -> str:
    """Write the default of a field as a spec would; nothing where there is none."""
    if field.default_factory is not MISSING:
        value = plain(field.default_factory())
        return _written(value[0] if isinstance(value, list) else value)
    if field.default is MISSING:
        return "the file's stem" if field.name == "name" else "required"
    return "" if field.default is None else _written(plain(field.default))


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "`{" + ", ".join(f"{key}: {_bare(part)}" for key, part in value.items()) + "}`"
    return f"`{_bare(value)}`"


def _bare(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
