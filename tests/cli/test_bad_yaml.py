"""Specs that are not valid YAML: the whole message, exit code 2, nothing written."""

from __future__ import annotations

import pandas as pd
import pytest
from workbench import Bench

D = "dataset: d.csv\n"
KEYS = (
    "known: name, dataset, columns, scaler, split, batch_size, shuffle, optimizer, schedule, epochs, init, seed, "
    "stop, expect"
)
NAME_RULE = "name must be letters, digits, '.', '_', '-', at most 64 and not starting with a dot"
NO_MAPPING = "s.yaml:1:1: a spec is a mapping of keys to values, `dataset: …` first"
EMPTY = "s.yaml: this spec is empty; it needs at least `dataset: …`"
TOO_LARGE = "s.yaml: a spec may be at most 1 MiB; put the data into a separate file"
BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\nb0: &b0 [" + ",".join(["*a"] * 10) + "]\n"
BOMB += "".join(f"b{i}: &b{i} [{','.join([f'*b{i - 1}'] * 10)}]\n" for i in range(1, 9))
DOCUMENTS = "not valid YAML: expected a single document in the stream, but found another document"

# id → the whole file, and all that stderr says
BROKEN: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", EMPTY),
    "comment_only": ("# nothing yet\n", EMPTY),
    "bom_only": (b"\xef\xbb\xbf", EMPTY),
    "marker_only": ("---\n", EMPTY),
    "null": ("null\n", EMPTY),
    "list": ("- dataset: d.csv\n", NO_MAPPING),
    "text": ("dataset d.csv\n", NO_MAPPING),
    "no_space": ("dataset:d.csv\n", NO_MAPPING),
    "number": ("3\n", NO_MAPPING),
    "open_list": (D + "init: [1\n", "s.yaml:3:1: not valid YAML: expected ',' or ']', but got '<stream end>'"),
    "wrong_bracket": (D + "init: [1}\n", "s.yaml:2:9: not valid YAML: expected ',' or ']', but got '}'"),
    "tab": (D + "\tepochs: 1\n", "s.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token"),
    "indented": (D + "  epochs: 1\n", "s.yaml:2:9: not valid YAML: mapping values are not allowed here"),
    "two_colons": (D + "name: a: b\n", "s.yaml:2:8: not valid YAML: mapping values are not allowed here"),
    "at_sign": (D + "name: @b\n", "s.yaml:2:7: not valid YAML: found character '@' that cannot start any token"),
    "open_quote": (D + "name: 'b\n", "s.yaml:3:1: not valid YAML: found unexpected end of stream"),
    "bad_escape": ('dataset: "C:\\data"\n', "s.yaml:1:14: not valid YAML: found unknown escape character 'd'"),
    "no_colon": (D + "epochs:5\n", "s.yaml:3:1: not valid YAML: could not find expected ':'"),
    "two_documents": (D + "---\nepochs: 1\n", f"s.yaml:2:1: {DOCUMENTS}"),
    "control_character": (D + "name: \a\n", "s.yaml:2: not valid YAML: a control character is not allowed"),
    "nul": ("a\0b: 1\n", "s.yaml:1: not valid YAML: a control character is not allowed"),
    "surrogate": (D + 'name: "\\ud800"\n', "s.yaml:2:7: this text contains a lone surrogate, which is not a character"),
    "latin_1": (D.encode() + b"name: \xe9\n", "s.yaml:2: not UTF-8 text; save the spec as UTF-8"),
    "utf_16": (D.encode("utf-16"), "s.yaml:1: not UTF-8 text; save the spec as UTF-8"),
    "duplicate_key": (D + "seed: 1\nseed: 2\n", "s.yaml:3:1: key 'seed' is given twice, first on line 2"),
    "duplicate_twice": (
        D + "seed: 1\nseed: 1\nseed: 1\n",
        "s.yaml:3:1: key 'seed' is given twice, first on line 2\n"
        "s.yaml:4:1: key 'seed' is given twice, first on line 2",
    ),
    "duplicate_nested": (
        D + "expect: {final_mse: 1, final_mse: 2}\n",
        "s.yaml:2:24: key 'final_mse' is given twice, first on line 2",
    ),
    "duplicate_in_list": (
        D + "schedule:\n  - {kind: step, every: 3, every: 4}\n",
        "s.yaml:3:28: key 'every' is given twice, first on line 3",
    ),
    "duplicate_quoted": (D + "'seed': 1\n\"seed\": 1\n", "s.yaml:3:1: key 'seed' is given twice, first on line 2"),
    "list_as_key": (D + "? [a]\n: 1\n", "s.yaml:2:3: a key must be plain text"),
    "merge_key": (D + "<<: {seed: 1}\n", f"s.yaml:2:1: unknown key '<<'; {KEYS}"),
    "python_object": (
        D + "seed: !!python/object:os.system 3\n",
        "s.yaml:2:7: the tag !!python/object:os.system is not allowed in a spec",
    ),
    "python_apply": (
        D + "seed: !!python/object/apply:os.system ['touch pwned']\n",
        "s.yaml:2:7: the tag !!python/object/apply:os.system is not allowed in a spec",
    ),
    "python_top": (
        "!!python/object/new:os.system ['touch pwned']\n",
        "s.yaml:1:1: the tag !!python/object/new:os.system is not allowed in a spec",
    ),
    "python_verbatim": (
        D + "seed: !<tag:yaml.org,2002:python/name:os.system> ''\n",
        "s.yaml:2:7: the tag !!python/name:os.system is not allowed in a spec",
    ),
    "python_key": (
        D + "!!python/object:os.system seed: 3\n",
        "s.yaml:2:1: the tag !!python/object:os.system is not allowed in a spec",
    ),
    "own_tag": (D + "seed: !mine 3\n", "s.yaml:2:7: the tag !mine is not allowed in a spec"),
    "int_tag": (D + "seed: !!int 3\n", "s.yaml:2:7: the tag !!int is not allowed in a spec"),
    "binary_tag": (D + "name: !!binary aGk=\n", "s.yaml:2:7: the tag !!binary is not allowed in a spec"),
    "two_tags": (
        D + "seed: !a 3\nname: !b x\n",
        "s.yaml:2:7: the tag !a is not allowed in a spec\ns.yaml:3:7: the tag !b is not allowed in a spec",
    ),
    "alias_bomb": (BOMB, "s.yaml:1:22: expands to too many values; write it out without aliases"),
    "recursive_list": (
        D + "init: &a [*a]\n",
        "s.yaml:2:7: nested deeper than 50 levels; write it out without aliases",
    ),
    "recursive_mapping": (
        D + "stop: &a {gap: *a}\n",
        "s.yaml:2:7: nested deeper than 50 levels; write it out without aliases",
    ),
    "unknown_alias": (D + "seed: *a\n", "s.yaml:2:7: not valid YAML: found undefined alias 'a'"),
    "nested": (D + "init: " + "[" * 60 + "]" * 60 + "\n", "s.yaml:2:57: nested deeper than 50 levels"),
    "nested_far": (D + "init: " + "[" * 5000 + "]" * 5000 + "\n", "s.yaml: nested deeper than 50 levels"),
    "nested_open": ("{" * 5000, "s.yaml: nested deeper than 50 levels"),
    "too_many": (
        f"init: [{'1, ' * 150_000}]",
        "s.yaml:1:449999: more than 150000 values; put the data into a separate file",
    ),
    "too_large": (D + "#" * (1 << 20), TOO_LARGE),
    "too_large_and_binary": (b"\0" * ((1 << 20) + 1), TOO_LARGE),
}


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN)
def test_broken(bench: Bench, content: str | bytes, message: str) -> None:
    bench.refuses(2, message, spec=content)


