"""What planning needs to know of data, whether they are held in memory or read from files at every pass."""

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
        """The columns, in order."""

    @property
    def is_csv(self) -> bool:
        """Whether the names of the columns were read as text."""

    @property
    def sha256(self) -> str | list[str] | None:
        """Of the file's bytes, or of each file's, in order; None for rows that come from no file."""

    @property
    def size(self) -> int:
        """Bytes that every pass reads from files; 0 for rows that are held in memory."""

    def chunks(
        self, text: Collection[str] = (), *, only: Collection[str] | None = None, hashing: bool = False
    ) -> Generator[tuple[int, Table], None, None]:
        """Read all rows.

        Args:
            text: Columns that serve as text: their cells come as they are spelled.
            only: The columns that are needed; None for all of them.
            hashing: Hash what is read, so that nobody reads it again for its `sha256`.

        Yields:
            Chunks, each with the number of its first row.

        Raises:
            DataError: A file is unreadable, or there are no rows.
        """

    def spelling(self, levels: set[str]) -> dict[str, str]:
        """How the levels of a text column are called: cell → level."""

    def spots(self, rows: Collection[int]) -> Spots:
        """Find the places of cells, given all of their rows at once."""

    def without_rows(self) -> Data:
        """The same with its name and its columns alone, to be sent to another process."""
