"""Messages for pydantic's errors: the fault, and how to correct it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic_core import ErrorDetails

from gdcli.errors import counted, suggestion
from gdcli.spec.strict_yaml import KeyPath

# The path of a key or an element, and a message: a fault whose place is not known yet.
Flaw: TypeAlias = tuple[KeyPath, str]

# Fields of several types, for which pydantic reports one error per type.
ALTERNATIVES: dict[str, str] = {
    "batch_size": "must be `full` or an integer of at least 1",
    "init": "must be `normal`, `zeros` or a list of numbers",
}

# The forms of sections that need not be mappings.
FORMS: dict[KeyPath, str] = {
    ("dataset",): "a path or a mapping",
    ("scaler",): "a name or a mapping",
    ("optimizer",): "a name or a mapping",
    ("schedule",): "a name, a mapping or a list",
}

# Examples for keys whose value must be a list, by the last part of the key; `A_LIST` for all others.
LISTS: dict[str | int, str] = {
    "features": "[Length, Diameter]",
    "betas": "[0.9, 0.999]",
    "etas": "[0.5, 1.2]",
    "step_sizes": "[1e-6, 50]",
    "milestones": "[30, 60]",
    "boundaries": "[30, 60]",
    "values": "[0.1, 0.01]",
}
A_LIST = "[1, 2, 3]"


def path_text(path: KeyPath) -> str:
    """Write a path as users do: `optimizer.betas[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{cut(part)}" if text else cut(part)
    return text


def shown(value: Any) -> str:
    """Show a value in a message, shortened if it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return cut(f"'{value}'" if isinstance(value, str) else str(value))


def cut(text: str) -> str:
    """Shorten a text to 60 characters."""
    return text if len(text) <= 60 else text[:57] + "…"


def one_of(value: Any, words: Sequence[str]) -> str:
    """Say that a value is not one of the known words, and which one was probably meant."""
    hint = suggestion(value, words) if isinstance(value, str) else ""
    hint = "" if hint.startswith("; known") else hint
    listing = ", ".join(word if word.isidentifier() else f"'{word}'" for word in words)
    return f"must be one of {listing}, got {shown(value)}{hint}"


def unknown_key(key: str, keys: Sequence[str], parent: str) -> str:
    """Say that a key is unknown, and which one was probably meant."""
    return f"unknown key '{cut(key)}'{f' in {parent}' if parent else ''}{suggestion(key, keys)}"


def _quote_hint(value: Any) -> str:
    return f"; write '{value}' in quotes" if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _not_listed(error: ErrorDetails) -> str:
    # Pydantic quotes each word, and separates them by commas and "or".
    return one_of(error["input"], re.findall(r"'((?:[^'\\]|\\.)*)'", error["ctx"]["expected"]))


def _length(error: ErrorDetails) -> str:
    ctx = error["ctx"]
    exact: int = ctx["min_length"] if "min_length" in ctx else ctx["max_length"]
    if isinstance(error["input"], str):
        return f"must be {exact} character long, got {shown(error['input'])}"
    bound = "at least" if "min_length" in ctx else "at most"
    return f"must have {bound} {counted(exact, 'value')}, got {ctx['actual_length']}"


_TEMPLATES: dict[str, Callable[[ErrorDetails], str]] = {
    "missing": lambda _: "is required",
    "greater_than": lambda e: f"must be greater than {e['ctx']['gt']:g}, got {shown(e['input'])}",
    "greater_than_equal": lambda e: f"must be at least {e['ctx']['ge']:g}, got {shown(e['input'])}",
    "less_than": lambda e: f"must be less than {e['ctx']['lt']:.10g}, got {shown(e['input'])}",
    "less_than_equal": lambda e: f"must be at most {e['ctx']['le']:.10g}, got {shown(e['input'])}",
    "finite_number": lambda e: f"must be a finite number, got {shown(e['input'])}",
    "float_type": lambda e: f"must be a number, got {shown(e['input'])}",
    "int_type": lambda e: f"must be an integer, got {shown(e['input'])}",
    "int_from_float": lambda e: f"must be an integer, got {shown(e['input'])}",
    "bool_type": lambda e: f"must be true or false, got {shown(e['input'])}",
    "string_type": lambda e: f"must be text, got {shown(e['input'])}{_quote_hint(e['input'])}",
    "tuple_type": lambda e: f"must be a list such as {LISTS.get(e['loc'][-1], A_LIST)}, got {shown(e['input'])}",
    "dict_type": lambda e: f"must be a mapping, got {shown(e['input'])}",
    "literal_error": _not_listed,
    "json_invalid": lambda _: "contains a name that is not valid UTF-8; rename the file",
    "too_short": _length,
    "too_long": _length,
    "string_too_short": _length,
    "string_too_long": _length,
    "predicate_failed": lambda e: f"must increase, got {cut(', '.join(map(str, e['input'])))}",
}


def explain(error: ErrorDetails, path: KeyPath) -> str:
    """Turn one of pydantic's errors into a message.

    Args:
        error: As pydantic gives it.
        path: The path of the value in the spec.

    Returns:
        `optimizer.lr must be greater than 0, got -0.1`.
    """
    if error["type"] == "dataclass_type":
        return f"{path_text(path)} must be {FORMS.get(path, 'a mapping')}, got {shown(error['input'])}"
    template = _TEMPLATES.get(error["type"])
    problem = template(error) if template else f"is not valid ({error['msg']}), got {shown(error['input'])}"
    return f"{path_text(path)} {problem}"
