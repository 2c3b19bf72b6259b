"""How a data file is read in chunks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ChunkOptions:
    """How a data file is read in chunks, whatever its format.

    Attributes:
        rows: Rows per chunk: the most from a Parquet file, and the number from a CSV file that cannot be cut into
            blocks of bytes.
        text: Columns of a CSV file to read as text, whatever they look like.
        only: Columns to read; None for all of them.
        on_read: Called after each read with its number of bytes.
        on_hash: Called at the end of the file with the SHA-256 of its bytes; None for no hash.
    """

    rows: int
    text: Collection[str]
    only: Collection[str] | None
    on_read: Callable[[int], None]
    on_hash: Callable[[str], None] | None
