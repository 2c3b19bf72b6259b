"""Settings of the dataset: encodings, grouped digits, rows left out; and warnings about misleading columns."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zstandard

import gdcli
from gdcli.data import choosing, numerals, sources, stream
from gdcli.data.csv import blocks

N = 60
X, Z = np.random.RandomState(0).randn(N), np.arange(N) * 1.5
FRAME = pd.DataFrame({"x": X, "z": Z, "y": X - Z})


@pytest.fixture(params=["whole", "in blocks"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in blocks":
        monkeypatch.setattr(sources, "WHOLE", 0)
        monkeypatch.setattr(stream, "CHUNK_CELLS", 21)
        monkeypatch.setattr(blocks, "BLOCK_BYTES", 200)


pytestmark = pytest.mark.usefixtures("both_ways")


def refusal(*arguments: Any, **given: Any) -> str:
    with pytest.raises(gdcli.GdcliError) as error:
        gdcli.optimum(*arguments, **given)
    return str(error.value)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp037"])
def test_any_encoding(encoding: str, ending: str, tmp_path: Path) -> None:
    frame = FRAME.assign(größe=["klein", "groß", "größer"] * 20)[["größe", "x", "y"]]
    path = tmp_path / f"d.csv{ending}"
    path.write_bytes(PACKERS[ending](frame.to_csv(index=False).encode(encoding)))
    fit = gdcli.optimum(path, features=["größe", "x"], target="y", encoding=encoding)
    assert fit.weights == gdcli.optimum(frame, features=["größe", "x"], target="y").weights
    assert list(fit.weights)[:2] == ["größe_größer", "größe_klein"]
    summary = gdcli.run({"dataset": {"path": path, "encoding": encoding}, "epochs": 1}).summary
    assert summary["data_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "bad", "advice"),
    [
        (None, b"\xe9", "not UTF-8 text; save the file as UTF-8, or give encoding='latin-1'"),
        ("ascii", b"\xe9", "not ascii text; give encoding='utf-8', or what it is written in"),
    ],
)
def test_text_of_another_encoding(encoding: str | None, bad: bytes, advice: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    rows = [b"1,2", b"2,3"] * 30
    path.write_bytes(end.encode().join([b"x,y", *rows[:40], b"1," + bad, *rows]))
    assert refusal(path, encoding=encoding) == f"{path}:42: {advice}"


def test_utf_16_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    FRAME.to_csv(path, index=False, encoding="utf-16")
    assert refusal(path).endswith("or give encoding='utf-16'")


@pytest.mark.parametrize(
    ("thousands", "decimal", "delimiter"), [(",", ".", ","), (".", ",", ";"), (" ", ",", ";"), ("'", ".", "\t")]
)
def test_grouped_digits(thousands: str, decimal: str, delimiter: str, tmp_path: Path) -> None:
    prices = np.round(1e6 * np.random.RandomState(1).rand(N), 2)
    texts = [f"{price:,.2f}".translate({44: thousands, 46: decimal}) for price in prices]
    frame = FRAME.assign(price=prices)
    path = tmp_path / "d.csv"
    FRAME.assign(price=texts).to_csv(path, index=False, sep=delimiter, decimal=decimal)
    given: dict[str, Any] = {"thousands": thousands, "decimal": decimal, "delimiter": delimiter}
    fit = gdcli.optimum(path, **given)
    assert fit.target == "price"
    assert fit.weights == gdcli.optimum(frame).weights


def test_blocks_of_blank_cells_among_grouped_digits(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x,y,z\n" + '"1,000",w,1\n,1,2\n' * 30 + ",,3\n" * 60 + '"2,000",w,1\n' * 30)
    fit = gdcli.optimum(path, features=["x"], target="z", thousands=",", missing="drop")
    assert fit.rows == 60


def test_only_groups_of_three_are_grouped_digits(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x,y\n" + '"1,000",2\n' * 9 + '"1,00",3\n')
    message = "column 'x' has 1 cell that is not a number, the first on line 11; the first is '1,00'"
    assert refusal(path, thousands=",").startswith(f"{path}:11: {message}")


def with_gaps() -> tuple[pd.DataFrame, pd.Series[bool]]:
    frame = FRAME.assign(c=["p", "q", "r"] * 20, unused=np.nan)[["unused", "x", "z", "c", "y"]].astype({"z": object})
    frame.loc[[3, 50], "x"] = np.nan
    frame.loc[[4, 50], "z"] = "NaN"
    frame.loc[[5, 59], "c"] = ""
    frame.loc[7, "c"] = "a level of its own"
    frame.loc[[0, 7], "y"] = np.nan
    return frame, ~pd.Series(range(N)).isin([0, 3, 4, 5, 7, 50, 59])


GIVEN: dict[str, Any] = {"columns": {"features": ["x", "z", "c"], "target": "y"}, "optimizer": {"lr": 1e-4}}
DROPPED = "7 of 60 rows have blank or NaN cells in the columns used and are left out"


@pytest.mark.parametrize("keys", [{}, {"batch_size": 7}, {"split": {"validation": 0.3}}, {"scaler": "robust"}], ids=str)
@pytest.mark.parametrize("form", ["csv", "frame", "parquet"])
def test_rows_with_missing_cells_are_left_out(form: str, keys: dict[str, Any], tmp_path: Path) -> None:
    frame, complete = with_gaps()
    wanted = gdcli.run({**GIVEN, **keys, "epochs": 3}, data=frame[complete])
    path = tmp_path / f"d.{form}"
    if form == "frame":
        result = gdcli.run({**GIVEN, **keys, "epochs": 3, "dataset": {"missing": "drop"}}, data=frame)
    else:
        if form == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.astype({"z": float}).to_parquet(path)
        result = gdcli.run({**GIVEN, **keys, "epochs": 3, "dataset": {"path": path, "missing": "drop"}})
    pd.testing.assert_frame_equal(result.curve, wanted.curve)
    assert result.summary["rows"] == 53
    assert DROPPED in result.warnings
    result.save(tmp_path / "out", plot=False)
    again = gdcli.run(tmp_path / "out/spec.yaml")
    pd.testing.assert_frame_equal(again.curve, wanted.curve)


def test_a_fault_beyond_rows_left_out_has_its_line(tmp_path: Path) -> None:
    frame, _ = with_gaps()
    frame.loc[55, "x"] = np.inf
    frame.to_csv(tmp_path / "d.csv", index=False)
    assert refusal(tmp_path / "d.csv", features=["x"], target="y", missing="drop") == (
        f"{tmp_path}/d.csv:57: column 'x' has 1 infinite cell, the first on line 57; correct them or drop these rows"
    )


def test_no_row_is_left(tmp_path: Path) -> None:
    frame, _ = with_gaps()
    frame.to_csv(tmp_path / "d.csv", index=False)
    assert refusal(tmp_path / "d.csv", missing="drop") == (
        f"data: no row of {tmp_path}/d.csv has a value in every column that is used; 'unused' is blank in 60 of 60 "
        "rows; leave such columns out of features"
    )


LIKE = "is left out, though its cells look like numbers with"
POINTS = "'.' between groups of digits and ',' as the decimal mark ('1.234,5')"
ABSENT = "a mark of missing values; fill them in, or leave them blank and give missing='drop'"

# id → a column of texts, the delimiter, and the warning about it
LOOKS: dict[str, tuple[list[str], str, str]] = {
    "grouped": (
        ["435,944.33", "500.00", "1,000.00"],
        ",",
        f"{LIKE} ',' between groups of digits ('435,944.33'); give thousands=','",
    ),
    "currency": (["€435944"], ",", f"{LIKE} '€' ('€435944'); write them without €"),
    "percent": (["45 %"], ",", f"{LIKE} '%' ('45 %'); write them without %"),
    "decimal": (["4,5", "12,25"], ";", f"{LIKE} ',' as the decimal mark ('4,5'); give decimal=','"),
    "decimal_delimiter": (
        ["4,5", "12,25"],
        ",",
        f"{LIKE} ',' as the decimal mark ('4,5'); write them as plain numbers",
    ),
    "continental": (["1.234,5", "12,25"], ";", f"{LIKE} {POINTS}; give thousands='.', decimal=','"),
    "continental_delimiter": (["1.234,5", "12,25"], ",", f"{LIKE} {POINTS}; write them as plain numbers"),
    "unit": (["12 kg", "5.3kg", "7"], ",", f"{LIKE} 'kg' ('12 kg'); write them without kg"),
    "unit_with_power": (["12 m2", "-5.3 m2"], ",", f"{LIKE} 'm2' ('12 m2'); write them without m2"),
    "unit_and_marks": (
        ["1,200.5 µg/l", "13 µg/l"],
        ",",
        f"{LIKE} ',' between groups of digits and 'µg/l' ('1,200.5 µg/l'); write them without µg/l, and give "
        "thousands=','",
    ),
    "minus": (["\u22125", "\u22124", "3"], ",", f"{LIKE} '\u2212' ('\u22125'); write them with '-' for '\u2212'"),
    "minus_degrees": (
        ["\u22125 °C", "4 °C"],
        ",",
        f"{LIKE} '\u2212' and '°C' ('\u22125 °C'); write them without °C and with '-' for '\u2212'",
    ),
    "missing": (["NA", "na", "5", "?"], ",", f"is left out, though its cells are numbers or 'NA', {ABSENT}"),
    "grouped_or_missing": (
        ["?", "?", "?", "1,000"],
        ",",
        f"{LIKE} ',' between groups of digits ('1,000'); give thousands=','",
    ),
}


@pytest.mark.parametrize(("cells", "delimiter", "warning"), LOOKS.values(), ids=LOOKS)
def test_text_columns_that_look_like_numbers_are_reported(
    cells: list[str], delimiter: str, warning: str, tmp_path: Path
) -> None:
    path = tmp_path / "d.csv"
    FRAME.assign(price=(cells * N)[:N]).to_csv(path, index=False, sep=delimiter)
    assert gdcli.optimum(path, delimiter=delimiter).warnings == (f"text column 'price' {warning}",)
    is_text = f"target: the target 'price' in {path} is text; name a numeric one; its cells "
    said = refusal(path, target="price", delimiter=delimiter)
    assert said == is_text + warning.partition("its cells ")[2].replace("; ", ": ", 1)
    assert gdcli.optimum(path, features=["x"], target="y", delimiter=delimiter).warnings == ()


@pytest.mark.parametrize("columns", [{}, {"target": "y"}, {"features": ["x"]}, {"features": ["x"], "target": "y"}])
def test_the_unused_columns_that_are_text(columns: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    FRAME.assign(late=["1"] * 20 + ["red"] * 40)[["late", "z", "x", "y"]].to_csv(path, index=False)
    fit = gdcli.optimum(path, **columns)
    assert fit.unused == (("late", "z") if "features" in columns else ("late",))
    assert fit.texts == (() if len(columns) == 2 else ("late",))  # nobody has looked at it


def test_of_texts_without_a_numeric_column_those_that_look_like_numbers_are_told(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    texts = {"a": "4,5", "b": "5 kg", "c": "red", "d": "7,5"}
    pd.DataFrame(texts, index=range(N)).to_csv(path, index=False, sep=";")
    like = (
        "the cells of 'a', 'd' look like numbers with ',' as the decimal mark ('4,5'): give decimal=','; "
        "the cells of 'b' look like numbers with 'kg' ('5 kg'): write them without kg"
    )
    assert refusal(path, delimiter=";") == f"data: no numeric column in {path} is left to be the target; {like}"
    pd.DataFrame({**texts, "y": 1}, index=range(N)).to_csv(path, index=False, sep=";")
    assert refusal(path, delimiter=";") == f"data: no numeric column besides the target 'y' in {path}; {like}"
    spec = {"dataset": {"path": path, "delimiter": ";"}}
    with pytest.raises(gdcli.DataError, match=re.escape("set dataset: {path: …, decimal: ','}; the cells of 'b'")):
        gdcli.run(spec)


def test_numbers_among_the_first_cells_of_a_text_column_keep_their_decimal_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gdcli.data.survey.SAMPLE", 10)
    monkeypatch.setattr("gdcli.data.choosing.SAMPLE", 10)
    path = tmp_path / "d.csv"
    path.write_text("a;y\n" + "1,5;2\n;3\n" * 20 + "red;4\n" * 30)
    given: dict[str, Any] = {"delimiter": ";", "decimal": ",", "missing": "drop"}
    message = f"data: no numeric column besides the target 'y' in {path}; name features"
    assert refusal(path, **given) == message
    path.write_text("a;x;y\n" + "1,5;1;2\n;2;3\n" * 20 + "red;3;4\n" * 30)
    assert gdcli.optimum(path, **given).warnings == ()


def test_samples_are_looked_at_and_not_all_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []

    def noted(cells: list[str], *_: str) -> None:
        counts.append(len(cells))

    monkeypatch.setattr("gdcli.data.seeming.numerals", noted)
    monkeypatch.setattr("gdcli.data.survey.SAMPLE", 50)
    monkeypatch.setattr("gdcli.data.choosing.SAMPLE", 50)
    path = tmp_path / "d.csv"
    pd.DataFrame({"a": "4 kg", "b": "red"}, index=range(N)).to_csv(path, index=False)
    refusal(path)
    FRAME.assign(a="4 kg").to_csv(path, index=False)
    gdcli.optimum(path)
    assert counts
    assert max(counts) <= 50


# id → the first lines of a file, and whether the first one is refused
COMMENTS: dict[str, tuple[str, bool]] = {
    "one_cell": ("# made by hand\nx,y\n", True),
    "as_many_cells": ("# made by hand, in May\nx,y\n", True),
    "more_cells": ("# made by hand, in May, at home\nx,y\n", True),
    "two_lines": ("# made by hand\n# in May\nx,y\n", True),
    "no_names": ("# made by hand\n", True),
    "names": ("# x,y\n", False),
}


@pytest.mark.parametrize(("head", "refused"), COMMENTS.values(), ids=COMMENTS)
def test_a_first_line_that_starts_as_a_comment(head: str, refused: bool, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(head + "1,2\n3,5\n4,7\n" * 20)
    if refused:
        message = "the first line starts with '#' and does not name the columns; remove it"
        assert refusal(path) == f"{path}:1: {message}"
    else:
        assert gdcli.optimum(path).warnings == (
            f"the first name in the header of {path} is '# x', with the '#'; remove the '#', or the whole line if "
            "it is a comment",
        )
        assert gdcli.optimum(path, features=["# x"], target="y").warnings == ()


@pytest.mark.parametrize("row", ["4,5;1\n", "€4;1\n", ";1\n"])
def test_a_name_with_a_number_sign_above_numbers_of_any_kind(row: str, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("#x;y\n" + row + "1;2\n3;5\n" * 20)
    assert ":1: " not in refusal(path, delimiter=";")


def test_words_and_dates_do_not_look_like_numbers(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    texts = {"date": "2020-01-02", "word": "red", "version": "1.2.3", "time": "12:30 h", "dash": "-", "size": "2x4"}
    FRAME.assign(**texts, address=[f"{i} Road {i}" for i in range(N)]).to_csv(path, index=False)
    assert gdcli.optimum(path).warnings == ()


def test_text_columns_of_many_levels_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    FRAME.assign(id=[f"i{i}" for i in range(N)], few=["p", "q", "r"] * 20).to_csv(path, index=False)
    assert gdcli.optimum(path, features=["x", "id"], target="y").warnings[0] == (
        "text column 'id' has 60 levels in 60 rows and becomes as many columns, enough columns to memorise the rows; "
        "group its levels, convert it to a number, or leave it out"
    )
    assert gdcli.optimum(path, features=["x", "few"], target="y").warnings == ()


def test_names_that_are_numbers_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("3.2,abc,5\n" + "1,2,3\n2,5,4\n3,1,6\n" * 20)
    assert gdcli.optimum(path).warnings == (
        f"in the header of {path}, '3.2', '5' are numbers; if the first line is a row of data, "
        "put a header line above it",
    )
    assert gdcli.optimum(path, features=["abc"], target="5").warnings == ()


def test_a_late_text_column_called_intercept(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    FRAME.assign(intercept=[""] * 20 + ["red"] * 40)[["intercept", "x", "y"]].to_csv(path, index=False)
    assert gdcli.optimum(path).features == ("x",)


@pytest.mark.parametrize("line", ['"5"6,2', '1,"a"b', '"5"""6,2', '"a\nb"c,2'])
def test_a_cell_that_goes_on_after_its_quote(line: str, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x,y\n" + '1,2\n"2",3\n' * 20 + line + "\n" + "1,2\n" * 20)
    at = 42 + line.count("\n")
    rule = "correct this line (within a quoted cell a quote is written twice)"
    assert refusal(path) == f"{path}:{at}: a cell goes on after its closing quote; {rule}"


def test_quotes_where_they_belong(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    lines = ['"x","the ""y"""', *['"1",2', '2, "3" ', '"3" ,"5"', ' "4",1'] * 15, '"6","7"']
    path.write_text("\n".join(lines))
    assert gdcli.optimum(path).target == 'the "y"'


def test_lines_of_blanks_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,y\n1,2\n   \n\t\n" + "2,3\n" * 40 + "3,oops\n")
    assert refusal(path).startswith(f"{path}:45: column 'y' has 1 cell that is not a number, the first on line 45; ")


def test_too_many_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "d.csv"
    FRAME.assign(c=["p", "q", "r"] * 20).to_csv(path, index=False)
    monkeypatch.setattr(choosing, "MOST_FEATURES", 2)
    assert gdcli.optimum(path).features == ("x", "z")
    message = f"features: 3 features in {path} are more than 2; their factor takes 7.2e-08 GB; "
    assert refusal(path, features=["x", "c"], target="y") == f"{message}name fewer as features"
    monkeypatch.setattr(choosing, "MOST_FEATURES", 0)
    sources._stream.cache_clear()
    assert refusal(path).startswith(f"features: 3 features in {path} are more than 0; ")


def test_arguments_of_unknown_types() -> None:
    assert refusal(4) == "data: must be a path or a pandas DataFrame, got int"
    assert (
        refusal(FRAME, features="x") == "features: columns.features must be a list such as [Length, Diameter], got 'x'"
    )
    assert refusal(FRAME, delimiter=";") == "delimiter: only applies to CSV files; leave it out for a DataFrame"
    assert refusal("a.yaml") == "a.yaml: is a spec, not a data file; name the data file, or use `gdcli run`"
    wrong: Any = 3
    for function in (gdcli.run, gdcli.sweep, lambda spec: gdcli.compare([spec, spec])):
        with pytest.raises(gdcli.SpecError, match="spec: must be the path of a YAML file or a mapping, got int"):
            function(wrong)


def test_complex_columns_are_refused_and_dates_are_text() -> None:
    message = "data: column 'x' has 60 complex cells, the first in row 1; "
    assert refusal(FRAME.astype({"x": complex})) == f"{message}put the real and imaginary parts into separate columns"
    dates = pd.to_datetime("2020-01-01") + pd.to_timedelta(np.arange(N), unit="D")
    assert gdcli.optimum(FRAME.assign(d=dates, t=dates - dates[0], p=dates.to_period("D"))).features == ("x", "z")
    assert gdcli.optimum(FRAME.assign(c=pd.Categorical([1, 2, 3] * 20))[["c", "x", "y"]]).features == ("c", "x")


def test_the_resolved_spec_names_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    FRAME.to_csv(path, index=False, sep=";", encoding="utf-16")
    dataset = {"path": path, "delimiter": ";", "encoding": "utf-16", "thousands": ",", "missing": "drop"}
    result = gdcli.run({"dataset": dataset, "epochs": 1})
    result.save(tmp_path / "out", plot=False)
    assert json.loads((tmp_path / "out/summary.json").read_text())["spec"]["dataset"] == {
        "path": "../d.csv",
        "delimiter": ";",
        "decimal": ".",
        "thousands": ",",
        "encoding": "utf-16",
        "missing": "drop",
    }


def test_words_are_not_searched_for_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(cell: str) -> None:
        raise AssertionError(cell)

    monkeypatch.setattr(numerals, "_bare", refuse)
    assert numerals.numerals(["yes", "no", "$"]) is None
    assert numerals.numerals([]) is None


def test_only_marks_that_occur_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    forms: set[tuple[str | None, str]] = set()
    number = numerals.number

    def noted(thousands: str | None, decimal: str) -> re.Pattern[str]:
        forms.add((thousands, decimal))
        return number(thousands, decimal)

    monkeypatch.setattr(numerals, "number", noted)
    looks = numerals.numerals(["1'234'567", "2'000"])
    assert looks is not None
    assert looks.settings == {"thousands": "'"}
    assert forms == {(None, "."), ("'", "."), (None, ","), ("'", ",")}


def test_no_group_of_digits_begins_with_a_zero(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text('a,b,y\n1,"2,744",1\n2,"0,355",2\n4,"0,101",4\n7,"1,200",7\n')
    (warning,) = gdcli.optimum(path).warnings
    assert "',' as the decimal mark ('2,744'); write them as plain numbers" in warning
    assert refusal(path, features=["b"], thousands=",").startswith(f"{path}:3: column 'b' has 2 cells that are not num")
