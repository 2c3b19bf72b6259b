"""`gdcli check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gdcli.cli.interrupts import INTERRUPTED
from gdcli.cli.options import AsJson, KernelOption, NoPlot, Overrides, Quiet
from gdcli.cli.outcome import UNEXPECTED, complain, handled
from gdcli.errors import Fault, FaultsError, OutputError, Place, SpecError

if TYPE_CHECKING:
    from gdcli.cli.session import Session
    from gdcli.experiment.expectation import Verdict
    from gdcli.experiment.plan import Plan


@handled
def check(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...|DIR", help="YAML files, or folders of them.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Also write the results, as `run` does.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the outcomes as JUnit XML, for CI.")
    ] = None,
    overrides: Overrides = None,
    kernel: KernelOption = "auto",
    as_json: AsJson = False,
    no_plot: NoPlot = False,
    quiet: Quiet = False,
) -> int:
    """Run specs and check each against its `expect`: one line per spec.

    A folder is searched at every depth, without the results of gdcli in it. Writes nothing unless --out or --junit is
    given; if a spec is wrong, nothing runs, and the report says so. With --quiet, only failures are printed.

    \b
    gdcli check experiments/
    gdcli check experiments/abalone_norm.yaml --junit report.xml
    """
    from gdcli.cli.output_file import report_file
    from gdcli.cli.session import Session, complain_of_unstarted
    from gdcli.engine.trace import Status
    from gdcli.experiment.expectation import verdict_document
    from gdcli.experiment.files.junit import JUNIT_BEGINNING, junit_xml
    from gdcli.experiment.files.portable import inputs_of
    from gdcli.output.manifest import is_own
    from gdcli.show.verdicts import reason
    from gdcli.spec.folders import find_specs

    session = Session.of_options(as_json=as_json, quiet=quiet, kernel=kernel)
    files = find_specs(specs, is_output=is_own)
    try:
        plans = session.plan_all(files, overrides)
    except FaultsError as error:
        if junit:
            _report_faults(junit, files, error)
        raise
    inputs = inputs_of(plans)
    report = report_file(junit, JUNIT_BEGINNING, inputs) if junit else None
    if report:
        report.check()
    if all(planned.spec.expect is None for planned in plans):
        raise SpecError([Fault(Place(str(specs[0])), "none of these specs has an `expect` section")])
    directories = session.destinations(out, [planned.spec.name for planned in plans], plans) if out else []
    verdicts = list(_verdicts(session, plans, directories, plot=not no_plot))
    results = [verdict.result for verdict in verdicts]
    complain_of_unstarted(plans, started=len(results))
    session.remark_on([result for result in results if result.status is not Status.DIVERGED])
    session.say(_counts([verdict.outcome for verdict in verdicts]))
    session.give(lambda: {"checks": [verdict_document(verdict) for verdict in verdicts]})
    if report:
        report.write([junit_xml(verdicts, [str(file) for file in files[: len(verdicts)]], reason)])
    if any(result.status is Status.INTERRUPTED for result in results):
        return INTERRUPTED
    return UNEXPECTED if any(verdict.outcome == "failed" for verdict in verdicts) else 0


def _verdicts(session: Session, plans: Sequence[Plan], directories: Sequence[Path], *, plot: bool) -> Iterator[Verdict]:
    """Run plans until Ctrl-C; write each result that has a directory, and show whether it is as expected."""
    from gdcli.engine.trace import Status
    from gdcli.experiment.expectation import judge
    from gdcli.show.verdicts import verdict_line

    for planned, directory in zip_longest(plans, directories):
        result = session.run(planned)
        verdict = judge(result)
        if directory:
            session.warn_all(result.write(directory, plot=plot))
        if verdict.outcome == "failed" or not session.quiet:
            replace(session, quiet=False).show(verdict_line(verdict), one_line=True)
        yield verdict
        if result.status is Status.INTERRUPTED:
            break


def _report_faults(junit: Path, files: Sequence[Path], error: FaultsError) -> None:
    """Write the report where specs are wrong and nothing runs; print why if that fails too."""
    from gdcli.cli.output_file import report_file
    from gdcli.experiment.files.junit import JUNIT_BEGINNING, junit_xml_of_faults

    report = report_file(junit, JUNIT_BEGINNING, files)
    try:
        report.check()
        report.write([junit_xml_of_faults(files, error.by_spec)])
    except OutputError as refusal:
        complain(str(refusal))


def _counts(outcomes: Sequence[str]) -> str:
    """Count the outcomes: `3 passed, 1 failed`."""
    skipped = f", {outcomes.count('skipped')} skipped" if "skipped" in outcomes else ""
    return f"{outcomes.count('passed')} passed, {outcomes.count('failed')} failed{skipped}"
