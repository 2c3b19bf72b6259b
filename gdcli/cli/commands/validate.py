"""`gdcli validate`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcli.cli.options import AsJson, Overrides, Quiet
from gdcli.cli.outcome import complain, handled
from gdcli.errors import DataError, FaultsError, SpecError

if TYPE_CHECKING:
    from gdcli.cli.session import Session


@handled
def validate(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...|DIR", help="YAML files, or folders of them.")],
    overrides: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Find all faults of specs and of their data; run nothing.

    The data is read, but not factored: a run can still fail where numbers leave the range of double precision. The
    settings of a `sweep:` block are not tried. Exits with 2 if a spec is wrong, else with 3 if data is.

    \b
    gdcli validate experiments/
    gdcli validate experiments/abalone_norm.yaml --set optimizer.lr=0.5
    """
    from gdcli.cli.session import Session
    from gdcli.spec.folders import find_specs

    session = Session(as_json=as_json, quiet=quiet)
    files = find_specs(specs)
    errors = [_validated(session, file, overrides or ()) for file in files]
    session.give({"specs": [_document(file, error) for file, error in zip(files, errors, strict=True)]})
    codes = {error.exit_code for error in errors if error}
    return next((kind.exit_code for kind in (SpecError, DataError) if kind.exit_code in codes), 0)


def _validated(session: Session, file: Path, overrides: Sequence[str]) -> FaultsError | None:
    """Validate one spec, and say whether it is valid, or what is wrong with it."""
    from gdcli.cli.progress import ReadingBar
    from gdcli.experiment import planner

    try:
        with ReadingBar(shown=not session.quiet) as bar:
            planner.validate(file, overrides=overrides, reading=bar.reading)
    except FaultsError as error:
        if not session.as_json:
            complain(str(error))
        return error
    session.say(f"{file}: valid")
    return None


def _document(file: Path, error: FaultsError | None) -> dict[str, Any]:
    """What a program needs to know of one spec."""
    faults = [
        {"file": place.label, "line": place.line or None, "column": place.column or None, "message": message}
        for place, message in (error.faults if error else ())
    ]
    return {"spec": str(file), "valid": error is None, "faults": faults}
