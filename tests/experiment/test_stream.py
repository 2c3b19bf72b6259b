"""Files read in chunks: the same results and faults as with rows in memory."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gdcli
from gdcli.data import sources, stream
from gdcli.data.csv import blocks
from gdcli.data.csv import chunks as csvchunks
from gdcli.engine.problems.factor import STRIP_ROWS, Factoring, factor_rows
from gdcli.engine.scalers import AFFINE_SCALERS
from gdcli.experiment.exact import plan_optimum
from gdcli.experiment.planner import plan
from gdcli.spec.validate import read_spec

SCALERS = [*(name for name in AFFINE_SCALERS if name != "robust"), "sigmoid"]  # robust needs the rows
HEADER = "a,b,c,y\n"


@pytest.fixture
def in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as large; a chunk has 7 rows of 4 columns, or lines of about 300 bytes."""
    monkeypatch.setattr(sources, "WHOLE", 0)
    monkeypatch.setattr(stream, "CHUNK_CELLS", 28)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 300)


def table(n: int = 100, seed: int = 0) -> pd.DataFrame:
    random = np.random.RandomState(seed)
    frame = pd.DataFrame({"a": random.randn(n), "b": 1e6 + random.randn(n), "c": random.randint(0, 9, n)})
    return frame.assign(y=frame["a"] - 2 * frame["c"] + random.randn(n))


def write(path: Path, frame: pd.DataFrame) -> Path:
    frame.to_csv(path, index=False)
    return path


def curve(path: Any, **keys: Any) -> pd.DataFrame:
    return gdcli.run({"dataset": path, "optimizer": {"lr": 1e-3}, "epochs": 5, **keys}).curve


@pytest.mark.parametrize("rows", [1, 7, 8, STRIP_ROWS, STRIP_ROWS + 1, 3 * STRIP_ROWS])
@pytest.mark.parametrize("n", [1, 9, STRIP_ROWS, 2 * STRIP_ROWS, 20_000])
def test_the_factor_does_not_depend_on_how_rows_arrive(n: int, rows: int) -> None:
    if n / rows > 5000:
        pytest.skip("slow, and the same as for fewer rows")
    frame = table(n).to_numpy()
    X, y = frame[:, :-1], frame[:, -1]
    whole = factor_rows(X, y)
    factoring = Factoring()
    for i in range(0, n, rows):
        factoring.add(np.column_stack([X[i : i + rows], y[i : i + rows]]))
    pieces = factoring.result()
    for name in ("triangle", "shift", "minimum", "maximum", "n"):
        assert np.array_equal(getattr(pieces, name), getattr(whole, name)), name


@pytest.mark.parametrize("target", ["none", "zscore"])
@pytest.mark.parametrize("features", SCALERS)
def test_chunks_give_the_same_bytes(
    features: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "x.csv", table())
    keys = {"scaler": {"features": features, "target": target}}
    whole = curve(path, **keys).to_csv()
    monkeypatch.setattr(sources, "WHOLE", 0)
    for cells in (4, 28, 10**6):
        monkeypatch.setattr(stream, "CHUNK_CELLS", cells)
        monkeypatch.setattr(blocks, "BLOCK_BYTES", 10 * cells)
        sources._stream.cache_clear()
        assert curve(path, **keys).to_csv() == whole


@pytest.mark.parametrize(
    "keys",
    [
        {"batch_size": 10},
        {"batch_size": 100},
        {"scaler": "robust"},
        {"split": {"validation": 0.3}},
        {"split": {"validation": 0.3, "shuffle": False}, "scaler": "sigmoid", "batch_size": 7},
    ],
    ids=str,
)
def test_rows_are_kept_where_they_are_needed(
    keys: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "x.csv", table())
    whole = curve(path, **keys).to_csv()
    monkeypatch.setattr(sources, "WHOLE", 0)
    monkeypatch.setattr(stream, "CHUNK_CELLS", 28)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 300)
    assert curve(path, **keys).to_csv() == whole


@pytest.mark.usefixtures("in_chunks")
def test_settings_that_keep_the_rows_are_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", table())
    spec = {"dataset": path, "epochs": 0, "scaler": "robust", "split": {"validation": 0.5}}
    warning = f"the robust scaler and the split need all rows of {path} in memory (100 of them)"
    assert gdcli.run(spec).warnings == (warning,)
    assert gdcli.run({"dataset": path, "epochs": 0}).warnings == ()


@pytest.mark.usefixtures("in_chunks")
def test_rows_that_were_not_kept_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", table())
    planned = plan_optimum(path, {})
    with pytest.raises(ValueError, match="were read in chunks and not kept"):
        _ = planned.rows.values


def test_a_level_that_first_appears_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = table(50).assign(c=["p"] * 40 + ["q", "1.50", "true", "é"] + ["p"] * 6)
    path = write(tmp_path / "x.csv", frame)
    whole = gdcli.optimum(path, features=["a", "c"], target="y")
    assert list(whole.weights) == ["a", "c_p", "c_q", "c_true", "c_é", "intercept"]
    monkeypatch.setattr(sources, "WHOLE", 0)
    monkeypatch.setattr(stream, "CHUNK_CELLS", 28)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 300)
    assert gdcli.optimum(path, features=["a", "c"], target="y") == whole


