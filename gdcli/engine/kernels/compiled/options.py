"""Options of the compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

# As in NumPy, a division by zero is infinite and no error.
SEMANTICS: dict[str, Any] = {"error_model": "numpy"}


def part(*, inline: bool = False, sums_in_any_order: bool = False) -> Callable[[F], F]:
    """Compile a function that other compiled ones call.

    Args:
        inline: Whether it becomes part of its caller, which saves the 15 ns per call of counting references to arrays.
        sums_in_any_order: Whether sums may be taken in any order, as vector registers need it; infinities and NaN keep
            their meaning.

    Returns:
        A decorator.
    """
    decorate: Callable[[F], F] = numba.njit(
        inline="always" if inline else "never",
        fastmath={"reassoc", "contract"} if sums_in_any_order else False,
        **SEMANTICS,
    )
    return decorate
