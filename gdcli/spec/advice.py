"""Settings of the dataset as messages write them, ready to be copied."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Literal, TypeAlias

from gdcli.errors import Place

# How settings are given: in a spec, as options of a command, or as arguments in Python.
Style: TypeAlias = Literal["spec", "option", "argument"]


def style_of(place: Place | None) -> Style:
    """How settings are given, judged by the place of `missing`."""
    label = place.label if place else ""
    return "option" if label == "--missing" else "argument" if label == "missing" else "spec"


def setting(style: Style, values: Mapping[str, str], *, beside: str = "path: …") -> str:
    """Say how to give settings.

    Args:
        style: How settings are given.
        values: Keys of the dataset, with their values.
        beside: The other keys of the dataset in a spec.

    Returns:
        `set dataset: {path: …, delimiter: ';'}`, `give --delimiter ';'` or `give delimiter=';'`.
    """
    if style == "option":
        return "give " + " ".join(f"--{key} {shlex.quote(_escaped(value))}" for key, value in values.items())
    if style == "argument":
        return "give " + ", ".join(f"{key}={value!r}" for key, value in values.items())
    parts = [beside] if beside else []
    return f"set dataset: {{{', '.join([*parts, *(f'{key}: {_yaml(value)}' for key, value in values.items())])}}}"


def _escaped(value: str) -> str:
    return value.encode("unicode_escape").decode() if not value.isprintable() else value


def _yaml(value: str) -> str:
    if not value.isprintable():
        return f'"{_escaped(value)}"'
    return value if value.replace("-", "").isalnum() else repr(value)