@pytest.mark.parametrize("cells", [("true", "false"), ("TRUE", "False")])
def test_true_and_false_are_spelled_as_python_does(
    cells: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "x.csv", table(40).assign(c=[cells[0]] * 30 + [cells[1]] * 10))
    whole = gdcli.optimum(path, features=["c"], target="y", intercept=False)
    assert list(whole.weights) == ["c_False", "c_True"]
    monkeypatch.setattr(sources, "WHOLE", 0)
    monkeypatch.setattr(stream, "CHUNK_CELLS", 28)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 300)
    assert gdcli.optimum(path, features=["c"], target="y", intercept=False) == whole


@pytest.mark.parametrize("first", ["word", "1"])
def test_what_a_column_is_does_not_depend_on_its_first_chunk(
    first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column is text if it has more words than numbers, wherever they are."""
    other = "1" if first == "word" else "word"
    path = write(tmp_path / "x.csv", table(50).assign(b=[first] * 20 + [other] * 30))

    def outcome() -> Any:
        try:
            return gdcli.optimum(path)
        except gdcli.DataError as error:
            return str(error)

    whole = outcome()
    monkeypatch.setattr(sources, "WHOLE", 0)
    monkeypatch.setattr(stream, "CHUNK_CELLS", 28)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 300)
    assert outcome() == whole


@pytest.mark.usefixtures("in_chunks")
def test_bad_cells_are_counted_over_all_chunks_and_files(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text(HEADER + "1,2,3,4\n" * 20 + "1,,3,4\n\n1,x,3,4\n" + "1,2,3,4\n" * 20)
    (tmp_path / "2.csv").write_text(HEADER + "1,2,3,4\n" * 20 + "1,,inf,4\n\n1,x,3,4\n" + "1,2,3,4\n" * 20)
    with pytest.raises(gdcli.DataError) as error:
        gdcli.optimum(str(tmp_path / "[12].csv"))
    fill, correct = (
        "fill them in, or leave these rows out: give missing='drop'",
        "correct them, or remove these rows from the data",
    )
    assert str(error.value).replace(f"{tmp_path}/", "").splitlines() == [
        f"1.csv:22: column 'b' has 2 blank cells, the first on line 22; {fill}",
        "1.csv:24: column 'b' has 2 cells that are not numbers, the first on line 24; the first is 'x'",
        f"2.csv:22: column 'c' has 1 infinite cell, the first on line 22; {correct}",
    ]


@pytest.mark.usefixtures("in_chunks")
def test_a_row_that_is_too_long_in_a_late_chunk(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(HEADER + "1,2,3,4\n" * 50 + "1,2,3,4,5\n")
    with pytest.raises(gdcli.DataError, match=r"x\.csv:52: 5 cells, but the header names 4 columns"):
        gdcli.optimum(path)


@pytest.mark.parametrize("where", ["first", "last", "quoted"])
def test_blanks_in_front_of_cells_are_skipped(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = table(60).assign(b=["red", "blue"] * 30)
    text = frame.to_csv(index=False)
    head, tail = text[:1500], text[1500:]
    if where == "first":
        head = head.replace(",", ",  ")
    else:
        tail = tail.replace(",red", ', "red"').replace("\n", "\n ") if where == "quoted" else tail.replace(",r", ", r")
    (tmp_path / "x.csv").write_text((head + tail).rstrip(" "))
    monkeypatch.setattr(sources, "WHOLE", 0)
    monkeypatch.setattr(stream, "CHUNK_CELLS", 28)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 300)
    assert gdcli.optimum(tmp_path / "x.csv", features=["a", "b"], target="y").weights == pytest.approx(
        gdcli.optimum(frame, features=["a", "b"], target="y").weights, rel=1e-12
    )


# Several files


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    frame = table()
    return [write(tmp_path / f"part-{i}.csv", frame[a:b]) for i, (a, b) in enumerate([(0, 30), (30, 31), (31, 100)])]


def test_several_files_are_one_dataset(parts: list[Path], tmp_path: Path) -> None:
    whole = curve(write(tmp_path / "whole.csv", table())).to_csv()
    assert curve(parts).to_csv() == whole
    assert curve({"path": parts}).to_csv() == whole
    assert curve(tmp_path / "part-*.csv").to_csv() == whole
    assert (
        curve(tmp_path / "part-?.csv", batch_size=20).to_csv() == curve(tmp_path / "whole.csv", batch_size=20).to_csv()
    )
    assert curve(parts[::-1], batch_size=20).to_csv() != curve(parts, batch_size=20).to_csv()


def test_the_resolved_spec_of_several_files_runs_again(parts: list[Path], tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("dataset: part-*.csv\nepochs: 3\noptimizer: {lr: 1.0e-3}\n")
    result = gdcli.run(tmp_path / "s.yaml")
    result.save(tmp_path / "out/s", plot=False)
    again = gdcli.run(tmp_path / "out/s/spec.yaml")
    again.save(tmp_path / "again", plot=False)
    assert (tmp_path / "again/curve.csv").read_bytes() == (tmp_path / "out/s/curve.csv").read_bytes()
    summary = json.loads((tmp_path / "out/s/summary.json").read_text())
    assert summary["spec"]["dataset"]["path"] == [f"../../{part.name}" for part in parts]
    assert summary["data_sha256"] == [hashlib.sha256(part.read_bytes()).hexdigest() for part in parts]
    assert summary["rows"] == 100


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a,b,y\n1,2,3\n", "part-1.csv:1: 3 columns, but {}part-0.csv has 4; "),
        ("a,c,b,y\n1,2,3,4\n", "part-1.csv:1: column 2 is 'c', but 'b' in {}part-0.csv; "),
        ("a,c,b,y\n", "part-1.csv:1: column 2 is 'c', but 'b' in {}part-0.csv; "),
    ],
)
def test_a_header_that_differs(header: str, message: str, parts: list[Path], tmp_path: Path) -> None:
    parts[1].write_text(header)
    with pytest.raises(gdcli.DataError) as error:
        curve(parts)
    rule = "all files of a dataset need the same columns in the same order"
    assert str(error.value) == f"{tmp_path}/{message.format(f'{tmp_path}/')}{rule}"


def test_files_that_are_missing(parts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(gdcli.DataError, match=r"no data file matches .*/no-\*\.csv$"):
        curve(tmp_path / "no-*.csv")
    with pytest.raises(gdcli.DataError, match=r"no data file .*/part-9\.csv; did you mean '.*/part-0\.csv'"):
        curve([parts[0], tmp_path / "part-9.csv"])


def test_a_file_among_several_may_hold_no_rows(parts: list[Path]) -> None:
    parts[1].write_text(HEADER)
    assert gdcli.optimum(str(parts[0].with_name("part-*.csv"))).rows == 99


# Other formats


@pytest.mark.usefixtures("in_chunks")
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".csv.zip", ".csv.zst", ".csv.bz2", ".csv.xz", ".parquet"])
def test_every_format_in_chunks(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    if suffix == ".parquet":
        table().to_parquet(path, row_group_size=33)
    else:
        write(path, table())
    told: list[tuple[int, int]] = []
    planned = plan(read_spec({"dataset": path, "epochs": 0}), reading=lambda *at: told.append(at))
    assert planned.rows.kept_rows is None
    assert planned.rows.data.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    in_memory = gdcli.run({"epochs": 0}, data=table()).plan
    assert np.array_equal(planned.rows.factor.triangle, in_memory.rows.factor.triangle)
    done = [at[0] for at in told]
    assert done == sorted(done)
    size = path.stat().st_size
    assert {at[1] for at in told} == {size}
    assert 0.9 * size <= done[-1] <= size


def test_parquet_files_are_one_dataset(tmp_path: Path) -> None:
    frame = table()
    frame[:40].to_parquet(tmp_path / "1.parquet", row_group_size=7)
    frame[40:].to_parquet(tmp_path / "2.parquet")
    several = curve(tmp_path / "*.parquet").to_csv()
    assert several == gdcli.run({"optimizer": {"lr": 1e-3}, "epochs": 5}, data=frame).curve.to_csv()
    frame.assign(b=np.nan)[40:].to_parquet(tmp_path / "2.parquet")
    with pytest.raises(gdcli.DataError, match=r"2\.parquet: column 'b' has 60 blank cells, the first in row 1; "):
        curve(tmp_path / "*.parquet")


# One pass


@pytest.mark.usefixtures("in_chunks")
def test_a_comparison_of_scalers_reads_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.csv", table())
    passes: list[Path] = []
    original = csvchunks.csv_chunks

    def counted(path: Path, *arguments: Any, **options: Any) -> Any:
        passes.append(path)
        return original(path, *arguments, **options)

    monkeypatch.setattr(stream, "csv_chunks", counted)
    specs = [{"dataset": path, "scaler": scaler, "epochs": 1, "name": scaler} for scaler in [*SCALERS, "robust"]]
    assert len(gdcli.compare(specs)) == len(SCALERS) + 1
    assert len(passes) == 1
    gdcli.run(specs[0])  # nor does the next call read it again
    assert len(passes) == 1
    write(path, table(seed=1))  # a file that has changed is another one
    gdcli.compare(specs)
    assert len(passes) == 2


@pytest.mark.usefixtures("in_chunks")
def test_a_stream_can_be_sent_to_another_process(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", table())
    planned = plan(read_spec({"dataset": path, "epochs": 0}), reading=lambda *_: None)
    sent = pickle.loads(pickle.dumps(planned.rows.data.without_rows()))
    assert (sent.label, sent.names, sent.sha256) == (str(path), planned.rows.data.names, planned.rows.data.sha256)
