"""From rows, which come whole or in chunks, and the columns of a spec to what is trained on, in units of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.factor import Factoring, RowFactor
from gdcli.errors import DataError, Fault, suggestion
from gdcli.experiment.census import Census
from gdcli.experiment.csvchunks import PaddedError
from gdcli.experiment.encoding import Data, Encoding
from gdcli.experiment.reading import Source
from gdcli.experiment.scaling import mapped
from gdcli.experiment.spec import Columns, Spec
from gdcli.experiment.stream import Stream
from gdcli.experiment.table import Table


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
        columns: As the spec names them, every default written out.
        names: Of the features after one-hot encoding, p of them.
        rows: Features and target, shape (n, p + 1), in the units of the file; None where nobody needs them.
        factors: Of all rows, where they are needed: see `Needs`.
        warnings: For people.
    """

    columns: Columns
    names: tuple[str, ...]
    rows: Array | None
    factors: Mapping[bool, RowFactor]
    warnings: tuple[str, ...]

    def offers(self, needs: Needs) -> bool:
        """Whether this is enough."""
        return needs.factors <= self.factors.keys() and (self.rows is not None or not needs.rows)


def design(source: Source, data: Data, needs: Needs) -> Design:
    """Pick the columns that a spec asks for, encode them as numbers, and factor them.

    Rows are read once. They are read twice where a text column is a feature, because all of its levels must be known
    first, or where what a column is in its first chunk is not what it is on the whole.

    Args:
        source: The spec.
        data: The rows.
        needs: What to work out of them.

    Returns:
        The design.

    Raises:
        DataError: A column is missing, has cells that cannot serve, or stands for target and feature at once.
    """
    known = data.known if isinstance(data, Stream) else {}
    key = source.spec.columns
    if key in known and known[key].offers(needs):
        found: Design = known[key]
        return found
    try:
        made = _designed(source, data, needs)
    except PaddedError:  # found in the first chunk, unless a file changes its style
        assert isinstance(data, Stream)
        data.padded = True
        made = _designed(source, data, needs)
    if made.rows is not None:
        known.clear()  # one copy of the rows is enough
    known[key] = made
    return made


def _designed(source: Source, data: Data, needs: Needs) -> Design:
    """Make a design, whatever is known already."""
    names = data.names
    faults = list(_missing(source, names, data.label))
    if faults:
        raise DataError(faults)
    chunks = data.chunks(hashing=needs.hashes)
    first = next(chunks)
    texts = {name for name in _relevant(source, names) if first[1].is_text(name)}
    begun: Iterator[tuple[int, Table]] | None = chain([first], chunks)
    if texts & set(source.spec.columns.features or ()):
        chunks.close()  # to be read again, text as text
        begun = None
    made, truly = _pass(source, data, needs, texts, chunks=begun)
    if made is None:
        made, _ = _pass(source, data, needs, truly, final=True)
    assert made is not None
    return made


def _pass(
    source: Source,
    data: Data,
    needs: Needs,
    texts: set[str],
    *,
    chunks: Iterator[tuple[int, Table]] | None = None,
    final: bool = False,
) -> tuple[Design | None, set[str]]:
    """Read all rows, given which columns are taken for text; say which of them truly are.

    There is no design where those are others, unless the pass is final.
    """
    columns = _chosen(source, data, texts)
    assert columns.features is not None
    assert columns.target is not None
    used = [*columns.features, columns.target]
    encoding = Encoding.of(columns, data, texts)
    censuses = {name: Census() for name in _relevant(source, data.names)}
    factoring = {is_sigmoid: Factoring() for is_sigmoid in needs.factors}
    kept: list[Array] = []
    sound = columns.target not in texts
    for start, chunk in chunks or data.chunks(texts & set(columns.features), hashing=needs.hashes):
        for name, found in chunk.censuses(censuses, start).items():
            censuses[name] = censuses[name].and_then(found)
        sound = sound and not any(censuses[name].is_unfit(text=name in texts) for name in used)
        if sound:  # otherwise it goes on for the sake of the faults only
            rows = encoding.rows(chunk)
            for is_sigmoid, factor in factoring.items():
                factor.add(mapped(rows) if is_sigmoid else rows)
            if needs.rows or isinstance(data, Table):
                kept.append(rows)
    truly = {name for name, census in censuses.items() if census.is_text}
    if truly != texts and not final:
        return None, truly
    faults = list(encoding.faults(source))
    for name in columns.features:
        faults.extend(censuses[name].faults(name, data.spot, text=name in texts))
    faults.extend(_target_faults(source, data, columns.target, censuses[columns.target]))
    if faults:
        raise DataError(faults)
    made = Design(
        columns=columns,
        names=encoding.names,
        rows=(kept[0] if len(kept) == 1 else np.concatenate(kept)) if kept else None,
        factors={is_sigmoid: factor.result() for is_sigmoid, factor in factoring.items()},
        warnings=encoding.warnings,
    )
    return made, truly


def _relevant(source: Source, names: list[str]) -> list[str]:
    """The columns whose cells matter: those of the spec, or all where it leaves the choice open."""
    columns = source.spec.columns
    if columns.features is None or columns.target is None:
        return names
    return [*columns.features, columns.target]


def _chosen(source: Source, data: Data, texts: set[str]) -> Columns:
    """The columns with every default written out, all of them in the table."""
    columns = source.spec.columns
    if columns.target is not None and columns.features is not None:
        return columns
    numeric = [name for name in data.names if name not in texts]
    if columns.target is None:
        free = [name for name in numeric if name not in (columns.features or ())]
        if not free:
            message = f"no numeric column in {data.label} is left to be the target; name {source.key('target')}"
            raise DataError([source.fault(("columns",), message)])
        columns = replace(columns, target=free[-1])
    if columns.features is None:
        features = tuple(name for name in numeric if name != columns.target)
        if not features:
            only = f"no numeric column besides the target '{columns.target}' in {data.label}"
            message = f"{only}; name {source.key('features')}"
            raise DataError([source.fault(("columns",), message)])
        if columns.intercept and "intercept" in features:
            message = (
                f"{data.label} has a column called 'intercept', which cannot be a feature beside the intercept; "
                f"name {source.key('features')}, or fit without an intercept"
            )
            raise DataError([source.fault(("columns",), message)])
        columns = replace(columns, features=features)
    return columns


def _missing(source: Source, names: list[str], label: str) -> Iterator[Fault]:
    """Find the columns that the spec names and the table lacks."""
    columns = source.spec.columns
    named = [(("columns", "features", i), name) for i, name in enumerate(columns.features or ())]
    for path, name in [*named, (("columns", "target"), columns.target)]:
        if name is not None and name not in names:
            hint = suggestion(name, names)
            yield source.fault(path, f"no column '{name}' in {label}{hint}")


def _target_faults(source: Source, data: Data, target: str, census: Census) -> Iterator[Fault]:
    if census.is_text:
        yield source.fault(("columns", "target"), f"the target '{target}' in {data.label} is text; name a numeric one")
    else:
        yield from census.faults(target, data.spot, text=False)
