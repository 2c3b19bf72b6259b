"""Parquet files: columns of every type, damaged metadata of pandas, and damaged bytes."""

from __future__ import annotations

import io
import random
import sys
from contextlib import nullcontext, suppress
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gdcli
from gdcli.data import parquet, sources

pa: Any = pytest.importorskip("pyarrow")
pq: Any = pytest.importorskip("pyarrow.parquet")

N = 40
X = np.random.RandomState(0).randn(N)
Y = 2 * X + np.random.RandomState(1).randn(N)


@pytest.fixture(params=["whole", "in chunks"], autouse=True)
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in chunks":
        monkeypatch.setattr(sources, "WHOLE", 0)


def written(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table({**columns, "x": X, "y": Y}), path, row_group_size=7)
    return path


WORDS = ["red", "blue"] * (N // 2)
COUNTS = [1, 2, 3, 5] * (N // 4)

# id → a column, and the same one as a DataFrame has it
COLUMNS: dict[str, tuple[Any, Any]] = {
    "words": (pa.array(WORDS).dictionary_encode(), WORDS),
    "numbers": (pa.array(COUNTS).dictionary_encode(), COUNTS),
    "decimals": (pa.array([Decimal("1.10"), Decimal("2.25")] * (N // 2)), [1.1, 2.25] * (N // 2)),
    "halves": (pa.array(np.arange(N, dtype=np.float16)), list(range(N))),
    "truths": (pa.array([True, False] * (N // 2)), [True, False] * (N // 2)),
}


@pytest.mark.parametrize(("column", "plain"), COLUMNS.values(), ids=COLUMNS)
def test_every_type_is_read_as_what_it_holds(column: Any, plain: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "d.parquet", c=column)
    frame = pd.DataFrame({"c": plain, "x": X, "y": Y})
    assert gdcli.optimum(path, features=["c", "x"], target="y").weights == (
        gdcli.optimum(frame, features=["c", "x"], target="y").weights
    )
    assert gdcli.optimum(path).features == gdcli.optimum(frame).features


NESTED = {
    "lists": pa.array([[1, 2], [3]] * (N // 2)),
    "mappings": pa.array([{"p": 1, "q": "a"}] * N),
    "maps": pa.array([[("a", 1)]] * N, type=pa.map_(pa.string(), pa.int64())),
}


@pytest.mark.parametrize("column", NESTED.values(), ids=NESTED)
def test_cells_of_several_values_are_not_a_feature(column: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "d.parquet", c=column)
    assert gdcli.optimum(path).features == ("x",)
    with pytest.raises(gdcli.DataError) as error:
        gdcli.optimum(path, features=["c"], target="y")
    advice = "put each value into its own column"
    assert str(error.value) == f"{path}: column 'c' has 40 cells with several values, the first in row 1; {advice}"


@pytest.mark.parametrize("column", [pa.array([b"a", b"\xff"] * (N // 2)), pa.array(COUNTS, type=pa.date32())])
def test_other_types_are_text(column: Any, tmp_path: Path) -> None:
    assert gdcli.optimum(written(tmp_path / "d.parquet", c=column)).features == ("x",)


def test_an_index_that_pandas_has_written_is_not_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": X, "y": Y}, index=pd.Index(range(5, 5 + N), name="number"))
    frame.to_parquet(tmp_path / "d.parquet")
    assert gdcli.optimum(tmp_path / "d.parquet").features == ("x",)


@pytest.mark.parametrize("notes", [b"", b"{", b"[]", b"{}", b'{"index_columns": 3}', b"\xff", b'{"columns": [{}]}'])
def test_damaged_notes_of_pandas_do_not_matter(notes: bytes, tmp_path: Path) -> None:
    table = pa.table({"x": X, "y": Y}).replace_schema_metadata({b"pandas": notes})
    pq.write_table(table, tmp_path / "d.parquet")
    assert gdcli.optimum(tmp_path / "d.parquet").features == ("x",)


def test_damaged_bytes_are_refused_or_read(tmp_path: Path) -> None:
    draw, stream = random.Random(7), io.BytesIO()
    pd.DataFrame({"a": X, "t": pd.Categorical(WORDS), "l": [[1]] * N, "y": Y}).to_parquet(stream)
    path = tmp_path / "d.parquet"
    for _ in range(300):
        data = bytearray(stream.getvalue())
        at = draw.randrange(len(data))
        if draw.random() < 0.3:
            del data[at : at + draw.choice([1, 5, len(data)])]
        else:
            data[at] = draw.randrange(256)
        path.write_bytes(data)
        with suppress(gdcli.DataError):
            gdcli.optimum(path)


def test_without_pyarrow_a_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "d.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(gdcli.DataError, match=r"reading Parquet needs pyarrow: pip install pyarrow$"):
        gdcli.optimum(path)


def test_fewer_rows_than_announced_are_refused_in_chunks_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "d.parquet"
    pd.DataFrame({"a": X, "y": Y}).to_parquet(path)
    opened = parquet._opened

    def announcing_one_more(path: Path) -> Any:
        file = opened(path)
        metadata = SimpleNamespace(num_rows=file.metadata.num_rows + 1)
        names = ("num_row_groups", "iter_batches", "schema_arrow", "read")
        return nullcontext(SimpleNamespace(metadata=metadata, **{name: getattr(file, name) for name in names}))

    monkeypatch.setattr(parquet, "_opened", announcing_one_more)
    monkeypatch.setattr(sources, "WHOLE", 0)
    with pytest.raises(
        gdcli.DataError, match=rf"not a Parquet file: its metadata says {N + 1} rows, but it holds {N}$"
    ):
        gdcli.optimum(path)
