"""Optimizers that divide by a running magnitude of the gradient: adagrad, rmsprop, adadelta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from gdcli.engine.bounds import Fraction, NonNegative, Positive
from gdcli.engine.optimizers.base import Optimizer, Slots, Value, where


@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer):
    """Adaptive gradient: s ← s + g², w ← w − lr/(1 + (t−1)·lr_decay) · g/(√s + ε).

    `average: true` takes √(s/t), the root of the mean of squared gradients, instead of √s.

    Source: Duchi, Hazan and Singer (2011), Adaptive subgradient methods; `torch.optim.Adagrad`.
    """

    n_slots: ClassVar[int] = 1
    kind: Literal["adagrad"] = "adagrad"
    lr: Positive = 0.01
    lr_decay: NonNegative = 0.0
    initial_accumulator_value: NonNegative = 0.0
    eps: NonNegative = 1e-10
    weight_decay: NonNegative = 0.0
    average: bool = False

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step along the gradient over the root of its squares so far."""
        lr_decay, initial, eps, weight_decay, average = h
        (s,) = slots
        g = g + weight_decay * w
        s = where(t == 1, initial, s) + g * g
        size = np.sqrt(s / where(average > 0, t, 1)) + eps
        return w - lr / (1 + (t - 1) * lr_decay) * g / size, (s,)


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """Root mean square propagation: s ← αs + (1 − α)g², b ← μb + g/(√s + ε), w ← w − lr·b.

    `centered: true` takes the variance s − a² instead of s, with a the same running average of g.

    Source: Tieleman and Hinton (2012), Coursera lecture 6.5; Graves (2013), arXiv 1308.0850, for the centred
    form; `torch.optim.RMSprop`.
    """

    n_slots: ClassVar[int] = 3
    kind: Literal["rmsprop"] = "rmsprop"
    lr: Positive = 0.01
    alpha: Fraction = 0.99
    eps: NonNegative = 1e-8
    momentum: Fraction = 0.0
    centered: bool = False
    weight_decay: NonNegative = 0.0

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step along the gradient over the root of its running mean square."""
        alpha, eps, momentum, centered, weight_decay = h
        s, a, b = slots
        g = g + weight_decay * w
        s = alpha * s + (1 - alpha) * g * g
        a = alpha * a + (1 - alpha) * g
        # s − a² is a variance; rounding must not take it below zero.
        variance = where(centered > 0, np.maximum(s - a * a, 0.0), s)
        b = momentum * b + g / (np.sqrt(variance) + eps)
        return w - lr * b, (s, a, b)


@dataclass(frozen=True, kw_only=True)
class Adadelta(Optimizer):
    """Adaptive delta: Δ = √(u + ε)/√(s + ε) · g, w ← w − lr·Δ, with s and u running means of g² and Δ².

    Source: Zeiler (2012), ADADELTA: an adaptive learning rate method, arXiv 1212.5701; `torch.optim.Adadelta`.
    """

    n_slots: ClassVar[int] = 2
    kind: Literal["adadelta"] = "adadelta"
    lr: Positive = 1.0
    rho: Fraction = 0.9
    eps: NonNegative = 1e-6
    weight_decay: NonNegative = 0.0

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step along the gradient, rescaled by the size of past steps over the size of past gradients."""
        rho, eps, weight_decay = h
        s, u = slots
        g = g + weight_decay * w
        s = rho * s + (1 - rho) * g * g
        delta = np.sqrt(u + eps) / np.sqrt(s + eps) * g
        return w - lr * delta, (s, rho * u + (1 - rho) * delta * delta)
