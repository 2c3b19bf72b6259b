"""Choose the columns of a design: those that a spec names, or by default the numeric ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from gdcli.data.protocol import Data
from gdcli.data.seeming import MOST_COLUMNS, SAMPLE, seeming_columns
from gdcli.errors import DataError, Fault, suggestion
from gdcli.spec.model import Columns
from gdcli.spec.validate import Request

MOST_FEATURES = 10_000  # the factor is a square matrix of this size: 0.8 GB


@dataclass(frozen=True)
class DesignColumns:
    """The columns of a design, after defaults are filled in.

    Attributes:
        features: Names of the features, as in the data.
        target: Name of the target.
        intercept: Whether a column of ones follows the features.
    """

    features: tuple[str, ...]
    target: str
    intercept: bool

    @property
    def names(self) -> list[str]:
        """The names of the features, then that of the target."""
        return [*self.features, self.target]

    @property
    def section(self) -> Columns:
        """The same columns as a section of a spec."""
        return Columns(features=self.features, target=self.target, intercept=self.intercept)


def relevant(request: Request, names: list[str]) -> list[str]:
    """The columns whose cells matter: those that the spec names, or all columns if it leaves some to be chosen."""
    columns = request.spec.columns
    if columns.features is None or columns.target is None:
        return names
    return [*columns.features, columns.target]


def choose_columns(request: Request, data: Data, texts: Collection[str], *, hinting: bool = True) -> DesignColumns:
    """Choose columns that a spec does not name: the last numeric one as the target, the others as features.

    Args:
        request: The spec.
        data: The rows.
        texts: The columns that are text.
        hinting: Whether error messages say which text columns seem numeric, for which rows are read.

    Returns:
        The columns.

    Raises:
        DataError: There are no numeric columns to choose.
    """
    columns, label = request.spec.columns, data.label
    target, features = columns.target, columns.features
    numeric = [name for name in data.names if name not in texts]
    if target is None:
        taken = set(features or ())
        free = [name for name in numeric if name not in taken]
        if not free:
            todo = (hinting and _hint(request, data, texts)) or f"name {request.key('target')}"
            raise _refusal(request, f"no numeric column in {label} is left to be the target; {todo}")
        target = free[-1]
    if features is None:
        features = tuple(name for name in numeric if name != target)
        if not features:
            todo = (hinting and _hint(request, data, texts)) or f"name {request.key('features')}"
            raise _refusal(request, f"no numeric column besides the target '{target}' in {label}; {todo}")
        _check_intercept(request, label, features)
    return DesignColumns(features=features, target=target, intercept=columns.intercept)


def _hint(request: Request, data: Data, texts: Collection[str]) -> str:
    """How to make some text columns numeric."""
    names = list(islice((name for name in data.names if name in texts), MOST_COLUMNS))
    return seeming_columns(request, _samples(data, names)) if names else ""


def _samples(data: Data, names: list[str]) -> dict[str, list[str]]:
    """The first cells of some columns as written in the file, read until there are enough."""
    samples: dict[str, list[str]] = {name: [] for name in names}
    with closing(data.chunks(names, only=names)) as chunks:
        for _, chunk in chunks:
            for name, sample in samples.items():
                sample.extend(chunk.sample(name, SAMPLE - len(sample)))
            if min(map(len, samples.values())) == SAMPLE:
                break
    return samples


def _refusal(request: Request, message: str) -> DataError:
    return DataError([request.fault(("columns",), message)])


def _check_intercept(request: Request, label: str, features: tuple[str, ...]) -> None:
    """Refuse default features if one of them is called `intercept`."""
    if request.spec.columns.intercept and "intercept" in features:
        message = f"{label} has a column called 'intercept', which cannot be a feature beside the intercept"
        raise _refusal(request, f"{message}; name {request.key('features')}, or fit without an intercept")


def _missing(request: Request, names: list[str], label: str) -> Iterator[Fault]:
    """Find columns that the spec names but the table lacks."""
    columns, known = request.spec.columns, set(names)
    named = [(("columns", "features", i), name) for i, name in enumerate(columns.features or ())]
    for path, name in [*named, (("columns", "target"), columns.target)]:
        if name is not None and name not in known:
            yield request.fault(path, f"no column '{name}' in {label}{suggestion(name, names)}")


def check_names(request: Request, names: list[str], label: str) -> None:
    """Check the names of columns before any row is read.

    Raises:
        DataError: The table lacks columns that the spec names, or there are far too many.
    """
    faults = list(_missing(request, names, label))
    if faults:
        raise DataError(faults)
    named = request.spec.columns.features
    if named or len(names) > 5 * MOST_FEATURES:  # so many columns take long to examine, and few of them can be text
        check_width(request, label, len(named or names[1:]))


def check_width(request: Request, label: str, features: int) -> None:
    """Refuse more features than a factor in memory can have.

    Raises:
        DataError: There are too many features.
    """
    if features > MOST_FEATURES:
        memory = f"their factor takes {8 * features**2 / 1e9:.3g} GB"
        message = f"{features} features in {label} are more than {MOST_FEATURES}; {memory}; name fewer"
        raise DataError([request.fault(("columns", "features"), f"{message} as {request.key('features')}")])
