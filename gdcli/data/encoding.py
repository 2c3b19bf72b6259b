"""Columns of a table as numbers: text becomes indicators, one a level."""

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
    """How columns become numbers: a text column becomes one indicator a level, levels sorted.

    Attributes:
        columns: Features and target.
        levels: Of each text column, those that get an indicator: the first one is dropped beside an intercept.
        spelled: Of each text column, cell → level.
        counts: Of each text column, how many levels it has.
    """

    columns: DesignColumns
    levels: Mapping[str, tuple[str, ...]]
    spelled: Mapping[str, Mapping[str, str]]
    counts: Mapping[str, int]

    @classmethod
    def of(cls, columns: DesignColumns, data: Data, texts: Collection[str], *, drop: bool = False) -> Encoding:
        """Find the levels of all text columns, in a pass of its own.

        Args:
            columns: Features and target.
            data: The rows.
            texts: The columns that are text.
            drop: Whether rows with blank or NaN cells in these columns are left out.

        Returns:
            The encoding.
        """
        wanted = [name for name in columns.features if name in texts]
        cells: dict[str, set[str]] = {name: set() for name in wanted}
        if wanted:
            used = columns.names if drop else wanted
            for _, chunk in data.chunks(wanted, only=used):
                rows = chunk.only(chunk.complete(used)) if drop else chunk
                for name in wanted:
                    cells[name].update(rows.text(name))
        spelled = {name: data.spelling(cells[name]) for name in wanted}
        levels = {name: sorted(set(spelled[name].values())) for name in wanted}
        first = 1 if columns.intercept else 0
        return cls(
            columns=columns,
            levels={name: tuple(levels[name][first:]) for name in wanted},
            spelled=spelled,
            counts={name: len(levels[name]) for name in wanted},
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the encoded features."""
        parts = [self._encoded(name) if name in self.levels else [name] for name in self.columns.features]
        return tuple(name for part in parts for name in part)

    @property
    def warnings(self) -> tuple[str, ...]:
        """For people."""
        alone = [name for name, count in self.counts.items() if count == 1 and self.columns.intercept]
        return tuple(f"text column '{name}' has one level only and adds nothing to the intercept" for name in alone)

    def rows(self, chunk: Table) -> Array:
        """Features and target of a chunk, shape (b, p + 1), column-major."""
        plain = None if self.levels else chunk.plain(self.columns.names)
        if plain is not None:
            return np.asfortranarray(plain)
        columns, j = np.zeros((len(self.names) + 1, len(chunk))), 0
        for name in self.columns.features:
            if name not in self.levels:
                columns[j], j = chunk.numeric(name), j + 1
                continue
            levels, spelled = self.levels[name], self.spelled[name]
            row_of = {level: j + k for k, level in enumerate(levels)}
            at = np.array([row_of.get(spelled[cell], -1) for cell in chunk.text(name)], dtype=np.intp)
            columns[at[at >= 0], np.flatnonzero(at >= 0)] = 1.0
            j += len(levels)
        columns[-1] = chunk.numeric(self.columns.target)
        return columns.T

    def faults(self, request: Request) -> Iterator[Fault]:
        """Find the levels that get the name of another feature."""
        features, names = self.columns.features, Counter(self.names)
        for i, name in enumerate(features if self.levels else ()):
            for level, encoded in zip(self.levels.get(name, ()), self._encoded(name), strict=False):
                if names[encoded] > 1:
                    message = f"the level '{level}' of '{name}' gets the name of another feature, '{encoded}'"
                    yield request.fault(("columns", "features", i), message)

    def _encoded(self, name: str) -> list[str]:
        return [f"{name}_{level}" for level in self.levels.get(name, ())]
