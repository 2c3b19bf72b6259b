"""Holding a run against what its spec expects."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdcli.engine.trace import Status
from gdcli.experiment.result import Result
from gdcli.experiment.spec import Expect


@dataclass(frozen=True)
class Held:
    """One expected figure and the one that came out, in squared units of the target."""

    figure: str
    expected: float
    got: float
    tolerance: float

    @property
    def off(self) -> float:
        """By how much they differ."""
        return abs(self.got - self.expected)

    @property
    def holds(self) -> bool:
        """Whether they agree within the tolerance."""
        return self.off <= self.tolerance


@dataclass(frozen=True)
class Verdict:
    """What became of the expectations of one run.

    Attributes:
        result: The run.
        held: One entry a figure; none for a spec without `expect`.
    """

    result: Result
    held: tuple[Held, ...]

    @property
    def outcome(self) -> str:
        """`passed`, `failed`, or `skipped` for a spec without `expect`."""
        if self.result.status in (Status.DIVERGED, Status.INTERRUPTED):
            return "failed"
        if not self.held:
            return "skipped"
        return "passed" if all(held.holds for held in self.held) else "failed"


def judge(result: Result) -> Verdict:
    """Hold a run against the `expect` of its spec.

    Args:
        result: The run.

    Returns:
        The verdict; a diverged run fails whatever it expected.
    """
    expect = result.plan.spec.expect or Expect()
    pairs = (("final_mse", expect.final_mse), ("optimum_mse", expect.optimum_mse))
    held = tuple(
        Held(figure=figure, expected=expected, got=_number(result.summary[figure]), tolerance=expect.tolerance)
        for figure, expected in pairs
        if expected is not None
    )
    return Verdict(result=result, held=held)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
