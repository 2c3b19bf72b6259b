"""The verdicts of a check as lines for the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from gdcli.show.texts import number
from gdcli.spec.model import AtMost

if TYPE_CHECKING:
    from gdcli.experiment.expectation import Expectation, Verdict


def verdict_line(verdict: Verdict) -> Text:
    """One line that says whether a run matches the expectations of its spec."""
    styles = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
    return (
        Text(f"{verdict.outcome:<8}", style=styles[verdict.outcome])
        + Text(verdict.result.name)
        + Text(f": {reason(verdict)}")
    )


def reason(verdict: Verdict) -> str:
    """Why a run passed, failed or was skipped, in one line."""
    if verdict.ended_otherwise:
        return f"{verdict.result.status} at epoch {verdict.result.epochs}"
    if not verdict.expectations:
        return "the spec has no `expect`"
    return "; ".join(map(_comparison, verdict.expectations))


def _comparison(expectation: Expectation) -> str:
    got = expectation.got
    if expectation.holds:
        return f"{expectation.figure} {got if isinstance(got, str) else number(got)}"
    if isinstance(got, float) and math.isnan(got):
        return f"{expectation.figure} does not exist: the optimum is 0"
    match expectation.expected, got:
        case AtMost(at_most=most), got:
            return f"{expectation.figure} is {got!r}, expected at most {most!r}"
        case float(expected), float(got):
            off = f"off by {abs(got - expected):.3g}, more than the tolerance of {expectation.tolerance:g}"
            return f"{expectation.figure} is {got!r}, expected {expected!r}: {off}"
        case expected, got:
            return f"{expectation.figure} is {got}, expected {expected}"
