"""`gdcli schema`: it accepts what gdcli accepts, and refuses what it can."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from workbench import Bench

from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.schedules import SCHEDULES
from gdcli.spec.describe.schema import schema
from gdcli.spec.spec_file import read_file
from gdcli.spec.strict_yaml import parse
from gdcli.spec.validate import read_spec

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "experiments").rglob("*.yaml"))
D = "dataset: d.csv\n"

# id → a spec that is right, in forms that the shipped ones do not use
RIGHT = {
    "names": D + "optimizer: adam\nschedule: cosine\nscaler: robust",
    "kind_left_out": D + "optimizer: {lr: 0.1}",
    "sequence": D + "schedule: [{kind: warmup, length: 3}, cosine]",
    "several_files": "dataset: [a.csv, b.csv]",
    "options_of_a_file": 'dataset: {path: a.csv, delimiter: ";", decimal: ",", thousands: ".", missing: drop}',
    "rows": "dataset: {inline: {x: [1, 2.5], s: [a, b], y: [3, 4]}}",
    "recipe": "dataset: {synthetic: {rows: 10, weights: [1, 2]}}",
    "two_scalers": D + "scaler: {features: sigmoid, target: zscore}",
    "stop": D + "stop: {gap: 1e-6}\nsplit: {validation: 0.2}\nbatch_size: 2",
    "no_stop": D + "stop: null\nsplit: ~",
    "start": D + "init: [0, 0.5, 1]\nseed: 4294967295",
    "expectation": D + "expect: {gap: {at_most: 0.1}, status: completed}",
    "sweep": D + "sweep: {optimizer.lr: {log: [1e-3, 1, 4]}, scaler: [none, zscore]}",
}
# id → what the reader of a spec does not know yet by itself, but a plan does
AUTOMATIC = {
    "rate": D + "optimizer: {lr: auto}",
    "rate_and_momentum": D + "optimizer: {kind: momentum, lr: auto, momentum: auto}",
    "schedule": D + "schedule: optimal",
    "schedule_by_kind": D + "schedule: {kind: optimal}",
}
WRONG = {
    "no_dataset": "epochs: 3",
    "unknown_key": D + "epoch: 3",
    "negative_rate": D + "optimizer: {lr: -0.1}",
    "unknown_optimizer": D + "optimizer: adamm",
    "key_of_another_kind": D + "optimizer: {kind: sgd, momentum: 0.9}",
    "automatic_where_nothing_is_known": D + "optimizer: {kind: adam, lr: auto}",
    "missing_hyperparameter": D + "schedule: {kind: step}",
    "schedule_without_kind": D + "schedule: {gamma: 0.5}",
    "empty_sequence": D + "schedule: []",
    "half_an_epoch": D + "epochs: 1.5",
    "text_for_a_number": D + "epochs: many",
    "seed_too_large": D + "seed: 4294967296",
    "batch_of_none": D + "batch_size: 0",
    "two_datasets": "dataset: {path: d.csv, synthetic: {rows: 10, weights: [1]}}",
    "no_rows": "dataset: {delimiter: ';'}",
    "long_delimiter": "dataset: {path: d.csv, delimiter: ', '}",
    "sigmoid_of_the_target": D + "scaler: {target: sigmoid}",
    "all_rows_validate": D + "split: {validation: 1}",
    "stop_without_a_rule": D + "stop: {min_delta: 1}",
    "hidden_name": D + "name: .hidden",
    "no_features": D + "columns: {features: []}",
    "odd_spacing": D + "sweep: {optimizer.lr: {cubic: [1, 2, 3]}}",
}


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def is_valid(spec: Any) -> bool:
    return validator().is_valid(as_json(spec))


def as_json(value: Any) -> Any:
    """Values as a YAML reader gives them: lists and not tuples."""
    if isinstance(value, dict):
        return {key: as_json(part) for key, part in value.items()}
    return [as_json(part) for part in value] if isinstance(value, tuple) else value


def test_the_command_prints_the_schema(bench: Bench) -> None:
    printed = json.loads(bench.runs("schema").out)
    Draft202012Validator.check_schema(printed)
    assert printed == json.loads(json.dumps(schema()))
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: str(path.relative_to(ROOT / "experiments")))
def test_shipped_specs_are_valid(path: Path) -> None:
    assert [error.message for error in validator().iter_errors(as_json(read_file(path, "")[0]))] == []


@pytest.mark.parametrize("case", RIGHT)
def test_what_gdcli_accepts_is_valid(case: str) -> None:
    spec = parse(RIGHT[case], "")[0]
    assert read_spec(spec).faults == ()
    assert is_valid(spec)


@pytest.mark.parametrize("case", AUTOMATIC)
def test_what_follows_from_the_data_is_valid(case: str) -> None:
    assert is_valid(parse(AUTOMATIC[case], "")[0])


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_spec_is_not_valid(case: str) -> None:
    spec = parse(WRONG[case], "")[0]
    assert not is_valid(spec)
    assert read_spec(spec).faults or "sweep" in spec


def test_every_kind_and_every_key_is_in_it() -> None:
    properties = schema()["properties"]
    assert set(OPTIMIZERS) <= set(properties["optimizer"]["anyOf"][0]["enum"])
    assert set(SCHEDULES) <= set(properties["schedule"]["anyOf"][0]["enum"])
    assert all(form["description"] for form in properties.values())
