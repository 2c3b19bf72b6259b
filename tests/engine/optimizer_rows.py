"""Test data for each optimizer: one row per kind, in `ROWS`."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.adam import Adam, Adamax, AdamW, NAdam, RAdam
from gdcli.engine.optimizers.adaptive import Adadelta, Adagrad, RMSprop
from gdcli.engine.optimizers.plain import SGD, Lion, Momentum, Rprop

Gradient: TypeAlias = Callable[[float, int], float]  # of the weight and the step
# The weight after each step, from its start, its gradient, the rate of each step and the hyperparameters.
Reference: TypeAlias = Callable[[float, Gradient, list[float], Any], Iterator[float]]


@dataclass(frozen=True)
class Row:
    """Test data for one optimizer.

    Attributes:
        reference: The rule as a plain loop over the steps of one weight.
        defaults: The default `lr`, then the other hyperparameters as `hyperparameters()` lists them.
        settings: Settings to compare with the reference, the defaults first. Together they change every hyperparameter
            from its default, and no two have the same trajectory.
        lockstep: Three settings that run side by side for tens of epochs without diverging.
        lr: A rate at which 1,000 steps stay away from the optimum. There, gradients are rounding errors, and a rule
            that divides by their size or takes their sign turns them into whole steps.
    """

    reference: Reference
    defaults: tuple[float, tuple[float, ...]]
    settings: tuple[Optimizer, ...]
    lockstep: tuple[Optimizer, Optimizer, Optimizer]
    lr: float = 1e-3


def sign(x: float) -> float:
    return 0.0 if x == 0 else math.copysign(1.0, x)


def single(x: float) -> float:
    return float(struct.unpack("f", struct.pack("f", x))[0])


def sgd(w: float, gradient: Gradient, rates: list[float], h: SGD) -> Iterator[float]:
    for t, lr in enumerate(rates, start=1):
        w -= lr * (gradient(w, t) + h.weight_decay * w)
        yield w


def momentum(w: float, gradient: Gradient, rates: list[float], h: Momentum) -> Iterator[float]:
    buffer = math.nan
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        buffer = g if t == 1 else h.momentum * buffer + (1 - h.dampening) * g
        w -= lr * (g + h.momentum * buffer if h.nesterov else buffer)
        yield w


def adagrad(w: float, gradient: Gradient, rates: list[float], h: Adagrad) -> Iterator[float]:
    total = h.initial_accumulator_value
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        total += g**2
        root = math.sqrt(total / t) if h.average else math.sqrt(total)
        w -= lr / (1 + (t - 1) * h.lr_decay) * g / (root + h.eps)
        yield w


def rmsprop(w: float, gradient: Gradient, rates: list[float], h: RMSprop) -> Iterator[float]:
    square = mean = buffer = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        square = h.alpha * square + (1 - h.alpha) * g**2
        mean = h.alpha * mean + (1 - h.alpha) * g
        root = math.sqrt(square - mean**2) if h.centered else math.sqrt(square)
        if h.momentum > 0:
            buffer = h.momentum * buffer + g / (root + h.eps)
            w -= lr * buffer
        else:
            w -= lr * g / (root + h.eps)
        yield w


def adadelta(w: float, gradient: Gradient, rates: list[float], h: Adadelta) -> Iterator[float]:
    square = moved = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        square = h.rho * square + (1 - h.rho) * g**2
        delta = math.sqrt(moved + h.eps) / math.sqrt(square + h.eps) * g
        moved = h.rho * moved + (1 - h.rho) * delta**2
        w -= lr * delta
        yield w


def adam_step(m: float, v: float, t: int, h: Adam | AdamW) -> float:
    beta1, beta2 = h.betas
    return (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + h.eps)


def adam(w: float, gradient: Gradient, rates: list[float], h: Adam) -> Iterator[float]:
    m = v = largest = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        m = h.betas[0] * m + (1 - h.betas[0]) * g
        v = h.betas[1] * v + (1 - h.betas[1]) * g**2
        largest = max(largest, v)
        w -= lr * adam_step(m, largest if h.amsgrad else v, t, h)
        yield w


def adamw(w: float, gradient: Gradient, rates: list[float], h: AdamW) -> Iterator[float]:
    m = v = largest = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t)
        w -= lr * h.weight_decay * w
        m = h.betas[0] * m + (1 - h.betas[0]) * g
        v = h.betas[1] * v + (1 - h.betas[1]) * g**2
        largest = max(largest, v)
        w -= lr * adam_step(m, largest if h.amsgrad else v, t, h)
        yield w


def adamax(w: float, gradient: Gradient, rates: list[float], h: Adamax) -> Iterator[float]:
    m = norm = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        m = h.betas[0] * m + (1 - h.betas[0]) * g
        norm = max(h.betas[1] * norm, abs(g) + h.eps)
        w -= lr * m / ((1 - h.betas[0] ** t) * norm)
        yield w


def nadam(w: float, gradient: Gradient, rates: list[float], h: NAdam) -> Iterator[float]:
    m, v, mu_product = 0.0, 0.0, 1.0
    beta1, beta2 = h.betas
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t)
        if h.decoupled_weight_decay:
            w *= 1 - lr * h.weight_decay
        else:
            g += h.weight_decay * w
        mu = beta1 * (1 - 0.5 * 0.96 ** (t * h.momentum_decay))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * h.momentum_decay))
        mu_product = single(mu_product * single(mu))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        denominator = math.sqrt(v / (1 - beta2**t)) + h.eps
        w -= lr * (1 - mu) / (1 - mu_product) * g / denominator
        w -= lr * mu_next / (1 - mu_product * mu_next) * m / denominator
        yield w


def radam(w: float, gradient: Gradient, rates: list[float], h: RAdam) -> Iterator[float]:
    m = v = 0.0
    beta1, beta2 = h.betas
    rho_inf = 2 / (1 - beta2) - 1
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t)
        if h.decoupled_weight_decay:
            w *= 1 - lr * h.weight_decay
        else:
            g += h.weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        step = m / (1 - beta1**t)
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        if rho > 5:
            numerator, denominator = (rho - 4) * (rho - 2) * rho_inf, (rho_inf - 4) * (rho_inf - 2) * rho
            step *= math.sqrt(numerator / denominator) * math.sqrt(1 - beta2**t) / (math.sqrt(v) + h.eps)
        w -= lr * step
        yield w


def rprop(w: float, gradient: Gradient, rates: list[float], h: Rprop) -> Iterator[float]:
    size, previous = rates[0], 0.0
    (shrink, grow), (smallest, largest) = h.etas, h.step_sizes
    for t in range(1, len(rates) + 1):
        g = gradient(w, t)
        if g * previous > 0:
            size *= grow
        elif g * previous < 0:
            size *= shrink
            g = 0.0
        size = min(max(size, smallest), largest)
        w -= sign(g) * size
        previous = g
        yield w


def lion(w: float, gradient: Gradient, rates: list[float], h: Lion) -> Iterator[float]:
    m = 0.0
    beta1, beta2 = h.betas
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t)
        update = sign(beta1 * m + (1 - beta1) * g)
        m = beta2 * m + (1 - beta2) * g
        w -= lr * (update + h.weight_decay * w)
        yield w


def adam_grid(cls: type[Adam | AdamW]) -> Iterator[Optimizer]:
    """Every combination of a few values."""
    grid = product(((0.9, 0.999), (0.5, 0.7)), (False, True), ((1e-8, 0.0), (1e-2, 0.3)))
    for betas, amsgrad, (eps, weight_decay) in grid:
        yield cls(lr=0.05, betas=betas, amsgrad=amsgrad, eps=eps, weight_decay=weight_decay)


ROWS: dict[str, Row] = {
    "sgd": Row(
        sgd,
        defaults=(0.01, (0,)),
        settings=(
            SGD(),
            SGD(lr=0.05, weight_decay=0.1),
        ),
        lockstep=(SGD(lr=0.1), SGD(lr=0.02, weight_decay=0.1), SGD(lr=0.05)),
    ),
    "momentum": Row(
        momentum,
        defaults=(0.01, (0.9, 0, 0, 0)),
        settings=(
            Momentum(),
            Momentum(lr=0.02, momentum=0.9, dampening=0.9),
            Momentum(lr=0.02, momentum=0.8, nesterov=True),
            Momentum(lr=0.02, momentum=0.8, nesterov=True, weight_decay=0.1),
            Momentum(lr=0.02, momentum=0.5, dampening=0.3, weight_decay=0.2),
            Momentum(lr=0.02, momentum=0.0),
        ),
        lockstep=(
            Momentum(lr=0.02),
            Momentum(lr=0.02, nesterov=True),
            Momentum(lr=0.05, momentum=0.5, dampening=0.5, weight_decay=0.1),
        ),
        lr=1e-4,
    ),
    "adagrad": Row(
        adagrad,
        defaults=(0.01, (0, 0, 1e-10, 0, 0)),
        settings=(
            Adagrad(),
            Adagrad(lr=0.2, lr_decay=0.1),
            Adagrad(lr=0.2, initial_accumulator_value=0.5, eps=1e-3, weight_decay=0.1),
            Adagrad(lr=0.05, average=True),
            Adagrad(lr=0.05, average=True, initial_accumulator_value=2.0, lr_decay=0.01, eps=1e-2, weight_decay=0.3),
        ),
        lockstep=(
            Adagrad(lr=0.1),
            Adagrad(lr=0.1, average=True),
            Adagrad(lr=0.1, initial_accumulator_value=0.1, lr_decay=0.1),
        ),
    ),
    "rmsprop": Row(
        rmsprop,
        defaults=(0.01, (0.99, 1e-8, 0, 0, 0)),
        settings=(
            RMSprop(),
            RMSprop(lr=0.02, alpha=0.9, eps=1e-3, weight_decay=0.2),
            RMSprop(lr=0.02, alpha=0.9, momentum=0.7),
            RMSprop(lr=0.02, alpha=0.9, centered=True),
            RMSprop(lr=0.01, alpha=0.8, centered=True, momentum=0.5, weight_decay=0.1, eps=1e-2),
        ),
        lockstep=(
            RMSprop(lr=0.02),
            RMSprop(lr=0.02, alpha=0.9, centered=True),
            RMSprop(lr=0.02, momentum=0.5, eps=1e-3),
        ),
        lr=1e-4,
    ),
    "adam": Row(
        adam,
        defaults=(0.001, (0.9, 0.999, 1e-8, 0, 0)),
        settings=(
            Adam(),
            *adam_grid(Adam),
            Adam(lr=0.05, betas=(0.0, 0.9)),
        ),
        lockstep=(
            Adam(lr=0.1),
            Adam(lr=0.1, betas=(0.5, 0.6), amsgrad=True),
            Adam(lr=0.05, eps=1e-2, weight_decay=0.1),
        ),
    ),
    "adamw": Row(
        adamw,
        defaults=(0.001, (0.9, 0.999, 1e-8, 0, 0.01)),
        settings=(
            AdamW(),
            *adam_grid(AdamW),
        ),
        lockstep=(
            AdamW(lr=0.1),
            AdamW(lr=0.1, betas=(0.5, 0.6), amsgrad=True),
            AdamW(lr=0.05, eps=1e-2, weight_decay=0.1),
        ),
    ),
    "adadelta": Row(
        adadelta,
        defaults=(1.0, (0.9, 1e-6, 0)),
        settings=(
            Adadelta(),
            Adadelta(lr=0.5, rho=0.6, eps=1e-3, weight_decay=0.1),
        ),
        lockstep=(Adadelta(), Adadelta(rho=0.5, eps=1e-3), Adadelta(lr=0.3, weight_decay=0.1)),
        lr=0.3,
    ),
    "adamax": Row(
        adamax,
        defaults=(0.002, (0.9, 0.999, 1e-8, 0)),
        settings=(
            Adamax(),
            Adamax(lr=0.05, betas=(0.5, 0.7), eps=1e-2, weight_decay=0.3),
        ),
        lockstep=(Adamax(lr=0.1), Adamax(lr=0.1, betas=(0.5, 0.6)), Adamax(lr=0.05, weight_decay=0.1)),
    ),
    "nadam": Row(
        nadam,
        defaults=(0.002, (0.9, 0.999, 1e-8, 0, 0.004, 0)),
        settings=(
            NAdam(),
            NAdam(lr=0.05, betas=(0.5, 0.7), eps=1e-2, momentum_decay=0.1),
            NAdam(lr=0.05, weight_decay=0.3),
            NAdam(lr=0.05, weight_decay=0.3, decoupled_weight_decay=True),
        ),
        lockstep=(
            NAdam(lr=0.1),
            NAdam(lr=0.1, betas=(0.5, 0.6), momentum_decay=0.1),
            NAdam(lr=0.05, weight_decay=0.1, decoupled_weight_decay=True),
        ),
    ),
    "radam": Row(
        radam,
        defaults=(0.001, (0.9, 0.999, 1e-8, 0, 0)),
        settings=(
            RAdam(),
            RAdam(lr=0.05, betas=(0.5, 0.9), eps=1e-2),
            RAdam(lr=0.05, betas=(0.9, 0.5)),
            RAdam(lr=0.05, betas=(0.8, 0.6)),
            RAdam(lr=0.05, weight_decay=0.3),
            RAdam(lr=0.05, weight_decay=0.3, decoupled_weight_decay=True),
        ),
        lockstep=(
            RAdam(lr=0.1),
            RAdam(lr=0.1, betas=(0.5, 0.9), weight_decay=0.1),
            RAdam(lr=0.05, betas=(0.9, 0.6), weight_decay=0.1, decoupled_weight_decay=True),
        ),
    ),
    "rprop": Row(
        rprop,
        defaults=(0.01, (0.5, 1.2, 1e-6, 50)),
        settings=(
            Rprop(),
            Rprop(lr=0.3, etas=(0.4, 1.5), step_sizes=(1e-2, 0.5)),
            Rprop(lr=9.0, step_sizes=(1e-6, 0.25)),
        ),
        lockstep=(Rprop(lr=0.1), Rprop(lr=0.02, etas=(0.3, 1.4)), Rprop(lr=0.05, step_sizes=(1e-3, 0.2))),
        lr=1e-4,
    ),
    "lion": Row(
        lion,
        defaults=(1e-4, (0.9, 0.99, 0)),
        settings=(
            Lion(),
            Lion(lr=0.03, betas=(0.5, 0.7), weight_decay=0.4),
        ),
        lockstep=(Lion(lr=0.05), Lion(lr=0.03, betas=(0.5, 0.6)), Lion(lr=0.02, weight_decay=0.1)),
    ),
}
