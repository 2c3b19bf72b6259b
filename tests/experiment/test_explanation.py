"""What a run says of itself: its outlook before it starts, and its ending."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdcli
from gdcli.experiment.explain.run.affordable import LEAST_FRICTION
from gdcli.experiment.explain.run.outlook import Outlook, outlook
from gdcli.theory.epochs import first_epoch

ROOT = Path(__file__).parents[2]
SPEC: dict[str, Any] = {
    "dataset": ROOT / "data/abalone.csv",
    "columns": {"features": ["Length", "Diameter"], "target": "Whole weight"},
    "scaler": "zscore",
    "optimizer": {"lr": 0.02},
    "seed": 24,
}
EXACT = {"dataset": {"inline": {"x": [1.0, 2.0, 4.0], "y": [2.0, 4.0, 8.0]}}, "init": [0.0, 1.0]}
MOMENTUM = {"kind": "momentum", "lr": 0.02}
STABLE = "Stable: lr 0.02 is 4 % of 0.50331, the largest stable rate."
BATCHES = "beyond which the expected gap grows on batches of 5 (for full batches the limit is 0.50331)."
SAFE = "the largest safe rate is 0.50331, set by Length and Diameter"


def run(**changes: Any) -> gdcli.Result:
    return gdcli.run({**SPEC, **changes})


# id → changes of the spec, and all sentences
EXPLANATIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "slow": (
        {},
        [
            STABLE,
            "Completed all 100 epochs at 80.5 % above the optimum; 1 % takes 4,245 epochs at this rate, or 181 with lr "
            "0.5.",
        ],
    ),
    "far": (
        {"epochs": 1},
        [
            STABLE,
            "Completed its epoch at 38.6 times the optimum; 1 % takes 4,245 epochs at this rate, or 181 with lr 0.5.",
        ],
    ),
    "near_the_best_rate": (
        {"optimizer": {"lr": 0.4}},
        [
            "Stable: lr 0.4 is 79.5 % of 0.50331, the largest stable rate.",
            "Completed all 100 epochs at 10.6 % above the optimum; 1 % takes 212 epochs at this rate.",
        ],
    ),
    "reached": (
        {"optimizer": {"lr": 0.5}, "epochs": 400},
        [
            "Stable: lr 0.5 is 99.3 % of 0.50331, the largest stable rate.",
            "Completed all 400 epochs at 0.0029 % above the optimum; 1 % was reached at epoch 181.",
        ],
    ),
    "rounding": (
        {"optimizer": {"lr": 0.5}, "epochs": 2000},
        [
            "Stable: lr 0.5 is 99.3 % of 0.50331, the largest stable rate.",
            "Completed all 2000 epochs at the optimum, to rounding; 1 % was reached at epoch 181.",
        ],
    ),
    "schedule": (
        {"optimizer": {"lr": 0.4}, "schedule": "cosine"},
        [
            "Stable: the largest rate of the schedule, 0.4, is 79.5 % of 0.50331, the largest stable rate.",
            "Completed all 100 epochs at 30.2 % above the optimum; 1 % takes 181 epochs at a constant lr 0.5.",
        ],
    ),
    "momentum": (
        {"optimizer": MOMENTUM},
        [
            "Stable: lr 0.02 is 2.1 % of 0.9563, the largest stable rate of full-batch descent with momentum 0.9.",
            "Completed all 100 epochs at 32.3 % above the optimum; 1 % takes 412 epochs at this rate, or 28 with lr "
            "0.774 and momentum 0.72.",
        ],
    ),
    "too_much_momentum_to_count": (
        {"optimizer": {**MOMENTUM, "momentum": 1 - LEAST_FRICTION / 2}},
        [
            "Stable: lr 0.02 is 2 % of 1.0063, the largest stable rate of full-batch descent with momentum 0.9995.",
            "Completed all 100 epochs at 368 % above the optimum.",
        ],
    ),
    "weight_decay": (
        {"optimizer": {"lr": 0.02, "weight_decay": 0.1}},
        [
            "Stable: lr 0.02 is 4.1 % of 0.49096, the largest stable rate.",
            "Completed all 100 epochs at 62.6 % above the optimum; 1 % is never reached at this rate.",
        ],
    ),
    "beyond": (
        {"optimizer": {"lr": 0.51}},
        [
            "Unstable: lr 0.51 is 1.01 times 0.50331, the largest stable rate.",
            f"Completed all 100 epochs above its start; {SAFE}; with `scaler: none` lr 0.51 would be stable: the limit "
            "there is 0.69042.",
        ],
    ),
    "diverged": (
        {"optimizer": {"lr": 1.5}},
        ["Unstable: lr 1.5 is 2.98 times 0.50331, the largest stable rate.", f"Diverged at epoch 6: {SAFE}."],
    ),
    "no_rate": (
        {"optimizer": {**MOMENTUM, "dampening": 2.0}, "epochs": 300},
        [
            "Unstable at every learning rate: dampening above 1 turns all steps but the first uphill.",
            "Diverged at epoch 43: no rate is stable with `optimizer.dampening` above 1.",
        ],
    ),
    "batches": (
        {"batch_size": 5, "optimizer": {"lr": 0.3}},
        [
            f"Stable: lr 0.3 is 86.8 % of about 0.34578, {BATCHES}",
            "Completed all 100 epochs at 50.6 % above the optimum; 1 % was reached at epoch 58 and left again; at this "
            "rate the noise of batches of 5 keeps the expected gap near 0.0655, 197 % of the optimum.",
        ],
    ),
    "batches_diverged": (
        {"batch_size": 5, "optimizer": {"lr": 0.8}},
        [
            f"Unstable: lr 0.8 is 2.31 times about 0.34578, {BATCHES}",
            "Diverged at epoch 1: the largest safe rate is about 0.34578, set by Length and Diameter.",
        ],
    ),
    "batches_with_momentum": (
        {"batch_size": 50, "optimizer": MOMENTUM, "epochs": 1},
        [
            "lr 0.02 is 2.1 % of 0.9563, the largest stable rate of full-batch descent with momentum 0.9; on "
            "mini-batches the limit is smaller.",
            "Completed its epoch at 40.4 % above the optimum.",
        ],
    ),
    "adaptive": ({"optimizer": "adam"}, ["Completed all 100 epochs at 34.9 times the optimum."]),
    "adaptive_diverged": (
        {"optimizer": {"kind": "adam", "lr": 1e300}},
        ["Diverged at epoch 1: its loss is no longer finite."],
    ),
    "target": (
        {"stop": {"gap": 0.03}},
        [STABLE, "Stopped at epoch 75: the gap is at most stop.gap, 0.03."],
    ),
    "no_epochs": ({"epochs": 0}, []),
    "zero_optimum": (
        {**EXACT, "columns": {}, "scaler": "none"},
        [
            "Stable: lr 0.02 is 15.6 % of 0.12819, the largest stable rate.",
            "Completed all 100 epochs with 0.52 % of the starting gap left; 1 % of the starting gap was reached at "
            "epoch 60.",
        ],
    ),
    "start_at_the_optimum": (
        {**EXACT, "columns": {}, "scaler": "none", "init": [2.0, 0.0]},
        [
            "Stable: lr 0.02 is 15.6 % of 0.12819, the largest stable rate.",
            "Completed all 100 epochs where it started, at the optimum.",
        ],
    ),
}


@pytest.mark.parametrize(("changes", "sentences"), EXPLANATIONS.values(), ids=EXPLANATIONS)
def test_explanation(changes: dict[str, Any], sentences: list[str]) -> None:
    result = run(**changes)
    assert list(result.explanation) == sentences
    assert result.summary["explanation"] == sentences
    assert "explanation" not in result.figures


# id → changes of the spec, and what must become of the run
FATES: dict[str, tuple[dict[str, Any], str | None]] = {
    "stable": ({}, None),
    "diverges": ({"optimizer": {"lr": 0.6}}, "It must diverge at epoch 29."),
    "ends_above_its_start": ({"optimizer": {"lr": 0.51}}, "It must end above its start."),
    "too_short_to_rise": ({"optimizer": {"lr": 0.51}, "epochs": 10}, None),
    "recovers": ({"optimizer": {"lr": 0.51}, "schedule": "cosine"}, None),
    "momentum": ({"optimizer": {**MOMENTUM, "lr": 1.2}}, "It must diverge at epoch 10."),
    "stops_before": ({"optimizer": {"lr": 0.51}, "stop": {"gap": 0.04}}, None),
    "cannot_stop_before": ({"optimizer": {"lr": 0.51}, "stop": {"gap": 1e-9}}, "It must end above its start."),
    "may_stall": ({"optimizer": {"lr": 0.6}, "stop": {"patience": 3}}, None),
    "batches": ({"optimizer": {"lr": 0.8}, "batch_size": 5}, "In the long run its loss must grow."),
    "batches_near_the_limit": ({"optimizer": {"lr": 0.35}, "batch_size": 5}, None),
}


@pytest.mark.parametrize(("changes", "fate"), FATES.values(), ids=FATES)
def test_fate(changes: dict[str, Any], fate: str | None) -> None:
    result = run(**changes)
    before = outlook(result.plan)
    assert before == Outlook(result.explanation[0], fate)
    if fate and "diverge" in fate:
        assert fate == f"It must diverge at epoch {result.epochs}."
    elif not changes.get("batch_size"):
        assert (result.trace.gap[-1] > result.trace.gap[0]) == (fate is not None or result.status == "diverged")


def test_epochs_and_rates_that_are_told_are_true() -> None:
    goal = 0.01 * run().summary["optimum_mse"]
    for optimizer, epochs in (
        ({"lr": 0.02}, 4245),
        ({"lr": 0.5}, 181),
        (MOMENTUM, 412),
        ({**MOMENTUM, "lr": 0.774, "momentum": 0.72}, 28),
    ):
        assert first_epoch(run(optimizer=optimizer, epochs=epochs + 5).trace.gap, goal) == epochs


def test_the_scaler_that_makes_a_rate_safe() -> None:
    sentence = run(optimizer={"lr": 0.6}).explanation[1]
    assert sentence.endswith("with `scaler: none` lr 0.6 would be stable: the limit there is 0.69042.")
    assert run(optimizer={"lr": 0.6}, scaler="none").explanation[0].startswith("Stable: ")
    for scaler in ("none", "zscore", "minmax", "maxabs"):
        sentence = run(optimizer={"lr": 3.0}, scaler=scaler).explanation[1]
        assert "would be stable" not in sentence


def test_what_would_take_too_long_is_left_out() -> None:
    rng = np.random.RandomState(0)
    columns = {f"x{i}": rng.randn(300).tolist() for i in range(31)}
    spec = {
        "dataset": {"inline": {**columns, "y": rng.randn(300).tolist()}},
        "batch_size": 50,
        "optimizer": {"lr": 0.01},
    }
    result = gdcli.run(spec)
    assert result.explanation[0].endswith(
        " the largest stable rate of full-batch descent; on mini-batches the limit is smaller."
    )
    assert (result.forecast.prediction.kind, result.forecast.bound) == ("none", None)
    whole = gdcli.run({**spec, "batch_size": "full"}).forecast
    assert (whole.prediction.kind, whole.bound) == ("exact", None)


@pytest.mark.parametrize("keys", [{"init": [1e300, 0, 0]}, {"optimizer": {"lr": 1e308}}, {"optimizer": {"lr": 1e-320}}])
def test_extreme_numbers_are_explained_without_a_warning(keys: dict[str, Any]) -> None:
    assert all(run(**keys).explanation)
