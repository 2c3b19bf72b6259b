"""Schedules that hold or fall: constant, steps of every kind, exponential, inverse and polynomial decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Len, Predicate

from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.bounds import Count, NonNegative, Positive, increasing
from gdcli.engine.schedules.base import Schedule, known

Ticks = Annotated[tuple[Count, ...], Len(1), Predicate(increasing)]


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """base."""

    kind: Literal["constant"] = "constant"

    def rates(self, t: IntArray, base: float) -> Array:
        """The same rate throughout."""
        return np.full(t.shape, base)


@dataclass(frozen=True, kw_only=True)
class Step(Schedule):
    """base · gamma^⌊t / every⌋. Source: `torch.optim.lr_scheduler.StepLR`."""

    kind: Literal["step"] = "step"
    every: Count
    gamma: Positive = 0.1

    def rates(self, t: IntArray, base: float) -> Array:
        """Drop by gamma after every so many t."""
        return np.asarray(base * self.gamma ** (t // self.every))


@dataclass(frozen=True, kw_only=True)
class MultiStep(Schedule):
    """base · gamma^(number of milestones ≤ t). Source: `torch.optim.lr_scheduler.MultiStepLR`."""

    kind: Literal["multistep"] = "multistep"
    milestones: Ticks
    gamma: Positive = 0.1

    def rates(self, t: IntArray, base: float) -> Array:
        """Drop by gamma at each milestone."""
        return np.asarray(base * self.gamma ** np.searchsorted(self.milestones, t, side="right"))

    def span(self) -> tuple[str, int]:
        """Up to the last milestone."""
        return "milestones", self.milestones[-1] + 1


@dataclass(frozen=True, kw_only=True)
class Piecewise(Schedule):
    """values[i] between boundaries i − 1 and i: absolute rates, with one value more than boundaries.

    Source: the piecewise constant schedule of Optax and TensorFlow.
    """

    kind: Literal["piecewise"] = "piecewise"
    boundaries: Ticks
    values: Annotated[tuple[NonNegative, ...], Len(2)]

    def rates(self, t: IntArray, base: float) -> Array:
        """The value of the piece that t is in; a boundary belongs to the piece after it."""
        del base  # the rates are absolute
        return np.asarray(self.values)[np.searchsorted(self.boundaries, t, side="right")]

    def span(self) -> tuple[str, int]:
        """Up to the last boundary."""
        return "boundaries", self.boundaries[-1] + 1


@dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """base · gamma^t. Source: `torch.optim.lr_scheduler.ExponentialLR`."""

    kind: Literal["exponential"] = "exponential"
    gamma: Positive

    def rates(self, t: IntArray, base: float) -> Array:
        """Shrink by the same factor at every t."""
        return np.asarray(base * self.gamma**t)


@dataclass(frozen=True, kw_only=True)
class InverseTime(Schedule):
    """base / (1 + decay · t). Source: Robbins and Monro (1951)."""

    kind: Literal["inverse_time"] = "inverse_time"
    decay: NonNegative

    def rates(self, t: IntArray, base: float) -> Array:
        """Fall as one over time."""
        return np.asarray(base / (1 + self.decay * t))


@dataclass(frozen=True, kw_only=True)
class InversePower(Schedule):
    """base / (1 + t)^power. Source: `power_t` of scikit-learn's SGDRegressor, with t from 1."""

    kind: Literal["inverse_power"] = "inverse_power"
    power: NonNegative = 0.25

    def rates(self, t: IntArray, base: float) -> Array:
        """Fall as a power of time."""
        return np.asarray(base / (1.0 + t) ** self.power)


@dataclass(frozen=True, kw_only=True)
class Polynomial(Schedule):
    """base · (1 − min(t, total)/total)^power. Source: `torch.optim.lr_scheduler.PolynomialLR`."""

    afterwards: ClassVar[str] = "the rate is 0 from there on"
    kind: Literal["polynomial"] = "polynomial"
    total: Count | None = None
    power: NonNegative = 1.0

    def rates(self, t: IntArray, base: float) -> Array:
        """Fall to zero at `total`, then stay there.

        Raises:
            ValueError: `resolve` has not filled in `total`.
        """
        total = known(self.total)
        return np.asarray(base * (1 - np.minimum(t, total) / total) ** self.power)

    def span(self) -> tuple[str, int]:
        """Up to `total`.

        Raises:
            ValueError: `resolve` has not filled in `total`.
        """
        return "total", known(self.total)
