"""Bounds of hyperparameters, as annotations that the spec layer turns into messages."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt

Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Fraction = Annotated[float, Ge(0), Lt(1)]
Share = Annotated[float, Ge(0), Le(1)]
# A count above 10⁹ is a typing error: no machine would finish such a run, and some counters would overflow.
Count = Annotated[int, Ge(1), Le(10**9)]
Whole = Annotated[int, Ge(0), Le(10**9)]


def increasing(values: tuple[float, ...]) -> bool:
    """Whether the values are strictly increasing."""
    return all(a < b for a, b in pairwise(values))
