"""Cases about Parquet files."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

from mutation import changed_bytes
from reference import Rows, hold_optimum, number, whole_and_blocks
from trial import DONE, WRONG_DATA, Trial

pa: Any = import_module("pyarrow")  # untyped
parquet: Any = import_module("pyarrow.parquet")
Maker = Callable[[random.Random, int], Any]


def parquet_case(trial: Trial) -> None:
    """A Parquet file of many types of columns, with some bytes changed now and then."""
    chance = trial.chance
    count = chance.randint(1, 30)
    columns = {f"c{i}": chance.choice(_ARROWS)(chance, count) for i in range(chance.randint(1, 5))}
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink, row_group_size=chance.choice([1, 7, 100]))
    content = sink.getvalue()
    is_changed = chance.random() < 0.5
    if is_changed:
        content = changed_bytes(content, chance)
    trial.write("d.parquet", content)
    outcome = whole_and_blocks(trial, "d.parquet", codes={DONE, WRONG_DATA})
    if outcome.code == DONE and not is_changed:
        cells = [
            [str(number(value)) for value in row]
            for row in zip(*(column.to_pylist() for column in columns.values()), strict=True)
        ]
        hold_optimum(outcome, Rows(list(columns), cells))


def _numbers(kind: Any, low: int, high: int) -> Maker:
    return lambda chance, n: pa.array([chance.randint(low, high) for _ in range(n)], kind)


def _texts(kind: Any) -> Maker:
    return lambda chance, n: pa.array([chance.choice("abc") for _ in range(n)]).cast(kind)


_ARROWS: list[Maker] = [
    *[
        _numbers(kind, -100, 100)
        for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64())
    ],
    *[_numbers(kind, 0, 200) for kind in (pa.uint8(), pa.uint64())],
    _numbers(pa.float64(), -(10**15), 10**15),
    lambda chance, n: pa.array([chance.random() < 0.5 for _ in range(n)]),
    lambda chance, n: pa.array([chance.choice([None, 1.5]) for _ in range(n)], pa.float64()),
    lambda _, n: pa.nulls(n),
    lambda _, n: pa.array([[1, 2]] * n),
    lambda _, n: pa.array([{"a": 1}] * n),
    lambda chance, n: pa.array([chance.randint(0, 9) for _ in range(n)], pa.decimal128(10, 2)),
    lambda chance, n: pa.array([chance.randint(0, 9) for _ in range(n)], pa.date32()),
    lambda chance, n: pa.array([chance.randint(0, 9) for _ in range(n)], pa.timestamp("ns")),
    lambda _, n: pa.array([b"x"] * n),
    _texts(pa.string()),
    _texts(pa.large_string()),
    _texts(pa.dictionary(pa.int8(), pa.string())),
    lambda chance, n: pa.array([chance.randint(0, 3) for _ in range(n)]).dictionary_encode(),
]
