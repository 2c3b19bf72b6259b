"""From rows, which come whole or in chunks, and the columns of a spec to what is trained on, in units of the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from weakref import WeakKeyDictionary

import numpy as np

from gdcli.data.cells import Census
from gdcli.data.choosing import DesignColumns, check_names, check_width, choose_columns, relevant
from gdcli.data.encoding import Encoding
from gdcli.data.protocol import Data
from gdcli.data.survey import Survey
from gdcli.data.table import Table
from gdcli.engine.arrays import Array
from gdcli.engine.problems.factor import RowFactor
from gdcli.errors import DataError
from gdcli.spec.model import Columns, Spec
from gdcli.spec.validate import Request


@dataclass(frozen=True)
class Needs:
    """What runs ask of the rows, so that one pass serves all of them.

    Attributes:
        factors: Of all rows: False stands for the rows as they are, True for features sent through the sigmoid.
        rows: Whether they are needed themselves, which takes memory: mini-batches, quartiles and splits do.
        hashes: Whether files are hashed as they are read: a result names its data, an optimum alone does not.
    """

    factors: frozenset[bool] = frozenset()
    rows: bool = False
    hashes: bool = False

    @classmethod
    def of(cls, spec: Spec) -> Needs:
        """What the run of a spec needs."""
        hashes = spec.epochs > 0
        if spec.split:
            return cls(rows=True, hashes=hashes)
        robust = "robust" in (spec.scaler.features, spec.scaler.target)
        factors = frozenset([spec.scaler.features == "sigmoid"])
        return cls(factors=factors, rows=robust or spec.batch_size != "full", hashes=hashes)

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.factors | other.factors, self.rows or other.rows, self.hashes or other.hashes)


@dataclass(frozen=True)
class Design:
    """The columns of a run.

    Attributes:
        columns: As the spec asks for them, nothing left open.
        texts: The columns that are text, among those that the spec names, or all where it leaves the choice open.
        names: Of the features after one-hot encoding, p of them.
        n: How many rows are used.
        rows: Features and target, shape (n, p + 1), in the units of the file; None where nobody needs them.
        factors: Of all rows, where they are needed: see `Needs`.
        warnings: For people.
    """

    columns: DesignColumns
    texts: frozenset[str]
    names: tuple[str, ...]
    n: int
    rows: Array | None
    factors: Mapping[bool, RowFactor]
    warnings: tuple[str, ...]

    def offers(self, needs: Needs) -> bool:
        """Whether this is enough."""
        return needs.factors <= self.factors.keys() and (self.rows is not None or not needs.rows)


# What was made of files, while these are the same, so that nobody reads them again for it.
_DESIGNS: WeakKeyDictionary[Data, dict[tuple[Columns, str], Design]] = WeakKeyDictionary()


def design(request: Request, data: Data, needs: Needs) -> Design:
    """Pick the columns that a spec asks for, encode them as numbers, and factor them.

    Rows are read once. They are read twice where a text column is a feature, because all of its levels must be known
    first, or where what a column is in its first chunk is not what it is on the whole.

    Args:
        request: The spec.
        data: The rows.
        needs: What to work out of them.

    Returns:
        The design.

    Raises:
        DataError: A column is missing, has cells that cannot serve, or stands for target and feature at once.
    """
    if not data.size:
        return _designed(request, data, needs)
    designs = _DESIGNS.setdefault(data, {})
    key = request.spec.columns, request.spec.dataset.missing
    if key not in designs or not designs[key].offers(needs):
        made = _designed(request, data, needs)
        if made.rows is not None:
            designs.clear()  # one copy of the rows is enough
        designs[key] = made
    return designs[key]


def _designed(request: Request, data: Data, needs: Needs) -> Design:
    """Make a design, whatever is known already."""
    names = data.names
    check_names(request, names, data.label)
    chunks = data.chunks(hashing=needs.hashes)
    first = next(chunks)
    texts = {name for name, census in first[1].censuses(relevant(request, names)).items() if census.is_text}
    begun: Iterable[tuple[int, Table]] | None = chain([first], chunks)
    if texts & set(request.spec.columns.features or ()):
        chunks.close()  # to be read again, text as text
        begun = None
    try:
        columns = choose_columns(request, data, texts, hinting=False)
    except DataError:  # of the first chunk; on the whole it may be otherwise
        truly = _texts(request, data, begun or data.chunks())
        columns, texts, begun = choose_columns(request, data, truly), truly, None
    survey = _survey(request, data, needs, columns, texts, begun)
    truly = survey.truly_text()
    if truly != texts:
        columns = choose_columns(request, data, truly)
        survey = _survey(request, data, needs, columns, truly, None)
    survey.check(request, data)
    kept = survey.kept
    return Design(
        columns=columns,
        texts=frozenset(truly),
        names=survey.encoding.names,
        n=survey.rows,
        rows=(kept[0] if len(kept) == 1 else np.concatenate(kept)) if kept else None,
        factors=survey.factors(),
        warnings=tuple(survey.warnings(request, data)),
    )


def _texts(request: Request, data: Data, chunks: Iterable[tuple[int, Table]]) -> set[str]:
    """The columns that are text on the whole."""
    censuses = {name: Census() for name in relevant(request, data.names)}
    for start, chunk in chunks:
        for name, census in chunk.censuses(censuses, start).items():
            censuses[name] = censuses[name].and_then(census)
    return {name for name, census in censuses.items() if census.is_text}


def _survey(
    request: Request,
    data: Data,
    needs: Needs,
    columns: DesignColumns,
    texts: set[str],
    begun: Iterable[tuple[int, Table]] | None,
) -> Survey:
    """Read all rows, given which columns are taken for text."""
    drop = request.spec.dataset.missing == "drop"
    check_width(request, data.label, len(columns.features))
    encoding = Encoding.of(columns, data, texts, drop=drop)
    check_width(request, data.label, len(encoding.names))
    survey = Survey(
        encoding,
        texts,
        relevant(request, data.names),
        factors=needs.factors,
        keeps=needs.rows or not data.size,  # what is held anyway may serve other runs
        drop=drop,
    )
    for start, chunk in begun or data.chunks(texts & set(columns.features), hashing=needs.hashes):
        survey.add(start, chunk)
    return survey
