"""The bound of gradient methods against conjugate gradients and runs; optimal schedules against the bound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdcli
from gdcli.engine.arrays import Array
from gdcli.theory.krylov import MARGIN, ZERO, Refusal, bound, optimal_rates

ABALONE = Path(__file__).parents[2] / "data" / "abalone.csv"


def abalone(scaler: str, **keys: Any) -> dict[str, Any]:
    return {"dataset": str(ABALONE), "columns": {"target": "Whole weight"}, "scaler": scaler, "init": "zeros", **keys}


def drawn(condition: float, p: int = 4, n: int = 60, seed: int = 1) -> dict[str, Any]:
    """Columns with singular values from 1 to √condition, and some noise in the target."""
    random = np.random.RandomState(seed)
    U, V = np.linalg.qr(random.randn(n, p))[0], np.linalg.qr(random.randn(p, p))[0]
    X = U * np.logspace(0, np.log10(condition) / 2, p) * np.sqrt(n) @ V
    y = X @ random.randn(p) + 0.1 * random.randn(n)
    columns = {f"x{j}": X[:, j].tolist() for j in range(p)} | {"y": y.tolist()}
    return {"dataset": {"inline": columns}, "columns": {"intercept": False}}


SPECS: dict[str, dict[str, Any]] = {
    "z-scored": abalone("zscore"),
    "raw": abalone("none"),
    "raw from random weights": abalone("none", init="normal"),
    "condition 10": drawn(10.0),
    "condition 1e6": drawn(1e6),
    "condition 1e10": drawn(1e10, p=6),
    "equal curvatures": drawn(1.0),
    "wide": drawn(100.0, p=4) | {"split": {"validation": 0.95}},
    "one weight": drawn(1.0, p=1),
}


def modes(spec: dict[str, Any], weight_decay: float = 0.0) -> tuple[Array, Array, Array, float]:
    """Curvatures, the start and its gradient in the coordinates of the residual, and the unit."""
    plan = gdcli.run({**spec, "epochs": 0}).plan
    problem, spectrum = plan.rows.objective, plan.rows.spectrum
    roots, V = np.sqrt(spectrum.curvatures / 2), spectrum.directions
    U = problem.R @ V.T / (roots * np.sqrt(problem.n))
    z = U.T @ (problem.R @ plan.start - problem.optimum.image) / np.sqrt(problem.n)
    return spectrum.curvatures, z, spectrum.curvatures * z + weight_decay * roots * (V @ plan.start), problem.unit


def bounds(spec: dict[str, Any], epochs: int, weight_decay: float = 0.0) -> Array:
    curvatures, start, gradient, unit = modes(spec, weight_decay)
    return bound(curvatures, start, gradient, epochs, unit)


def rates_of(curvatures: Array, start: Array, epochs: int) -> Array:
    rates = optimal_rates(curvatures, start, epochs)
    assert not isinstance(rates, Refusal)
    return rates


def square(v: list[Fraction]) -> Fraction:
    return sum((vi * vi for vi in v), Fraction(0))


def energy(v: list[Fraction], h: list[Fraction]) -> Fraction:
    return sum((vi * vi / hi for vi, hi in zip(v, h, strict=True)), Fraction(0))


def conjugate_gradients(curvatures: Array, start: Array, steps: int) -> list[float]:
    """Gaps by the recurrence of the textbook, in rational numbers: without rounding.

    With A = H, x − x* = e and z = √h·e, the residual is −√h·s with s = √h·z; here p stands for √h·p.
    """
    h, z = ([Fraction(float(value)) for value in values] for values in (curvatures, start))
    s = [-hi * zi for hi, zi in zip(h, z, strict=True)]
    p, rho, gaps = s, energy(s, h), [square(z)]
    for _ in range(steps if rho else 0):
        alpha = rho / square(p)
        z = [zi + alpha * pi for zi, pi in zip(z, p, strict=True)]
        s = [si - alpha * hi * pi for si, hi, pi in zip(s, h, p, strict=True)]
        before, rho = rho, energy(s, h)
        p = [si + rho / before * pi for si, pi in zip(s, p, strict=True)]
        gaps.append(square(z))
        if not rho:
            break
    return [float(gap) for gap in gaps] + [0.0] * (steps + 1 - len(gaps))


@pytest.mark.parametrize("name", SPECS)
def test_the_bound_is_the_gap_of_conjugate_gradients(name: str) -> None:
    curvatures, start, gradient, _ = modes(SPECS[name])
    T = len(curvatures) + 2
    actual, expected = bound(curvatures, start, gradient, T), np.array(conjugate_gradients(curvatures, start, T))
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-28 * actual[0])
    assert (actual <= expected * (1 + 1e-13)).all()
    assert (actual[len(curvatures) :] == 0).all()
    np.testing.assert_allclose(bounds(SPECS[name], 0), gdcli.run({**SPECS[name], "epochs": 0}).trace.gap, rtol=1e-9)


def test_equal_curvatures_are_one() -> None:
    h, z = np.array([3.0, 3.0, 3.0, 1.0]), np.array([1.0, -2.0, 0.5, 1.0])
    gaps = bound(h, z, h * z, 4, unit=2.0)
    assert gaps[1] > 0
    assert gaps[[0, 2, 3, 4]].tolist() == [2 * 6.25, 0, 0, 0]


def test_the_bound_is_zero_where_rounding_decides() -> None:
    h, z = np.array([1.0, 1e-6]), np.array([1e-17, 1.0])  # the first coordinate may as well be 0
    assert bound(h, z, h * z, 2).tolist() == [1.0, 0.0, 0.0]


def test_no_curvatures_and_no_distance() -> None:
    empty = np.zeros(0)
    assert bound(empty, empty, empty, 2).tolist() == [0, 0, 0]
    assert bound(np.ones(2), np.zeros(2), np.zeros(2), 2).tolist() == [0, 0, 0]
    assert rates_of(empty, empty, 3).tolist() == [0, 0, 0]
    assert rates_of(np.array([4.0, 2.0]), np.zeros(2), 2).tolist() == [0.25, 0.25]
    assert rates_of(np.array([4.0, 2.0]), np.ones(2), 0).tolist() == []


# Runs never pass below the bound

SCHEDULED: list[Any] = [
    "constant",
    {"kind": "step", "every": 3, "gamma": 0.5},
    {"kind": "multistep", "milestones": [2, 5]},
    {"kind": "exponential", "gamma": 0.9},
    {"kind": "inverse_time", "decay": 0.2},
    "inverse_power",
    "polynomial",
    "linear",
    {"kind": "warmup", "length": 3},
    "cosine",
    {"kind": "cosine_restarts", "period": 4},
    {"kind": "triangular", "lr_min": 0.0, "up": 3},
    "one_cycle",
]


def descents(random: np.random.RandomState, limit: float, weight_decay: float) -> list[dict[str, Any]]:
    """Runs of sgd and momentum with random rates below and beyond the limit, over all schedules."""
    runs: list[dict[str, Any]] = []
    for schedule in SCHEDULED:
        lr = limit * 10 ** random.uniform(-2, 0.2)
        shared = {"lr": lr, "weight_decay": weight_decay}
        momentum = {**shared, "kind": "momentum", "momentum": random.uniform(0, 0.95)}
        runs += [
            {"schedule": schedule, "optimizer": {**shared, "kind": "sgd"}},
            {"schedule": schedule, "optimizer": {**momentum, "dampening": random.uniform(0, 0.9)}},
            {"schedule": schedule, "optimizer": {**momentum, "nesterov": True}},
        ]
    for _ in range(20):
        values = (limit * 10 ** random.uniform(-1, 2, size=12)).tolist()
        schedule = {"kind": "piecewise", "boundaries": [*range(1, 12)], "values": values}
        runs.append({"schedule": schedule, "optimizer": {"kind": "sgd", "weight_decay": weight_decay}})
    return runs


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_no_run_passes_below_the_bound(name: str, weight_decay: float) -> None:
    epochs, spec = 12, SPECS[name]
    lowest, largest = bounds(spec, epochs, weight_decay), modes(spec)[0].max()
    specs = [
        {**spec, **descent, "name": f"run{i}", "epochs": epochs}
        for i, descent in enumerate(descents(np.random.RandomState(7), 2 / (largest + weight_decay), weight_decay))
    ]
    for result in gdcli.compare(specs):
        gaps = result.trace.gap
        assert (gaps >= lowest[: len(gaps)] * (1 - 1e-9)).all(), result.plan.spec


def test_with_weight_decay_the_bound_is_met_by_the_best_polynomial() -> None:
    curvatures, start, gradient, unit = modes(SPECS["z-scored"] | {"init": "normal"}, weight_decay=0.3)
    for k in (1, 2, 3):
        basis = np.column_stack([curvatures**j * gradient for j in range(k)])
        left = start - basis @ np.linalg.lstsq(basis, start, rcond=None)[0]
        np.testing.assert_allclose(bound(curvatures, start, gradient, k, unit)[k], unit * left @ left, rtol=1e-9)


# Optimal schedules


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 5, 8, 20])
def test_an_optimal_schedule_meets_the_bound_or_is_refused(name: str, epochs: int) -> None:
    curvatures, start, _, _ = modes(SPECS[name])
    lowest, rates = bounds(SPECS[name], epochs), optimal_rates(curvatures, start, epochs)
    spec = {**SPECS[name], "epochs": epochs, "schedule": "optimal"}
    if isinstance(rates, Refusal):
        with pytest.raises(gdcli.SpecError) as error:
            gdcli.run(spec)
        assert "schedule cannot be optimal" in str(error.value)
        return
    run = gdcli.run(spec)
    np.testing.assert_allclose(run.plan.rates.ravel(), rates, rtol=1e-6)
    expected = lowest[-1] * (1 + MARGIN) if lowest[-1] else ZERO * lowest[0]
    assert lowest[-1] * (1 - 1e-6) <= run.trace.gap[-1] <= expected


def share(spec: dict[str, Any]) -> float:
    """Final gap of a run as a share of its first one."""
    gaps = gdcli.run(spec).trace.gap
    return float(gaps[-1] / gaps[0])


def test_five_and_eight_epochs_on_z_scored_abalone() -> None:
    gaps = bounds(abalone("zscore"), 8)
    np.testing.assert_allclose(gaps[5] / gaps[0], 4.80e-5, rtol=1e-3)
    assert gaps[8] == 0  # eight curvatures; conjugate gradients in double precision end at 1e-12 of the start
    np.testing.assert_allclose(share(abalone("zscore", epochs=5, schedule="optimal")), 4.80e-5, rtol=1e-3)
    assert share(abalone("zscore", epochs=8, schedule="optimal")) < 1e-9
    assert share(abalone("zscore", epochs=9, schedule="optimal")) < 1e-20


@pytest.mark.parametrize(("epochs", "expected"), [(5, 3.4e-2), (8, 6.8e-3)])
def test_no_constant_rate_comes_near(epochs: int, expected: float) -> None:
    curvatures, start, _, _ = modes(abalone("zscore"))
    rates = np.linspace(0, 2 / curvatures[0], 2001)[1:, None]
    shares = np.sum((start * (1 - rates * curvatures) ** epochs) ** 2, axis=1) / (start @ start)
    np.testing.assert_allclose(shares.min(), expected, rtol=0.02)


def test_raw_abalone_is_refused_at_five_epochs() -> None:
    curvatures, start, _, _ = modes(abalone("none"))
    assert not isinstance(optimal_rates(curvatures, start, 4), Refusal)
    refusal = optimal_rates(curvatures, start, 5)
    assert isinstance(refusal, Refusal)
    assert 1 < refusal.gap < 100
    assert refusal.reason == (
        "in double precision its 5 rates cannot be carried out: with exact numbers they lead to 3.73e-06 of the "
        f"starting gap, with rounded ones to as much as {refusal.gap:.3g} of the starting gap"
    )


def test_the_gap_stays_below_its_start_on_the_way() -> None:
    spec: dict[str, Any] = {**drawn(1e5), "epochs": 4, "schedule": "optimal"}
    gaps = gdcli.run(spec).trace.gap
    assert (gaps[1:] < gaps[0]).all()  # in Leja order the run would count as diverged before its end


def test_many_epochs_need_leja_order() -> None:
    random = np.random.RandomState(0)
    h, z = np.sort(10.0 ** random.uniform(-1, 0, size=40))[::-1], random.randn(40)
    lowest, rates = bound(h, z, h * z, 30)[-1], rates_of(h, z, 30)
    assert (np.diff(rates) < 0).any()
    for lr in rates:
        z = (1 - lr * h) * z
    np.testing.assert_allclose(z @ z, lowest, rtol=MARGIN)


def test_rates_are_the_reciprocal_curvatures_where_the_epochs_suffice() -> None:
    h = np.array([8.0, 4.0, 1.0])
    rates = rates_of(h, np.ones(3), 5)
    np.testing.assert_allclose(rates, [1 / 8, 1 / 4, 1, 1 / 8, 1 / 8], rtol=1e-14)
