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
        length: For how many epochs or steps an element of a sequence is in force.
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

        Raises:
            ValueError: A default that depends on the length of the run is missing; `resolve` fills it in.
        """

    def span(self) -> tuple[str, int] | None:
        """Say how long the schedule is.

        Returns:
            The field that sets its length, and the length in epochs or steps; None for a schedule without end.

        Raises:
            ValueError: As for `rates`.
        """
        return None


def known(value: int | None) -> int:
    """Return a length that `resolve` has filled in.

    Args:
        value: The length, or None.

    Returns:
        The length.

    Raises:
        ValueError: The length is None, because `resolve` was not called.
    """
    if value is None:
        raise ValueError("the length of the run is not known yet: call resolve first")
    return value
