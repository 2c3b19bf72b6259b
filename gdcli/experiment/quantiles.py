"""The median and the 10–90 % range of runs that differ in their seed, defined in this one place.

Diverged runs and NaN figures count as infinite. Quantiles are interpolated linearly between the two nearest sorted
values, and are infinite if one of these is infinite and has a weight other than zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.trace import Status, Trace

T = TypeVar("T", float, Array)


class Run(Protocol):
    """A finished run, of which only the summary is needed."""

    @property
    def summary(self) -> Mapping[str, Any]:
        """The keys of `summary.json`."""


@dataclass(frozen=True)
class Spread(Generic[T]):
    """A 10 % quantile, a median and a 90 % quantile: numbers, or curves."""

    low: T
    median: T
    high: T


def quantile(values: Array, q: float) -> Array:
    """Interpolate linearly at position q·(n − 1) of n sorted values.

    Args:
        values: Shape (n, …); NaN counts as infinite.
        q: From 0 to 1.

    Returns:
        Shape (…); infinite where an infinite value has a weight other than zero.
    """
    ordered = np.sort(np.where(np.isnan(values), np.inf, values), axis=0)
    position = round(q * (len(ordered) - 1), 9)  # so that 0.1·30 is exactly 3
    i = math.floor(position)
    if position == i:
        return np.asarray(ordered[i])
    low, high = ordered[i], ordered[i + 1]
    is_finite = np.isfinite(high)
    step = np.where(is_finite, high, 0.0) - np.where(is_finite, low, 0.0)
    return np.where(is_finite, low + (position - i) * step, np.inf)


def final(run: Run, figure: str) -> float | None:
    """The final value of a figure, infinite if the run diverged; None if the run has no such figure."""
    value = run.summary[figure]
    if run.summary["status"] == Status.DIVERGED:
        return math.inf
    return None if value is None else float(value) if math.isfinite(value) else math.inf


def spread(runs: Sequence[Run], figure: str) -> Spread[float] | None:
    """Sum up a figure over runs of one setting, each figure by itself.

    Args:
        runs: One per seed, at least one.
        figure: A key of the summary, such as `gap`.

    Returns:
        Its quantiles; None where a run has no such figure.
    """
    return _spread([final(run, figure) for run in runs])


def epochs_spread(runs: Sequence[Run], share: str) -> Spread[float] | None:
    """Sum up the epochs that runs of one setting take until gap/optimum is at most a share.

    Args:
        runs: One per seed, at least one.
        share: A key of `epochs_to` in the summary.

    Returns:
        Quantiles of the epochs, in which never is infinite; None where the optimum of a run is 0. A single run has its
        own epochs, even if it diverged later.
    """
    return _spread([_epochs(run, share, is_one=len(runs) == 1) for run in runs])


def _epochs(run: Run, share: str, *, is_one: bool) -> float | None:
    if run.summary["gap_ratio"] is None:
        return None
    epochs = run.summary["epochs_to"][share]
    is_late = run.summary["status"] == Status.DIVERGED and not is_one
    return math.inf if epochs is None or is_late else float(epochs)


def _spread(finals: Sequence[float | None]) -> Spread[float] | None:
    values = np.array([value for value in finals if value is not None])
    if len(values) < len(finals):
        return None
    if len(finals) == 1:
        return Spread(*[float(values[0])] * 3)
    return Spread(*(float(quantile(values, q)) for q in (0.1, 0.5, 0.9)))


def summed_up(runs: Sequence[Run]) -> dict[str, dict[str, float] | None]:
    """The quantiles of the final figures, for summaries: figure → `low`, `median`, `high`."""
    spreads = {figure: spread(runs, figure) for figure in ("final_mse", "gap", "gap_ratio", "val_mse")}
    return {figure: asdict(values) if values else None for figure, values in spreads.items()}


def curve_spread(traces: Sequence[Trace], curves: Sequence[Array]) -> Spread[Array]:
    """Compute the quantiles of curves, epoch by epoch.

    A diverged run counts as infinite from the epoch at which it diverged. A run that ended early for another reason
    keeps its last value. A single curve is returned unchanged.

    Args:
        traces: The traces of the runs.
        curves: One array per run, shape (epochs + 1,), such as its gap.

    Returns:
        The quantiles, each as long as the longest curve.
    """
    if len(curves) == 1:
        return Spread(curves[0], curves[0], curves[0])
    length = max(map(len, curves))
    whole = np.stack([_continued(trace, curve, length) for trace, curve in zip(traces, curves, strict=True)])
    return Spread(*(quantile(whole, q) for q in (0.1, 0.5, 0.9)))


def _continued(trace: Trace, curve: Array, length: int) -> Array:
    """A curve, extended to a length."""
    if trace.status is Status.DIVERGED:
        return np.concatenate([curve[:-1], np.full(length - len(curve) + 1, np.inf)])
    return np.concatenate([curve, np.full(length - len(curve), curve[-1])])
