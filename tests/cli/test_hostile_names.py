"""Names of files and columns never act on the terminal, on a picture or on the lines of a message."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from workbench import Bench

from gdcli.errors import printable
from gdcli.show import lettering

TITLE = "a\x1b]0;PWNED\x07"
BIDI = "b\u202ec\u2066"
C1 = "d\x9b31m"
BREAK = "e\u2028f\x85g\rh"
ROWS = "1,2,9,4,3\n2,1,5,3,5\n3,5,4,3,9\n4,3,2,1,8\n5,8,1,1,0\n6,1,1,7,2\n"


def assert_harmless(text: str) -> None:
    raw = [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert not raw, [hex(ord(c)) for c in raw]


@pytest.fixture
def hostile(bench: Bench) -> Bench:
    """A directory whose data and specs have names that would act."""
    bench.write("d\x1b[2J\u202e.csv", f'{TITLE},{BIDI},{C1},"{BREAK}",y\n{ROWS}')
    for name in ("s", "t"):
        bench.write(f"{name}.yaml", "dataset: 'd?*.csv'\nscaler: zscore\nepochs: 3\n")
    return bench


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "command",
    [
        ["run", "s.yaml"],
        ["run", "s.yaml", "--set", "optimizer.lr=1e9"],
        ["run", "s.yaml", "--out", "o\x1b[2J\u202e\x85"],
        ["compare", "s.yaml", "t.yaml"],
        ["sweep", "s.yaml", "--grid", "optimizer.lr=0.1,0.2"],
        ["optimum", "d\x1b[2J\u202e.csv"],
        ["check", "s.yaml", "--set", "expect.final_mse=1"],
    ],
)
def test_names_reach_no_stream_raw(hostile: Bench, command: list[str], as_json: bool) -> None:
    outcome = hostile.gd(*command, *(["--json"] if as_json else []))
    assert outcome.code in (0, 4, 5), outcome.err
    assert_harmless(outcome.out)
    assert_harmless(outcome.err)
    if as_json:
        json.loads(outcome.out)


@pytest.mark.parametrize(
    "command",
    [
        ["run", "x\x1b]0;PWNED\x07\u202e\n.yaml"],
        ["run", "s.yaml", "--set", "dataset=\x1b[2J.csv"],
        ["run", "s.yaml", "--set", "columns.target=\u202ey"],
        ["run", "s.yaml", "--out", "s.yaml/\x1b[2J\n\x85"],
        ["optimum", "x\x1b]0;PWNED\x07\u202e.csv"],
        ["check", "x\x1b]0;PWNED\x07\u202e"],
        ["sweep", "s.yaml", "--grid", "optimizer.\x1b[2Jlr=1"],
    ],
)
def test_names_in_errors_stay_on_their_line(hostile: Bench, command: list[str]) -> None:
    outcome = hostile.gd(*command)
    assert outcome.code in (2, 3), outcome.err
    assert_harmless(outcome.out + outcome.err)
    assert outcome.err.count("\n") == 1


def test_json_keeps_every_name(hostile: Bench) -> None:
    weights = json.loads(hostile.gd("run", "s.yaml", "--json", "--no-plot").out)["weights"]
    assert list(weights) == [TITLE, BIDI, C1, BREAK, "intercept"]


@pytest.mark.parametrize(
    "name",
    [
        "é",
        "e\u0301",
        "中文列名",
        "価格（円）",
        "가격",
        "цена",
        "μ²",
        "نام\u200cها",
        "क्षेत्र",
        "🐌",
        "👩\u200d🔬",
        "❤\ufe0f",
        "👍🏽",
        "🇩🇪",
        "全\u3000角",
    ],
)
def test_ordinary_names_stay_as_they_are(bench: Bench, name: str) -> None:
    assert printable(name) == name
    bench.write("n.csv", f"{name},y\n1,2\n2,3\n3,5\n")
    outcome = bench.gd("optimum", "n.csv")
    assert name in outcome.out
    assert name in bench.gd("optimum", "n.csv", "--json").out


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("a\xadb", "a\\xadb"), ("a\xa0b", "a\\xa0b"), ("a\ufeffb", "a\\ufeffb"), ("\ud800", "\\ud800")],
)
def test_invisible_characters_are_shown(text: str, escaped: str) -> None:
    assert printable(text) == escaped


def test_a_name_without_glyphs_is_one_warning(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "FALLBACKS", ())
    bench.write("n.csv", "x,体重\n1,2\n2,3\n3,5\n")
    bench.write("s.yaml", "dataset: n.csv\nepochs: 2\n")
    warning = "warning: no installed font has 体重: the picture shows boxes instead; install Noto Sans CJK or the like"
    bench.runs("run", "s.yaml", warnings=warning)
    assert Path("results/s/curve.png").exists()
    assert bench.gd("run", "s.yaml", "--quiet").err == ""


def test_a_value_without_glyphs_on_the_axis_of_a_sweep(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "FALLBACKS", ())
    bench.write("n.csv", "x,体重,t$$\n1,2,3\n2,1,4\n3,5,9\n4,3,8\n")
    bench.write("s.yaml", "dataset: n.csv\ncolumns: {features: [x]}\nepochs: 3\n")
    arguments = ("sweep", "s.yaml", "--grid", "columns.target=体重,t$$")
    warning = "warning: no installed font has 体重: the picture shows boxes instead; install Noto Sans CJK or the like"
    bench.runs(*arguments, warnings=warning)
    assert bench.gd(*arguments, "--quiet").err == ""
