"""Explanations: their figures against runs and against the theory, and their sentences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gdcli
from gdcli.engine.schedules import SCHEDULES
from gdcli.experiment.explain.case import needs
from gdcli.experiment.planner import plan_all
from gdcli.spec.validate import read_spec
from gdcli.theory.krylov import bound

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
ABALONE: dict[str, Any] = {
    "dataset": str(EXPERIMENTS.parent / "data/abalone.csv"),
    "columns": {"features": ["Length", "Diameter"], "target": "Whole weight"},
    "scaler": "zscore",
    "optimizer": {"kind": "sgd", "lr": 0.02},
    "seed": 24,
}
OPTIMIZERS: list[dict[str, Any]] = [
    {"kind": "sgd", "lr": 0.3},
    {"kind": "sgd", "lr": 0.3, "weight_decay": 0.01},
    {"kind": "momentum", "lr": 0.1},
    {"kind": "momentum", "lr": 0.1, "nesterov": True},
    {"kind": "momentum", "lr": 0.1, "dampening": 0.5, "weight_decay": 0.1},
]


def spec(**settings: Any) -> dict[str, Any]:
    return {**ABALONE, **settings}


def random_rows(columns: int = 3, rows: int = 40) -> pd.DataFrame:
    generator = np.random.default_rng(columns)
    X = generator.normal(size=(rows, columns)) * np.geomspace(1, 3, columns)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(columns)])
    return frame.assign(y=X.sum(axis=1) + generator.normal(size=rows))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("scaler", ["none", "zscore"])
def test_full_batch_curves_are_those_of_runs(optimizer: Mapping[str, Any], scaler: str) -> None:
    settings = spec(optimizer=optimizer, scaler=scaler, epochs=60)
    prediction = gdcli.explain(settings).prediction
    assert (prediction.kind, prediction.sd, prediction.reason) == ("exact", None, None)
    assert prediction.gap is not None
    np.testing.assert_allclose(prediction.gap, gdcli.run(settings).curve["gap"], rtol=1e-9)


def test_batches_in_a_fixed_order_are_those_of_runs() -> None:
    for shuffle in ("once", "never"):
        settings = spec(batch_size=500, shuffle=shuffle, schedule="cosine", epochs=20)
        prediction = gdcli.explain(settings).prediction
        assert prediction.kind == "exact"
        assert prediction.gap is not None
        np.testing.assert_allclose(prediction.gap, gdcli.run(settings).curve["gap"], rtol=1e-9)


def test_expected_curves_are_near_runs() -> None:
    settings = spec(batch_size=50, epochs=12, init=[0.1, 0.2, 0.3])
    prediction = gdcli.explain(settings).prediction
    assert prediction.kind == "expected"
    assert prediction.reason == (
        "approximate: the batches of an epoch are drawn without replacement, which is taken to second order"
    )
    assert prediction.gap is not None
    assert prediction.sd is not None
    runs = np.array([gdcli.run({**settings, "seed": seed}).curve["gap"] for seed in range(40)])
    np.testing.assert_allclose(runs[:, 4:].mean(), prediction.gap[4:].mean(), rtol=0.15)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"optimizer": "adam"}, "the step of adam is not linear in the gradient, so its course has no formula"),
        (
            {"optimizer": "momentum", "batch_size": 50},
            "the course of momentum is known for full batches only",
        ),
        (
            {"optimizer": {"kind": "sgd", "weight_decay": 0.1}, "batch_size": 50},
            "the course on mini-batches is known without weight decay only",
        ),
    ],
    ids=["adaptive", "momentum", "decay"],
)
def test_what_is_not_known_is_not_predicted(settings: Mapping[str, Any], reason: str) -> None:
    explanation = gdcli.explain(spec(**settings))
    prediction = explanation.prediction
    assert (prediction.kind, prediction.gap, prediction.sd, prediction.reason) == ("none", None, None, reason)
    assert set(explanation.epochs_to.values()) == {None}
    assert explanation.noise is None
    assert any(reason in sentence for sentence in explanation.advice)


def test_the_figures_of_an_adaptive_optimizer() -> None:
    rate = gdcli.explain(spec(optimizer="adam")).rate
    assert (rate.largest_stable, rate.share, rate.best, rate.best_for_epochs, rate.best_momentum) == (None,) * 5


def test_the_bound_lies_below_every_run() -> None:
    explanation = gdcli.explain(spec(epochs=2))
    assert explanation.bounds.krylov is not None
    for optimizer in OPTIMIZERS:
        assert (gdcli.run(spec(optimizer=optimizer, epochs=2)).curve["gap"] >= explanation.bounds.krylov).all()
    optimal = gdcli.run(spec(epochs=2, schedule="optimal"))
    assert optimal.curve["gap"].iloc[-1] == pytest.approx(explanation.bounds.krylov[-1], rel=0.01)
    np.testing.assert_array_equal(explanation.bounds.optimal_schedule, optimal.curve["lr"][1:])


def test_a_bound_that_would_take_too_long_ends_early() -> None:
    data = random_rows(150, rows=200)
    explanation = gdcli.explain({"epochs": 100}, data=data)
    krylov = explanation.bounds.krylov
    assert krylov is not None
    assert np.isfinite(krylov[:81]).all()
    assert np.isnan(krylov[82:]).all()
    assert explanation.bounds.optimal_schedule is None
    assert len(explanation.modes) == 20
    (plan,) = plan_all([{"epochs": 100}], frame=data)
    h = plan.rows.spectrum.curvatures
    assert [explanation.modes[i].curvature for i in (0, -1)] == pytest.approx([h[0], h[-1]])


def test_every_scaler_tells_what_its_own_spec_tells() -> None:
    own = {scaler.scaler: scaler for scaler in gdcli.explain(spec()).scalers}
    assert list(own) == ["none", "zscore", "minmax", "maxabs", "robust", "sigmoid"]
    for name, figures in own.items():
        explanation = gdcli.explain(spec(scaler=name))
        assert explanation.curvature.condition_number == pytest.approx(figures.condition_number, rel=1e-9)
        assert explanation.rate.largest_stable == pytest.approx(figures.largest_stable, rel=1e-9)
        assert explanation.rate.best == pytest.approx(figures.best, rel=1e-9)


def test_the_epochs_of_a_scaler_are_those_of_a_run() -> None:
    for figures in gdcli.explain(spec()).scalers:
        epochs = figures.epochs_to["0.01"]
        if figures.scaler not in ("zscore", "robust"):
            continue
        assert epochs is not None
        settings = spec(scaler=figures.scaler, optimizer={"kind": "sgd", "lr": figures.best}, epochs=epochs)
        ratio = gdcli.run(settings).curve["gap"] / gdcli.optimum(ABALONE["dataset"], **ABALONE["columns"]).mse
        assert ratio.iloc[-1] <= 0.01 < ratio.iloc[-2]


def test_the_epochs_to_a_gap_are_told_beyond_the_run() -> None:
    explanation = gdcli.explain(spec(epochs=10, optimizer={"kind": "sgd", "lr": 0.5}))
    epochs = explanation.epochs_to["0.01"]
    assert epochs == 181
    assert gdcli.explain(spec(epochs=10, schedule="cosine")).epochs_to["0.01"] is None


def test_the_advice_does_what_it_says() -> None:
    sentences = gdcli.explain(spec(scaler="none")).advice
    assert (
        "Change first: z-score the columns (`scaler: zscore`, `optimizer.lr: 0.5`). Then the gap first comes within "
        "1 % of the optimum after 181 epochs instead of 53,231." in sentences
    )
    assert (
        "Or set `optimizer.lr: 0.621`: 1,715 epochs; or set `optimizer: {kind: momentum, lr: 1.21, momentum: 0.96}`: "
        "118 epochs." in sentences
    )
    momentum = {"kind": "momentum", "lr": 1.21, "momentum": 0.96}
    for settings, epochs in (
        (spec(scaler="zscore", optimizer={"lr": 0.5}), 181),
        (spec(scaler="none", optimizer={"lr": 0.621}), 1715),
        (spec(scaler="none", optimizer=momentum), 118),
        (spec(scaler="none"), 53231),
    ):
        assert gdcli.explain(settings).epochs_to["0.01"] == epochs


def test_a_finished_result_explains_itself() -> None:
    result = gdcli.run(spec(optimizer={"kind": "sgd", "lr": 1.5}))
    standing = result.explain().standing
    assert standing is not None
    assert (standing.status, standing.epochs) == ("diverged", result.epochs)
    assert standing.ratio == pytest.approx(1, rel=1e-9)
    noisy = gdcli.run(spec(batch_size=50, epochs=5)).explain().standing
    assert noisy is not None
    assert noisy.deviations is not None
    assert abs(noisy.deviations) < 4


def test_rows_of_a_frame_and_of_a_split() -> None:
    explanation = gdcli.explain({"batch_size": 7, "split": {"validation": 0.25}, "epochs": 4}, data=random_rows())
    assert (explanation.rows, explanation.training_rows, explanation.weights) == (40, 30, 4)
    assert (explanation.batches_per_epoch, explanation.last_batch, explanation.steps) == (5, 2, 20)


def test_rows_are_kept_for_mini_batch_sgd_alone() -> None:
    def keeps(**settings: Any) -> bool:
        return needs(read_spec(spec(**settings)).spec).rows

    assert keeps(batch_size=50)
    assert keeps(scaler="robust")
    assert not keeps()
    assert not keeps(batch_size=50, optimizer="adam")
    assert not keeps(batch_size=50, columns={"features": [f"x{i}" for i in range(31)]})
    assert keeps(batch_size=50, shuffle="once", columns={"features": [f"x{i}" for i in range(31)]})


@pytest.mark.parametrize("data", [{"x": [0, 0], "y": [1, 2]}, {"x": [1, 2], "y": [0, 0]}, {"x": [1, 2], "y": [2, 4]}])
@pytest.mark.parametrize("settings", [{}, {"batch_size": 1}, {"epochs": 0}, {"optimizer": "adam"}, {"init": "zeros"}])
@pytest.mark.parametrize("intercept", [True, False])
def test_odd_data_is_explained(data: dict[str, list[int]], settings: dict[str, Any], intercept: bool) -> None:
    document = {"dataset": {"inline": data}, "columns": {"intercept": intercept}, **settings}
    explanation = gdcli.explain(document)
    assert explanation.advice
    assert all(sentence.endswith(".") and "nan" not in sentence for sentence in explanation.advice)
    explanation.document()


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_spec_is_explained(path: Path) -> None:
    sentences = gdcli.explain(path).advice
    assert 3 <= len(sentences) <= 12
    assert all(sentence.endswith(".") and "nan" not in sentence for sentence in sentences)


def test_every_schedule_is_predicted() -> None:
    assert {"constant", "optimal"} <= set(SCHEDULES)
    for path in sorted((EXPERIMENTS / "schedules").glob("*.yaml")):
        assert gdcli.explain(path).prediction.kind == ("exact" if path.stem == "optimal" else "expected")


def test_the_bound_is_that_of_the_theory() -> None:
    explanation = gdcli.explain(spec(epochs=2, optimizer={"kind": "sgd", "weight_decay": 0.1}))
    (plan,) = plan_all([spec(epochs=2)])
    from gdcli.theory.modes import modes_of

    modes = modes_of(plan.rows.objective, plan.start)
    gradient = modes.h * modes.start + 0.1 * (modes.start + modes.optimum)
    expected = bound(modes.h, modes.start, gradient, 2, modes.unit)
    np.testing.assert_array_equal(explanation.bounds.krylov, expected)
