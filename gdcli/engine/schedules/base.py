"""The base class of schedules: the learning rate as a function of t, the epoch or step counted from 0."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.bounds import Count


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """A learning rate in force during epoch or step t = 0, 1, 2, …; `base` is the optimizer's lr.

    Attributes:
        interval: Whether t counts epochs or steps.
        length: How many t an element of a sequence holds for.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
    # Part of a warning to the user: what happens in a run that is longer than the schedule's span.
    afterwards: ClassVar[str] = ""

    kind: str
    interval: Literal["epoch", "step"] = "epoch"
    length: Count | None = None

    @abstractmethod
    def rates(self, t: IntArray, base: float) -> Array:
        """Rates at t.

        Args:
            t: Epochs or steps, counted from 0, shape (m,).
            base: The optimizer's learning rate.

        Returns:
            The rates, shape (m,).
        """

    def span(self) -> tuple[str, int] | None:
        """The field that sets how long the schedule is, and its length in t; None where it has no end."""
        return None


def known(value: int | None) -> int:
    """Unwrap a length that `resolve` has filled in.

    Args:
        value: The length, or None.

    Returns:
        The length.

    Raises:
        ValueError: It is None, because `resolve` was not called.
    """
    if value is None:
        raise ValueError("the length of the run is not known yet: call resolve first")
    return value
