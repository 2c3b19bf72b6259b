"""Tables at every width: no number is cut, names are shortened in their middle, omitted columns are named."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.text import Text

from gdcli.show.layout import Column, Facts, Sheet, Words, comma_separated, fitted, shortened

NUMBERS = ["-0.00012345678", "1.2345678e-300", "42", "–"]
NAMES = ["★ a_name_of_more_than_thirty_letters", "  b", "体重の列の名前はとても長い", "e\u0301" * 20]
COLUMNS = (Column("run", 9, is_name=True), Column("gap", 8), Column("scaler", 2, is_name=True), Column("final\nMSE", 5))
SHEET = Sheet(COLUMNS, [[name, number, "zscore", number] for name, number in zip(NAMES, NUMBERS, strict=True)])


def printed(view: RenderableType, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(view)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", range(20, 100))
def test_a_table_fits_and_cuts_no_number(width: int) -> None:
    lines = printed(SHEET, width)
    assert all(cell_len(line) <= width for line in lines)
    rows = [line for line in lines if line[1:2] == "★" or line[1:5] in ("  b ", "体重", "e\u0301e\u0301")]
    assert rows[0].startswith(" ★ a")
    numbers = set(re.findall(r"-?\d+(?:\.\d+)?(?:e-\d+)?", "\n".join(lines)))
    assert numbers <= set(NUMBERS)
    heading = " ".join(lines[:3]).split()
    gone = [name for name in ("gap", "scaler", "final MSE") if name.split()[-1] not in heading]
    said = " ".join(lines).partition("not shown at this width: ")[2]
    assert said == ", ".join(gone)


def test_a_pipe_gets_all_of_it() -> None:
    lines = printed(SHEET, 1_000_000)
    assert all(name in "\n".join(lines) for name in NAMES)
    assert "not shown" not in "\n".join(lines)


def test_the_least_important_columns_go_first_and_the_first_of_all_stays() -> None:
    natural, ranks = [30, 10, 10, 10], [9, 1, 5, 3]
    columns = [Column(str(rank), rank, is_name=rank == 9) for rank in ranks]
    assert fitted(columns, natural, 200) == [30, 10, 10, 10]
    assert fitted(columns, natural, 60) == [22, 10, 10, 10]
    assert fitted(columns, natural, 49) == [23, 0, 10, 10]
    assert fitted(columns, natural, 30) == [16, 0, 10, 0]
    assert fitted(columns, natural, 10) == [8, 0, 0, 0]


@pytest.mark.parametrize(
    ("text", "room", "short"),
    [
        ("abcdefghij", 10, "abcdefghij"),
        ("abcdefghij", 7, "abc…hij"),
        ("abcdefghij", 6, "abc…ij"),
        ("体重体重体重", 6, "体…重"),
        ("e\u0301a\u0308o\u0302u\u0300n\u0303", 4, "e\u0301a\u0308…n\u0303"),
        ("ab👩\u200d🔬👩\u200d🔬👩\u200d🔬cd", 6, "ab…cd"),
    ],
)
def test_names_are_shortened_in_their_middle(text: str, room: int, short: str) -> None:
    assert shortened(Text(text), room).plain == short


@given(st.text(max_size=40), st.integers(1, 50))
def test_a_shortened_name_fits(text: str, room: int) -> None:
    assert shortened(Text(text), room).cell_len <= max(room, 1)


def test_sentences_break_between_names_only() -> None:
    names = ["Whole weight", "Shucked weight", "Viscera weight"]
    assert printed(Words(["of", *comma_separated(names)]), 30) == ["of Whole weight,", "Shucked weight, Viscera weight"]
    assert printed(Facts([("features", comma_separated(names)), ("n", ["3"])]), 29) == [
        "features  Whole weight,",
        "          Shucked weight,",
        "          Viscera weight",
        "n         3",
    ]


def test_names_are_left_out_whole_and_never_shortened() -> None:
    columns = [Column("run", 9, is_name=True), Column("status", 5, is_name=True, is_whole=True)]
    words = "completed, hardly moved"
    assert fitted(columns, [3, len(words)], 40) == [3, len(words)]
    assert fitted(columns, [3, len(words)], 20) == [3, 0]
