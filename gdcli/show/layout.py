"""Tables that fit: at any width no number is cut, names are shortened in their middle, and what is left out is named.

Every table of every command goes through here. The width is that of the console which prints.
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

SHORTEST = 12  # characters that a name is shortened to before a column goes
LONGEST_NUMBER = 16  # of eight digits, with its sign, exponent and a bracket
EDGES, BETWEEN = 2, 2  # spaces around a row, and between two columns
JOINER = "\u200d"
MODIFIERS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400))))  # variants, skin tones


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        heading: Of one or more lines.
        rank: The column with the smallest rank is the first to go.
        is_name: Whether its cells are names: to the left, and shortened where they must be. Numbers stand to the
            right and stay whole.
    """

    heading: str
    rank: int
    is_name: bool = False


@dataclass(frozen=True)
class Sheet:
    """Rows under headings, for Rich to print.

    Attributes:
        columns: From left to right.
        rows: One cell per column each.
        bold: Indices of the rows that stand out.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    bold: frozenset[int] = frozenset()

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the table out in the width that there is."""
        rows = [[_clean(cell) for cell in row] for row in self.rows]
        headings = ["\n".join(map(printable, column.heading.split("\n"))) for column in self.columns]
        natural = [
            max(cell_len(text) for text in (*heading.split("\n"), *(row[i].plain for row in rows)))
            for i, heading in enumerate(headings)
        ]
        widths = fitted(self.columns, natural, options.max_width)
        shown = [i for i, width in enumerate(widths) if width]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
        for i in shown:
            justify: JustifyMethod = "left" if self.columns[i].is_name else "right"
            heading = "\n".join(shortened(Text(line), widths[i]).plain for line in headings[i].split("\n"))
            table.add_column(heading, justify=justify, width=widths[i], no_wrap=True, vertical="bottom")
        for at, row in enumerate(rows):
            table.add_row(*(shortened(row[i], widths[i]) for i in shown), style="bold" if at in self.bold else "")
        yield table
        gone = [heading.replace("\n", " ") for i, heading in enumerate(headings) if i not in shown]
        if gone:
            yield Words(("not", "shown", "at", "this", "width:", *comma_separated(gone)), style="dim")


@dataclass(frozen=True)
class Facts:
    """Lines of a key and what there is to say of it, for Rich to print.

    Attributes:
        lines: Pairs of key and words.
    """

    lines: Sequence[tuple[str, Sequence[Cell]]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Put the keys beside what is said of them, in the width that there is."""
        keys = max(cell_len(key) for key, _ in self.lines) + BETWEEN
        room = max(options.max_width - keys, LONGEST_NUMBER)
        for key, words in self.lines:
            for i, line in enumerate(wrapped(words, room)):
                yield Text((key if i == 0 else "").ljust(keys), style="dim") + line


@dataclass(frozen=True)
class Words:
    """A sentence that is broken between its words only, of which a name of several is one.

    Attributes:
        words: In order.
        style: Of all of them.
    """

    words: Sequence[Cell]
    style: str = ""

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """Break the sentence in the width that there is."""
        for line in wrapped(self.words, options.max_width):
            line.stylize(self.style)
            yield line


def comma_separated(names: Sequence[str]) -> list[str]:
    """Names as words of a sentence: a comma behind each but the last."""
    return [*(f"{name}," for name in names[:-1]), *names[-1:]]


def fitted(columns: Sequence[Column], natural: Sequence[int], room: int) -> list[int]:
    """Choose the widths of columns.

    Args:
        columns: All that there are.
        natural: How wide each would be.
        room: For all of them together.

    Returns:
        Widths; 0 for a column that has to go. The column of the highest rank stays.
    """
    least = [min(width, SHORTEST) if c.is_name else width for c, width in zip(columns, natural, strict=True)]
    by_rank = sorted(range(len(columns)), key=lambda i: -columns[i].rank)
    shown = list(by_rank)
    while len(shown) > 1 and _total(least[i] for i in shown) > room:
        shown.pop()
    spare = room - _total(least[i] for i in shown)
    widths = [0] * len(columns)
    for i in shown:
        more = max(min(spare, natural[i] - least[i]), -least[i] + 1)
        widths[i], spare = least[i] + more, spare - more
    return widths


def _total(widths: Iterable[int]) -> int:
    all_widths = list(widths)
    return EDGES + sum(all_widths) + BETWEEN * (len(all_widths) - 1)


def wrapped(words: Sequence[Cell], room: int) -> Iterator[Text]:
    """Lines of words, none of them broken: one that is too long for a line is shortened in its middle."""
    line = Text()
    for word in (shortened(_clean(word), room) for word in words):
        if line and line.cell_len + 1 + word.cell_len > room:
            yield line
            line = Text()
        line = line + Text(" ") + word if line else word
    yield line


def shortened(text: Text, room: int) -> Text:
    """Cut the middle out of a text, so that it takes no more than so many cells of the terminal.

    Args:
        text: Of one line.
        room: At least 1.

    Returns:
        The same text where it fits; else its beginning, an ellipsis, and its end.
    """
    if text.cell_len <= room:
        return text
    parts = list(_characters(text.plain))
    front, back = room // 2, room - 1 - room // 2
    head, tail = _first(parts, front), _first(parts[::-1], back)
    return text[:head] + Text("…") + text[len(text) - tail :]


def _first(parts: Sequence[str], room: int) -> int:
    """How many code points of the first parts fit."""
    count = 0
    for part in parts:
        room -= cell_len(part)
        if room < 0:
            break
        count += len(part)
    return count


def _characters(text: str) -> Iterator[str]:
    """What a reader takes for one character: a letter with its accents, an emoji with its joiners."""
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
    """A cell as text in which no character acts on the terminal, so that it is as wide as it is measured."""
    text = cell if isinstance(cell, Text) else Text(cell)
    return text if text.plain.isprintable() else Text(printable(str(cell)), style=text.style)
