"""Columns of a table as numbers: text becomes indicators, one per level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gdcli.data.choosing import DesignColumns
from gdcli.data.protocol import Data
from gdcli.data.table import Table
from gdcli.engine.arrays import Array
from gdcli.errors import Fault
from gdcli.spec.validate import Request


@dataclass(frozen=True)
class Encoding:
    """How columns become numbers: a text column becomes one indicator per level, in sorted order.

    Attributes:
        columns: Features and target.
        levels: Text column → the levels with an indicator. With an intercept, the first level has none.
        level_of: Text column → cell → level.
        counts: Text column → number of its levels.
    """

    columns: DesignColumns
    levels: Mapping[str, tuple[str, ...]]
    level_of: Mapping[str, Mapping[str, str]]
    counts: Mapping[str, int]

    @classmethod
    def of(cls, columns: DesignColumns, data: Data, texts: Collection[str], *, drop: bool = False) -> Encoding:
        """Find the levels of all text columns, in a separate pass over the rows.

        Args:
            columns: Features and target.
            data: The rows.
            texts: The columns that are text.
            drop: Whether rows with blank or NaN cells in these columns are left out.

        Returns:
            The encoding.

        Raises:
            DataError: A file is unreadable, or there are no rows.
        """
        features = [name for name in columns.features if name in texts]
        cells: dict[str, set[str]] = {name: set() for name in features}
        if features:
            used = columns.names if drop else features
            for _, chunk in data.chunks(features, only=used):
                rows = chunk.only(chunk.complete(used)) if drop else chunk
                for name in features:
                    cells[name].update(rows.text(name))
        level_of = {name: data.spelling(cells[name]) for name in features}
        levels = {name: sorted(set(level_of[name].values())) for name in features}
        first = 1 if columns.intercept else 0
        return cls(
            columns=columns,
            levels={name: tuple(levels[name][first:]) for name in features},
            level_of=level_of,
            counts={name: len(levels[name]) for name in features},
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features after one-hot encoding."""
        parts = [self._encoded(name) if name in self.levels else [name] for name in self.columns.features]
        return tuple(name for part in parts for name in part)

    @property
    def all_levels(self) -> dict[str, tuple[str, ...]]:
        """Text column → all of its levels, sorted."""
        return {name: tuple(sorted(set(levels.values()))) for name, levels in self.level_of.items()}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for the user."""
        alone = [name for name, count in self.counts.items() if count == 1 and self.columns.intercept]
        return tuple(f"text column '{name}' has only one level and adds nothing to the intercept" for name in alone)

    def rows(self, chunk: Table) -> Array:
        """Convert the features and target of a chunk to numbers.

        Args:
            chunk: The chunk, of b rows.

        Returns:
            Features and target in the units of the file, shape (b, p + 1), column-major.
        """
        plain = None if self.levels else chunk.plain(self.columns.names)
        if plain is not None:
            return np.asfortranarray(plain)
        columns, j = np.zeros((len(self.names) + 1, len(chunk))), 0
        for name in self.columns.features:
            if name not in self.levels:
                columns[j], j = chunk.numeric(name), j + 1
                continue
            levels, level_of = self.levels[name], self.level_of[name]
            row_of = {level: j + k for k, level in enumerate(levels)}
            at = np.array([row_of.get(level_of[cell], -1) for cell in chunk.text(name)], dtype=np.intp)
            columns[at[at >= 0], np.flatnonzero(at >= 0)] = 1.0
            j += len(levels)
        columns[-1] = chunk.numeric(self.columns.target)
        return columns.T

    def faults(self, request: Request) -> Iterator[Fault]:
        """Find levels whose indicator would have the name of another feature.

        Args:
            request: The spec.

        Yields:
            One fault per level, at the text column.
        """
        features, names = self.columns.features, Counter(self.names)
        for i, name in enumerate(features if self.levels else ()):
            for level, encoded in zip(self.levels.get(name, ()), self._encoded(name), strict=False):
                if names[encoded] > 1:
                    message = f"the level '{level}' of '{name}' gets the name of another feature, '{encoded}'"
                    yield request.fault(("columns", "features", i), message)

    def _encoded(self, name: str) -> list[str]:
        return [f"{name}_{level}" for level in self.levels.get(name, ())]
