"""From a table and the columns of a spec to the numbers that are trained on, still in the units of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.errors import DataError, Fault, suggestion
from gdcli.experiment.reading import Source
from gdcli.experiment.spec import Columns
from gdcli.experiment.table import Table


@dataclass(frozen=True)
class Design:
    """The columns of a run.

    Attributes:
        columns: As the spec names them, every default written out.
        names: Of the features after one-hot encoding, p of them.
        rows: Features and target, shape (n, p + 1), in the units of the file.
        warnings: For people.
    """

    columns: Columns
    names: tuple[str, ...]
    rows: Array
    warnings: tuple[str, ...]


def design(source: Source, table: Table) -> Design:
    """Pick the columns that a spec asks for, and encode them as numbers.

    A text column becomes one indicator a level, levels sorted, the first one dropped beside an intercept.

    Args:
        source: The spec.
        table: The rows.

    Returns:
        The design.

    Raises:
        DataError: A column is missing, has cells that cannot serve, or stands for target and feature at once.
    """
    columns = _chosen(source, table)
    assert columns.features is not None
    assert columns.target is not None
    faults: list[Fault] = []
    parts: list[Array] = []
    names: list[str] = []
    warnings: list[str] = []
    for i, name in enumerate(columns.features):
        text = table.is_text(name)
        faults.extend(table.bad_cells(name, text=text))
        if not text:
            parts.append(table.numeric(name)[:, None])
            names.append(name)
            continue
        levels, codes = np.unique(np.array(table.text(name)), return_inverse=True)
        indicators = (codes[:, None] == np.arange(len(levels))).astype(np.float64)
        first = 1 if columns.intercept else 0
        parts.append(indicators[:, first:])
        names.extend(f"{name}_{level}" for level in levels[first:])
        if len(levels) == 1 and columns.intercept:
            warnings.append(f"text column '{name}' has one level only and adds nothing to the intercept")
        for level in levels[first:]:
            encoded = f"{name}_{level}"
            if encoded in columns.features or names.count(encoded) > 1:
                message = f"the level '{level}' of '{name}' gets the name of another feature, '{encoded}'"
                faults.append(source.fault(("columns", "features", i), message))
    faults.extend(_target_faults(source, table, columns.target))
    if faults:
        raise DataError(faults)
    rows = np.hstack([*parts, table.numeric(columns.target)[:, None]])
    return Design(columns=columns, names=tuple(names), rows=rows, warnings=tuple(warnings))


def _chosen(source: Source, table: Table) -> Columns:
    """The columns with every default written out, all of them in the table."""
    columns = source.spec.columns
    faults = list(_missing(source, table))
    if faults:
        raise DataError(faults)
    if columns.target is not None and columns.features is not None:
        return columns
    numeric = [name for name in table.names if not table.is_text(name)]
    if columns.target is None:
        free = [name for name in numeric if name not in (columns.features or ())]
        if not free:
            message = f"no numeric column in {table.label} is left to be the target; name {source.key('target')}"
            raise DataError([source.fault(("columns",), message)])
        columns = replace(columns, target=free[-1])
    if columns.features is None:
        features = tuple(name for name in numeric if name != columns.target)
        if not features:
            only = f"no numeric column besides the target '{columns.target}' in {table.label}"
            message = f"{only}; name {source.key('features')}"
            raise DataError([source.fault(("columns",), message)])
        if columns.intercept and "intercept" in features:
            message = (
                f"{table.label} has a column called 'intercept', which cannot be a feature beside the intercept; "
                f"name {source.key('features')}, or fit without an intercept"
            )
            raise DataError([source.fault(("columns",), message)])
        columns = replace(columns, features=features)
    return columns


def _missing(source: Source, table: Table) -> Iterator[Fault]:
    """Find the columns that the spec names and the table lacks."""
    columns = source.spec.columns
    named = [(("columns", "features", i), name) for i, name in enumerate(columns.features or ())]
    for path, name in [*named, (("columns", "target"), columns.target)]:
        if name is not None and name not in table.names:
            hint = suggestion(name, table.names)
            yield source.fault(path, f"no column '{name}' in {table.label}{hint}")


def _target_faults(source: Source, table: Table, target: str) -> Iterator[Fault]:
    if table.is_text(target):
        yield source.fault(("columns", "target"), f"the target '{target}' in {table.label} is text; name a numeric one")
    else:
        yield from table.bad_cells(target, text=False)
