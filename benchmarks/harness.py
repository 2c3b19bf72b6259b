"""Fair timings: contestants take turns, medians are compared, and the same arithmetic must give the same loss."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from statistics import median
from typing import Any, TypeAlias

import gdcli

SAME = 1e-8  # largest relative difference of two losses from the same arithmetic in double precision


class NotAvailable(Exception):  # noqa: N818 - not an error: the row says so, and the others are measured
    """Something that a row needs is missing: a peer is not installed, or this gdcli lacks a feature."""


@dataclass(frozen=True)
class Lap:
    """One timed piece of work.

    Attributes:
        seconds: Wall time of the work that is compared.
        reached: The final loss and, if they are compared, the final weights; empty for other work.
        whole: Wall time including everything around it; None if that is `seconds`.
    """

    seconds: float
    reached: tuple[float, ...] = ()
    whole: float | None = None


@dataclass(frozen=True)
class Timing:
    """Several laps of one contestant.

    Attributes:
        median: Median time in seconds.
        low: Shortest time in seconds.
        high: Longest time in seconds.
        runs: Number of laps.
        whole: Median time including everything around the laps, in seconds.
        reached: Loss and weights of the last lap.
    """

    median: float
    low: float
    high: float
    runs: int
    whole: float
    reached: tuple[float, ...] = ()

    def times(self, factor: float) -> Timing:
        """The timing of `factor` times the work, where the time was verified to be linear."""
        return replace(
            self,
            median=self.median * factor,
            low=self.low * factor,
            high=self.high * factor,
            whole=self.whole * factor,
        )


Contestant: TypeAlias = Callable[[], Lap]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table: one piece of work, gdcli beside one peer.

    Attributes:
        work: What was done.
        ours: How gdcli did it: its kernel, or the longer of two runs.
        peer: Name of the peer.
        gdcli: The time of gdcli; None if it is not available.
        other: The time of the peer; None if it is not available.
        at_least: Target for peer ÷ gdcli.
        at_most: Target for gdcli ÷ peer.
        check: Differences of the losses and of the weights, which say more near an optimum.
        sound: False if they should be equal and are not.
        missing: Why there are no times.
    """

    work: str
    ours: str
    peer: str
    gdcli: Timing | None = None
    other: Timing | None = None
    at_least: float | None = None
    at_most: float | None = None
    check: str = ""
    sound: bool = True
    missing: str = ""


@dataclass
class Report:
    """The findings of a script.

    Attributes:
        rows: The rows of the table.
        notes: Sentences with further measurements.
        tables: Further tables, in Markdown.
    """

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)


def race(contestants: Mapping[str, Contestant], *, runs: int, warmups: int = 1) -> dict[str, Timing]:
    """Time contestants in turns, so that a disturbance of the machine affects all of them.

    Args:
        contestants: Name → contestant.
        runs: Number of timed laps of each.
        warmups: Number of laps of each before these, which are not counted.

    Returns:
        Name → timing.
    """
    laps: dict[str, list[Lap]] = {name: [] for name in contestants}
    for turn in range(warmups + runs):
        for name, contestant in contestants.items():
            lap = contestant()
            if turn >= warmups:
                laps[name].append(lap)
    return {name: _summarised(done) for name, done in laps.items()}


def _summarised(laps: Sequence[Lap]) -> Timing:
    seconds = [lap.seconds for lap in laps]
    whole = [lap.seconds if lap.whole is None else lap.whole for lap in laps]
    return Timing(median(seconds), min(seconds), max(seconds), len(laps), median(whole), laps[-1].reached)


def compare(
    work: str,
    ours: tuple[str, Timing],
    peer: tuple[str, Timing],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    rtol: float | None = SAME,
) -> Row:
    """Make a row, and compare the losses.

    Args:
        work: What was done.
        ours: How gdcli did it, and its timing.
        peer: Name of the peer, and its timing.
        at_least: Target for peer ÷ gdcli.
        at_most: Target for gdcli ÷ peer.
        rtol: Largest relative difference of losses and weights; None if they are not comparable.

    Returns:
        The row.
    """
    check, sound = "", True
    if rtol is not None and ours[1].reached and peer[1].reached:
        apart = _apart(ours[1].reached, peer[1].reached)
        sound = all(distance <= rtol for distance in apart.values())
        check = ", ".join(f"{name} {distance:.0e}" for name, distance in apart.items())
    return Row(
        work=work,
        ours=ours[0],
        peer=peer[0],
        gdcli=ours[1],
        other=peer[1],
        at_least=at_least,
        at_most=at_most,
        check=check,
        sound=sound,
    )


def _apart(ours: Sequence[float], others: Sequence[float]) -> dict[str, float]:
    """Relative difference of two losses and, if both sides have them, of the weights (relative to the largest one)."""
    apart = {"loss": abs(ours[0] - others[0]) / abs(others[0])}
    if len(ours) == len(others) > 1:
        pairs = zip(ours[1:], others[1:], strict=True)
        apart["weights"] = max(abs(a - b) for a, b in pairs) / max(map(abs, others[1:]))
    return apart


def timed(work: Callable[[], Any], judge: Callable[[Any], tuple[float, ...]] | None = None) -> Contestant:
    """Make a contestant of a function. Its result is judged after the clock has stopped.

    Args:
        work: The function that is timed.
        judge: Computes loss and weights from the result of `work`.

    Returns:
        The contestant.
    """

    def lap() -> Lap:
        began = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - began
        return Lap(seconds, judge(result) if judge else ())

    return lap


def peer(name: str) -> Any:
    """Import a peer.

    Args:
        name: Name of its module. The module is untyped here, because CI does not install the peers.

    Returns:
        The module.

    Raises:
        NotAvailable: It is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise NotAvailable(f"{name.partition('.')[0]} is not installed ({error})") from error


def kernel_option(kernel: str) -> dict[str, Any]:
    """Keyword arguments that make `gdcli.run` use a kernel.

    Args:
        kernel: `numpy`, `compiled` or `auto`.

    Returns:
        The arguments; none if this gdcli has only one kernel and that is the one.

    Raises:
        NotAvailable: This gdcli has no compiled kernel, or Numba is not installed.
    """
    has_choice = "kernel" in inspect.signature(gdcli.run).parameters
    if kernel == "compiled":
        if not has_choice:
            raise NotAvailable("not available yet: gdcli.run has no compiled kernel")
        peer("numba")
    return {"kernel": kernel} if has_choice else {}


def say(text: str) -> None:
    """Print a line of progress to stderr."""
    print(text, file=sys.stderr, flush=True)
