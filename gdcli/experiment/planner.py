"""Many plans: a file is read once for all of them, and those on the same rows share these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gdcli.data.design import Needs
from gdcli.data.stream import Reading
from gdcli.experiment.plan import Plan, Rows, plan_on, read_rows, vary
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
        self._needs: dict[str, Needs] = {}
        self._rows: dict[str, Rows] = {}
        self._plans: dict[str, Plan] = {}
        for source in sources:
            if not source.faults:
                key = _columns_key(source)
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
        columns = _columns_key(source)
        scaled = columns + _scaled_key(source)
        if source.faults or scaled not in self._plans:
            planned = plan_on(self._read(columns, source), source)
            return self._plans.setdefault(scaled, planned)
        return vary(self._plans[scaled], source)

    def _read(self, key: str, source: Source) -> Rows:
        """The rows of a spec, read where they have not been."""
        needs = Needs.of(source.spec)
        rows = self._rows.get(key)
        if source.faults or rows is None or not rows.design.offers(needs):
            needs |= self._needs.get(key, needs)
            rows = self._rows[key] = read_rows(source, needs, frame=self._frame, reading=self._reading)
        return rows


def _columns_key(source: Source) -> str:
    """Equal for specs of the same data and columns."""
    return repr((source.base, source.spec.dataset, source.spec.columns))


def _scaled_key(source: Source) -> str:
    """Equal for specs that also split and scale alike."""
    split = source.spec.split
    return repr((source.spec.scaler, split, source.spec.seed if split and split.shuffle else None))
