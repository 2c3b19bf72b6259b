"""`gdcli list`: what a spec can name, from the code."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_args

import pytest
from rich.cells import cell_len
from workbench import Bench

from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.schedules import SCHEDULES
from gdcli.spec.describe.kinds import kinds
from gdcli.spec.model import ScalerName


def listed(bench: Bench, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(bench.runs("list", *arguments, "--json").out)
    return document


def test_every_kind_is_listed(bench: Bench) -> None:
    names = {topic: [kind["kind"] for kind in kinds] for topic, kinds in listed(bench).items()}
    assert names["optimizers"] == [*OPTIMIZERS]
    assert names["schedules"] == [*SCHEDULES]
    assert names["scalers"] == [*get_args(ScalerName)]
    assert names["models"] == ["linear"]
    assert names["plots"] == ["curve", "curves", "sweep"]


def test_hyperparameters_are_those_of_the_classes(bench: Bench) -> None:
    for kind in listed(bench, "optimizers")["optimizers"]:
        cls = OPTIMIZERS[kind["kind"]]
        assert [key["key"] for key in kind["keys"]] == [field.name for field in fields(cls) if field.name != "kind"]
        made = cls(**{key["key"]: key["default"] for key in kind["keys"]}, kind=kind["kind"])
        assert all(
            key["default"] in (getattr(made, key["key"]), [*_tuple(getattr(made, key["key"]))]) for key in kind["keys"]
        )


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def test_one_kind_as_json(bench: Bench) -> None:
    (step,) = (kind for kind in listed(bench, "schedules")["schedules"] if kind["kind"] == "step")
    assert step == {
        "kind": "step",
        "formula": "base · gamma^⌊t / every⌋.",
        "notes": [],
        "source": "torch.optim.lr_scheduler.StepLR.",
        "keys": [
            {"key": "every", "value": "integer ≥ 1, ≤ 10⁹", "required": True, "default": None},
            {"key": "gamma", "value": "number > 0", "required": False, "default": 0.1},
        ],
    }


def test_every_optimizer_and_schedule_has_a_formula_and_a_source() -> None:
    described = kinds()
    assert [kind.kind for kind in described["optimizers"] if not kind.source] == []
    assert [kind.kind for kind in described["schedules"] if not kind.source] == ["constant"]
    assert all(kind.formula.endswith(".") for topic in described.values() for kind in topic)


@pytest.mark.parametrize("width", [60, 40])
@pytest.mark.parametrize("topic", [[], ["optimizers"], ["schedules"], ["scalers"], ["models"], ["plots"]])
def test_no_word_is_broken(bench: Bench, topic: list[str], width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    narrow = bench.runs("list", *topic).out
    monkeypatch.setenv("COLUMNS", "500")
    wide = bench.runs("list", *topic).out
    if width == 60:
        assert narrow.split() == wide.split()
        assert max(map(cell_len, narrow.splitlines())) <= width
    assert set(_numbers(narrow)) == set(_numbers(wide))


def _numbers(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").replace(";", " ").split() if word[0].isdigit() and "…" not in word]


def test_an_unknown_list_is_refused(bench: Bench) -> None:
    known = "known: optimizers, schedules, scalers, models, plots"
    bench.refuses(2, "gdcli list: there is no list 'optimisers'; did you mean 'optimizers'?", "list", "optimisers")
    bench.refuses(2, f"gdcli list: there is no list 'xyzw'; {known}", "list", "xyzw")
