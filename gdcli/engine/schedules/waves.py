"""Schedules that also rise: linear, warmup, cosine with and without restarts, triangular, one_cycle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.bounds import Count, NonNegative, Positive, Share
from gdcli.engine.schedules.base import Schedule, known


@dataclass(frozen=True, kw_only=True)
class Linear(Schedule):
    """base times a factor that goes from start_factor to end_factor over `total`, then holds.

    Source: `torch.optim.lr_scheduler.LinearLR`.
    """

    kind: Literal["linear"] = "linear"
    start_factor: Positive = 1 / 3
    end_factor: NonNegative = 1.0
    total: Count = 5

    def rates(self, t: IntArray, base: float) -> Array:
        """Along a straight line, then flat."""
        change = (self.end_factor - self.start_factor) * np.minimum(t, self.total) / self.total
        return np.asarray(base * (self.start_factor + change))

    def span(self) -> tuple[str, int]:
        """Up to `total`."""
        return "total", self.total


@dataclass(frozen=True, kw_only=True)
class Warmup(Schedule):
    """Linear from start_factor to 1 times base over `length`, then constant.

    Source: Goyal et al. (2017), arXiv 1706.02677.
    """

    kind: Literal["warmup"] = "warmup"
    length: Count = field()  # required here, so it must not inherit the base's default
    start_factor: NonNegative = 0.1

    def rates(self, t: IntArray, base: float) -> Array:
        """Along a straight line, then flat."""
        share = np.minimum(t, self.length) / self.length
        return np.asarray(base * (self.start_factor + (1 - self.start_factor) * share))

    def span(self) -> tuple[str, int]:
        """Up to `length`."""
        return "length", self.length


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """eta_min + (base − eta_min)(1 + cos(π t / total))/2.

    Source: Loshchilov and Hutter (2017), SGDR, arXiv 1608.03983; `torch.optim.lr_scheduler.CosineAnnealingLR`.
    """

    afterwards: ClassVar[str] = "the rate rises again from there on"
    kind: Literal["cosine"] = "cosine"
    total: Count | None = None
    eta_min: NonNegative = 0.0

    def rates(self, t: IntArray, base: float) -> Array:
        """Half a cosine wave down to eta_min.

        Raises:
            ValueError: `resolve` has not filled in `total`.
        """
        return np.asarray(self.eta_min + (base - self.eta_min) * (1 + np.cos(np.pi * t / known(self.total))) / 2)

    def span(self) -> tuple[str, int]:
        """Up to `total`.

        Raises:
            ValueError: `resolve` has not filled in `total`.
        """
        return "total", known(self.total)


@dataclass(frozen=True, kw_only=True)
class CosineRestarts(Schedule):
    """Cosine from base to eta_min over `period`, again and again, each period `multiplier` times the one before.

    Source: Loshchilov and Hutter (2017), SGDR, arXiv 1608.03983;
    `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.
    """

    kind: Literal["cosine_restarts"] = "cosine_restarts"
    period: Count
    multiplier: Count = 1
    eta_min: NonNegative = 0.0

    def rates(self, t: IntArray, base: float) -> Array:
        """Half a cosine wave per period."""
        if self.multiplier == 1:
            start, period = t - t % self.period, np.full(t.shape, self.period)
        else:
            starts, periods = [0], [self.period]
            while starts[-1] + periods[-1] <= t.max(initial=0):
                starts.append(starts[-1] + periods[-1])
                periods.append(periods[-1] * self.multiplier)
            cycle = np.searchsorted(starts, t, side="right") - 1
            start, period = np.array(starts)[cycle], np.array(periods)[cycle]
        return np.asarray(self.eta_min + (base - self.eta_min) * (1 + np.cos(np.pi * (t - start) / period)) / 2)


@dataclass(frozen=True, kw_only=True)
class Triangular(Schedule):
    """From lr_min up to base over `up`, back down over `down` (= up), repeated.

    Source: Smith (2017), Cyclical learning rates, arXiv 1506.01186; `torch.optim.lr_scheduler.CyclicLR`.
    """

    kind: Literal["triangular"] = "triangular"
    lr_min: NonNegative
    up: Count
    down: Count | None = None

    def rates(self, t: IntArray, base: float) -> Array:
        """Up and down along straight lines.

        Raises:
            ValueError: `resolve` has not filled in `down`.
        """
        down = known(self.down)
        phase = t % (self.up + down)
        height = np.where(phase <= self.up, phase / self.up, (self.up + down - phase) / down)
        return np.asarray(self.lr_min + (base - self.lr_min) * height)


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """From base/div_factor up to base over pct_start of `total`, then down to base/(div_factor·final_div_factor).

    `three_phase` comes back down to base/div_factor symmetrically before the last descent.

    Source: Smith and Topin (2018), Super-convergence, arXiv 1708.07120; `torch.optim.lr_scheduler.OneCycleLR`.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    total: Count | None = None
    pct_start: Share = 0.3
    div_factor: Positive = 25.0
    final_div_factor: Positive = 1e4
    anneal: Literal["cosine", "linear"] = "cosine"
    three_phase: bool = False

    def rates(self, t: IntArray, base: float) -> Array:
        """Through two or three annealed phases.

        Raises:
            ValueError: `resolve` has not filled in `total`.
        """
        total = known(self.total)
        low = base / self.div_factor
        last = low / self.final_div_factor
        peak = self.pct_start * total - 1
        turns, levels = [0.0, peak, total - 1.0], [low, base, last]
        if self.three_phase:
            turns, levels = [0.0, peak, 2 * peak, total - 1.0], [low, base, low, last]
        phase = np.minimum(np.searchsorted(turns[1:], t, side="left"), len(turns) - 2)
        start, end = np.array(turns)[phase], np.array(turns)[phase + 1]
        share = np.where(end > start, (t - start) / np.where(end > start, end - start, 1.0), 1.0)
        if self.anneal == "cosine":
            share = (1 - np.cos(np.pi * share)) / 2
        from_, to = np.array(levels)[phase], np.array(levels)[phase + 1]
        return np.asarray(to + (from_ - to) * (1 - share))

    def span(self) -> tuple[str, int]:
        """Up to `total`.

        Raises:
            ValueError: `resolve` has not filled in `total`.
        """
        return "total", known(self.total)
