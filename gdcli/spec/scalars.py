"""Plain scalars under the YAML 1.2 core schema: what text without quotes means."""

from __future__ import annotations

import re
from typing import Any

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
}


def scalar(text: str) -> Any:
    """The value of a plain scalar under the YAML 1.2 core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return bounded(int(text, 0)) if text[:2] in ("0o", "0x") else _decimal(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _decimal(text: str) -> int | float:
    """An integer of up to 400 digits, otherwise an infinity. Python refuses to parse more than 4,300 digits."""
    digits, sign = text.lstrip("+-").lstrip("0") or "0", -1 if text[0] == "-" else 1
    return bounded(sign * int(digits)) if len(digits) <= 400 else sign * float("inf")


def bounded(number: int) -> int | float:
    """An integer, or an infinity if it exceeds the largest double, so that no other code meets thousands of digits."""
    try:
        float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
    return number
