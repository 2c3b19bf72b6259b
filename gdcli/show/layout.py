"""Tables that fit the console: numbers are never cut, names are shortened in the middle, hidden columns are listed.

Every table of every command is made here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.table import Table
from rich.text import Text

from gdcli.errors import printable

Cell: TypeAlias = "str | Text"

SHORTEST = 12  # the fewest characters of a shortened name; with less room, columns are left out
LONGEST_NUMBER = 16  # eight digits with a sign, an exponent and a bracket
EDGES, BETWEEN = 2, 2  # spaces around a row, and between two columns
JOINER = "\u200d"
MODIFIERS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400))))  # variants, skin tones


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        heading: One or more lines.
        rank: Columns with the smallest rank are left out first.
        is_name: Whether its cells are names, which are aligned left and may be shortened. Numbers are aligned
            right and stay whole.
        is_whole: Whether its names are never shortened.
    """

    heading: str
    rank: int
    is_name: bool = False
    is_whole: bool = False


@dataclass(frozen=True)
class Sheet:
    """Rows under headings, for Rich to print.

    Attributes:
        columns: The columns, from left to right.
        rows: The rows, each with one cell per column.
        bold: Indices of the rows in bold.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    bold: frozenset[int] = frozenset()

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the table out in the available width."""
        rows = [[_clean(cell) for cell in row] for row in self.rows]
        headings = ["\n".join(map(printable, column.heading.split("\n"))) for column in self.columns]
        natural = [
            max(cell_len(text) for text in (*heading.split("\n"), *(row[i].plain for row in rows)))
            for i, heading in enumerate(headings)
        ]
        widths = fitted(self.columns, natural, options.max_width)
        visible = [i for i, width in enumerate(widths) if width]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
        for i in visible:
            justify: JustifyMethod = "left" if self.columns[i].is_name else "right"
            heading = "\n".join(shortened(Text(line), widths[i]).plain for line in headings[i].split("\n"))
            table.add_column(heading, justify=justify, width=widths[i], no_wrap=True, vertical="bottom")
        for at, row in enumerate(rows):
            table.add_row(*(shortened(row[i], widths[i]) for i in visible), style="bold" if at in self.bold else "")
        yield table
        hidden = [heading.replace("\n", " ") for i, heading in enumerate(headings) if i not in visible]
        if hidden:
            yield Words(("not", "shown", "at", "this", "width:", *comma_separated(hidden)), style="dim")


@dataclass(frozen=True)
class Facts:
    """Lines of a key and its facts, for Rich to print.

    Attributes:
        lines: Pairs of key and words.
    """

    lines: Sequence[tuple[str, Sequence[Cell]]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Put the keys beside their facts, in the available width."""
        keys = max(cell_len(key) for key, _ in self.lines) + BETWEEN
        room = max(options.max_width - keys, LONGEST_NUMBER)
        for key, words in self.lines:
            for i, line in enumerate(wrapped(words, room)):
                yield Text((key if i == 0 else "").ljust(keys), style="dim") + line


@dataclass(frozen=True)
class Words:
    """A sentence that is broken only between its words. A name with blanks is one word.

    Attributes:
        words: The words in order.
        style: Style of the sentence.
    """

    words: Sequence[Cell]
    style: str = ""

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Break the sentence at the available width."""
        for line in wrapped(self.words, options.max_width):
            line.stylize(self.style)
            yield line


def comma_separated(names: Sequence[str]) -> list[str]:
    """Names as words of a sentence: a comma behind each but the last."""
    return [*(f"{name}," for name in names[:-1]), *names[-1:]]


def fitted(columns: Sequence[Column], natural: Sequence[int], room: int) -> list[int]:
    """Choose the widths of columns.

    Args:
        columns: All columns.
        natural: The width that each column needs.
        room: The available width.

    Returns:
        Widths; 0 for a column that is left out. The column of the highest rank is never left out.
    """
    shortest = [SHORTEST if c.is_name and not c.is_whole else width for c, width in zip(columns, natural, strict=True)]
    least = [min(pair) for pair in zip(natural, shortest, strict=True)]
    by_rank = sorted(range(len(columns)), key=lambda i: -columns[i].rank)
    visible = list(by_rank)
    while len(visible) > 1 and _total(least[i] for i in visible) > room:
        visible.pop()
    spare = room - _total(least[i] for i in visible)
    widths = [0] * len(columns)
    for i in visible:
        more = max(min(spare, natural[i] - least[i]), -least[i] + 1)
        widths[i], spare = least[i] + more, spare - more
    return widths


def _total(widths: Iterable[int]) -> int:
    all_widths = list(widths)
    return EDGES + sum(all_widths) + BETWEEN * (len(all_widths) - 1)


def wrapped(words: Sequence[Cell], room: int) -> Iterator[Text]:
    """Break words into lines. A word that is too long for a line is shortened in the middle."""
    line = Text()
    for word in (shortened(_clean(word), room) for word in words):
        if line and line.cell_len + 1 + word.cell_len > room:
            yield line
            line = Text()
        line = line + Text(" ") + word if line else word
    yield line


def shortened(text: Text, room: int) -> Text:
    """Cut the middle out of a text that is too wide.

    Args:
        text: One line.
        room: Cells of the terminal, at least 1.

    Returns:
        The same text if it fits, else its beginning, an ellipsis and its end.
    """
    if text.cell_len <= room:
        return text
    parts = list(_characters(text.plain))
    front, back = room // 2, room - 1 - room // 2
    head, tail = _first(parts, front), _first(parts[::-1], back)
    return text[:head] + Text("…") + text[len(text) - tail :]


def _first(parts: Sequence[str], room: int) -> int:
    """The number of code points in the first parts that fit."""
    count = 0
    for part in parts:
        room -= cell_len(part)
        if room < 0:
            break
        count += len(part)
    return count


def _characters(text: str) -> Iterator[str]:
    """Characters as readers see them: a letter with its accents, an emoji with its joiners."""
    part = ""
    for c in text:
        belongs = unicodedata.category(c) in ("Mn", "Me", "Mc") or c == JOINER or c in MODIFIERS
        if part and not belongs and not part.endswith(JOINER):
            yield part
            part = ""
        part += c
    if part:
        yield part


def _clean(cell: Cell) -> Text:
    """A cell without control characters, so that its width is as measured."""
    text = cell if isinstance(cell, Text) else Text(cell)
    return text if text.plain.isprintable() else Text(printable(str(cell)), style=text.style)
