"""YAML 1.2 core, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcli.errors import Place
from gdcli.spec.spec_file import read_file
from gdcli.spec.strict_yaml import dump, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E3", 1000.0),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("+12", 12),
        ("012", 12),
        ("0o17", 15),
        ("0xff", 255),
        ("-0", 0),
        ("0" * 5000 + "7", 7),
        ("9" * 5000, float("inf")),
        ("-" + "9" * 5000, float("-inf")),
        ("0x" + "f" * 3600, float("inf")),
        ("0o" + "7" * 3600, float("inf")),
        ("1" + "0" * 308, 10**308),
        ("1" + "0" * 309, float("inf")),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-11-21", "2026-11-21"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("-.inf", float("-inf")),
        ("'1e-3'", "1e-3"),
        ('"true"', "true"),
        ("!!str plain", "plain"),
        ("e3", "e3"),
        (".", "."),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    parsed, _ = parse(f"key: {text}", "x")
    assert parsed == {"key": value}
    assert type(parsed["key"]) is type(value)


def test_keys_are_text_and_lists_are_tuples() -> None:
    assert parse("1: [a, 2]\non: {no: 3}", "x")[0] == {"1": ("a", 2), "on": {"no": 3}}


def test_places_count_from_one() -> None:
    _, places = parse("a:\n  b: 1\n  c: [10, 20]\n", "x.yaml")
    assert places[("a",)] == Place("x.yaml", 1, 1)
    assert places[("a", "b")] == Place("x.yaml", 2, 3)
    assert places[("a", "c", 1)] == Place("x.yaml", 3, 11)


def test_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - c\r\n")
    value, places = read_file(path, "x.yaml")
    assert value == {"a": 1, "b": ("c",)}
    assert places[("b", 0)] == Place("x.yaml", 3, 5)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


def tupled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: tupled(part) for key, part in value.items()}
    return tuple(map(tupled, value)) if isinstance(value, list) else value


@given(st.dictionaries(st.text(), values, min_size=1, max_size=5))
def test_what_is_dumped_reads_back_the_same(value: dict[str, Any]) -> None:
    parsed, _ = parse(dump(value), "x")
    assert parsed == tupled(value)
    assert repr(parsed) == repr(tupled(value))


@pytest.mark.parametrize("text", ["1e-3", "on", "yes", "null", "0x1F", ".5", "true", "1_000", "- a", "#x", ""])
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    assert parse(dump({"key": text, text: 1}), "x")[0] == {"key": text, text: 1}