# id → the spec that is named, and the message
MISSING: dict[str, tuple[str, str]] = {
    "missing": ("empty/nope.yaml", "empty/nope.yaml: there is no such spec"),
    "suggestion": ("abalon.yaml", "abalon.yaml: there is no such spec; did you mean 'abalone.yaml'?"),
    "missing_folder": ("no/s.yaml", "no/s.yaml: there is no such spec"),
    "below_a_file": ("d.csv/s.yaml", "d.csv/s.yaml: cannot read this spec: Not a directory"),
    "no_suggestion_by_ending": ("bad.yaml", "bad.yaml: there is no such spec"),
    "long": ("a" * 300, f"{'a' * 300}: cannot read this spec: File name too long"),
}


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(("name", "message"), MISSING.values(), ids=MISSING)
def test_missing(bench: Bench, command: str, name: str, message: str) -> None:
    (bench.home / "empty").mkdir()
    bench.write("abalone.yaml", D)
    bench.write("p3.yaml", D)
    bench.refuses(2, message, command, name)


def test_directory(bench: Bench) -> None:
    (bench.home / "folder").mkdir()
    message = "folder: a folder; name a YAML file in it (`gdcli check` takes folders)"
    bench.refuses(2, message, "run", "folder")


def test_no_spec_at_all(bench: Bench) -> None:
    bench.refuses(2, "d.csv:1:1: a spec is a mapping of keys to values, `dataset: …` first", "run", "d.csv")


