"""`gdcli compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from gdcli.cli.options import DEFAULT_OUT, AsJson, KernelOption, NoPlot, Out, Overrides, Quiet, Specs
from gdcli.cli.outcome import handled
from gdcli.errors import Fault, Place, SpecError


@handled
def compare(
    specs: Specs,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", min=1, help="Run each spec with N seeds.")] = 1,
    out: Out = DEFAULT_OUT,
    overrides: Overrides = None,
    kernel: KernelOption = "auto",
    as_json: AsJson = False,
    no_plot: NoPlot = False,
    quiet: Quiet = False,
) -> int:
    """Run several specs side by side: one table, one picture, the best marked.

    The files go to DIR/A-vs-B/, or DIR/compare-N-HASH/ for more than three: curves.csv, curves.png, summary.csv,
    summary.json. A run that diverges does not stop the others. With --seeds, the table gives medians and the picture
    a band from the 10 % to the 90 % quantile; a seed that diverged counts as infinite. Runs on different data
    or rows, or with different targets, have no best; with different features or splits, the final MSE decides.

    \b
    gdcli compare experiments/abalone_norm.yaml experiments/abalone_raw.yaml
    gdcli compare experiments/optimizers/*.yaml --set epochs=50
    """
    from gdcli.cli.session import Session
    from gdcli.engine.trace import Status
    from gdcli.experiment.files.comparison import comparison_document, comparison_name, write_comparison
    from gdcli.show.drawing import draw_together
    from gdcli.show.tables import comparison_view

    if len(specs) < 2:
        raise SpecError([Fault(Place("gdcli compare"), "name at least two specs; `gdcli run` runs a single one")])
    session = Session.of_options(as_json=as_json, quiet=quiet, kernel=kernel)
    plans = session.plan_all(specs, overrides, seeds=seeds)
    (directory,) = session.destinations(out, [comparison_name(plans)], plans)
    session.explain(plans)
    results = []
    for planned in plans:
        results.append(session.run(planned))
        if results[-1].status is Status.INTERRUPTED:
            break
    session.warn_all(write_comparison(results, directory, draw=None if no_plot else draw_together))
    session.show(comparison_view(results))
    session.say(f"written to {directory}/")
    session.give(lambda: comparison_document(results, directory))
    return session.close(results, plans)
