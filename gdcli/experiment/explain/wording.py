"""Numbers in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence


def figure(value: float, digits: int = 3) -> str:
    """Write a number with a few significant digits: `0.0267`, `4.1e-07`, `41,000`."""
    if math.isinf(value):
        return "infinite"
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if 10**digits <= abs(rounded) < 1e6 else f"{value:.{digits}g}"


def rate(value: float) -> str:
    """Write a rate with five significant digits, never rounded up: just below a limit it must stay there."""
    if not 0 < value < math.inf:
        return f"{value:g}"
    exponent = 4 - math.floor(math.log10(value))
    lower = math.floor(value * 10.0**exponent * (1 + 1e-13)) / 10.0**exponent
    return f"{lower:.5g}"


def percent(share: float) -> str:
    """Write a share: `80 %`, `0.21 %`; beyond a hundredfold as a multiple, `1,200 times`."""
    if share >= 10:
        return f"{figure(share)} times"
    return f"{figure(100 * share, 2 if share < 0.1 else 3)} %"


def times(factor: float) -> str:
    """Write a multiple: `3 times`."""
    return f"{figure(factor)} times"


def epochs(count: int) -> str:
    """Write a number of epochs: `1 epoch`, `41,238 epochs`, `3.2 million epochs`."""
    for size, name in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if count >= 10 * size or (count >= size and name == "million"):
            return f"{figure(count / size)} {name} epochs"
    return "1 epoch" if count == 1 else f"{count:,} epochs"


def listed(names: Sequence[str]) -> str:
    """Write a list: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), *names[-1:]]) if len(names) > 1 else "".join(names)
