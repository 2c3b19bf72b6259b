"""`gdcli explain`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gdcli.cli.options import AsJson, Overrides, Quiet
from gdcli.cli.outcome import handled


@handled
def explain(
    specs: Annotated[
        list[Path], typer.Argument(metavar="SPEC...|DIR", help="YAML files, or folders of finished runs.")
    ],
    overrides: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Explain why a run converges as it does, before it runs.

    Trains nothing and writes nothing. Says whether the run is stable and by how much, how slow it is and because of
    which columns, and what to change first. Of the folder of a finished run it also says where it stands, measured
    against predicted. With --json, one spec gives one document, several give a list under "explanations".

    \b
    gdcli explain experiments/abalone_norm.yaml
    gdcli explain experiments/abalone_raw.yaml --set optimizer.lr=0.5
    gdcli explain results/abalone_norm
    """
    from gdcli.cli.session import Session
    from gdcli.experiment.explain.finished import needs_of, subjects_of
    from gdcli.show.explain_view import explain_view

    session = Session(as_json=as_json, quiet=quiet)
    subjects = subjects_of(specs, overrides or ())
    files = [Path(str(subject.spec)) for subject in subjects]
    plans = session.plan_all(files, overrides, needs=partial(needs_of, subjects), distinct=False)
    documents = []
    for subject, planned in zip(subjects, plans, strict=True):
        session.warn_all(subject.warnings(planned))
        explanation = subject.explain(planned)
        session.show(explain_view(explanation))
        documents.append(explanation.document())
    session.give(documents[0] if len(documents) == 1 else {"explanations": documents})
    return 0
