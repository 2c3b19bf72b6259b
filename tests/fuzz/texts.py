"""Cases about CSV files: written in every way that is allowed, and in some that are not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable

import zstandard
from mutation import changed_bytes
from reference import Rows, hold_optimum, read, whole_and_blocks
from trial import DONE, WRONG_DATA, Trial


def _zip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d.csv", content)
    return buffer.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": _zip,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}


def csv_case(trial: Trial) -> None:
    """A CSV file that is right, or has one flaw."""
    chance = trial.chance
    rows = _rows(chance)
    flaw = chance.choice([None, None, *FLAWS])
    if flaw:
        FLAWS[flaw](rows, chance)
    ending = chance.choice(list(PACKERS))
    content = PACKERS[ending](_written(rows, chance))
    if flaw == "truncated":
        content = content[: chance.randrange(1, len(content) - 4)] if ending else b""
    name = "d.csv" + ending
    trial.write(name, content)
    outcome = whole_and_blocks(trial, name, codes={WRONG_DATA} if flaw else {DONE})
    if not flaw:
        hold_optimum(outcome, rows)


def bytes_case(trial: Trial) -> None:
    """A CSV file, packed or not, with some bytes changed."""
    chance = trial.chance
    ending = chance.choice(["", "", "", *PACKERS])
    text = _written(_rows(chance), chance)
    content = changed_bytes(PACKERS[ending](text), chance)
    trial.write("d.csv" + ending, content)
    outcome = whole_and_blocks(trial, "d.csv" + ending, codes={DONE, WRONG_DATA})
    if outcome.code == DONE and not ending:
        hold_optimum(outcome, read(content))


def _rows(chance: random.Random) -> Rows:
    """A header and numbers, each written in one of the ways of writing it."""
    width, count = chance.randint(2, 5), chance.choice([1, 2, 3, 10, 60])
    names = chance.sample(["x", "a b", "Größe", "n,m", 'q"q', "3", "x.1", "=x", "$y$", "#", "日"], width)
    return Rows(names, [[_numeral(chance) for _ in names] for _ in range(count)])


def _numeral(chance: random.Random) -> str:
    value = chance.choice(
        [chance.randint(-9, 9), chance.uniform(-1e3, 1e3), chance.gauss(0, 1) * 10 ** chance.randint(-8, 8)]
    )
    return chance.choice([repr(value), f"{value:+.3e}", f"{value:.12f}", f"{value:.3E}", f"{value:.25g}"])


def _written(rows: Rows, chance: random.Random) -> bytes:
    """CSV: quotes, blanks after commas, line breaks, a byte order mark and blank lines as it comes."""
    quoting, space = chance.choice([0.0, 0.3, 1.0]), chance.choice(["", "", " "])
    lines = [rows.names, *rows.cells]
    texts = [("," + space).join(_cell(cell, chance.random() < quoting) for cell in line) for line in lines]
    for _ in range(chance.choice([0, 0, 1, 3])):
        texts.insert(chance.randint(1, len(texts)), "")
    text = chance.choice(["\n", "\r\n"]).join([*texts, *chance.choice([[], [""]])])
    return text.encode(chance.choice(["utf-8", "utf-8-sig"]))


def _cell(text: str, is_quoted: bool) -> str:
    return '"' + text.replace('"', '""') + '"' if is_quoted or set(text) & set(',"') else text


def _spoil(cell: str) -> Callable[[Rows, random.Random], None]:
    def spoil(rows: Rows, chance: random.Random) -> None:
        rows.cells.append(["1.5" for _ in rows.names])  # a column of this cell alone would not be one of numbers
        chance.choice(rows.cells[:-1])[-1] = cell

    return spoil


def _more_cells(rows: Rows, _: random.Random) -> None:
    rows.cells.append(["1"] * (len(rows.names) + 1))


def _no_rows(rows: Rows, _: random.Random) -> None:
    rows.cells.clear()


def _same_name(rows: Rows, _: random.Random) -> None:
    rows.names[0] = rows.names[1]


FLAWS: dict[str, Callable[[Rows, random.Random], None]] = {
    **{cell: _spoil(cell) for cell in ("nan", "inf", "-inf", "1e151", "NA")},
    "more cells": _more_cells,
    "no rows": _no_rows,
    "same name": _same_name,
    "truncated": lambda *_: None,
}
