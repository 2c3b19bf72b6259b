"""Test data for each schedule: one row per kind, in `ROWS`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from gdcli.engine.schedules import Schedule
from gdcli.engine.schedules.decays import (
    Constant,
    Exponential,
    InversePower,
    InverseTime,
    MultiStep,
    Piecewise,
    Polynomial,
    Step,
)
from gdcli.engine.schedules.waves import Cosine, CosineRestarts, Linear, OneCycle, Triangular, Warmup

Reference: TypeAlias = Callable[[int, float, Any], float]  # of t, the base rate and the resolved schedule


@dataclass(frozen=True)
class Row:
    """Test data for one schedule.

    Attributes:
        reference: The rate at one t, in plain Python.
        settings: Settings to compare with the reference over t = 0 … 200, including ends and extremes.
        absolute: Fields that are rates themselves. All other rates are proportional to the base rate.
    """

    reference: Reference
    settings: tuple[Schedule, ...]
    absolute: tuple[str, ...] = ()


def step(t: int, base: float, s: Step) -> float:
    rate = base
    for i in range(1, t + 1):
        if i % s.every == 0:
            rate *= s.gamma
    return rate


def multistep(t: int, base: float, s: MultiStep) -> float:
    rate = base
    for milestone in s.milestones:
        if milestone <= t:
            rate *= s.gamma
    return rate


def piecewise(t: int, base: float, s: Piecewise) -> float:
    del base
    rate = s.values[0]
    for boundary, value in zip(s.boundaries, s.values[1:], strict=True):
        if t >= boundary:
            rate = value
    return rate


def exponential(t: int, base: float, s: Exponential) -> float:
    rate = base
    for _ in range(t):
        rate *= s.gamma
    return rate


def polynomial(t: int, base: float, s: Polynomial) -> float:
    assert s.total
    return base * (1 - t / s.total) ** s.power if t < s.total else (base if s.power == 0 else 0.0)


def linear(t: int, base: float, s: Linear) -> float:
    if t >= s.total:
        return base * s.end_factor
    return base * (s.start_factor * (s.total - t) + s.end_factor * t) / s.total


def warmup(t: int, base: float, s: Warmup) -> float:
    if t >= s.length:
        return base
    return base * (s.start_factor * (s.length - t) + t) / s.length


def cosine(t: int, base: float, s: Cosine) -> float:
    assert s.total
    return s.eta_min + (base - s.eta_min) * (1 + math.cos(math.pi * t / s.total)) / 2


def cosine_restarts(t: int, base: float, s: CosineRestarts) -> float:
    since, period = t, s.period
    while since >= period:
        since -= period
        period *= s.multiplier
    return s.eta_min + (base - s.eta_min) * (1 + math.cos(math.pi * since / period)) / 2


def triangular(t: int, base: float, s: Triangular) -> float:
    assert s.down
    since = t
    while since >= s.up + s.down:
        since -= s.up + s.down
    if since <= s.up:
        return s.lr_min + (base - s.lr_min) * since / s.up
    return base - (base - s.lr_min) * (since - s.up) / s.down


def one_cycle(t: int, base: float, s: OneCycle) -> float:
    assert s.total
    initial = base / s.div_factor
    final = initial / s.final_div_factor
    phases = [(s.pct_start * s.total - 1, initial, base), (s.total - 1, base, final)]
    if s.three_phase:
        turn = s.pct_start * s.total - 1
        phases = [(turn, initial, base), (2 * turn, base, initial), (s.total - 1, initial, final)]
    begin = 0.0
    for end, high, low in phases:
        if t <= end:
            share = (t - begin) / (end - begin)
            if s.anneal == "cosine":
                return low + (high - low) / 2 * (1 + math.cos(math.pi * share))
            return high + (low - high) * share
        begin = end
    raise AssertionError("a cycle has no rate after its last step")


ROWS: dict[str, Row] = {
    "constant": Row(
        lambda _, base, __: base,
        settings=(Constant(),),
    ),
    "step": Row(
        step,
        settings=(
            Step(every=10),
            Step(every=1, gamma=0.95),
            Step(every=7, gamma=1.1),
            Step(every=500),
        ),
    ),
    "multistep": Row(
        multistep,
        settings=(
            MultiStep(milestones=(30, 80)),
            MultiStep(milestones=(1, 2, 3, 200), gamma=0.5),
        ),
    ),
    "piecewise": Row(
        piecewise,
        settings=(
            Piecewise(boundaries=(1,), values=(0.1, 2.0)),
            Piecewise(boundaries=(50, 51, 199), values=(1.0, 0.5, 0.0, 0.25)),
        ),
        absolute=("values",),
    ),
    "exponential": Row(
        exponential,
        settings=(
            Exponential(gamma=0.95),
            Exponential(gamma=1.01),
        ),
    ),
    "inverse_time": Row(
        lambda t, base, s: base / (1 + s.decay * t),
        settings=(
            InverseTime(decay=0.0),
            InverseTime(decay=0.3),
        ),
    ),
    "inverse_power": Row(
        lambda t, base, s: base / math.pow(1 + t, s.power),
        settings=(
            InversePower(),
            InversePower(power=1.5),
        ),
    ),
    "polynomial": Row(
        polynomial,
        settings=(
            Polynomial(),
            Polynomial(total=50, power=2.0),
            Polynomial(total=120, power=0.5),
            Polynomial(total=50, power=0.0),
        ),
    ),
    "linear": Row(
        linear,
        settings=(
            Linear(),
            Linear(start_factor=1.0, end_factor=0.0, total=100),
            Linear(start_factor=0.1, end_factor=2.0, total=1),
        ),
    ),
    "cosine": Row(
        cosine,
        settings=(
            Cosine(),
            Cosine(eta_min=0.1),
            Cosine(total=40, eta_min=0.02),
        ),
        absolute=("eta_min",),
    ),
    "cosine_restarts": Row(
        cosine_restarts,
        settings=(
            CosineRestarts(period=10),
            CosineRestarts(period=1),
            CosineRestarts(period=30, eta_min=0.05),
            CosineRestarts(period=10, multiplier=2),
            CosineRestarts(period=1, multiplier=2, eta_min=0.01),
            CosineRestarts(period=5, multiplier=3),
            CosineRestarts(period=500, multiplier=2),
        ),
        absolute=("eta_min",),
    ),
    "triangular": Row(
        triangular,
        settings=(
            Triangular(lr_min=0.05, up=7),
            Triangular(lr_min=0.0, up=3, down=11),
            Triangular(lr_min=0.05, up=20, down=1),
            Triangular(lr_min=0.8, up=1, down=4),
        ),
        absolute=("lr_min",),
    ),
    "one_cycle": Row(
        one_cycle,
        settings=(
            OneCycle(),
            OneCycle(anneal="linear"),
            OneCycle(three_phase=True),
            OneCycle(three_phase=True, anneal="linear", pct_start=0.4),
            OneCycle(pct_start=0.1, div_factor=10.0, final_div_factor=100.0),
            OneCycle(total=300, pct_start=0.25),
            OneCycle(pct_start=0.0, anneal="linear"),
            OneCycle(pct_start=1.0),
            OneCycle(pct_start=0.7, three_phase=True),
        ),
    ),
    "warmup": Row(
        warmup,
        settings=(
            Warmup(length=10),
            Warmup(length=150, start_factor=0.0),
            Warmup(length=1, start_factor=0.5),
        ),
    ),
}
