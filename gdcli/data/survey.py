"""One pass over the rows of a design: cells counted, rows factored, and kept where they are needed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from hashlib import sha256

import numpy as np

from gdcli.data.cells import Census, cell_faults
from gdcli.data.encoding import Encoding
from gdcli.data.hints import column_hints
from gdcli.data.protocol import Data
from gdcli.data.seeming import SAMPLE, seeming, seeming_cell
from gdcli.data.table import Table
from gdcli.engine.arrays import Array, BoolArray
from gdcli.engine.problems.factor import Factoring, RowFactor
from gdcli.engine.scalers import mapped
from gdcli.errors import DataError, Fault, counted
from gdcli.spec.validate import Request


class Survey:
    """What has been seen of the rows, chunk by chunk.

    Args:
        encoding: The columns that are used.
        texts: The columns that are taken for text.
        names: The columns whose cells matter.
        factors: Which factors to make: see `Needs`.
        keeps: Whether to keep the rows.
        drop: Whether rows with blank or NaN cells in the columns used are left out.

    Attributes:
        kept: The rows, in pieces.
        rows: How many are used.
        left_out: How many are not.
    """

    def __init__(
        self,
        encoding: Encoding,
        texts: Collection[str],
        names: Collection[str],
        *,
        factors: Collection[bool],
        keeps: bool,
        drop: bool,
    ) -> None:
        self.encoding, self._texts, self._keeps, self._drop = encoding, texts, keeps, drop
        self._target, self._used = encoding.columns.target, encoding.columns.names
        self._censuses = {name: Census() for name in names}
        self._samples: dict[str, list[str]] = {name: [] for name in names if name in texts}
        self._factoring = {is_sigmoid: Factoring() for is_sigmoid in factors}
        self._sound = self._target not in texts
        self.kept: list[Array] = []
        self.rows = self.left_out = 0
        self._left_out = sha256()

    def add(self, start: int, chunk: Table) -> None:
        """Look at the next chunk, whose first row has the number `start`."""
        within = chunk.complete(self._used) if self._drop else None
        for name, census in chunk.censuses(self._censuses, start, within).items():
            self._censuses[name] = self._censuses[name].and_then(census)
        for name, sample in self._samples.items():
            sample.extend(chunk.sample(name, SAMPLE - len(sample)))
        chosen = chunk if within is None else chunk.only(within)
        self.rows += len(chosen)
        self._leave_out(within, start)
        self._sound = self._sound and not any(self._unfit(name) for name in self._used)
        if self._sound:  # otherwise it goes on for the sake of the faults only
            rows = self.encoding.rows(chosen)
            for is_sigmoid, factor in self._factoring.items():
                factor.add(mapped(rows) if is_sigmoid else rows)
            if self._keeps:
                self.kept.append(rows)

    def _leave_out(self, within: BoolArray | None, start: int) -> None:
        """Note which rows of a chunk are not used, given a mask of those that are."""
        if within is not None and not within.all():
            rows = start + np.flatnonzero(~within)
            self.left_out += len(rows)
            self._left_out.update(rows.astype("<i8").tobytes())

    @property
    def left_out_digest(self) -> str:
        """A hash of the numbers of the rows that are not used; empty if all are."""
        return self._left_out.hexdigest() if self.left_out else ""

    def truly_text(self) -> set[str]:
        """The columns that are text on the whole."""
        return {name for name, census in self._censuses.items() if census.is_text}

    def factors(self) -> dict[bool, RowFactor]:
        """The factors of the rows used."""
        return {is_sigmoid: factor.result() for is_sigmoid, factor in self._factoring.items()}

    def check(self, request: Request, data: Data) -> None:
        """Refuse cells that cannot serve.

        Raises:
            DataError: There are some, or no rows are left.
        """
        faults = list(self._faults(request, data))
        if not self.rows and not faults:
            faults.append(self._nothing_left(request, data))
        if faults:
            raise DataError(faults)

    def warnings(self, request: Request, data: Data) -> Iterator[str]:
        """For people."""
        if self.left_out:
            total = self.rows + self.left_out
            has = "has a blank or NaN cell" if self.left_out == 1 else "have blank or NaN cells"
            is_out = "is left out" if self.left_out == 1 else "are left out"
            yield f"{self.left_out} of {total} rows {has} in the columns used and {is_out}"
        yield from self.encoding.warnings
        yield from column_hints(request, data, self.encoding, self._samples, self.rows)

    def _unfit(self, name: str) -> bool:
        census = self._censuses[name]
        return bool(census.findings) and bool(census.unfit(text=name in self._texts))

    def _faults(self, request: Request, data: Data) -> Iterator[Fault]:
        yield from self.encoding.faults(request)
        findings = {name: self._censuses[name].unfit(text=name in self._texts) for name in self._used}
        if self._censuses[self._target].is_text:
            del findings[self._target]
            seems = seeming(request, self._samples.get(self._target, ()))
            hint = f"; its cells {seems.what}: {seems.remedy}" if seems else ""
            message = f"the target '{self._target}' in {data.label} is text; name a numeric one{hint}"
            yield request.fault(("columns", "target"), message)

        def advice(kind: str, cell: str) -> str:
            if kind in ("blank", "nan"):
                return f", or leave these rows out: {request.setting({'missing': 'drop'})}"
            return seeming_cell(request, cell) if kind == "worded" else ""

        yield from cell_faults(findings, data.spots, advice)

    def _nothing_left(self, request: Request, data: Data) -> Fault:
        emptiest = min(self._used, key=lambda name: self._censuses[name].given)
        blank = self.left_out - self._censuses[emptiest].given
        message = (
            f"no row of {data.label} has a value in every column that is used; '{emptiest}' is blank in {blank} of "
            f"{counted(self.left_out, 'row')}; leave such columns out of {request.key('features')}"
        )
        return request.fault(("columns",), message)
