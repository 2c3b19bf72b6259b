"""`gdcli run`."""

from __future__ import annotations

from typing import Any

from gdcli.cli.options import DEFAULT_OUT, AsJson, KernelOption, NoPlot, Out, Overrides, Quiet, Specs
from gdcli.cli.outcome import handled


@handled
def run(
    specs: Specs,
    out: Out = DEFAULT_OUT,
    overrides: Overrides = None,
    kernel: KernelOption = "auto",
    as_json: AsJson = False,
    no_plot: NoPlot = False,
    quiet: Quiet = False,
) -> int:
    """Run each spec and write its curve, summary and picture.

    The files go to DIR/NAME/: curve.csv, curve.png, summary.csv, summary.json, spec.yaml. With --json, one spec
    gives the document of summary.json, several give a list of them under "runs". If DIR/NAME/ holds a file that
    the command reads, the files go to DIR/NAME-2/.

    \b
    gdcli run experiments/abalone_norm.yaml
    gdcli run experiments/abalone_norm.yaml --set optimizer.lr=0.2 --set name=faster
    """
    from gdcli.cli.session import Session
    from gdcli.engine.trace import Status
    from gdcli.show.run_view import run_view

    session = Session.of_options(as_json=as_json, quiet=quiet, kernel=kernel)
    plans = session.plan_all(specs, overrides)
    directories = session.destinations(out, [planned.spec.name for planned in plans], plans)
    session.explain(plans)
    results = []
    for planned, directory in zip(plans, directories, strict=True):
        session.say_outlook(planned)
        result = session.run(planned)
        results.append(result)
        session.warn_all(result.write(directory, plot=not no_plot))
        session.show(run_view(result))
        session.say(f"written to {directory}/")
        session.say("")
        if result.status is Status.INTERRUPTED:
            break

    def document() -> dict[str, Any]:
        documents = [result.document(directory) for result, directory in zip(results, directories, strict=False)]
        return documents[0] if len(specs) == 1 else {"runs": documents}

    session.give(document)
    return session.close(results, plans)
