"""How messages name a setting of the dataset, so that it can be copied to where it belongs."""

from __future__ import annotations

import shlex
from typing import Literal, TypeAlias

# Where settings are given: in a spec, as options of a command, or as arguments in Python.
Style: TypeAlias = Literal["spec", "option", "argument"]


def setting(style: Style, key: str, value: str, *, beside: str = "path: …, ") -> str:
    """Say how to give a setting.

    Args:
        style: Where.
        key: Of the dataset.
        value: For the key.
        beside: What else the dataset of a spec holds.

    Returns:
        `set dataset: {path: …, delimiter: ';'}`, `give --delimiter ';'` or `give delimiter=';'`.
    """
    if style == "option":
        return f"give --{key} {shlex.quote(value)}".replace("\t", "\\t")
    if style == "argument":
        return f"give {key}={value!r}"
    shown = '"\\t"' if value == "\t" else value if value.replace("-", "").isalnum() else repr(value)
    return f"set dataset: {{{beside}{key}: {shown}}}"
