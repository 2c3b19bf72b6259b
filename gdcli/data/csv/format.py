"""The format of a CSV file."""

from __future__ import annotations

from dataclasses import dataclass

from gdcli.data.numerals import number
from gdcli.spec.advice import Style


@dataclass(frozen=True)
class CsvFormat:
    """How a CSV file is written, and how the user specifies that.

    Attributes:
        delimiter: The mark between cells.
        decimal: The decimal mark.
        encoding: The encoding of the text.
        thousands: The mark between groups of digits; None for no groups.
        style: The words of advice in messages: see `gdcli.spec.advice`.
    """

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    thousands: str | None = None
    style: Style = "spec"

    @property
    def has_marks(self) -> bool:
        """Whether numbers have other marks than in Python."""
        return self.thousands is not None or self.decimal != "."

    def with_points(self, cell: str) -> str:
        """Rewrite a number in this format as Python writes it.

        Args:
            cell: The text of a cell.

        Returns:
            The number; for a cell that is not a number in this format, a text that is not a number in Python either.
        """
        if self.thousands and number(self.thousands, self.decimal).fullmatch(cell.strip()):
            cell = cell.replace(self.thousands, "")
        # With another decimal mark, a point is not part of a number.
        return cell if self.decimal == "." else cell.replace(".", "?").replace(self.decimal, ".")
