"""The verdicts of a check: as lines for the terminal, as JSON, and as JUnit XML for CI systems."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from rich.text import Text

from gdcli.errors import printable
from gdcli.show.texts import number
from gdcli.spec.model import AtMost, plain

if TYPE_CHECKING:
    from gdcli.experiment.expectation import Expectation, Verdict

SUITE = "gdcli check"
_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"
JUNIT_BEGINNING = f'{_DECLARATION}<testsuites name="{SUITE}"'.encode()  # of every report made by `junit_xml`


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


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain values for JSON."""
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
    return {
        "name": verdict.result.name,
        "outcome": verdict.outcome,
        "status": str(verdict.result.status),
        "held": expectations,
    }


def junit_xml(verdicts: Sequence[Verdict], files: Sequence[str]) -> bytes:
    """Write verdicts as JUnit XML, which CI systems show, with one test case per spec.

    Args:
        verdicts: One per run.
        files: The file of each run's spec.

    Returns:
        A document with one `testsuite`; times are seconds of descent.

    Source: https://github.com/testmoapp/junitxml
    """
    outcomes = [verdict.outcome for verdict in verdicts]
    counts = {
        "tests": str(len(verdicts)),
        "failures": str(outcomes.count("failed")),
        "errors": "0",
        "skipped": str(outcomes.count("skipped")),
        "time": f"{sum(verdict.result.seconds for verdict in verdicts):.6f}",
    }
    root = ElementTree.Element("testsuites", {"name": SUITE, **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": SUITE, **counts})
    for verdict, file in zip(verdicts, files, strict=True):
        about = {"classname": printable(file), "name": printable(verdict.result.name)}
        case = ElementTree.SubElement(suite, "testcase", {**about, "time": f"{verdict.result.seconds:.6f}"})
        if verdict.outcome != "passed":
            tag = "failure" if verdict.outcome == "failed" else "skipped"
            ElementTree.SubElement(case, tag, {"message": printable(reason(verdict))})
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f"{_DECLARATION}{text}\n".encode()
