"""`gdcli init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gdcli.cli.commands.optimum import named_columns
from gdcli.cli.options import Quiet
from gdcli.cli.outcome import handled, printing


@handled
def init(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A CSV or Parquet file.", readable=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="SPEC", help="A new file for it.  [default: stdout]")
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option("--features", metavar="A,B", help="The features; may be repeated.  [default: numeric columns]"),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="T", help="The column to fit.  [default: the last numeric one]")
    ] = None,
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
        typer.Option(
            "--missing", metavar="error|drop", help="Treatment of rows with blank cells.  [default: drop if any]"
        ),
    ] = None,
    quiet: Quiet = False,
) -> int:
    """Write a commented spec for a data file, ready to run.

    The spec lists the columns with their ranges, and has a scaler, a learning rate and a number of epochs that suit
    them, each with its reason. An existing file is never replaced.

    \b
    gdcli init data/abalone.csv -o abalone.yaml
    gdcli init prices.csv --delimiter ";" --decimal , --target Price
    """
    from gdcli.cli.output_file import spec_file
    from gdcli.cli.progress import ReadingBar
    from gdcli.cli.session import Session
    from gdcli.experiment.files.portable import inputs_of
    from gdcli.experiment.starter.examination import examine
    from gdcli.experiment.starter.text import starter_spec

    session = Session(as_json=False, quiet=quiet)
    settings = {
        "delimiter": "\t" if delimiter == "\\t" else delimiter,
        "decimal": decimal,
        "thousands": thousands,
        "encoding": encoding,
        "missing": missing,
    }
    if output:
        spec_file(output, [data]).check()
    columns = {"features": named_columns(features), "target": target}
    with ReadingBar(shown=not quiet) as bar:
        examined = examine(data, columns, settings, prefix="--", reading=bar.reading)
    spec = starter_spec(examined, data, output)
    if not output:
        with printing():
            typer.echo(spec, nl=False)
        return 0
    spec_file(output, inputs_of([examined.raw])).write([spec.encode()])
    session.say(f"written to {output}")
    return 0
