"""`gdcli predict`, and predictions in Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from workbench import Bench

import gdcli
from gdcli.data import stream

D = "dataset: d.csv\n"
MIXED = 'kind,size,note,y\nb,1.50,=1+1,2\na,2.0,"x, y",3\nc,0.5,é,4\na,3,,6\nb,2.5,n,5\n'
HEADER = "x,z,y,prediction\n"


def fit(bench: Bench, spec: str = D, *options: str) -> None:
    bench.write("s.yaml", spec)
    assert bench.gd("run", "s.yaml", "--no-plot", "--quiet", *options).code == 0


def predictions(bench: Bench, *arguments: str) -> list[float]:
    outcome = bench.gd("predict", "results/s", *arguments, "--json")
    assert outcome.code == 0, outcome.err
    values: list[float] = json.loads(outcome.out)["predictions"]
    return values


# What comes out


def test_rows_come_back_with_their_predictions(bench: Bench) -> None:
    fit(bench, f"{D}epochs: 0\ninit: [1, 2, 0.5]\n")
    outcome = bench.gd("predict", "results/s", "d.csv")
    assert outcome.code == 0
    assert outcome.out == HEADER + "1,2,3,5.5\n2,1,4,4.5\n3,5,9,13.5\n4,3,8,10.5\n"
    assert outcome.err == "s: 4 rows predicted; MSE 8.25\n"
    assert bench.gd("predict", "results/s", "d.csv", "--quiet").err == ""


def test_a_file_gets_the_rows(bench: Bench) -> None:
    fit(bench)
    printed = bench.gd("predict", "results/s", "d.csv").out
    outcome = bench.runs("predict", "results/s", "d.csv", "-o", "p.csv")
    assert outcome.out.endswith("written to p.csv\n")
    assert Path("p.csv").read_text() == printed
    assert bench.runs("predict", "results/s", "d.csv", "-o", "p.csv", "--quiet").out == ""  # replaced


def test_no_target(bench: Bench) -> None:
    fit(bench)
    bench.write("new.csv", "z,x\n1,2\n")
    message = "s: 1 row predicted; no MSE, as new.csv has no values of 'y'\n"
    assert bench.gd("predict", "results/s", "new.csv").err == message
    bench.write("new.csv", "z,x,y\n1,2,\n3,4,5\n")
    assert "2 rows predicted; MSE of 1 " in bench.gd("predict", "results/s", "new.csv").err


def test_json(bench: Bench) -> None:
    fit(bench, f"{D}epochs: 0\ninit: [1, 2, 0.5]\n")
    document = json.loads(bench.runs("predict", "results/s", "d.csv", "--json").out)
    figures = {"result": "s", "data": "d.csv", "target": "y", "rows": 4, "rows_left_out": 0, "rows_with_target": 4}
    assert document == {**figures, "mse": 8.25, "predictions": [5.5, 4.5, 13.5, 10.5]}
    document = json.loads(bench.runs("predict", "results/s", "d.csv", "--json", "-o", "p.csv").out)
    assert document == {**figures, "mse": 8.25, "file": "p.csv"}


def test_unused_cells_are_spelled_as_in_the_file(bench: Bench) -> None:
    bench.write("m.csv", MIXED)
    fit(bench, "dataset: m.csv\ncolumns: {features: [kind], target: y}\n")
    rows = bench.gd("predict", "results/s", "m.csv").out.splitlines()
    assert [row.rpartition(",")[0] for row in rows[1:]] == [
        "b,1.50,=1+1,2",
        'a,2.0,"x, y",3',
        "c,0.5,é,4",
        "a,3,,6",
        "b,2.5,n,5",
    ]


def test_the_format_is_that_of_the_file(bench: Bench) -> None:
    bench.write("d.csv", "x;name;y\n1,5;é;2\n2,5;ü;3\n3;ß;5\n".encode("latin-1"))
    fit(bench, 'dataset: {path: d.csv, delimiter: ";", decimal: ",", encoding: latin-1}\nepochs: 0\ninit: [2, 0]\n')
    bench.runs("predict", "results/s", "d.csv", "-o", "p.csv", "-q")
    expected = "x;name;y;prediction\n1,5;é;2;3,0\n2,5;ü;3;5,0\n3,0;ß;5;6,0\n"
    assert Path("p.csv").read_bytes() == expected.encode("latin-1")
    bench.write("new.csv", "x,name\n1.5,a\n")
    options = ["--delimiter", ",", "--decimal", ".", "--encoding", "utf-8"]
    assert predictions(bench, "new.csv", *options) == [3.0]
    assert list(gdcli.predict("results/s", "new.csv", delimiter=",", decimal=".", encoding="utf-8")) == [3.0]


def test_files_in_several_chunks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{'abc'[i % 3]},{i}.0,{i * i}" for i in range(5000)]
    bench.write("d.csv", "\n".join(["kind,x,y", *rows, ""]))
    fit(bench, "dataset: d.csv\ncolumns: {features: [kind, x], target: y}\nscaler: minmax\n")
    whole = bench.gd("predict", "results/s", "d.csv")
    monkeypatch.setattr(stream, "CHUNK_CELLS", 3000)
    in_chunks = bench.gd("predict", "results/s", "d.csv")
    assert in_chunks.out == whole.out
    assert len(whole.out.splitlines()) == 5001


def test_parquet(bench: Bench) -> None:
    frame = pd.DataFrame({"kind": ["a", "b", "a"], "x": [1.0, 2.5, 3.0], "y": [1.0, 2.0, 4.0]})
    frame.to_parquet("d.parquet")
    fit(bench, "dataset: d.parquet\ncolumns: {features: [kind, x], target: y}\nepochs: 0\ninit: [10, 1, 0]\n")
    expected = "kind,x,y,prediction\na,1.0,1.0,1.0\nb,2.5,2.0,12.5\na,3.0,4.0,3.0\n"
    assert bench.gd("predict", "results/s", "d.parquet").out == expected


# What is predicted


SETTINGS = {
    "none": "",
    "zscore": "scaler: zscore",
    "both": "scaler: {features: robust, target: minmax}",
    "sigmoid": "scaler: {features: sigmoid, target: zscore}",
    "maxabs_without_intercept": "scaler: maxabs\ncolumns: {features: [kind, size], target: y, intercept: false}",
    "split": "scaler: zscore\nsplit: {validation: 0.2}",
    "constant": "scaler: zscore\ncolumns: {features: [kind, size, one], target: y}",
}


@pytest.mark.parametrize("case", SETTINGS)
def test_a_saved_run_predicts_as_the_run_itself(bench: Bench, case: str) -> None:
    bench.write(
        "m.csv",
        MIXED.replace("note", "one")
        .replace("=1+1", "1")
        .replace('"x, y"', "1")
        .replace("é", "1")
        .replace("3,,", "3,1,")
        .replace("n,5", "1,5"),
    )
    columns = "" if "columns" in SETTINGS[case] else "columns: {features: [kind, size], target: y}\n"
    fit(bench, f"dataset: m.csv\n{columns}{SETTINGS[case]}\nseed: 1\n")
    result = gdcli.run("s.yaml")
    frame = pd.read_csv("m.csv")
    own = result.predict(frame)
    assert isinstance(own, np.ndarray)
    assert list(own) == predictions(bench, "m.csv") == list(gdcli.predict("results/s", frame))
    assert list(own) == list(gdcli.predict("results/s", "m.csv"))
    training = result.plan.rows.training
    mse = np.mean((own - frame["y"].to_numpy())[training] ** 2)
    assert mse == pytest.approx(result.summary["final_mse"], rel=1e-12)


@pytest.mark.usefixtures("bench")
def test_a_sweeps_best_run_predicts() -> None:
    results = gdcli.sweep({"dataset": "d.csv"}, grid={"optimizer.lr": [0.001, 0.01]})
    frame = pd.read_csv("d.csv")
    assert results.best
    alone = gdcli.run({"dataset": "d.csv", "optimizer": {"lr": results.best.summary["lr"]}})
    assert list(results.best.predict(frame)) == list(alone.predict(frame))


def test_levels_are_those_of_training(bench: Bench) -> None:
    bench.write("m.csv", MIXED)
    fit(bench, "dataset: m.csv\ncolumns: {features: [kind], target: y}\nepochs: 0\ninit: [1, 2, 0.5]\n")
    summary = json.loads(Path("results/s/summary.json").read_text())
    assert summary["levels"] == {"kind": ["a", "b", "c"]}
    bench.write("new.csv", "kind\nc\nc\nb\n")  # `a`, which has no column of its own, is missing
    assert predictions(bench, "new.csv") == [2.5, 2.5, 1.5]


def test_levels_that_look_like_truths_or_numbers(bench: Bench) -> None:
    bench.write("m.csv", "flag,code,y\ntrue,1,1\nfalse,x,2\ntrue,y,4\nfalse,z,3\n")
    fit(bench, "dataset: m.csv\ncolumns: {features: [flag, code], target: y}\nepochs: 0\ninit: [8, 1, 2, 4, 0]\n")
    bench.write("new.csv", "flag,code\ntrue,1\nfalse,1\n")
    assert predictions(bench, "new.csv") == [8.0, 0.0]
    frame = pd.DataFrame({"flag": [True, False], "code": [1, 1]})
    assert list(gdcli.predict("results/s", frame)) == [8.0, 0.0]


# What is refused


# id → new rows, whole message
UNFIT: dict[str, tuple[str, str]] = {
    "columns": (
        "X,kind\n1,a\n",
        "new.csv: no column 'x', which the run was trained on; did you mean 'X'?",
    ),
    "blank": (
        "x,kind\n1,a\n,b\n,\n",
        "new.csv:3: column 'x' has 2 blank cells, the first on line 3; fill them in, or leave these rows out: "
        "give --missing drop\n"
        "new.csv:4: column 'kind' has 1 blank cell, the first on line 4; fill them in, or leave these rows out: "
        "give --missing drop",
    ),
    "words": (
        "x,kind\n1,a\nmany,b\n",
        "new.csv:3: column 'x' has 1 cell that is not a number, the first on line 3; the first is 'many'",
    ),
    "levels": (
        "x,kind\n1,d\n2,a\n3,e\n",
        "new.csv:2: column 'kind' has 2 cells of levels that the run was not trained on, the first 'd' on line 2; "
        "it knows a, b, c",
    ),
    "infinite": (
        "x,kind\ninf,a\n",
        "new.csv:2: column 'x' has 1 infinite cell, the first on line 2; correct them or drop these rows",
    ),
    "no_rows": ("x,kind\n", "new.csv: this data file has a header and no rows"),
    "empty": ("", "new.csv: this data file is empty; it needs a header line and rows"),
    "taken": (
        "x,kind,prediction\n1,a,2\n",
        "new.csv: has a column 'prediction' already; give the predictions another name, by --column",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_unfit_rows(bench: Bench, case: str) -> None:
    bench.write("d.csv", "x,kind,y\n1,a,1\n2,b,2\n3,c,5\n")
    fit(bench, f"{D}columns: {{features: [x, kind], target: y}}\n")
    content, message = UNFIT[case]
    bench.write("new.csv", content)
    bench.refuses(3, message, "predict", "results/s", "new.csv")
    bench.refuses(3, message, "predict", "results/s", "new.csv", "-o", "p.csv")


def test_a_column_of_predictions_by_another_name(bench: Bench) -> None:
    fit(bench)
    bench.write("new.csv", "x,z,prediction\n1,2,3\n")
    assert bench.gd("predict", "results/s", "new.csv", "--column", "mine").out.startswith("x,z,prediction,mine\n1,2,3,")


def test_rows_that_are_left_out(bench: Bench) -> None:
    fit(bench, f"{D}epochs: 0\ninit: [1, 2, 0]\n")
    bench.write("new.csv", "x,z\n1,2\n,3\n4,\n5,1\n")
    outcome = bench.gd("predict", "results/s", "new.csv", "--missing", "drop", "-o", "p.csv")
    assert outcome.err == "warning: 2 of 4 rows have blank or NaN cells in the features and are left out\n"
    assert Path("p.csv").read_text() == "x,z,prediction\n1.0,2.0,5.0\n5.0,1.0,7.0\n"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["nothing", "d.csv"], 3, "nothing: there is no such result; name a directory that `gdcli run` has written"),
        (["d.csv", "d.csv"], 3, "d.csv: is a file; name the directory of a finished run"),
        (["empty", "d.csv"], 3, "empty: holds no summary.json; name the directory of a finished run"),
        (["broken", "d.csv"], 3, "broken: its summary.json is damaged; run its spec again"),
        (["list", "d.csv"], 3, "list: its summary.json is not that of a finished run; name the directory of one"),
        (["several", "d.csv"], 3, "several: holds several runs; name the directory of a single one"),
        (
            ["old", "d.csv"],
            3,
            "old: was written by an earlier gdcli, which did not keep the scaling; run its spec again",
        ),
        (["half", "d.csv"], 3, "half: its summary.json is damaged; run its spec again"),
        (["results/s", "e.csv"], 3, "data: no data file e.csv"),
        (["results/s", "s.yaml"], 2, "s.yaml: is a spec, not a data file; name the data file, or use `gdcli run`"),
        (
            ["results/s", "d.csv", "--missing", "no"],
            2,
            "--missing: dataset.missing must be one of error, drop, got 'no'",
        ),
        (["results/s", "d.csv", "-o", "d.csv"], 2, "d.csv: is a file that this command reads; choose another --output"),
        (
            ["results/s", "d.csv", "-o", "results/s/summary.json"],
            2,
            "results/s/summary.json: is a file that this command reads; choose another --output",
        ),
        (
            ["results/s", "d.csv", "-o", "s.yaml"],
            2,
            "s.yaml: exists, and does not hold predictions for these columns; move it away, or choose another --output",
        ),
        (
            ["results/s", "d.csv", "-o", "no/p.csv"],
            2,
            "no/p.csv: cannot write the predictions: No such file or directory; choose another --output",
        ),
    ],
)
def test_refusals(bench: Bench, options: list[str], code: int, message: str) -> None:
    fit(bench)
    summary = json.loads(Path("results/s/summary.json").read_text())
    (bench.home / "empty").mkdir()
    documents: dict[str, Any] = {
        "list": [],
        "several": {"runs": [summary]},
        "old": {key: value for key, value in summary.items() if key not in ("scaling", "levels")},
        "half": {**summary, "spec": {}},
    }
    for name, document in documents.items():
        bench.write(f"{name}/summary.json", json.dumps(document))
    bench.write("broken/summary.json", "{")
    bench.refuses(code, message, "predict", *options)


def test_a_diverged_run(bench: Bench) -> None:
    bench.write("s.yaml", f"{D}optimizer: {{lr: 10}}\n")
    assert bench.gd("run", "s.yaml", "--no-plot", "--quiet").code == 4
    outcome = bench.gd("predict", "results/s", "d.csv", "-o", "p.csv")
    assert (outcome.code, outcome.err) == (0, "warning: s: the run diverged; its predictions are of no use\n")
    summary = json.loads(Path("results/s/summary.json").read_text())
    summary["weights"]["x"] = None
    bench.write("results/s/summary.json", json.dumps(summary))
    message = "the run diverged, and its weights are not finite"
    bench.refuses(3, f"results/s: {message}", "predict", "results/s", "d.csv")


def test_bad_rows_in_python(bench: Bench) -> None:
    fit(bench)
    result = gdcli.run("s.yaml")
    with pytest.raises(gdcli.DataError) as caught:
        result.predict(pd.DataFrame({"x": [1.0]}))
    assert str(caught.value) == "data: no column 'z', which the run was trained on; known: x"
    with pytest.raises(gdcli.DataError) as caught:
        result.predict(pd.DataFrame({"x": [1.0, np.nan], "z": [1.0, 2.0]}))
    assert str(caught.value) == "data: column 'x' has 1 blank cell, the first in row 2; fill them in"
    with pytest.raises(gdcli.DataError) as caught:
        result.predict([[1.0, 2.0]])  # type: ignore[arg-type]
    assert str(caught.value) == "data: must be a pandas DataFrame, got list"
