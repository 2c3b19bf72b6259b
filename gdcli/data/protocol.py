"""The protocol of data: rows in memory, or files that are read at every pass."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Protocol

from gdcli.data.cells import Spots
from gdcli.data.table import Table


class Data(Protocol):
    """Rows that come in chunks."""

    @property
    def label(self) -> str:
        """How messages name the data."""

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order.

        Raises:
            DataError: A file is unreadable, or has no valid header.
        """

    @property
    def is_csv(self) -> bool:
        """Whether the columns have the names of a CSV header, which may be data by mistake."""

    @property
    def sha256(self) -> str | list[str] | None:
        """SHA-256 of the file's bytes, or a list with one hash per file; None for rows that are not from a file.

        Raises:
            DataError: A file is unreadable.
        """

    @property
    def size(self) -> int:
        """Bytes that every pass reads from files; 0 for rows in memory."""

    def chunks(
        self, text: Collection[str] = (), *, only: Collection[str] | None = None, hashing: bool = False
    ) -> Generator[tuple[int, Table], None, None]:
        """Read all rows.

        Args:
            text: Columns to read as text, with their cells as they are spelled.
            only: The columns that are needed; None for all of them.
            hashing: Whether to hash the files while they are read, so that `sha256` need not read them again.

        Yields:
            Pairs of the number of the first row of a chunk, counted from 0, and the chunk.

        Raises:
            DataError: A file is unreadable, or there are no rows.
        """

    def spelling(self, levels: set[str]) -> dict[str, str]:
        """Map the cells of a text column, as spelled, to the names of its levels."""

    def spots(self, rows: Collection[int]) -> Spots:
        """Find the places of cells.

        Args:
            rows: The rows of all cells of interest, counted from 0.

        Returns:
            A function of a column and one of these rows.
        """

    def without_rows(self) -> Data:
        """Make a copy for another process: it has the label and the columns, and no rows in memory."""
