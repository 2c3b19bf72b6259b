"""`gdcli init`: the spec that it writes, that this spec runs, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from workbench import Bench

import gdcli
from gdcli.experiment.starter.advice import rounded_down
from gdcli.spec.strict_yaml import parse

ROOT = Path(__file__).parents[2]
MESSY = (
    "id,price,flat,note,€,y\n"
    '1,"1,234.5",7,foo,€5,3\n'
    '2,"2,000",7,bar,€6,5\n'
    '3,"3,100.2",7,foo,€7,9\n'
    '4,"1,500",7,x,€8,12\n'
    '5,"1,111",7,y,€5,6\n'
    '6,"9,111",7,z,€4,\n'
)


def advised(bench: Bench, *arguments: str) -> tuple[dict[str, object], str]:
    """The spec of `gdcli init`, as values and as text; it must be valid, and no warning must be printed."""
    text = bench.runs("init", *arguments).out
    values, _ = parse(text, "init")
    bench.write("made.yaml", text)
    bench.runs("validate", "made.yaml")
    return values, text


def finished(bench: Bench, spec: str = "made.yaml", warnings: str = "") -> dict[str, object]:
    summary: dict[str, object] = json.loads(bench.runs("run", spec, "--json", "--no-plot", warnings=warnings).out)
    return summary


def test_abalone(bench: Bench) -> None:
    bench.write("data/abalone.csv", (ROOT / "data/abalone.csv").read_bytes())
    bench.write("specs/other.yaml", "")
    said = bench.runs("init", "data/abalone.csv", "-o", "specs/first.yaml").out
    assert said == "written to specs/first.yaml\n"
    lines = (bench.home / "specs/first.yaml").read_text().splitlines()
    assert lines[:3] == [
        "# data/abalone.csv: 4177 rows, 9 columns. Written by gdcli init.",
        "",
        "dataset: ../data/abalone.csv",
    ]
    assert lines[-5:] == [
        "scaler: zscore                    # condition number of the Hessian 955; without a scaler 17,200",
        "batch_size: full",
        "optimizer: {kind: sgd, lr: 0.15}  # the largest stable rate is 0.1574",
        "epochs: 258                       # the gap falls to 1 % of the optimum's MSE after 258 epochs",
        "seed: 0                           # of the initial weights",
    ]
    run = finished(bench, "specs/first.yaml")
    assert (run["status"], run["epochs"], run["name"]) == ("completed", 258, "first")
    curve = pd.read_csv(bench.write("r.csv", "").parent / "results/first/curve.csv")
    ratios = curve["gap"].to_numpy() / float(str(run["optimum_mse"]))
    assert np.flatnonzero(ratios <= 0.01).tolist() == [258]  # exactly as many epochs as it says


def test_line(bench: Bench) -> None:
    bench.write("line.csv", (ROOT / "data/line.csv").read_bytes())
    values, text = advised(bench, "line.csv")
    assert text == (
        "# line.csv: 100 rows, 2 columns. Written by gdcli init.\n"
        "\n"
        "name: line\n"
        "dataset: line.csv\n"
        "\n"
        "columns:\n"
        "  features:\n"
        "    - x      # from 0.00552212 to 0.986887\n"
        "  target: y  # from 0.998512 to 3.05196; the last numeric column\n"
        "\n"
        "scaler: zscore                   # condition number of the Hessian 1; without a scaler 17.5\n"
        "batch_size: full\n"
        "optimizer: {kind: sgd, lr: 0.5}  # the largest stable rate is 1\n"
        "epochs: 20                       # the gap falls to 1 % of the optimum's MSE after 1 epoch\n"
        "seed: 0                          # of the initial weights\n"
    )
    assert values == gdcli_values("line.csv")
    assert finished(bench)["status"] == "completed"


def gdcli_values(data: str) -> dict[str, object]:
    values: dict[str, object] = parse(gdcli.init(data), "init")[0]
    return values


def test_messy_columns_are_noted_and_the_spec_runs(bench: Bench) -> None:
    bench.write("messy.csv", MESSY)
    values, text = advised(bench, "messy.csv")
    assert text.split("\n\nscaler")[0] == (
        "# messy.csv: 5 rows, 6 columns. Written by gdcli init.\n"
        "# Note: 1 of 6 rows has a blank or NaN cell in the columns used and is left out\n"
        "# Note: text column 'price' is left out, though its cells look like numbers with ',' between groups\n"
        "# of digits ('1,234.5'); set dataset: {path: …, thousands: ','}\n"
        "# Note: text column '€' is left out, though its cells look like numbers with '€' ('€5'); write them\n"
        "# without €\n"
        "\n"
        "name: messy\n"
        "dataset:\n"
        "  path: messy.csv\n"
        "  missing: drop  # rows with blank or NaN cells in these columns are left out\n"
        "\n"
        "columns:\n"
        "  features:\n"
        "    - id     # from 1 to 5\n"
        "  target: y  # from 3 to 12; the last numeric column\n"
        "  # constant, left out: flat\n"
        "  # text, left out (a text feature is one-hot encoded): price, note, €"
    )
    assert values["columns"] == {"features": ("id",), "target": "y"}
    run = gdcli.run("made.yaml")
    assert run.status == "completed"
    assert run.summary["gap_ratio"] <= 0.01


def test_options_are_those_of_the_file(bench: Bench) -> None:
    bench.write("euro.csv", "Größe;x;y\n1,5;2;1\n2,5;1;2\n0,5;4;4\n1,0;2;2\n".encode("latin-1"))
    options = ("--delimiter", ";", "--decimal", ",", "--encoding", "latin-1")
    values, _ = advised(bench, "euro.csv", *options, "--target", "x")
    assert values["dataset"] == {"path": "euro.csv", "delimiter": ";", "decimal": ",", "encoding": "latin-1"}
    assert values["columns"] == {"features": ("Größe", "y"), "target": "x"}
    assert finished(bench)["status"] == "completed"
    bench.write("messy.csv", MESSY)
    values, text = advised(bench, "messy.csv", "--thousands", ",", "--features", "price,note", "--missing", "drop")
    assert values["columns"] == {"features": ("price", "note"), "target": "y"}
    assert "    - note   # text, 4 levels\n" in text
    assert "  # not used: id, flat, €\n" in text
    bench.write("tab.tsv", "x\ty\n1\t2\n2\t3\n5\t5\n")
    assert advised(bench, "tab.tsv", "--delimiter", "\\t")[0]["dataset"] == {"path": "tab.tsv", "delimiter": "\t"}


def test_parquet_and_several_files(bench: Bench) -> None:
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"x": [1.0, 2, 3, 5], "y": [2.0, 3, 5, 8]})
    frame.to_parquet(bench.home / "d.parquet")
    advised(bench, "d.parquet")
    assert finished(bench)["status"] == "completed"
    for i in range(2):
        frame.to_csv(bench.home / f"part-{i}.csv", index=False)
    values, _ = advised(bench, "part-*.csv")
    assert (values["dataset"], finished(bench)["name"]) == ("part-*.csv", "part")


NAMES = [
    "yes",
    "1",
    "~",
    "a: b",
    "name #1",
    "- x",
    "{a}",
    "[b]",
    "&c",
    "*d",
    "'q'",
    '"r"',
    "%e",
    " f ",
    "g\th",
    "ü",
    "null",
]


def test_names_that_yaml_reads_otherwise(bench: Bench) -> None:
    random = np.random.RandomState(0)
    long = "long " * 60
    frame = pd.DataFrame(random.randn(60, len(NAMES) + 2), columns=[*NAMES, long, "#y"])
    frame.to_csv(bench.home / "odd #1.csv", index=False)
    values, _ = advised(bench, "odd #1.csv")
    assert values["columns"] == {"features": tuple(map(str.lstrip, (*NAMES, long))), "target": "#y"}
    assert (values["dataset"], values["name"]) == ("odd #1.csv", "odd-1")


def test_columns_alike_in_scale_need_no_scaler(bench: Bench) -> None:
    random = np.random.RandomState(0)
    frame = pd.DataFrame(random.randn(200, 3), columns=["a", "b", "y"])
    frame.to_csv(bench.home / "alike.csv", index=False)
    values, text = advised(bench, "alike.csv")
    assert values["scaler"] == "none"
    assert "# the columns are alike in scale: condition number 1." in text


def test_too_many_epochs_are_said(bench: Bench) -> None:
    x = np.linspace(0, 1, 50)
    frame = pd.DataFrame({**{f"p{k}": (0.9 + 0.1 * x) ** k for k in range(1, 5)}, "y": x**9 + 1e-4 * np.sin(20 * x)})
    frame.to_csv(bench.home / "hard.csv", index=False)
    values, text = advised(bench, "hard.csv")
    assert values["epochs"] == 10_000
    reason = r"# too few: at the best constant rate, the gap falls to 1 % of the optimum's MSE after [\d,]+ epochs\n"
    assert re.search(reason, text)
    assert finished(bench)["status"] == "completed"


def test_an_exact_fit(bench: Bench) -> None:
    x = np.arange(20.0)
    pd.DataFrame({"x": x, "y": 3 * x + 1}).to_csv(bench.home / "exact.csv", index=False)
    _, text = advised(bench, "exact.csv")
    assert "# the gap falls to 3e-06 (the optimum fits nearly exactly) after 1 epoch\n" in text
    assert finished(bench)["status"] == "completed"


@pytest.mark.parametrize("data", ["x,y\n1,2\n1,3\n1,7\n", "x,y\n1,2\n2,2\n3,2\n", "x,y\n2,3\n", "x,y\n0,0\n0,0\n"])
def test_degenerate_data_gives_a_spec_that_runs(bench: Bench, data: str) -> None:
    bench.write("s.csv", data)
    advised(bench, "s.csv")
    assert bench.gd("run", "made.yaml", "--no-plot").code == 0


def test_the_rate_is_stable(bench: Bench) -> None:
    random = np.random.RandomState(1)
    for i in range(20):
        X = random.randn(30, 4) * 10.0 ** random.uniform(-6, 6, 4) + 10.0 ** random.uniform(-6, 6, 4)
        frame = pd.DataFrame(X, columns=["a", "b", "c", "y"])
        frame.to_csv(bench.home / f"{i}.csv", index=False)
        bench.write("made.yaml", gdcli.init(f"{i}.csv"))
        result = gdcli.run("made.yaml")
        assert not result.remarks
        assert result.summary["gap_ratio"] <= 0.01 or result.epochs == 10_000


@pytest.mark.parametrize(
    ("rate", "rounded"), [(0.2999, 0.29), (1.0, 1.0), (123.4, 120.0), (0.09999, 0.099), (3e-300, 3e-300), (0.15, 0.14)]
)
def test_rounded_down(rate: float, rounded: float) -> None:
    assert rounded_down(rate) == rounded <= rate


def test_no_file_is_replaced(bench: Bench) -> None:
    refusal = "exists; init never replaces a file; choose another --output"
    bench.write("mine.yaml", "dataset: d.csv\n")
    bench.refuses(2, f"mine.yaml: {refusal}", "init", "d.csv", "-o", "mine.yaml")
    bench.write("empty.yaml", "")
    bench.refuses(2, f"empty.yaml: {refusal}", "init", "nothing.csv", "-o", "empty.yaml")  # before any data is read
    message = "d.csv: is a file that this command reads; choose another --output"
    bench.refuses(2, message, "init", "d.csv", "-o", "d.csv")
    message = "nowhere/s.yaml: cannot write the spec: No such file or directory; choose another --output"
    bench.refuses(2, message, "init", "d.csv", "-o", "nowhere/s.yaml")
    bench.runs("init", "d.csv", "-o", "new spec.yaml", "--quiet")
    assert "\nname: new-spec\n" in (bench.home / "new spec.yaml").read_text()


REFUSED = {
    "missing file": (3, "data: no data file e.csv", None, ["e.csv"]),
    "a spec": (2, "s.yaml: is a spec, not a data file; name the data file, or use `gdcli run`", None, ["s.yaml"]),
    "no numbers": (
        3,
        "data: no numeric column in t.csv is left to be the target; name --target",
        "a,b\nx,y\n",
        ["t.csv"],
    ),
    "text target": (
        3,
        "--target: the target 'a' in t.csv is text; name a numeric one",
        "a,b\nx,1\n",
        ["t.csv", "--target", "a"],
    ),
    "no column": (3, "--features: no column 'c' in t.csv; known: a, b", "a,b\n1,1\n", ["t.csv", "--features", "c"]),
    "setting": (2, "--decimal: dataset.decimal must be one of '.', ',', got 'x'", None, ["d.csv", "--decimal", "x"]),
    "words": (
        3,
        "t.csv:3: column 'a' has 1 cell that is not a number, the first on line 3; the first is 'x'",
        "a,b\n1,1\nx,2\n3,\n4,5\n",
        ["t.csv"],
    ),
    "blanks": (
        3,
        "t.csv:4: column 'b' has 1 blank cell, the first on line 4; fill them in, or leave these rows out: "
        "give --missing drop",
        "a,b\n1,1\n3,2\n3,\n4,5\n",
        ["t.csv", "--missing", "error"],
    ),
    "nothing left": (
        3,
        "data: no row of t.csv has a value in every column that is used; 'c' is blank in 3 of 3 rows; "
        "leave such columns out of --features",
        "a,c,b\n1,,1\n3,,2\n4,,7\n",
        ["t.csv"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(bench: Bench, case: str) -> None:
    code, message, data, arguments = REFUSED[case]
    if data:
        bench.write("t.csv", data)
    bench.refuses(code, message, "init", *arguments)
