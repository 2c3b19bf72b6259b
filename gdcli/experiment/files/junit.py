"""Reports of checks as JUnit XML, which CI systems show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from gdcli.errors import Fault, printable
from gdcli.experiment.expectation import Verdict

SUITE = "gdcli check"
_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"
JUNIT_BEGINNING = f'{_DECLARATION}<testsuites name="{SUITE}"'.encode()  # of every report made here


def junit_xml(verdicts: Sequence[Verdict], files: Sequence[str], reason: Callable[[Verdict], str]) -> bytes:
    """Write verdicts as JUnit XML, which CI systems show, with one test case per spec.

    Args:
        verdicts: One per run.
        files: The file of each run's spec.
        reason: Says in one line why a run failed or was skipped.

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
    """Write JUnit XML for specs of which some are wrong, so that none is run.

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
    """A test case: its tag is `failure`, `error` or `skipped`, or empty if it passed."""

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