# id → a file that means the same as D + "seed: 3\nepochs: 4\n"
SAME: dict[str, str | bytes] = {
    "bom": b"\xef\xbb\xbfdataset: d.csv\nseed: 3\nepochs: 4\n",
    "crlf": "dataset: d.csv\r\nseed: 3\r\nepochs: 4\r\n",
    "bom_crlf": b"\xef\xbb\xbfdataset: d.csv\r\nseed: 3\r\nepochs: 4\r\n",
    "cr": "dataset: d.csv\rseed: 3\repochs: 4\r",
    "no_last_line_break": "dataset: d.csv\nseed: 3\nepochs: 4",
    "markers": "---\ndataset: d.csv\nseed: 3\nepochs: 4\n...\n",
    "flow": "{dataset: d.csv, seed: 3, epochs: 4}",
    "json": '{"dataset": "d.csv", "seed": 3, "epochs": 4}',
    "comments": "# é 漢字\ndataset: d.csv # here\n\n\nseed: 3\nepochs: 4 # few\n",
    "harmless_tags": "!!map {!!str dataset: !!str d.csv, seed: 3, epochs: 4}",
    "harmless_alias": "dataset: {path: d.csv}\nseed: &n 3\nstop: {patience: *n, gap: 0}\nepochs: 4\n",
    "octal": "dataset: d.csv\nseed: 0o3\nepochs: +4\n",
    "hexadecimal": "dataset: d.csv\nseed: 0x3\nepochs: 04\n",
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME)
def test_same_spec_same_result(bench: Bench, content: str | bytes) -> None:
    bench.runs(spec=D + "seed: 3\nepochs: 4\n")
    expected = bench.tree()["results/s/curve.csv"]
    bench.runs(spec=content)
    assert bench.tree()["results/s/curve.csv"] == expected
    assert bench.results() == ["s", "s/curve.csv", "s/spec.yaml", "s/summary.csv", "s/summary.json"]


@pytest.mark.parametrize("text", ["1e-3", "1.0e-3", "1E-3", "0.001", "1e-03", ".001", "+1e-3"])
def test_one_e_minus_three_is_a_number(bench: Bench, text: str) -> None:
    bench.runs(spec=f"{D}optimizer: {{lr: {text}}}\nepochs: 2\n")
    assert pd.read_csv("results/s/curve.csv")["lr"].to_list()[1:] == [0.001, 0.001]


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "Yes", "NO", "y", "n"])
def test_yes_and_no_are_text(bench: Bench, word: str) -> None:
    message = f"s.yaml:2:11: columns.intercept must be true or false, got '{word}'"
    bench.refuses(2, message, spec=f"{D}columns: {{intercept: {word}}}\n")


def test_columns_may_be_called_on_and_off(bench: Bench) -> None:
    bench.write("d.csv", "on,off,yes\n1,2,3\n2,1,4\n3,5,9\n4,3,8\n")
    bench.runs(spec=D + "columns: {features: [on, off], target: yes}\nepochs: 2\n")
    summary = pd.read_json("results/s/summary.json", typ="series")
    assert list(summary["weights"]) == ["on", "off", "intercept"]
    bench.write("again.yaml", bench.tree()["results/s/spec.yaml"])
    assert "features: ['on', 'off']" in bench.tree()["results/s/spec.yaml"].decode()


def test_dates_and_times_and_underscores_are_text(bench: Bench) -> None:
    lines = ("2001-01-01", "1:30", "1_000", "0b11")
    for line in lines:
        bench.refuses(2, f"s.yaml:2:1: epochs must be an integer, got '{line}'", spec=f"{D}epochs: {line}\n")


# id → a spec, and the message, which keeps to one line and holds no character that a terminal would act on
ESCAPED: dict[str, tuple[int, str, str]] = {
    "name": (2, D + 'name: "a\\nb"\n', f"s.yaml:2:1: {NAME_RULE}, got 'a\\nb'; set `name:` in the spec"),
    "nul": (2, D + 'name: "a\\0b"\n', f"s.yaml:2:1: {NAME_RULE}, got 'a\\x00b'; set `name:` in the spec"),
    "value": (2, D + 'epochs: "\\e[31m"\n', "s.yaml:2:1: epochs must be an integer, got '\\x1b[31m'"),
    "key": (2, D + '"se\\ned": 3\n', "s.yaml:2:1: unknown key 'se\\ned'; did you mean 'seed'?"),
    "path": (3, 'dataset: "a\\nb"\n', "s.yaml:1:1: no data file a\\nb"),
    "literal": (3, "dataset: |\n  d.csv\n", "s.yaml:1:1: no data file d.csv\\n; did you mean 'd.csv'?"),
}


@pytest.mark.parametrize(("code", "content", "message"), ESCAPED.values(), ids=ESCAPED)
def test_control_characters_are_written_out(bench: Bench, code: int, content: str, message: str) -> None:
    bench.refuses(code, message, spec=content)
