"""A file read as a whole and in blocks: the same fit to the last bit, the same warnings and faults."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import gdcli
from gdcli.data import sources, stream
from gdcli.data.csv import blocks

NUMBERS = ["1", "2.5", "-3", "1e3", "0.1", "1234567890123", "-0.0", " 4", "7 ", "+5"]
WORDS, GROUPED, MIXED = ["red", "blue", "green"], ['"1,234.5"', '"2,000"', "7"], ["", "1", "w"]
ODD = [
    *(
        "",
        "  ",
        "nan",
        "NaN",
        "inf",
        "1e999",
        "1e200",
        "12345678901234567890",
        "abc",
        "true",
        "false",
        "TRUE",
        "é",
        "1_0",
        "0x1",
        "1,5",
    ),
    *('"1,234.5"', '"8"', '"a\nb"', '"say ""x"""', '"5"6', '"5" ', '5"6"', '"open', "1.234", "€5", "45 %", "\t", "\0"),
]
NAMES = ["a", "b", "c", "y", "intercept", "3.2", "1e5", "x y", '"q"', "né", " p", "", "a"]


def case(draw: random.Random) -> tuple[bytes, dict[str, Any]]:
    """A CSV file, sound in about half of the cases, and the options to read it."""
    columns, mark, end = draw.randint(2, 4), draw.choice(",,,;\t"), draw.choice(["\n", "\n", "\r\n", "\r"])
    oddness = draw.choice([0.0, 0.0, 0.003, 0.2])
    header = draw.sample(NAMES[:5], columns) if draw.random() < 0.8 else draw.choices(NAMES, k=columns)
    kinds = [draw.choice([NUMBERS, NUMBERS, NUMBERS, WORDS, GROUPED, MIXED]) for _ in range(columns)]
    lines = [mark.join(header)]
    for _ in range(draw.randint(0, 40)):
        cells = [draw.choice(ODD) if draw.random() < oddness else draw.choice(kind) for kind in kinds]
        if draw.random() < oddness:
            cells = draw.choice([cells[:-1], [*cells, "1"], [*cells, ""], [" "], ["\t"], []])
        lines.append(mark.join(cells))
    front, back = draw.choice(["", "", "\ufeff", "\n \n"]), draw.choice(["", end, end + " " + end])
    given: dict[str, Any] = {
        "features": draw.choice([None, None, header[:1], header[:-1]]),
        "target": draw.choice([None, header[-1]]),
        "intercept": draw.random() < 0.8,
        "delimiter": draw.choice([mark, mark, mark, ";"]),
        "decimal": draw.choice([".", ".", ","]) if mark != "," else None,
        "thousands": draw.choice([None, ","]) if mark == "," else draw.choice([None, "'"]),
        "encoding": draw.choice([None, None, "latin-1", "utf-16", "ascii"]),
        "missing": draw.choice([None, "drop"]),
    }
    encoding = draw.choice([given["encoding"], given["encoding"], "utf-8"]) or "utf-8"
    return (front + end.join(lines) + back).encode(encoding, "replace"), given


def outcome(path: Path, given: dict[str, Any]) -> Any:
    try:
        return {key: repr(value) for key, value in asdict(gdcli.optimum(path, **given)).items()}
    except gdcli.GdcliError as error:
        return str(error)


def cases(seed: int, count: int) -> Iterator[tuple[bytes, dict[str, Any]]]:
    draw = random.Random(seed)
    for _ in range(count):
        yield case(draw)


@pytest.mark.parametrize("seed", range(10))
def test_any_file(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "d.csv"
    for data, given in cases(seed, 60):
        path.write_bytes(data)
        monkeypatch.setattr(sources, "WHOLE", 1 << 24)
        whole = outcome(path, given)
        monkeypatch.setattr(sources, "WHOLE", 0)
        monkeypatch.setattr(stream, "CHUNK_CELLS", 20)
        monkeypatch.setattr(blocks, "BLOCK_BYTES", 90)
        found = outcome(path, given)
        # A missing column of a large file is reported before its cells are checked.
        assert found == whole or "no column" in found, (data, given)
