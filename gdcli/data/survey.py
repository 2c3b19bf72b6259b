"""One pass over the rows of a design: cells are counted, rows are factored and, if needed, kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gdcli.data.cells import Census, cell_faults
from gdcli.data.encoding import Encoding
from gdcli.data.hints import column_hints
from gdcli.data.protocol import Data
from gdcli.data.seeming import SAMPLE, seeming, seeming_cell
from gdcli.data.table import Table
from gdcli.engine.arrays import Array
from gdcli.engine.problems.factor import Factoring, RowFactor
from gdcli.engine.scalers import mapped
from gdcli.errors import DataError, Fault, counted
from gdcli.spec.validate import Request


class Survey:
    """Collects the cells and factors of the rows, chunk by chunk.

    Args:
        encoding: The encoding of the used columns.
        texts: The columns that are read as text.
        names: The columns whose cells are counted.
        factors: The factors to compute: see `Needs`.
        keeps: Whether to keep the rows.
        drop: Whether rows with blank or NaN cells in the used columns are left out.

    Attributes:
        kept: The rows, in chunks.
        rows: Number of used rows.
        left_out: Number of rows left out.
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

    def add(self, start: int, chunk: Table) -> None:
        """Add the next chunk, whose first row has the number `start`."""
        within = chunk.complete(self._used) if self._drop else None
        for name, census in chunk.censuses(self._censuses, start, within).items():
            self._censuses[name] = self._censuses[name].and_then(census)
        for name, sample in self._samples.items():
            sample.extend(chunk.sample(name, SAMPLE - len(sample)))
        chosen = chunk if within is None else chunk.only(within)
        self.rows += len(chosen)
        self.left_out += len(chunk) - len(chosen)
        self._sound = self._sound and not any(self._unfit(name) for name in self._used)
        if self._sound:  # otherwise the rest is read only to find all faults
            rows = self.encoding.rows(chosen)
            for is_sigmoid, factor in self._factoring.items():
                factor.add(mapped(rows) if is_sigmoid else rows)
            if self._keeps:
                self.kept.append(rows)

    def truly_text(self) -> set[str]:
        """The columns that are mainly text."""
        return {name for name, census in self._censuses.items() if census.is_text}

    def factors(self) -> dict[bool, RowFactor]:
        """The factors of the used rows."""
        return {is_sigmoid: factor.result() for is_sigmoid, factor in self._factoring.items()}

    def check(self, request: Request, data: Data) -> None:
        """Refuse unsuitable cells.

        Raises:
            DataError: There are unsuitable cells, or no rows are left.
        """
        faults = list(self._faults(request, data))
        if not self.rows and not faults:
            faults.append(self._nothing_left(request, data))
        if faults:
            raise DataError(faults)

    def warnings(self, request: Request, data: Data) -> Iterator[str]:
        """Yield warnings about rows left out, the encoding and the columns."""
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
