"""`gdcli check`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gdcli.cli.interrupts import INTERRUPTED
from gdcli.cli.options import AsJson, KernelOption, NoPlot, Overrides, Quiet
from gdcli.cli.outcome import UNEXPECTED, handled
from gdcli.errors import Fault, Place, SpecError, system_reason
from gdcli.spec.paths import in_workspace, is_folder


@handled
def check(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...|DIR", help="YAML files, or folders of them.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the results too, as `run` does.")
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
    """Run specs and hold each against its `expect`: one line each.

    Writes nothing unless --out or --junit is given. With --quiet, only what fails is printed.

    \b
    gdcli check experiments/
    gdcli check experiments/abalone_norm.yaml --junit report.xml
    """
    from gdcli.cli.report_file import check_report, write_report
    from gdcli.cli.session import Session, complain_of_unstarted
    from gdcli.engine.trace import Status
    from gdcli.experiment.expectation import judge
    from gdcli.experiment.kernels import kernel_choice
    from gdcli.experiment.portable import inputs_of
    from gdcli.show.verdicts import JUNIT_BEGINNING, junit_xml, verdict_document, verdict_line

    session = Session(as_json=as_json, quiet=quiet, kernel=kernel_choice(kernel, place="--kernel"))
    found = find_specs(specs)
    plans = session.plan_all(found, overrides)
    inputs = inputs_of(plans)
    if junit:
        check_report(junit, JUNIT_BEGINNING, inputs)
    if all(planned.spec.expect is None for planned in plans):
        raise SpecError([Fault(Place(str(specs[0])), "no spec here has an `expect` to hold its run against")])
    directories = session.destinations(out, [planned.spec.name for planned in plans], plans) if out else []
    verdicts = []
    for i, planned in enumerate(plans):
        result = session.run(planned)
        verdict = judge(result)
        verdicts.append(verdict)
        if directories:
            session.warn_all(result.write(directories[i], plot=not no_plot))
        if verdict.outcome == "failed" or not quiet:
            Session(as_json=as_json, quiet=False).show(verdict_line(verdict), one_line=True)
        if result.status is Status.INTERRUPTED:
            break
    complain_of_unstarted(plans, started=len(verdicts))
    session.remark_on([v.result for v in verdicts if v.result.status is not Status.DIVERGED])
    outcomes = [verdict.outcome for verdict in verdicts]
    skipped = f", {outcomes.count('skipped')} skipped" if "skipped" in outcomes else ""
    session.say(f"{outcomes.count('passed')} passed, {outcomes.count('failed')} failed{skipped}")
    session.give({"checks": [verdict_document(verdict) for verdict in verdicts]})
    if junit:
        report = junit_xml(verdicts, [str(path) for path in found[: len(verdicts)]])
        write_report(junit, report, JUNIT_BEGINNING, inputs)
    if any(verdict.result.status is Status.INTERRUPTED for verdict in verdicts):
        return INTERRUPTED
    return UNEXPECTED if "failed" in outcomes else 0


def find_specs(paths: Sequence[Path]) -> list[Path]:
    """List the specs in files and folders.

    Args:
        paths: Files, and folders that are searched at every depth for *.yaml and *.yml.

    Returns:
        The files, those of a folder sorted.

    Raises:
        SpecError: A folder holds none, or cannot be listed.
    """
    specs = []
    for path in paths:
        inside = _specs_in(path) if is_folder(path) else [path]
        if not inside:
            raise SpecError([Fault(Place(str(path)), "no *.yaml in this folder")])
        specs.extend(inside)
    return specs


def _specs_in(folder: Path) -> list[Path]:
    """The specs of a folder at every depth, sorted; links to folders are not followed, which may lead in a circle."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # one that has gone meanwhile held nothing any more
            place = Place(str(error.filename))
            raise SpecError([Fault(place, f"cannot list this folder: {system_reason(error)}")]) from error

    walk = os.walk(folder, onerror=refuse)
    files = (Path(root, name) for root, _, names in walk for name in names if name.endswith((".yaml", ".yml")))
    return sorted(file for file in files if not in_workspace(file))
