"""Numbers and lists in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

LARGE_NUMBERS = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))


def figure(value: float, digits: int = 3) -> str:
    """Write a number with a few significant digits: `0.0267`, `4.1e-07`, `17,200`."""
    if math.isinf(value):
        return "infinite"
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if 1000 <= abs(rounded) < 1e6 else f"{value:.{digits}g}"


def rate(value: float, digits: int = 5) -> str:
    """Write a rate with a few significant digits, never rounded up: just below a limit it must stay there."""
    if not 0 < value < math.inf:
        return figure(value)
    return f"{_lower(value, digits):.{digits}g}"


def _lower(value: float, digits: int) -> float:
    """The largest number of so many digits that is at most a value, to rounding."""
    exponent = digits - 1 - math.floor(math.log10(value))
    scaled = Decimal(value).scaleb(exponent) * (1 + Decimal("1e-13"))
    return float(scaled.to_integral_value(ROUND_FLOOR).scaleb(-exponent))


def percent(share: float) -> str:
    """Write a share: `80.5 %`, `0.21 %`."""
    return f"{figure(100 * share, 2 if share < 0.1 else 3)} %"


def share_of(share: float, whole: str) -> str:
    """Write a share of something, from tenfold on as a multiple: `80.5 % of it`, `12 times it`."""
    return f"{times(share)} {whole}" if share >= 10 else f"{percent(share)} of {whole}"


def times(factor: float) -> str:
    """Write a multiple: `3 times`; just above 1 with more digits, `1.0036 times`."""
    if math.isinf(factor):
        return "more than 1e+308 times"
    return f"{figure(factor, 5 if 1 < factor < 1.01 else 3)} times"


def count(number: int) -> str:
    """Write a number of things: `41,238`, `3.2 million`."""
    for size, name in LARGE_NUMBERS:
        if number >= size:
            return f"{figure(number / size)} {name}"
    return f"{number:,}"


def epochs(number: int) -> str:
    """Write a number of epochs: `1 epoch`, `41,238 epochs`."""
    return "1 epoch" if number == 1 else f"{count(number)} epochs"


def listed(names: Sequence[str]) -> str:
    """Write a list: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), *names[-1:]]) if len(names) > 1 else "".join(names)


def sentence(text: str) -> str:
    """End with a full stop, and begin with a capital, unless it begins with a name, which keeps its letters."""
    return f"{text[0].upper()}{text[1:]}." if text.startswith(("the ", "or ")) else f"{text}."
