"""The format of a CSV file."""

from __future__ import annotations

from dataclasses import dataclass

from gdcli.data.numerals import number
from gdcli.spec.advice import Style


@dataclass(frozen=True)
class CsvFormat:
    """How the cells of a CSV file are told apart, and how a user gives that: see `advice`."""

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    thousands: str | None = None
    style: Style = "spec"

    @property
    def has_marks(self) -> bool:
        """Whether numbers are written otherwise than Python writes them."""
        return self.thousands is not None or self.decimal != "."

    def with_points(self, cell: str) -> str:
        """A cell as Python writes numbers, if it is a number in this format."""
        if self.thousands and number(self.thousands, self.decimal).fullmatch(cell.strip()):
            cell = cell.replace(self.thousands, "")
        # With another decimal mark a point is no part of a number.
        return cell if self.decimal == "." else cell.replace(".", "?").replace(self.decimal, ".")
