"""New rows of a predictor: checked, predicted chunk by chunk, and scored where the target is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from gdcli.data.cells import Census, Finding, cell_faults, finding_of
from gdcli.data.protocol import Data
from gdcli.data.table import Table
from gdcli.engine.arrays import Array, BoolArray
from gdcli.errors import DataError, Fault, Place, some_of, suggestion
from gdcli.experiment.prediction.predictor import Predictor


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions for new rows.

    Attributes:
        values: In units of the file, shape (n,); NaN for rows that are left out.
        used: Which rows are not left out, shape (n,).
        mse: Mean squared error over the rows whose target is known; None if there are none.
        scored: Number of these rows.
    """

    values: Array
    used: BoolArray
    mse: float | None
    scored: int


def predict(predictor: Predictor, data: Data, *, drop: bool = False, advice: str = "") -> Predictions:
    """Predict all rows of data.

    Args:
        predictor: A fitted run.
        data: The rows.
        drop: Whether to leave out rows with blank or NaN cells in the features.
        advice: What messages add about blank cells: how to leave these rows out.

    Returns:
        The predictions.

    Raises:
        DataError: A feature is missing, or has cells that are unusable or of levels that the run has not seen.
    """
    _check_columns(predictor, data)
    one_pass = _Pass(predictor, data, drop=drop)
    for start, chunk in data.chunks([*predictor.levels]):
        one_pass.add(start, chunk)
    return one_pass.result(advice)


def _check_columns(predictor: Predictor, data: Data) -> None:
    """Refuse data that lacks a feature."""
    names = data.names
    faults = [
        Fault(Place(data.label), f"no column '{name}', which the run was trained on{suggestion(name, names)}")
        for name in predictor.columns.features
        if name not in names
    ]
    if faults:
        raise DataError(faults)


class _Pass:
    """One pass over new rows: cells counted, and rows predicted until one is found that cannot be."""

    def __init__(self, predictor: Predictor, data: Data, *, drop: bool) -> None:
        self._predictor, self._data, self._drop = predictor, data, drop
        self._features = predictor.columns.features
        self._censuses = {name: Census() for name in self._features}
        self._unseen: dict[str, Finding] = {}
        self._values, self._used = list[Array](), list[BoolArray]()
        self._squares, self._scored = 0.0, 0

    def add(self, start: int, chunk: Table) -> None:
        """Look at the next chunk, whose first row has the number `start`."""
        used = chunk.complete(self._features) if self._drop else np.ones(len(chunk), dtype=np.bool_)
        for name, census in chunk.censuses(self._features, start, used).items():
            self._censuses[name] = self._censuses[name].and_then(census)
        level_of = {name: self._levels(name, start, chunk, used) for name in self._predictor.levels}
        if not (self._unseen or any(self._unfit().values())):
            self._predict(chunk, used, level_of)

    def _levels(self, name: str, start: int, chunk: Table, used: BoolArray) -> dict[str, str]:
        """The level of each cell of a text feature; cells of unseen levels are counted."""
        known, cells = set(self._predictor.levels[name]), chunk.text(name)
        spelling = self._data.spelling(set(cells))
        level_of = {cell: cell if cell in known else level for cell, level in spelling.items()}
        unseen = np.array([level_of[cell] not in known for cell in cells], dtype=np.bool_)
        new = finding_of(unseen & used & ~chunk.missing(name), start, lambda row: cells[row])
        first = self._unseen.get(name)
        if new:
            self._unseen[name] = replace(first, count=first.count + new.count) if first else new
        return level_of

    def _predict(self, chunk: Table, used: BoolArray, level_of: Mapping[str, Mapping[str, str]]) -> None:
        target = self._predictor.columns.target
        rows = chunk.only(used)
        if target not in rows.names:
            rows = replace(rows, frame=rows.frame.assign(**{target: np.nan}))
        values = np.full(len(chunk), np.nan)
        values[used], targets = self._predictor.predict(rows, level_of)
        self._values.append(values)
        self._used.append(used)
        known = np.isfinite(targets)
        with np.errstate(over="ignore"):
            self._squares += float(np.sum((values[used][known] - targets[known]) ** 2))
        self._scored += int(np.count_nonzero(known))

    def _unfit(self) -> dict[str, dict[str, Finding]]:
        texts = self._predictor.levels
        return {name: census.unfit(text=name in texts) for name, census in self._censuses.items()}

    def result(self, advice: str) -> Predictions:
        """The predictions.

        Raises:
            DataError: There are unusable cells.
        """
        faults = [*cell_faults(self._unfit(), self._data.spots, _advice(advice)), *self._unseen_levels()]
        if faults:
            raise DataError(faults)
        used = np.concatenate(self._used)
        mse = self._squares / self._scored if self._scored else None
        return Predictions(np.concatenate(self._values), used, mse, self._scored)

    def _unseen_levels(self) -> Iterator[Fault]:
        for name, finding in self._unseen.items():
            spot = self._data.spots([finding.row])(name, finding.row)
            count = "1 cell" if finding.count == 1 else f"{finding.count} cells"
            known = some_of(self._predictor.levels[name], 7)
            message = f"of levels that the run was not trained on, the first '{finding.cell[:40]}' {spot.where}"
            yield Fault(spot.place, f"column '{name}' has {count} {message}; it knows {known}")


def _advice(blank: str) -> Callable[[str, str], str]:
    return lambda kind, _: f", or leave these rows out: {blank}" if blank and kind in ("blank", "nan") else ""
