"""The verdicts of a check: as lines for the terminal, as JSON, and as JUnit XML for CI systems."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

from rich.text import Text

from gdcli.errors import Fault, printable
from gdcli.show.texts import number
from gdcli.spec.model import AtMost, plain

if TYPE_CHECKING:
    from pathlib import Path

    from gdcli.experiment.expectation import Expectation, Verdict

SUITE = "gdcli check"
_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"
JUNIT_BEGINNING = f'{_DECLARATION}<testsuites name="{SUITE}"'.encode()  # of every report that `junit_xml` makes


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
    tags = {"passed": "", "failed": "failure", "skipped": "skipped"}
    return _junit(
        [
            _Case(file, verdict.result.name, verdict.result.seconds, tags[verdict.outcome], [reason(verdict)])
            for verdict, file in zip(verdicts, files, strict=True)
        ]
    )


def junit_xml_of_faults(files: Sequence[Path], faults: Mapping[str, Sequence[Fault]]) -> bytes:
    """Write JUnit XML for specs of which some are wrong, so that none was run.

    Args:
        files: The file of each spec.
        faults: The faults of each spec that is wrong, by its file.

    Returns:
        As `junit_xml`, with an error for each spec that is wrong; the others are skipped.
    """
    return _junit(
        [
            _Case(str(file), file.stem, 0.0, "error", list(map(str, faults[str(file)])))
            if str(file) in faults
            else _Case(str(file), file.stem, 0.0, "skipped", ["not run, because other specs are wrong"])
            for file in files
        ]
    )


class _Case(NamedTuple):
    """A test case: its tag is `failure`, `error` or `skipped`, or empty where it passed."""

    file: str
    name: str
    seconds: float
    tag: str
    lines: Sequence[str]


def _junit(cases: Sequence[_Case]) -> bytes:
    tags = [case.tag for case in cases]
    counts = {
        "tests": str(len(cases)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": f"{sum(case.seconds for case in cases):.6f}",
    }
    root = ElementTree.Element("testsuites", {"name": SUITE, **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": SUITE, **counts})
    for case in cases:
        about = {"classname": printable(case.file), "name": printable(case.name)}
        element = ElementTree.SubElement(suite, "testcase", {**about, "time": f"{case.seconds:.6f}"})
        if case.tag:
            message = "\n".join(map(printable, case.lines))
            ElementTree.SubElement(element, case.tag, {"message": message})
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f"{_DECLARATION}{text}\n".encode()
