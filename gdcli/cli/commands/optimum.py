"""`gdcli optimum`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gdcli.cli.options import AsJson, Quiet
from gdcli.cli.outcome import handled
from gdcli.errors import Fault, Place, SpecError


@handled
def optimum(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A CSV or Parquet file.", readable=False)],
    features: Annotated[
        list[str] | None,
        typer.Option("--features", metavar="A,B", help="The features; may be repeated.  [default: numeric columns]"),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="T", help="The column to fit.  [default: the last numeric one]")
    ] = None,
    scaler: Annotated[str, typer.Option("--scaler", metavar="S", help="Scaler of the features.")] = "none",
    no_intercept: Annotated[bool, typer.Option("--no-intercept", help="Fit without an intercept.")] = False,
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", metavar="C", help="Delimiter of a CSV file.  [default: ,]")
    ] = None,
    decimal: Annotated[
        str | None, typer.Option("--decimal", metavar="C", help="Decimal mark of a CSV file.  [default: .]")
    ] = None,
    thousands: Annotated[
        str | None, typer.Option("--thousands", metavar="C", help="Mark between groups of digits in a CSV file.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="Text encoding, e.g. latin-1.  [default: utf-8]")
    ] = None,
    missing: Annotated[
        str | None,
        typer.Option("--missing", metavar="error|drop", help="Treatment of rows with blank cells.  [default: error]"),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Fit a data file by exact least squares: weights, MSE, R², rank and condition number.

    \b
    gdcli optimum data/abalone.csv
    gdcli optimum data/abalone.csv --target "Whole weight" --features Length,Diameter --scaler zscore
    gdcli optimum prices.csv --delimiter ";" --decimal , --encoding latin-1 --missing drop
    """
    from gdcli.cli.progress import ReadingBar
    from gdcli.cli.session import Session
    from gdcli.experiment.exact import exact_fit, plan_optimum
    from gdcli.output.directories import finite

    session = Session(as_json=as_json, quiet=quiet)
    columns = {"features": named_columns(features), "target": target, "intercept": not no_intercept}
    settings = {
        "delimiter": "\t" if delimiter == "\\t" else delimiter,
        "decimal": decimal,
        "thousands": thousands,
        "encoding": encoding,
        "missing": missing,
    }
    with ReadingBar(shown=not quiet) as bar:
        planned = plan_optimum(data, columns, scaler=scaler, settings=settings, prefix="--", reading=bar.reading)
    fit = exact_fit(planned)
    session.warn_all(fit.warnings)
    if not (quiet or as_json):
        from gdcli.show.exact_view import exact_view

        session.show(exact_view(fit))
    session.give(lambda: finite(fit.document))
    return 0


def named_columns(features: Sequence[str] | None) -> list[str] | None:
    """The columns that `--features` names; None if it is not given."""
    names = [name.strip() for part in features or [] for name in part.split(",") if name.strip()]
    if features and not names:
        raise SpecError([Fault(Place("--features"), "name at least one column")])
    return names or None
