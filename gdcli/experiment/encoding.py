"""Columns of a table as numbers: text becomes indicators, one a level."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.errors import Fault
from gdcli.experiment.reading import Source
from gdcli.experiment.spec import Columns
from gdcli.experiment.stream import Stream
from gdcli.experiment.table import Table

Data: TypeAlias = Table | Stream


@dataclass(frozen=True)
class Encoding:
    """How columns become numbers: a text column becomes one indicator a level, levels sorted.

    Attributes:
        columns: Features and target.
        levels: Of each text column, those that get an indicator: the first one is dropped beside an intercept.
        spelled: Of each text column, cell → level.
        single: Text columns that have one level only.
    """

    columns: Columns
    levels: Mapping[str, tuple[str, ...]]
    spelled: Mapping[str, Mapping[str, str]]
    single: tuple[str, ...]

    @classmethod
    def of(cls, columns: Columns, data: Data, texts: Collection[str]) -> Encoding:
        """Find the levels of all text columns, in a pass of its own."""
        features = columns.features or ()
        wanted = [name for name in features if name in texts]
        cells: dict[str, set[str]] = {name: set() for name in wanted}
        if wanted:
            for _, chunk in data.chunks(wanted, only=wanted):
                for name in wanted:
                    cells[name].update(chunk.text(name))
        spelled = {name: data.spelling(cells[name]) for name in wanted}
        levels = {name: sorted(set(spelled[name].values())) for name in wanted}
        first = 1 if columns.intercept else 0
        return cls(
            columns=columns,
            levels={name: tuple(levels[name][first:]) for name in wanted},
            spelled=spelled,
            single=tuple(name for name in wanted if len(levels[name]) == 1),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the encoded features."""
        parts = [self._encoded(name) if name in self.levels else [name] for name in self.columns.features or ()]
        return tuple(name for part in parts for name in part)

    @property
    def warnings(self) -> tuple[str, ...]:
        """For people."""
        alone = self.single if self.columns.intercept else ()
        return tuple(f"text column '{name}' has one level only and adds nothing to the intercept" for name in alone)

    def rows(self, chunk: Table) -> Array:
        """Features and target of a chunk, shape (b, p + 1), column-major."""
        used = [*(self.columns.features or ()), str(self.columns.target)]
        plain = None if self.levels else chunk.plain(used)
        if plain is not None:
            return np.asfortranarray(plain)
        columns, j = np.zeros((len(self.names) + 1, len(chunk))), 0
        for name in self.columns.features or ():
            if name not in self.levels:
                columns[j], j = chunk.numeric(name), j + 1
                continue
            levels, spelled = self.levels[name], self.spelled[name]
            row_of = {level: j + k for k, level in enumerate(levels)}
            at = np.array([row_of.get(spelled[cell], -1) for cell in chunk.text(name)])
            columns[at[at >= 0], np.flatnonzero(at >= 0)] = 1.0
            j += len(levels)
        columns[-1] = chunk.numeric(str(self.columns.target))
        return columns.T

    def faults(self, source: Source) -> Iterator[Fault]:
        """Find the levels that get the name of another feature."""
        features, names = self.columns.features or (), self.names
        for i, name in enumerate(features):
            for level, encoded in zip(self.levels.get(name, ()), self._encoded(name), strict=False):
                if encoded in features or names.count(encoded) > 1:
                    message = f"the level '{level}' of '{name}' gets the name of another feature, '{encoded}'"
                    yield source.fault(("columns", "features", i), message)

    def _encoded(self, name: str) -> list[str]:
        return [f"{name}_{level}" for level in self.levels.get(name, ())]
