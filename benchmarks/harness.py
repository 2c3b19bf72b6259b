"""Fair timings: contestants take turns, medians are compared, and equal arithmetic must reach an equal loss."""

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

SAME = 1e-8  # relative difference of two losses that still counts as the same arithmetic in double precision


class NotAvailable(Exception):  # noqa: N818 - not an error: the row says so and the others go on
    """What a row needs is not there: a peer that is not installed, or a part of gdcli that has not landed."""


@dataclass(frozen=True)
class Lap:
    """One timed piece of work.

    Attributes:
        seconds: Wall time of what is compared.
        reached: The loss and, where there are any to compare, the weights behind it; empty for other work.
        whole: Wall time with everything around it; `seconds` where nothing is.
    """

    seconds: float
    reached: tuple[float, ...] = ()
    whole: float | None = None


@dataclass(frozen=True)
class Timing:
    """Several laps of one contestant.

    Attributes:
        median: In seconds, like the two after it.
        low: The fastest.
        high: The slowest.
        runs: How many.
        whole: Median of the laps with everything around them.
        reached: Of the last lap.
    """

    median: float
    low: float
    high: float
    runs: int
    whole: float
    reached: tuple[float, ...] = ()

    def times(self, factor: float) -> Timing:
        """The same work so many times over, where it was verified that its time is linear."""
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
        ours: Which gdcli: its kernel, or the longer of two runs.
        peer: What it is compared with.
        gdcli: Its time; None where it is not available.
        other: The peer's time, likewise.
        at_least: Target for peer ÷ gdcli.
        at_most: Target for gdcli ÷ peer.
        check: How the two losses compare, and the weights: near an optimum they say more than the loss.
        sound: False where they should be equal and are not.
        missing: Why there are no numbers.
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
    """What a script found out.

    Attributes:
        rows: Of the table.
        notes: Sentences made from what was measured.
        tables: Further tables, in Markdown.
    """

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)


def race(contestants: Mapping[str, Contestant], *, runs: int, warmups: int = 1) -> dict[str, Timing]:
    """Time contestants in turns, so that a disturbance of the machine hits all of them.

    Args:
        contestants: By name.
        runs: Timed laps of each.
        warmups: Laps of each before them that are thrown away.

    Returns:
        Their timings.
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
    """Make a row, its losses held against each other.

    Args:
        work: What was done.
        ours: Which gdcli, and its timing.
        peer: Likewise.
        at_least: Target for peer ÷ gdcli.
        at_most: Target for gdcli ÷ peer.
        rtol: How far losses and weights may be apart, relatively; None where they have nothing to do with each other.

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
    """Relative distance of two losses and, where both sides know them, of their weights (largest against largest)."""
    apart = {"loss": abs(ours[0] - others[0]) / abs(others[0])}
    if len(ours) == len(others) > 1:
        pairs = zip(ours[1:], others[1:], strict=True)
        apart["weights"] = max(abs(a - b) for a, b in pairs) / max(map(abs, others[1:]))
    return apart


def timed(work: Callable[[], Any], judge: Callable[[Any], tuple[float, ...]] | None = None) -> Contestant:
    """Make a contestant of a function; what its result is worth is found out after the clock has stopped.

    Args:
        work: Timed.
        judge: Given what `work` returned: what it reached.

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
        name: Of its module. It is untyped here, because CI has none of the peers.

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
        The arguments; none where this gdcli has one kernel only and that one is meant.

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
    """Tell whoever waits what is going on."""
    print(text, file=sys.stderr, flush=True)
