"""Rows with their predictions beside them, as CSV."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gdcli.data.loading import load
from gdcli.data.stream import Reading, Stream
from gdcli.errors import DataError, Fault, Place, SpecError
from gdcli.experiment.exact import argument_places, check_data
from gdcli.experiment.prediction.new_rows import Predictions
from gdcli.experiment.prediction.predictor import Predictor
from gdcli.spec.advice import setting, style_of
from gdcli.spec.validate import read_spec

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class NewRows:
    """A data file whose rows are predicted.

    Attributes:
        data: The rows.
        column: Name of the column of predictions.
        drop: Whether rows with blank or NaN cells in the features are left out.
        advice: How the user says that.
    """

    data: Stream
    column: str
    drop: bool
    advice: str

    @property
    def files(self) -> list[Path]:
        """The files of the rows."""
        return [file.path for file in self.data.files]

    def text(self, predictor: Predictor, predictions: Predictions) -> Iterator[str]:
        """Write the rows as CSV, in the format of the file, with the predictions in a last column.

        Args:
            predictor: What predicted them.
            predictions: The predictions.

        Yields:
            The header, then the rows, chunk by chunk. Cells that the predictor does not use are spelled as in the file.
        """
        yield self.header
        names, numeric = self.data.names, {*predictor.columns.names} - predictor.levels.keys()
        for start, chunk in self.data.chunks([name for name in names if name not in numeric]):
            here = slice(start, start + len(chunk))
            frame = chunk.frame.assign(**{self.column: predictions.values[here]})
            yield self._csv(frame[predictions.used[here]], header=False)

    @property
    def header(self) -> str:
        """The first line."""
        import pandas as pd

        return self._csv(pd.DataFrame(columns=[*self.data.names, self.column]), header=True)

    @property
    def beginning(self) -> bytes:
        """The bytes of the first line, by which an earlier output is known."""
        return b"".join(self.encoded(iter([self.header])))

    def warnings(self, predictions: Predictions) -> Iterator[str]:
        """Say how many rows are left out, if any."""
        count, total = int(np.count_nonzero(~predictions.used)), len(predictions.used)
        if count:
            have, are = ("has a blank or NaN cell", "is") if count == 1 else ("have blank or NaN cells", "are")
            yield f"{count} of {total} rows {have} in the features and {are} left out"

    def _csv(self, frame: pd.DataFrame, *, header: bool) -> str:
        form = self.data.form if self.data.is_csv else None
        marks: dict[str, Any] = {"sep": form.delimiter, "decimal": form.decimal} if form else {}
        text: str = frame.to_csv(index=False, header=header, lineterminator="\n", **marks)
        return text

    def encoded(self, texts: Iterator[str]) -> Iterator[bytes]:
        """The bytes of texts in the encoding of the file."""
        encoder = codecs.getincrementalencoder(self.data.form.encoding if self.data.is_csv else "utf-8")("replace")
        return (encoder.encode(text) for text in texts)


def open_rows(
    data: str | PathLike[str],
    form: Mapping[str, Any],
    *,
    column: str = "prediction",
    missing: str = "error",
    prefix: str = "",
    reading: Reading | None = None,
) -> NewRows:
    """Open a data file whose rows are to be predicted.

    Args:
        data: The file.
        form: Its format: `delimiter`, `decimal`, `thousands`, `encoding`.
        column: Name of the column of predictions.
        missing: `drop` to leave out rows with blank or NaN cells in the features.
        prefix: What messages put before the name of a setting.
        reading: Called after every read.

    Returns:
        The rows.

    Raises:
        SpecError: A setting is wrong.
        DataError: The file is missing or unreadable, or has a column of this name.
    """
    check_data(data)
    places = argument_places(prefix)
    request = read_spec({"dataset": {"path": str(data), **form, "missing": missing}}, places=places)
    if request.faults:
        raise SpecError(request.faults)
    rows, _ = load(request, None, reading, in_chunks=True)
    assert isinstance(rows, Stream)
    if column in rows.names:
        message = f"has a column '{column}' already; give the predictions another name, by --column"
        raise DataError([Fault(Place(rows.label), message)])
    advice = setting(style_of(places["dataset", "missing"]), {"missing": "drop"})
    return NewRows(rows, column, request.spec.dataset.missing == "drop", advice)
