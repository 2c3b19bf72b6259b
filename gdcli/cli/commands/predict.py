"""`gdcli predict`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcli.cli.options import AsJson, Quiet
from gdcli.cli.outcome import complain, handled, printing
from gdcli.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gdcli.experiment.prediction.new_rows import Predictions
    from gdcli.experiment.prediction.saved import SavedRun
    from gdcli.experiment.prediction.tables import NewRows


@handled
def predict(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="The directory of a finished run.", readable=False)],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A CSV or Parquet file.", readable=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write them.  [default: stdout]")
    ] = None,
    column: Annotated[str, typer.Option("--column", metavar="NAME", help="Name of their column.")] = "prediction",
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", metavar="C", help="Between cells.  [default: as the run's data]")
    ] = None,
    decimal: Annotated[str | None, typer.Option("--decimal", metavar="C", help="Decimal mark; likewise.")] = None,
    thousands: Annotated[
        str | None, typer.Option("--thousands", metavar="C", help="Mark between groups of digits; likewise.")
    ] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help="Of the text; likewise.")] = None,
    missing: Annotated[
        str, typer.Option("--missing", metavar="error|drop", help="Rows with blank cells in the features.")
    ] = "error",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Predict new rows with a finished run: its weights, its scaling and its levels.

    Prints or writes a CSV file in the format of DATA: its rows, and the predictions in a last column. Where the target
    is there, the mean squared error is told too: on stderr if the rows go to stdout.

    \b
    gdcli predict results/abalone_norm data/abalone.csv
    gdcli predict results/abalone_norm data/abalone.csv -o predicted.csv
    """
    from gdcli.cli.output_file import prediction_file
    from gdcli.cli.progress import ReadingBar
    from gdcli.cli.session import Session
    from gdcli.experiment.prediction import new_rows
    from gdcli.experiment.prediction.saved import read_run
    from gdcli.experiment.prediction.tables import open_rows

    session, run = Session(as_json=as_json, quiet=quiet), read_run(result)
    settings = {"delimiter": delimiter, "decimal": decimal, "thousands": thousands, "encoding": encoding}
    with ReadingBar(shown=not quiet) as bar:
        rows = open_rows(data, _form(run, settings), column=column, prefix="--", reading=bar.reading, missing=missing)
        file = prediction_file(output, rows.beginning, [*rows.files, run.file]) if output else None
        if file:
            file.check()
        predictions = new_rows.predict(run.predictor, rows.data, drop=rows.drop, advice=rows.advice)
        if file:
            file.write(rows.encoded(rows.text(run.predictor, predictions)))
    session.warn_all(rows.warnings(predictions))
    if run.status == "diverged":
        session.warn(f"{run.name}: the run diverged; its predictions are of no use")
    if not (file or as_json):
        _print(rows.text(run.predictor, predictions))
    line = _line(run, rows, predictions)
    if file:
        session.say(line)
        session.say(f"written to {output}")
    elif not (quiet or as_json):
        complain(line)
    session.give(_document(run, rows, predictions, output))
    return 0


def _form(run: SavedRun, settings: dict[str, str | None]) -> dict[str, str]:
    """The format of the data: that of the run's data, unless options say otherwise."""
    given = {key: "\t" if value == "\\t" else value for key, value in settings.items() if value is not None}
    return {**run.form, **given}


@printing()
def _print(texts: Iterator[str]) -> None:
    """Print rows to stdout, on a terminal with escapes for control characters."""
    for text in texts:
        lines = text.split("\n") if sys.stdout.isatty() else [text]
        typer.echo("\n".join(map(printable, lines)) if len(lines) > 1 else text, nl=False)


def _line(run: SavedRun, rows: NewRows, predictions: Predictions) -> str:
    """Say how good the predictions are, as far as the target is known."""
    from gdcli.show.texts import number

    target, count = run.predictor.columns.target, int(predictions.used.sum())
    predicted = f"{run.name}: {count} row{'' if count == 1 else 's'} predicted"
    if predictions.mse is None:
        return f"{predicted}; no MSE, as {rows.data.label} has no values of '{target}'"
    some = "" if predictions.scored == count else f" of {predictions.scored}"
    return f"{predicted}; MSE{some} {number(predictions.mse)}"


def _document(run: SavedRun, rows: NewRows, predictions: Predictions, output: Path | None) -> dict[str, Any]:
    """What a program needs; the predictions themselves where they are not written to a file."""
    document = {
        "result": run.name,
        "data": rows.data.label,
        "target": run.predictor.columns.target,
        "rows": int(predictions.used.sum()),
        "rows_left_out": int((~predictions.used).sum()),
        "rows_with_target": predictions.scored,
        "mse": predictions.mse,
    }
    if output:
        return {**document, "file": str(output)}
    return {**document, "predictions": predictions.values[predictions.used].tolist()}
