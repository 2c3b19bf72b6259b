"""`gdcli list`."""

from __future__ import annotations

from typing import Annotated

import typer

from gdcli.cli.options import AsJson
from gdcli.cli.outcome import handled
from gdcli.errors import Fault, Place, SpecError, suggestion


@handled
def list_kinds(
    topic: Annotated[
        str | None,
        typer.Argument(metavar="[optimizers|schedules|scalers|models|plots]", help="Describe these at length."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List what a spec can name: kinds with their hyperparameters and defaults.

    With an argument, each kind is described with its formula, bounds and source.

    \b
    gdcli list
    gdcli list optimizers
    gdcli list schedules --json
    """
    from gdcli.cli.kinds_view import PLOTS, details, overview
    from gdcli.cli.session import Session
    from gdcli.spec.describe.kinds import kinds

    topics = {**kinds(), "plots": PLOTS}
    if topic is not None and topic not in topics:
        message = f"there is no list '{topic}'{suggestion(topic, topics)}"
        raise SpecError([Fault(Place("gdcli list"), message)])
    session = Session(as_json=as_json, quiet=False)
    session.show(overview(topics) if topic is None else details(topics[topic]))
    wanted = topics if topic is None else {topic: topics[topic]}
    session.give({name: [kind.document for kind in described] for name, described in wanted.items()})
    return 0
