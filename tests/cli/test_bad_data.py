"""Missing or unfit data: the whole message, exit code 3, nothing written."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import json
import lzma
import os
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import zstandard
from workbench import Bench

from gdcli.data import choosing, loading, sources

D = "dataset: d.csv\n"
SPEC = D + "columns: {features: [x, z], target: y}\n"
H = "x,z,y\n"
EMPTY = "d.csv: this data file is empty; it needs a header line and rows"
NO_ROWS = "d.csv: this data file has a header and no rows"
FILL = "fill them in, or leave these rows out: set dataset: {path: …, missing: drop}"
LEAVE_BLANK = "fill them in, or leave them blank and set dataset: {path: …, missing: drop}"
CORRECT = "correct them or drop these rows"
NOT_UTF8 = "not UTF-8 text; save the file as UTF-8, or set dataset: {path: …, encoding: latin-1}"
ROWS = "1,2,3\n2,1,4\n3,5,9\n"


def blank(line: int, column: str = "z", count: str = "1 blank cell", file: str = "d.csv", fill: str = FILL) -> str:
    return f"{file}:{line}: column '{column}' has {count}, the first on line {line}; {fill}"


def no_number(
    line: int, cell: str, column: str = "z", count: str = "1 cell that is not a number", looks: str = ""
) -> str:
    looks = looks and f", which looks like a number with {looks}"
    return f"d.csv:{line}: column '{column}' has {count}, the first on line {line}; the first is '{cell}'{looks}"


# id → a data file, and all that stderr says
CELLS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", EMPTY),
    "line_breaks_only": ("\n\n\n", EMPTY),
    "white_space_only": (" \n", EMPTY),
    "header_only": (H, NO_ROWS),
    "header_without_line_break": ("x,z,y", NO_ROWS),
    "header_and_blank_lines": (H + "\n\n", NO_ROWS),
    "duplicate_names": ("x,x,y\n1,2,3\n", "d.csv:1: the header names 'x' more than once; rename the columns"),
    "duplicates_twice": (
        "x,x,x,y,y\n1,2,3,4,5\n",
        "d.csv:1: the header names 'x', 'y' more than once; rename the columns",
    ),
    "duplicate_quoted": ('"x",x,y\n1,2,3\n', "d.csv:1: the header names 'x' more than once; rename the columns"),
    "nameless": ("x,,y\n1,2,3\n", "d.csv:1: the header has no name for column 2; name it"),
    "nameless_last": ("x,z,y,\n1,2,3,\n", "d.csv:1: the header has no name for column 4; name it"),
    "no_header": (
        "1,2,3\n4,5,6\n",
        "d.csv:1: the first line holds numbers and not the names of the columns; add a header line",
    ),
    "semicolons": (
        "x;z;y\n1;2;3\n",
        "d.csv:1: the columns seem to be separated by ';'; set dataset: {path: …, delimiter: ';'}",
    ),
    "tabs": (
        "x\tz\ty\n1\t2\t3\n",
        'd.csv:1: the columns seem to be separated by a tab; set dataset: {path: …, delimiter: "\\t"}',
    ),
    "bars": (
        "x|z|y\n1|2|3\n",
        "d.csv:1: the columns seem to be separated by '|'; set dataset: {path: …, delimiter: '|'}",
    ),
    "excel": (
        "sep=;\nx;z;y\n1;2;3\n",
        "d.csv:1: the columns seem to be separated by ';'; set dataset: {path: …, delimiter: ';'}",
    ),
    "too_long": (H + "1,2,3\n2,3,4,5\n", "d.csv:3: 4 cells, but the header names 3 columns; correct this line"),
    "too_long_first": (H + "1,2,3,4\n2,3,4\n", "d.csv:2: 4 cells, but the header names 3 columns; correct this line"),
    "too_long_all": (H + "1,2,3,4\n2,3,4,5\n", "d.csv:2: 4 cells, but the header names 3 columns; correct this line"),
    "too_long_twice": (
        H + "1,2,3\n1,2,3,4\n1,2,3,4,5\n",
        "d.csv:3: 4 cells, but the header names 3 columns; correct this line",
    ),
    "too_long_after_quotes": (
        H + '1,"2\n",3\n\n1,2,3,4\n',
        "d.csv:5: 4 cells, but the header names 3 columns; correct this line",
    ),
    "thousands_unquoted": (
        H + "1,2,3\n2,1,000,4\n",
        "d.csv:3: 4 cells, but the header names 3 columns; correct this line",
    ),
    "too_short": (H + "1,2,3\n2,3\n3,4,5\n", "d.csv:3: 2 cells, but the header names 3 columns; complete this line"),
    "far_too_short": (H + "1,2,3\n2\n3,4,5\n", "d.csv:3: 1 cell, but the header names 3 columns; complete this line"),
    "word": (H + "1,2,3\n2,abc,4\n3,5,9\n", no_number(3, "abc")),
    "words": (
        H + "1,2,3\n2,abc,4\n3,d,9\n1,2,3\n",
        no_number(3, "abc", count="2 cells that are not numbers"),
    ),
    "word_in_target": (H + "1,2,a\n2,1,4\n3,5,9\n", no_number(2, "a", "y")),
    "thousands": (
        H + '1,"1,000",3\n2,1,4\n3,5,9\n',
        no_number(2, "1,000", looks="',' between groups of digits; set dataset: {path: …, thousands: ','}"),
    ),
    "underscore": (
        H + "1,1_000,3\n2,1,4\n3,5,9\n",
        no_number(2, "1_000", looks="'_' between groups of digits; set dataset: {path: …, thousands: '_'}"),
    ),
    "hexadecimal": (H + "1,0x10,3\n2,1,4\n3,5,9\n", no_number(2, "0x10")),
    "currency": (H + "1,$3,3\n2,1,4\n3,5,9\n", no_number(2, "$3", looks="'$'; write them without $")),
    "percent": (H + "1,3%,3\n2,1,4\n3,5,9\n", no_number(2, "3%", looks="'%'; write them without %")),
    "fullwidth": (H + "1,１,3\n2,1,4\n3,5,9\n", no_number(2, "１")),
    **{
        mark: (H + f"1,{mark},3\n2,1,4\n3,5,9\n", f"{no_number(2, mark)}, a mark of missing values; {LEAVE_BLANK}")
        for mark in ("NA", "N/A", "null", "None", "?", "-", "#N/A")
    },
    "minus": (
        H + "1,\u22121,3\n2,1,4\n3,5,9\n",
        no_number(2, "\u22121", looks="'\u2212'; write them with '-' for '\u2212'"),
    ),
    "unit": (H + "1,1.5km,3\n2,1,4\n3,5,9\n", no_number(2, "1.5km", looks="'km'; write them without km")),
    "header_again": (
        H + ROWS + H + ROWS,
        "\n".join(no_number(5, name, name) for name in ("x", "y", "z")),
    ),
    "long_word": (H + ROWS + f"1,{'a' * 200_000},3\n", no_number(5, "a" * 40)),
    "nul": (H + "1,\0,3\n2,1,4\n3,5,9\n", no_number(2, "\\x00")),
    "escape": (H + "1,\x1b[31m,3\n2,1,4\n3,5,9\n", no_number(2, "\\x1b[31m")),
    "nan": (H + "1,nan,3\n2,1,4\n3,5,9\n", f"d.csv:2: column 'z' has 1 NaN cell, the first on line 2; {FILL}"),
    "nans": (
        H + ROWS + "2,NaN,4\n2,-nan,4\n",
        f"d.csv:5: column 'z' has 2 NaN cells, the first on line 5; {FILL}",
    ),
    "nans_mostly": (
        H + "1,2,3\n2,NaN,4\n2,nan,4\n",
        f"d.csv:3: column 'z' has 2 NaN cells, the first on line 3; {FILL}",
    ),
    "infinite": (
        H + "1,2,3\n2,inf,4\n2,-Inf,4\n",
        f"d.csv:3: column 'z' has 2 infinite cells, the first on line 3; {CORRECT}",
    ),
    "overflowing": (
        H + "1,2,3\n2,1e999,4\n2,3,4\n",
        f"d.csv:3: column 'z' has 1 infinite cell, the first on line 3; {CORRECT}",
    ),
    "many_digits": (
        H + f"1,2,3\n2,{'9' * 400},4\n2,3,4\n",
        f"d.csv:3: column 'z' has 1 infinite cell, the first on line 3; {CORRECT}",
    ),
    "blank": (H + "1,,3\n2,1,4\n", blank(2)),
    "blanks": (H + "1,2,3\n2,,4\n3,,5\n", blank(3, count="2 blank cells")),
    "white_space": (H + "1,2,3\n2,  ,4\n3,5,9\n", blank(3)),
    "quoted_nothing": (H + '1,2,3\n2,"",4\n3,5,9\n', blank(3)),
    "blank_target": (H + "1,2,\n2,1,4\n", blank(2, "y")),
    "all_blank": (
        H + ",,\n,,\n",
        "\n".join(blank(2, name, "2 blank cells") for name in ("x", "y", "z")),
    ),
    "blank_after_blank_line": (H + "1,2,3\n\n2,,4\n", blank(4)),
    "blank_after_leading_blank_lines": ("\n\n" + H + "1,2,3\n2,,4\n", blank(5)),
    "blank_crlf": ("x,z,y\r\n1,2,3\r\n2,,4\r\n", blank(3)),
    "blank_crlf_blank_line": ("x,z,y\r\n1,2,3\r\n\r\n2,,4\r\n", blank(4)),
    "blank_after_quoted_line_break": (H + '1,"2\n",3\n2,,4\n', blank(4)),
    "blank_after_bom": ("\ufeff" + H + "1,2,3\n2,,4\n", blank(3)),
    "several_kinds": (
        H + "1,nan,\n2,inf,4\nq,,5\n3,5,6\n4,,7\n5,6,8\n",
        "\n".join(
            [
                blank(2, "y"),
                f"d.csv:2: column 'z' has 1 NaN cell, the first on line 2; {FILL}",
                f"d.csv:3: column 'z' has 1 infinite cell, the first on line 3; {CORRECT}",
                no_number(4, "q", "x"),
                blank(4, "z", "2 blank cells"),
            ]
        ),
    ),
    "open_quote": (H + '1,2,3\n1,"2,3\n4,5,6\n', "d.csv:3: a quoted cell begins on this line and never ends; close it"),
    "text_target": (H + "1,2,a\n2,1,b\n", "s.yaml:2:29: the target 'y' in d.csv is text; name a numeric one"),
    "true_and_false": (
        H + "1,2,true\n2,1,false\n",
        "s.yaml:2:29: the target 'y' in d.csv is text; name a numeric one",
    ),
    "dates": (
        H + "1,2,2020-01-01\n2,1,2020-01-02\n",
        "s.yaml:2:29: the target 'y' in d.csv is text; name a numeric one",
    ),
    "latin_1": (H.encode() + b"1,\xe9,3\n", "d.csv:2: " + NOT_UTF8),
    "latin_1_header": (b"\xe9,z,y\n1,2,3\n", "d.csv:1: " + NOT_UTF8),
    "utf_16": ((H + ROWS).encode("utf-16"), "d.csv:1: " + NOT_UTF8.replace("latin-1", "utf-16")),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "d.csv:1: " + NOT_UTF8),
    "too_large_to_square": (
        H + "1,1e200,3\n2,-3e200,4\n3,5,9\n",
        "d.csv:2: column 'z' has 2 cells beyond ±1e150, the first on line 2; give them in a larger unit",
    ),
    "too_large_in_target": (
        H + "1,2,3\n2,1,1e308\n3,5,9\n",
        "d.csv:3: column 'y' has 1 cell beyond ±1e150, the first on line 3; give them in a larger unit",
    ),
}


@pytest.mark.parametrize(("data", "message"), CELLS.values(), ids=CELLS)
def test_cells(bench: Bench, data: str | bytes, message: str) -> None:
    bench.write("d.csv", data)
    bench.refuses(3, message, spec=SPEC)


def test_blank_cell_of_a_text_column(bench: Bench) -> None:
    bench.write("d.csv", "color,z,y\nred,2,3\n,1,4\nblue,5,9\n")
    bench.refuses(3, blank(3, "color"), spec=D + "columns: {features: [color, z], target: y}\n")


def test_ragged_rows_are_never_cut_or_shifted(bench: Bench) -> None:
    """Cells beyond the header are refused even if they are empty in the first row."""
    bench.write("d.csv", H + "1,2,3,\n2,3,4,5\n")
    bench.refuses(3, "d.csv:2: 4 cells, but the header names 3 columns; correct this line", spec=SPEC)


# id → the columns of the spec, the header, and the faults
COLUMNS: dict[str, tuple[str, str, list[str]]] = {
    "suggestion": (
        "{features: [Lenght, z], target: y}",
        "Length,z,y",
        ["2:22: no column 'Lenght' in d.csv; did you mean 'Length'?"],
    ),
    "case": (
        "{features: [X], target: Y}",
        "x,z,y",
        ["2:22: no column 'X' in d.csv; did you mean 'x'?", "2:26: no column 'Y' in d.csv; did you mean 'y'?"],
    ),
    "all_missing": (
        "{features: [a, b], target: c}",
        "x,z,y",
        [f"2:{at}: no column '{name}' in d.csv; known: x, z, y" for at, name in ((22, "a"), (25, "b"), (29, "c"))],
    ),
    "many_columns": (
        "{features: [q], target: c1}",
        ",".join(f"c{i}" for i in range(20)),
        ["2:22: no column 'q' in d.csv"],
    ),
    "white_space": ("{features: [x], target: y}", "x ,z,y", ["2:22: no column 'x' in d.csv; did you mean 'x '?"]),
}


@pytest.mark.parametrize(("columns", "header", "faults"), COLUMNS.values(), ids=COLUMNS)
def test_missing_columns(bench: Bench, columns: str, header: str, faults: list[str]) -> None:
    cells = ",".join(str(i) for i in range(header.count(",") + 1))
    bench.write("d.csv", f"{header}\n{cells}\n")
    bench.refuses(3, "\n".join(f"s.yaml:{fault}" for fault in faults), spec=f"{D}columns: {columns}\n")


# id → the data, and the message; the spec names no columns
DEFAULTS: dict[str, tuple[str, str]] = {
    "one_column": (
        "x\n1\n2\n",
        "s.yaml: no numeric column besides the target 'x' in d.csv; name columns.features",
    ),
    "text_only": (
        "a,b\nx,y\nz,w\n",
        "s.yaml: no numeric column in d.csv is left to be the target; name columns.target",
    ),
    "text_features": (
        "a,y\nx,1\nz,2\n",
        "s.yaml: no numeric column besides the target 'y' in d.csv; name columns.features",
    ),
    "intercept": (
        "intercept,x,y\n1,1,2\n2,2,3\n",
        "s.yaml: d.csv has a column called 'intercept', which cannot be a feature beside the intercept; "
        "name columns.features, or fit without an intercept",
    ),
    "blank_column": ("a,x,y\n,1,2\n,2,3\n", blank(2, "a", "2 blank cells")),
    "bad_column": (
        "a,x,y\ninf,1,2\nnan,2,3\n",
        f"d.csv:2: column 'a' has 1 infinite cell, the first on line 2; {CORRECT}\n"
        f"d.csv:3: column 'a' has 1 NaN cell, the first on line 3; {FILL}",
    ),
}


@pytest.mark.parametrize(("data", "message"), DEFAULTS.values(), ids=DEFAULTS)
def test_default_columns(bench: Bench, data: str, message: str) -> None:
    bench.write("d.csv", data)
    bench.refuses(3, message, spec=D)


def test_feature_called_intercept_without_the_intercept(bench: Bench) -> None:
    bench.write("d.csv", "intercept,x,y\n1,1,2\n1,2,3\n1,5,3\n")
    bench.runs(spec=D + "columns: {intercept: false}\nepochs: 2\n")
    bench.runs(spec=D + "columns: {features: [intercept], target: y, intercept: false}\nepochs: 2\n")
    bench.runs(spec=D + "columns: {features: [x], target: intercept}\nepochs: 2\n")


# id → the spec's further keys, and the fault
SIZES: dict[str, tuple[str, str]] = {
    "batch": (
        "batch_size: 5\n",
        "2:1: batch_size is 5, and there are only 4 training rows; use `full` or at most 4",
    ),
    "batch_after_split": (
        "split: {validation: 0.5}\nbatch_size: 3\n",
        "3:1: batch_size is 3, and there are only 2 training rows; use `full` or at most 2",
    ),
    "all_validate": (
        "split: {validation: 0.999}\n",
        "2:9: split.validation 0.999 of 4 rows leaves no row to train on",
    ),
}


@pytest.mark.parametrize(("keys", "fault"), SIZES.values(), ids=SIZES)
def test_too_few_rows(bench: Bench, keys: str, fault: str) -> None:
    bench.refuses(3, f"s.yaml:{fault}", spec=D + keys)


PATTERNS = (
    "'**' must stand alone between slashes, and a pattern may have at most 100 parts; write one such as part-*.csv"
)

# id → the file that the spec names, and the message
PATHS: dict[str, tuple[str, str]] = {
    "missing": ("rows_of_last_year.csv", "s.yaml:1:1: no data file rows_of_last_year.csv"),
    "suggestion": ("d.cvs", "s.yaml:1:1: no data file d.cvs; did you mean 'd.csv'?"),
    "missing_folder": ("no/d.csv", "s.yaml:1:1: no data file no/d.csv"),
    "below_a_file": ("d.csv/d.csv", "s.yaml:1:1: no data file d.csv/d.csv"),
    "directory": ("folder", "folder: is a directory; name a data file in it"),
    "device": ("/dev/null", "/dev/null: this data file is empty; it needs a header line and rows"),
    "long_name": ("a" * 300, f"s.yaml:1:1: no data file {'a' * 300}"),
    "long_path": ("a/" * 3000 + "a", f"s.yaml:1:1: no data file {'a/' * 3000}a"),
    "case_and_order": ("folder/RWOS.csv", "s.yaml:1:1: no data file folder/RWOS.csv; did you mean 'rows.csv'?"),
    "stars": ("'***'", f"s.yaml:1:1: cannot search for data files by the pattern '***': {PATTERNS}"),
    "stars_in_a_name": ("a/p**", f"s.yaml:1:1: cannot search for data files by the pattern 'a/p**': {PATTERNS}"),
    "deep_pattern": (
        "'" + "*/" * 5000 + "*'",
        f"s.yaml:1:1: cannot search for data files by the pattern '{'*/' * 28}…: {PATTERNS}",
    ),
}


@pytest.mark.parametrize(("name", "message"), PATHS.values(), ids=PATHS)
def test_path(bench: Bench, name: str, message: str) -> None:
    bench.write("folder/rows.csv", H)
    bench.refuses(3, message, spec=f"dataset: {name}\n")


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="file names are text")
@pytest.mark.parametrize("dataset", ["'d*.csv'", "link.csv", "[d.csv, link.csv]"])
def test_a_path_that_is_not_text_is_refused(bench: Bench, dataset: str) -> None:
    """It could not be written into a spec.yaml that reads back."""
    odd = bench.home / os.fsdecode(b"d\xff.csv")
    odd.write_text(H)
    (bench.home / "link.csv").symlink_to(odd)
    name = r"d\udcff.csv" if "*" in dataset else "link.csv"
    bench.refuses(3, f"{name}: this path is not UTF-8 text; rename it", spec=f"dataset: {dataset}\n")


def test_the_folder_is_listed_once_for_many_missing_files(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []

    def entries(folder: Path) -> list[Path]:
        looks.append(folder)
        return [folder / "rows.csv"]

    monkeypatch.setattr(loading, "entries", entries)
    names = ", ".join(f"lots{i:03}.csv" for i in range(60))
    lines = [f"s.yaml:1:1: no data file lots{i:03}.csv" for i in range(50)]
    message = "\n".join([*lines, "s.yaml: and 10 more faults; correct these first"])
    bench.refuses(3, message, spec=f"dataset: [{names}]\n")
    assert len(looks) == 1


@pytest.mark.parametrize(
    ("dataset", "label"),
    [
        ("{synthetic: {rows: 2, weights: [1, 1, 1]}}", "dataset.synthetic"),
        ("{inline: {a: [1, x], b: ['1', 2], c: [1, ' '], d: [3, 4], e: [x, y]}}", "dataset.inline"),
    ],
)
def test_too_many_columns_are_refused_before_a_table_is_made(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, dataset: str, label: str
) -> None:
    monkeypatch.setattr(choosing, "MOST_FEATURES", 2)
    monkeypatch.setattr(loading, "synthesize", None)
    monkeypatch.setattr(loading, "tabulate", None)
    message = f"3 features in {label} are more than 2; their factor takes 7.2e-08 GB"
    bench.refuses(3, f"s.yaml: {message}; name fewer as columns.features", spec=f"dataset: {dataset}\n")


def test_path_is_relative_to_the_spec(bench: Bench) -> None:
    bench.write("experiments/s.yaml", D)
    message = "experiments/s.yaml:1:1: no data file experiments/d.csv; the path is relative to the spec: write ../d.csv"
    bench.refuses(3, message, "run", "experiments/s.yaml")
    bench.write("experiments/s.yaml", "dataset: ../d.csv\nepochs: 2\n")
    bench.runs("run", "experiments/s.yaml", "--no-plot")


def test_path_of_an_override_is_relative_to_the_prompt(bench: Bench) -> None:
    bench.write("experiments/s.yaml", "dataset: lost.csv\nepochs: 2\n")
    bench.runs("run", "experiments/s.yaml", "--no-plot", "--set", "dataset=d.csv")
    message = "--set dataset=d.cvs: no data file d.cvs; did you mean 'd.csv'?"
    bench.refuses(3, message, "run", "experiments/s.yaml", "--set", "dataset=d.cvs")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(bench: Bench) -> None:
    (bench.home / "d.csv").chmod(0)
    bench.write("s.yaml", D)
    outcome = bench.gd("run", "s.yaml")
    assert (outcome.code, outcome.err) == (3, "d.csv: cannot read this data file: Permission denied\n")


def zipped(*members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member in members:
            archive.writestr(member, H + '1,"2\n",3\n\n2,,4\n')
    return stream.getvalue()


TRICKY = (H + '1,"2\n",3\n\n2,,4\n').encode()
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "d.csv.gz": gzip.compress,
    "d.csv.GZ": gzip.compress,
    "d.csv.bz2": bz2.compress,
    "d.csv.xz": lzma.compress,
    "d.csv.zip": lambda _: zipped("d.csv"),
}


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_line_numbers_in_compressed_files(bench: Bench, name: str) -> None:
    bench.write(name, COMPRESSIONS[name](TRICKY))
    bench.refuses(3, blank(5, file=name), spec=SPEC.replace("d.csv", name))


# id → a file, its bytes, and the message after the name
DAMAGED: dict[str, tuple[str, bytes, str]] = {
    "gz": ("d.csv.gz", b"garbage", "cannot read this data file: .+"),
    "gz_cut": ("d.csv.gz", gzip.compress(TRICKY)[:-12], "cannot read this data file: .+"),
    "gz_empty": ("d.csv.gz", gzip.compress(b""), "this data file is empty; it needs a header line and rows"),
    "gz_twisted": (
        "d.csv.gz",
        gzip.compress(TRICKY * 999)[:40] + b"\xff\xff" * 9 + gzip.compress(TRICKY * 999)[58:],
        "cannot read this data file: .+",
    ),
    "bz2": ("d.csv.bz2", b"garbage", "cannot read this data file: .+"),
    "bz2_cut": ("d.csv.bz2", bz2.compress(TRICKY)[:-9], "cannot read this data file: .+"),
    "xz": ("d.csv.xz", b"garbage", "cannot read this data file: .+"),
    "xz_cut": ("d.csv.xz", lzma.compress(TRICKY)[:-9], "cannot read this data file: .+"),
    "zip": ("d.csv.zip", b"garbage", "cannot read this data file: .+"),
    "zip_of_none": ("d.csv.zip", zipped(), "cannot read this data file: .+"),
    "zip_of_two": ("d.csv.zip", zipped("a.csv", "b.csv"), "cannot read this data file: .+"),
    "tar": ("d.tar", b"garbage", "cannot read this data file: .+"),
    "parquet": ("d.parquet", b"garbage", "not a Parquet file: .+"),
    "parquet_marked": ("d.pq", b"PAR1" + b"x" * 50 + b"PAR1", "not a Parquet file: .+"),
    "parquet_empty": ("d.parquet", b"", "this data file is empty; it needs a header line and rows"),
}


@pytest.mark.parametrize(("name", "content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_damaged(bench: Bench, name: str, content: bytes, message: str) -> None:
    if "not a Parquet" in message:
        pytest.importorskip("pyarrow")
    bench.write(name, content)
    bench.refuses(3, re.compile(f"{re.escape(name)}: {message}"), spec=SPEC.replace("d.csv", name))


def test_damaged_zstd(bench: Bench) -> None:
    pytest.importorskip("zstandard")
    bench.write("d.csv.zst", b"garbage")
    bench.refuses(3, re.compile(r"d\.csv\.zst: cannot read this data file: .+"), spec="dataset: d.csv.zst\n")


def parquet(frame: pd.DataFrame) -> bytes:
    pytest.importorskip("pyarrow")
    stream = io.BytesIO()
    frame.to_parquet(stream)
    return stream.getvalue()


def test_cells_of_parquet(bench: Bench) -> None:
    frame = pd.DataFrame({"x": [1.0, None, None], "z": [1.0, 2.0, float("inf")], "y": [1, 2, 3]})
    bench.write("d.parquet", parquet(frame))
    message = (
        f"d.parquet: column 'x' has 2 blank cells, the first in row 2; {FILL}\n"
        f"d.parquet: column 'z' has 1 infinite cell, the first in row 3; {CORRECT}"
    )
    bench.refuses(3, message, spec="dataset: d.parquet\n")


def test_parquet_without_rows(bench: Bench) -> None:
    bench.write("d.parquet", parquet(pd.DataFrame({"x": [], "y": []})))
    bench.refuses(3, "d.parquet: this data file has a header and no rows", spec="dataset: d.parquet\n")


def test_parquet_with_numbers_for_names(bench: Bench) -> None:
    bench.write("d.parquet", parquet(pd.DataFrame({0: [1.0, 2.0, 4.0], 1: [2.0, 3.0, 3.0]})))
    bench.runs(spec="dataset: d.parquet\nepochs: 2\n")


def test_parquet_in_capitals(bench: Bench) -> None:
    bench.write("d.PARQUET", parquet(pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [2.0, 3.0, 3.0]})))
    bench.runs(spec="dataset: d.PARQUET\nepochs: 2\n")


POINTS = "'.' between groups of digits; set dataset: {path: …, thousands: '.'}"
# id → the data, where the decimal mark is a comma, and the message
DECIMALS: dict[str, tuple[str, str]] = {
    "blank": ("x;z;y\n1,5;2;3\n2;1,5;4\n3;;4\n", blank(4)),
    "thousands": ("x;z;y\n1.000,5;2;3\n2;1,5;4\n3;4;4\n", no_number(2, "1.000,5", "x", looks=POINTS)),
    "point": ("x;z;y\n1.000;2;3\n2;1,5;4\n3;4;4\n", no_number(2, "1.000", "x", looks=POINTS)),
}


@pytest.mark.parametrize(("data", "message"), DECIMALS.values(), ids=DECIMALS)
def test_decimal_comma(bench: Bench, data: str, message: str) -> None:
    bench.write("d.csv", data)
    bench.refuses(3, message, spec=SPEC.replace("d.csv", "{path: d.csv, delimiter: ;, decimal: ','}"))


def test_decimal_point_for_a_file_with_decimal_commas(bench: Bench) -> None:
    bench.write("d.csv", "x;z;y\n1,5;2;3\n2;1,5;4\n3;4;4\n")
    looks = "',' as the decimal mark; set dataset: {path: …, decimal: ','}"
    message = no_number(2, "1,5", "x", looks=looks) + "\n" + no_number(3, "1,5", looks=looks)
    bench.refuses(3, message, spec=SPEC.replace("d.csv", "{path: d.csv, delimiter: ;}"))


# id → inline columns, and the message: it says which spec, and where in it
INLINE: dict[str, tuple[str, str]] = {
    "word": (
        "{x: [1, 2, 3], y: [1, 2, a]}",
        "s.yaml:1:44: column 'y' has 1 cell that is not a number, the first in row 3; the first is 'a'",
    ),
    "blank": (
        "{x: [1, 2], y: [1, '']}",
        f"s.yaml:1:38: column 'y' has 1 blank cell, the first in row 2; {FILL.replace('path', 'inline')}",
    ),
    "text_only": (
        "{x: [1, 2], y: [a, b]}",
        "s.yaml: no numeric column besides the target 'x' in dataset.inline; name columns.features",
    ),
}


@pytest.mark.parametrize(("columns", "message"), INLINE.values(), ids=INLINE)
def test_inline(bench: Bench, columns: str, message: str) -> None:
    bench.refuses(3, message, spec=f"dataset: {{inline: {columns}}}\n")


# id → a recipe that cannot be drawn in floating point
RECIPES = {
    "degree": "{rows: 10, weights: [1, 2], degree: 100000}",
    "weights": "{rows: 10, weights: [1.0e308, 1.0e308]}",
    "noise": "{rows: 10, weights: [1], noise: 1.7e308}",
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_synthetic_overflow(bench: Bench, recipe: str) -> None:
    message = re.compile(r"s\.yaml:1:11: column 'y' has \d+ (infinite|NaN) cells?, the first in row \d+; [^\n]+")
    bench.refuses(3, message, spec=f"dataset: {{synthetic: {recipe}}}\n")


@pytest.mark.parametrize("unit", ["1e-150", "1e-30", "1e30", "1e40", "1e100", "1e140"])
def test_the_unit_of_a_scaled_column_does_not_matter(bench: Bench, unit: str) -> None:
    exponent = unit[1:]
    bench.write("d.csv", f"x,y\n1{exponent},3\n2{exponent},4\n5{exponent},9\n")
    bench.runs(spec=D + "scaler: zscore\nepochs: 20\n")
    scaled = json.loads(bench.tree()["results/s/summary.json"])["final_mse"]
    bench.write("d.csv", "x,y\n1,3\n2,4\n5,9\n")
    bench.runs(spec=D + "scaler: zscore\nepochs: 20\n")
    assert scaled == pytest.approx(json.loads(bench.tree()["results/s/summary.json"])["final_mse"], rel=1e-9)


def test_levels_that_get_the_name_of_a_feature(bench: Bench) -> None:
    bench.write("d.csv", "c,c_red,y\nred,2,3\nblue,3,4\ngreen,2,2\n")
    message = "s.yaml:2:22: the level 'red' of 'c' gets the name of another feature, 'c_red'"
    bench.refuses(3, message, spec=D + "columns: {features: [c, c_red], target: y}\n")


def test_levels_that_get_the_same_name(bench: Bench) -> None:
    bench.write("d.csv", "a,a_b,y\nx,p,1\nb_c,c,2\nx,p,3\nb_c,q,3\n")
    outcome = bench.gd("optimum", "d.csv", "--features", "a,a_b", "--no-intercept", "--json")
    assert outcome.code == 3
    assert "'a_b_c'" in outcome.err


def test_square_brackets_in_names_are_shown(bench: Bench) -> None:
    bench.write("d.csv", "weight [kg],b [/b],[red],y [bold]\n1,2,3,4\n2,1,4,3\n3,5,9,7\n4,3,8,2\n6,1,2,2\n")
    bench.write("t.yaml", D + "epochs: 2\n")
    for arguments in (["run", "s.yaml", "--no-plot"], ["optimum", "d.csv"], ["run", "t.yaml", "--no-plot"]):
        outcome = bench.runs(*arguments, spec=D + "epochs: 2\n")
        for name in ("weight [kg]", "b [/b]", "[red]", "y [bold]"):
            assert name in outcome.out


# id → arguments of `gdcli optimum`, and the message
OPTIMUM: dict[str, tuple[list[str], str]] = {
    "missing": (["rows_of_last_year.csv"], "data: no data file rows_of_last_year.csv"),
    "suggestion": (["d.cvs"], "data: no data file d.cvs; did you mean 'd.csv'?"),
    "directory": (["."], ".: is a directory; name a data file in it"),
    "text": (["t.csv"], "data: no numeric column in t.csv is left to be the target; name --target"),
    "blank": (
        ["b.csv"],
        blank(2, "x", file="b.csv", fill="fill them in, or leave these rows out: give --missing drop"),
    ),
}


OPTIMUM |= {
    "delimiter": (["s.csv"], "s.csv:1: the columns seem to be separated by ';'; give --delimiter ';'"),
    "tab": (["tab.csv"], r"tab.csv:1: the columns seem to be separated by a tab; give --delimiter '\t'"),
    "comma": (
        ["d.csv", "--delimiter", ";"],
        "d.csv:1: the columns seem to be separated by ','; give --delimiter ,",
    ),
    "encoding": (["l.csv"], "l.csv:2: not UTF-8 text; save the file as UTF-8, or give --encoding latin-1"),
    "latin_1_zst": (["l.csv.zst"], "l.csv.zst:2: not UTF-8 text; save the file as UTF-8, or give --encoding latin-1"),
    "loop": (["loop"], "data: cannot read loop: Too many levels of symbolic links"),
    "not_utf_8": ([os.fsdecode(b"\xff.csv")], r"\udcff.csv: this path is not UTF-8 text; rename it"),
}

# id → settings that no file can have, and the message
SETTINGS: dict[str, tuple[list[str], str]] = {
    "encoding": (
        ["--encoding", "latin-11"],
        "--encoding: dataset.encoding must be a text encoding such as utf-8 or latin-1, got 'latin-11'",
    ),
    "missing": (["--missing", "no"], "--missing: dataset.missing must be one of error, drop, got 'no'"),
    "thousands": (
        ["--thousands", "."],
        "--thousands: dataset.thousands must differ from dataset.decimal, got '.' for both",
    ),
    "thousands_digit": (
        ["--thousands", "1"],
        "--thousands: dataset.thousands must be a mark such as , . ' or a blank, got '1'",
    ),
    "spec": (["s.yaml"], "s.yaml: is a spec, not a data file; name the data file, or use `gdcli run`"),
}


@pytest.mark.parametrize(("arguments", "message"), SETTINGS.values(), ids=SETTINGS)
def test_settings(bench: Bench, arguments: list[str], message: str) -> None:
    bench.refuses(2, message, "optimum", *(arguments if arguments[0] == "s.yaml" else ["d.csv", *arguments]))


def test_settings_that_are_accepted(bench: Bench) -> None:
    bench.write("e.csv", "x;größe;y\n1.000,5;2;3\n2.000,25;1;4\n3.000;;9\n4.000;3;8\n".encode("latin-1"))
    options = ["--delimiter", ";", "--decimal", ",", "--thousands", ".", "--encoding", "latin-1", "--missing", "drop"]
    warning = "warning: 1 of 4 rows has a blank or NaN cell in the columns used and is left out"
    fit = json.loads(bench.runs("optimum", "e.csv", "--json", *options, warnings=warning).out)
    assert (fit["rows"], list(fit["weights"])) == (3, ["x", "größe", "intercept"])
    bench.write("tab.csv", "x\ty\n1\t2\n2\t3\n4\t4\n")
    assert json.loads(bench.runs("optimum", "tab.csv", "--json", "--delimiter", "\\t").out)["rows"] == 3


@pytest.mark.parametrize(("arguments", "message"), OPTIMUM.values(), ids=OPTIMUM)
def test_optimum(bench: Bench, arguments: list[str], message: str) -> None:
    bench.write("t.csv", "a,b\nx,y\nz,w\n")
    bench.write("b.csv", "x,y\n,1\n1,2\n")
    bench.write("s.csv", "x;y\n1;2\n")
    bench.write("tab.csv", "x\ty\n1\t2\n")
    bench.write("l.csv", b"c,x,y\n\xe9,1,2\n")
    bench.write("l.csv.zst", zstandard.ZstdCompressor().compress(b"c,x,y\n\xe9,1,2\n"))
    Path("loop").symlink_to("loop")
    bench.refuses(3, message, "optimum", *arguments)


@pytest.mark.parametrize("name", ["closed/d.csv", "closed/*.csv"])
def test_a_folder_without_permission(bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write("closed/d.csv", "x,y\n1,2\n")

    def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if "closed" in str(path):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return original(path, *arguments, **options)

        return call

    bench.write("s.yaml", f"dataset: {name}\n")
    for function in ("stat", "scandir", "listdir"):
        monkeypatch.setattr(os, function, guarded(getattr(os, function)))
    outcome = bench.gd("run", "s.yaml")
    what = "cannot read closed/d.csv" if name == "closed/d.csv" else "no data file matches closed/*.csv"
    assert (outcome.code, outcome.err) == (3, f"s.yaml:1:1: {what}: Permission denied\n")


def test_a_file_that_vanishes_while_it_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bench.write("gone.csv", "x,y\n1,2\n")
    original = sources._data_file

    def data_file(*arguments: Any) -> Any:
        file = original(*arguments)
        path.unlink()
        return file

    monkeypatch.setattr(sources, "_data_file", data_file)
    outcome = bench.gd("optimum", "gone.csv")
    assert (outcome.code, outcome.err) == (3, "gone.csv: cannot read this data file: No such file or directory\n")


def test_bad_data_of_one_of_several_specs_stops_all(bench: Bench) -> None:
    bench.write("a.yaml", D + "epochs: 2\n")
    bench.write("b.yaml", "dataset: b.csv\n")
    bench.write("b.csv", "x,y\n,1\n1,2\n")
    for command in ("run", "compare"):
        bench.refuses(3, blank(2, "x", file="b.csv"), command, "a.yaml", "b.yaml")
    assert not Path("results").exists()
