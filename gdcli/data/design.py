"""The design of a run: the columns that a spec asks for, as numbers in the units of the file."""

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
    """What runs need from the rows. The needs of several runs can be joined, so that one pass serves all of them.

    Attributes:
        factors: The factors of all rows that are needed: False for the rows as they are, True for those with the
            sigmoid of their features.
        rows: Whether the rows must stay in memory, as mini-batches, quartiles and splits need them.
        hashes: Whether to hash files while they are read: a result names its data by their hash, an optimum does not.
    """

    factors: frozenset[bool] = frozenset()
    rows: bool = False
    hashes: bool = False

    @classmethod
    def of(cls, spec: Spec) -> Needs:
        """Return the needs of the run of a spec."""
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
        columns: Features and target.
        texts: The text columns among those that the spec names, or among all if it leaves the choice open.
        names: Names of the p features after one-hot encoding.
        levels: Text feature → its levels, sorted.
        n: Number of rows that are used.
        rows: Features and target, shape (n, p + 1), in the units of the file; None if they are not needed.
        factors: The factors of all rows that are needed: see `Needs`.
        warnings: Warnings for the user.
    """

    columns: DesignColumns
    texts: frozenset[str]
    names: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    n: int
    rows: Array | None
    factors: Mapping[bool, RowFactor]
    warnings: tuple[str, ...]

    def offers(self, needs: Needs) -> bool:
        """Whether the design has all that is needed."""
        return needs.factors <= self.factors.keys() and (self.rows is not None or not needs.rows)


# The designs of files, kept as long as their `Data`, so that the files are not read again.
_DESIGNS: WeakKeyDictionary[Data, dict[tuple[Columns, str], Design]] = WeakKeyDictionary()


def design(request: Request, data: Data, needs: Needs) -> Design:
    """Choose the columns that a spec asks for, encode them as numbers, and factor them.

    The rows are read once. They are read twice if a text column is a feature, because all of its levels must be known
    first, and if a column is text in its first chunk and numeric as a whole, or the reverse.

    Args:
        request: The spec.
        data: The rows.
        needs: What is needed from them.

    Returns:
        The design.

    Raises:
        DataError: A file is unreadable, a column is missing or has unusable cells, or there are no columns to choose.
    """
    if not data.size:
        return _designed(request, data, needs)
    designs = _DESIGNS.setdefault(data, {})
    key = request.spec.columns, request.spec.dataset.missing
    if key not in designs or not designs[key].offers(needs):
        new = _designed(request, data, needs)
        if new.rows is not None:
            designs.clear()  # one copy of the rows is enough
        designs[key] = new
    return designs[key]


def _designed(request: Request, data: Data, needs: Needs) -> Design:
    """Make a design, without the cache."""
    names = data.names
    check_names(request, names, data.label)
    chunks = data.chunks(hashing=needs.hashes)
    first = next(chunks)
    texts = {name for name, census in first[1].censuses(relevant(request, names)).items() if census.is_text}
    current_pass: Iterable[tuple[int, Table]] | None = chain([first], chunks)
    if texts & set(request.spec.columns.features or ()):
        chunks.close()  # the rows are read again, with these columns as text
        current_pass = None
    try:
        columns = choose_columns(request, data, texts, hinting=False)
    except DataError:  # the whole columns may be of other types than in the first chunk
        texts = _texts(request, data, current_pass or data.chunks())
        columns, current_pass = choose_columns(request, data, texts), None
    survey = _survey(request, data, needs, columns, texts, current_pass)
    whole_texts = survey.truly_text()
    if whole_texts != texts:
        columns = choose_columns(request, data, whole_texts)
        survey = _survey(request, data, needs, columns, whole_texts, None)
    survey.check(request, data)
    parts = survey.kept
    return Design(
        columns=columns,
        texts=frozenset(whole_texts),
        names=survey.encoding.names,
        levels=survey.encoding.all_levels,
        n=survey.rows,
        rows=(parts[0] if len(parts) == 1 else np.concatenate(parts)) if parts else None,
        factors=survey.factors(),
        warnings=tuple(survey.warnings(request, data)),
    )


def _texts(request: Request, data: Data, chunks: Iterable[tuple[int, Table]]) -> set[str]:
    """Find the columns that are text as a whole."""
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
    current_pass: Iterable[tuple[int, Table]] | None,
) -> Survey:
    """Survey all rows: those of a pass that has begun, or of a new one."""
    drop = request.spec.dataset.missing == "drop"
    check_width(request, data.label, len(columns.features))
    encoding = Encoding.of(columns, data, texts, drop=drop)
    check_width(request, data.label, len(encoding.names))
    survey = Survey(
        encoding,
        texts,
        relevant(request, data.names),
        factors=needs.factors,
        keeps=needs.rows or not data.size,  # rows in memory may serve other runs
        drop=drop,
    )
    for start, chunk in current_pass or data.chunks(texts & set(columns.features), hashing=needs.hashes):
        survey.add(start, chunk)
    return survey
