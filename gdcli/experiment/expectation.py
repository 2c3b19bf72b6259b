"""Checking a run against the `expect` section of its spec: the verdict, as JSON and as JUnit XML."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gdcli.engine.trace import Status
from gdcli.experiment.result import Result
from gdcli.output.directories import finite
from gdcli.spec.model import EXPECTED, AtMost, Expect, plain


@dataclass(frozen=True)
class Expectation:
    """One expectation and the actual figure.

    Attributes:
        figure: A key of the summary.
        expected: A number, a bound, or the status.
        got: The actual number, NaN if there is none; or the actual status.
        tolerance: Largest allowed difference of a number; 0 for bounds and the status.
    """

    figure: str
    expected: float | AtMost | str
    got: float | str
    tolerance: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the figure is as expected."""
        match self.expected, self.got:
            case AtMost(at_most=most), float(got):
                return got <= most
            case float(expected), float(got):
                return abs(got - expected) <= self.tolerance
            case expected, got:
                return expected == got


@dataclass(frozen=True)
class Verdict:
    """The expectations of one run, and whether they hold.

    Attributes:
        result: The run.
        expectations: One entry per expectation; none for a spec without `expect`.
    """

    result: Result
    expectations: tuple[Expectation, ...]

    @property
    def outcome(self) -> str:
        """`passed`, `failed`, or `skipped` for a spec without `expect`."""
        if self.ended_otherwise:
            return "failed"
        if not self.expectations:
            return "skipped"
        return "passed" if all(expectation.holds for expectation in self.expectations) else "failed"

    @property
    def ended_otherwise(self) -> bool:
        """Whether the run was interrupted, or diverged without `status: diverged` being expected."""
        expected = self.result.plan.spec.expect or Expect()
        status = self.result.status
        return status is Status.INTERRUPTED or (status is Status.DIVERGED and expected.status != str(status))


def judge(result: Result) -> Verdict:
    """Check a run against the `expect` section of its spec.

    Args:
        result: The run.

    Returns:
        The verdict; a diverged run fails unless `status: diverged` is expected.
    """
    return Verdict(result=result, expectations=tuple(_expectations(result, result.plan.spec.expect or Expect())))


def _expectations(result: Result, expect: Expect) -> Iterator[Expectation]:
    for figure in EXPECTED:
        expected, value = getattr(expect, figure), result.summary[figure]
        got = math.nan if value is None else value
        if isinstance(expected, float | int):
            tolerance = max(expect.tolerance, expect.relative * abs(expected))
            yield Expectation(figure=figure, expected=float(expected), got=float(got), tolerance=tolerance)
        elif expected is not None:
            yield Expectation(figure=figure, expected=expected, got=got)


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a JSON document; numbers that are not finite are None."""
    expectations = [
        {
            "figure": e.figure,
            "expected": plain(e.expected),
            "got": e.got,
            "tolerance": e.tolerance,
            "holds": e.holds,
        }
        for e in verdict.expectations
    ]
    document: dict[str, Any] = finite(
        {
            "name": verdict.result.name,
            "outcome": verdict.outcome,
            "status": str(verdict.result.status),
            "held": expectations,
        }
    )
    return document
