"""CSV files in blocks: the same rows as pandas reads from the whole file."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdcli.data.ahead import in_order, read_ahead
from gdcli.data.chunk_options import ChunkOptions
from gdcli.data.csv import blocks
from gdcli.data.csv.chunks import csv_chunks
from gdcli.data.csv.files import check_header, pandas_options
from gdcli.data.csv.format import CsvFormat
from gdcli.errors import DataError

BLOCK = 64
NUMBERS = [f"{i},{i / 3:.6f},{-i}" for i in range(40)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few rows."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", BLOCK)


def chunks(path: Path, form: CsvFormat | None = None, **options: Any) -> tuple[list[pd.DataFrame], str, int]:
    """All chunks of a file, its hash, and the number of bytes reported."""
    hashes: list[str] = []
    reads: list[int] = []
    form = form or CsvFormat()
    names = check_header(path, path.name, form)
    frames = list(csv_chunks(path, path.name, form, names, chunk_options(reads, on_hash=hashes.append, **options)))
    (digest,) = hashes
    return frames, digest, sum(reads)


def chunk_options(reads: list[int], **options: Any) -> ChunkOptions:
    defaults = {"rows": 7, "text": (), "only": None, "on_read": reads.append, "on_hash": None}
    return ChunkOptions(**{**defaults, **options})


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        pytest.param("a,b,c\n" + "\n".join(NUMBERS) + "\n", CsvFormat(), id="plain"),
        pytest.param("a,b,c\n" + "\n".join(NUMBERS), CsvFormat(), id="no final newline"),
        pytest.param("a,b,c\r\n" + "\r\n".join(NUMBERS) + "\r\n", CsvFormat(), id="CRLF"),
        pytest.param("a,b,c\r" + "\r".join(NUMBERS) + "\r", CsvFormat(), id="CR"),
        pytest.param("a,b,c\n" + "\n\n\n".join(NUMBERS) + "\n\n\n", CsvFormat(), id="blank lines"),
        pytest.param("\n\na,b,c\n" + "\n".join(NUMBERS), CsvFormat(), id="blank lines in front"),
        pytest.param("\ufeffa,b,c\n" + "\n".join(NUMBERS), CsvFormat(), id="byte order mark"),
        pytest.param('"a","b","c"\n' + "\n".join(NUMBERS), CsvFormat(), id="quoted names"),
        pytest.param('"a\nx",b,c\n' + "\n".join(NUMBERS), CsvFormat(), id="a name of two lines"),
        pytest.param("a;b;c\n" + "\n".join(NUMBERS).replace(",", ";").replace(".", ","), CsvFormat(";", ","), id="; ,"),
        pytest.param("a\tb\tc\n" + "\n".join(NUMBERS).replace(",", "\t"), CsvFormat("\t"), id="tabs"),
        pytest.param("a,b,c\n" + "\n".join([*NUMBERS, '1,2,"3"', *NUMBERS]), CsvFormat(), id="a late quote"),
        pytest.param("a,b,c\n" + "\n".join([*NUMBERS, '1,2,"x\ny"', *NUMBERS]), CsvFormat(), id="a cell of two lines"),
        pytest.param("a,b,c\n" + "\n".join([*NUMBERS, "1,2," + "3" * 300, *NUMBERS]), CsvFormat(), id="a long line"),
        pytest.param("a,b,c\n" + "\n".join([*NUMBERS, "1", "1,2", *NUMBERS]), CsvFormat(), id="short rows"),
        pytest.param("a,b,c\n" + "\n".join([*NUMBERS, "1,,é", *NUMBERS]), CsvFormat(), id="text late"),
        pytest.param("a,b,c\n" + "1,2,3,\n" * 40, CsvFormat(), id="a delimiter at the end of every line"),
    ],
)
def test_blocks_are_the_file(text: str, form: CsvFormat, tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", text)
    try:
        whole = pd.read_csv(path, low_memory=False, **pandas_options(form))
    except pd.errors.ParserWarning:
        pytest.fail("the file itself is at fault")
    frames, digest, count = chunks(path, form)
    found = joined(frames)
    assert len(frames) > 1
    assert list(found.columns) == list(whole.columns)
    for name in whole.columns:
        if pd.api.types.is_numeric_dtype(whole[name]):
            np.testing.assert_array_equal(found[name].to_numpy(dtype=float), whole[name].to_numpy(dtype=float))
        else:
            as_text = joined(chunks(path, form, text=[name])[0])
            assert as_text[name].fillna("").tolist() == whole[name].fillna("").astype("str").tolist()
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert count == path.stat().st_size


CELLS = st.one_of(
    st.integers(-(10**18), 10**18).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["", "1e999", "-0.0", "0.1", "é", "x y", '"q"', '"a,b"', '"two\nlines"', "1_0", "NaN"]),
)


@settings(max_examples=60)
@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=3), min_size=1, max_size=60),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_any_rows(rows: list[list[str]], end: str, last: bool) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        text = end.join(["a,b,c", *(",".join(row) for row in rows)]) + end * last
        path = written(Path(folder) / "x.csv", text)
        names = ["a", "b", "c"]
        whole = pd.read_csv(path, dtype=dict.fromkeys(names, "str"), **pandas_options(CsvFormat()))
        frames, digest, count = chunks(path, text=names)
        found = joined(frames) if frames else whole.iloc[:0]
        assert found.fillna("\0").to_numpy().tolist() == whole.fillna("\0").to_numpy().tolist()
        assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
        assert count == path.stat().st_size


@pytest.mark.parametrize("at", range(1, 41))
def test_a_row_that_is_too_long_is_found_wherever_it_falls(at: int, tmp_path: Path) -> None:
    rows = [*NUMBERS[:at], "1,2,3,4", *NUMBERS[at:]]
    path = written(tmp_path / "x.csv", "a,b,c\n" + "\n".join(rows) + "\n")
    with pytest.raises(DataError) as caught:
        chunks(path)
    assert f"x.csv:{at + 2}: 4 cells, but the header names 3 columns" in str(caught.value)
    assert len(joined(chunks(path, only=["a", "b"])[0])) == 41  # columns were chosen, and rows that are too long pass


@pytest.mark.parametrize("at", [0, 1, 5, 39])
@pytest.mark.parametrize("header", ["a,b,c", " a, b,c", "\ufeff a,b,c", '"a", b,c'])
def test_blanks_in_front_of_cells_are_skipped_in_one_pass(at: int, header: str, tmp_path: Path) -> None:
    rows = [*NUMBERS]
    rows[at] = " " + rows[at].replace(",", ", ", 1)
    path = written(tmp_path / "x.csv", header + "\n" + "\n".join(rows))
    frames, _, count = chunks(path)
    found = joined(frames)
    assert found["b"].to_numpy(dtype=float).tolist() == [float(row.split(",")[1]) for row in NUMBERS]
    assert count == path.stat().st_size


@pytest.mark.parametrize("at", [0, 1, 5, 39])
def test_a_cell_of_blanks_is_an_empty_one(at: int, tmp_path: Path) -> None:
    rows = [*NUMBERS]
    rows[at] = "  ,1, "
    found = joined(chunks(written(tmp_path / "x.csv", "a,b,c\n" + "\n".join(rows)))[0])
    assert np.flatnonzero(found["a"].isna()).tolist() == np.flatnonzero(found["c"].isna()).tolist() == [at]


def test_a_byte_that_is_not_utf8_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 50 + b"1,\xff\n" + b"1,2\n" * 50)
    with pytest.raises(DataError, match=r"x\.csv:52: not UTF-8"):
        chunks(path)


def test_only_a_few_blocks_are_in_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", "a,b,c\n" + "\n".join(NUMBERS * 50) + "\n")
    reads: list[int] = []
    reading = csv_chunks(path, "x", CsvFormat(), ["a", "b", "c"], chunk_options(reads))
    for taken, _ in enumerate(reading, start=1):
        assert sum(reads) <= (taken + 8) * 2 * BLOCK
        if taken == 5:
            break
    before = threading.active_count()
    reading.close()
    assert threading.active_count() < before


def test_tasks_are_given_in_their_order_and_no_further_than_asked() -> None:
    begun: list[int] = []
    gate = threading.Event()

    def task(i: int) -> int:
        begun.append(i)
        if i == 0:
            gate.wait()
        return i

    def tasks() -> Any:
        for i in range(20):
            if i == 4:
                gate.set()
            yield lambda i=i: task(i)

    results = in_order(tasks(), workers=2, ahead=4)
    assert next(results) == 0
    assert max(begun) <= 5
    assert list(results) == list(range(1, 20))


def test_an_error_of_a_task_is_raised_in_order() -> None:
    def broken() -> int:
        raise OSError("gone")

    results = in_order([lambda: 1, broken, lambda: 3], workers=2, ahead=2)
    assert next(results) == 1
    with pytest.raises(OSError, match="gone"):
        next(results)


def test_reading_ahead_closes_what_it_reads() -> None:
    closed: list[bool] = []

    def items() -> Any:
        try:
            yield from range(1, 100)
        finally:
            closed.append(True)

    ahead = read_ahead(items())
    assert next(ahead) == 1
    ahead.close()
    assert closed == [True]
