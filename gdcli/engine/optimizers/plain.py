"""Optimizers that follow the gradient or its sign: sgd, momentum, rprop, lion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt, Lt, Predicate

from gdcli.engine.bounds import Fraction, NonNegative, Positive, increasing
from gdcli.engine.optimizers.base import Optimizer, Slots, Value, where


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """Plain gradient descent: w ← w − lr·(g + λw).

    Source: Robbins and Monro (1951), A stochastic approximation method; `torch.optim.SGD`.
    """

    kind: Literal["sgd"] = "sgd"
    lr: Positive = 0.01
    weight_decay: NonNegative = 0.0

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step against the gradient."""
        (weight_decay,) = h
        return w - lr * (g + weight_decay * w), slots


@dataclass(frozen=True, kw_only=True)
class Momentum(Optimizer):
    """Heavy ball or Nesterov: v ← μv + (1 − τ)g, w ← w − lr·v, with v = g at the first step.

    Nesterov steps along g + μv instead. `dampening: 0.9` with `momentum: 0.9` is the exponentially weighted
    average of the gradients.

    Source: Polyak (1964); Sutskever et al. (2013); `torch.optim.SGD` with `momentum`.
    """

    n_slots: ClassVar[int] = 1
    kind: Literal["momentum"] = "momentum"
    lr: Positive = 0.01
    momentum: Fraction = 0.9
    dampening: NonNegative = 0.0
    nesterov: bool = False
    weight_decay: NonNegative = 0.0

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step along the velocity, or along Nesterov's look-ahead."""
        momentum, dampening, nesterov, weight_decay = h
        (v,) = slots
        g = g + weight_decay * w
        v = where(t == 1, g, momentum * v + (1 - dampening) * g)
        return w - lr * where(nesterov > 0, g + momentum * v, v), (v,)


@dataclass(frozen=True, kw_only=True)
class Rprop(Optimizer):
    """Resilient propagation: s ← s·η⁺ where g keeps its sign, s·η⁻ where it changes; w ← w − sign(g)·s.

    s starts at lr and stays within `step_sizes`. Where the sign of g changes, the weight is not updated in that step. A
    schedule has no effect after the first step. Intended for full batches.

    Source: Riedmiller and Braun (1993), A direct adaptive method for faster backpropagation learning;
    `torch.optim.Rprop`.
    """

    n_slots: ClassVar[int] = 2
    kind: Literal["rprop"] = "rprop"
    lr: Positive = 0.01
    etas: tuple[Annotated[float, Gt(0), Lt(1)], Annotated[float, Gt(1)]] = (0.5, 1.2)
    step_sizes: Annotated[tuple[Positive, Positive], Predicate(increasing)] = (1e-6, 50.0)

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step by the sign of the gradient, with its own step size for each weight."""
        shrink, grow, smallest, largest = h
        size, previous = slots
        agreement = g * previous
        factor = where(agreement > 0, grow, where(agreement < 0, shrink, 1.0))
        size = np.minimum(np.maximum(where(t == 1, lr, size) * factor, smallest), largest)
        g = where(agreement < 0, 0.0, g)
        return w - np.sign(g) * size, (size, g)


@dataclass(frozen=True, kw_only=True)
class Lion(Optimizer):
    """Evolved sign momentum: w ← w − lr·(sign(β₁m + (1 − β₁)g) + λw), then m ← β₂m + (1 − β₂)g.

    Source: Chen et al. (2023), Symbolic discovery of optimization algorithms, arXiv 2302.06675, algorithm 2.
    """

    n_slots: ClassVar[int] = 1
    kind: Literal["lion"] = "lion"
    lr: Positive = 1e-4
    betas: tuple[Fraction, Fraction] = (0.9, 0.99)
    weight_decay: NonNegative = 0.0

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step by the sign of the interpolated momentum."""
        beta1, beta2, weight_decay = h
        (m,) = slots
        direction = np.sign(beta1 * m + (1 - beta1) * g)
        return w - lr * (direction + weight_decay * w), (beta2 * m + (1 - beta2) * g,)
