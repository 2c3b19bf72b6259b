"""Many plans: a file is read once for all of them, and those on the same rows share these."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from gdcli.data.design import Needs
from gdcli.data.stream import Reading
from gdcli.experiment.plan import Plan, load_data, make_rows, plan_on
from gdcli.experiment.rows import LoadedData, Rows
from gdcli.spec.validate import Source

if TYPE_CHECKING:
    import pandas as pd


class Planner:
    """Plans runs side by side.

    Args:
        sources: All specs that will be planned.
        frame: Rows instead of the specs' datasets.
        reading: Told of every read of a large file.
    """

    def __init__(
        self, sources: Iterable[Source], *, frame: pd.DataFrame | None = None, reading: Reading | None = None
    ) -> None:
        self._frame, self._reading = frame, reading
        self._needs: dict[Hashable, Needs] = {}
        self._loaded: dict[Hashable, LoadedData] = {}
        self._rows: dict[Hashable, Rows] = {}
        for source in sources:
            if not source.faults:
                key = _data_key(source)
                self._needs[key] = self._needs.get(key, Needs()) | Needs.of(source.spec)

    def plan(self, source: Source) -> Plan:
        """Plan a run.

        Args:
            source: Its spec.

        Returns:
            The plan, which shares what it can with those before it.

        Raises:
            SpecError: The spec is wrong; all faults at once.
            DataError: The data is missing, unreadable or unfit for the spec.
        """
        data = _data_key(source)
        key = data, _split_and_scale_key(source)
        if source.faults or key not in self._rows:
            self._rows[key] = make_rows(self._load(data, source), source)
        return plan_on(self._rows[key], source)

    def _load(self, key: Hashable, source: Source) -> LoadedData:
        """The data of a spec, read if they have not been."""
        needs = Needs.of(source.spec)
        loaded = self._loaded.get(key)
        if source.faults or loaded is None or not loaded.design.offers(needs):
            needs |= self._needs.get(key, needs)
            loaded = self._loaded[key] = load_data(source, needs, frame=self._frame, reading=self._reading)
        return loaded


def _data_key(source: Source) -> Hashable:
    """Equal for specs of the same data and columns."""
    dataset = source.spec.dataset
    inline = tuple((dataset.inline or {}).items())  # in the order of the columns, which decides what is a target
    return source.base, replace(dataset, inline=None), inline, source.spec.columns


def _split_and_scale_key(source: Source) -> Hashable:
    """Equal for specs that also split and scale alike."""
    split = source.spec.split
    return source.spec.scaler, split, source.spec.seed if split and split.shuffle else None
