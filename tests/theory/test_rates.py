"""Best rates against grids and runs, and the epochs that a gap takes against runs that stop there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from full_batch_runs import PROBLEMS, limit, predict
from test_modes import SETTINGS

import gdcli
from gdcli.engine.arrays import Array
from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.theory.epochs import Motion
from gdcli.theory.modes import Modes, gaps, modes_of, positions
from gdcli.theory.rates import (
    best_base,
    best_constant,
    best_for_epochs,
    best_heavy_ball,
    epochs_to,
    first_epoch,
)
from gdcli.theory.spectrum import Spectrum
from gdcli.theory.stability import largest_stable_rate


def modes(h: list[float], start: list[float], optimum: list[float] | None = None) -> Modes:
    return Modes(h=np.array(h), start=np.array(start), optimum=np.array(optimum or start), unit=1.0)


def problem(name: str) -> tuple[Spectrum, Modes]:
    plan = gdcli.run({"dataset": {"inline": PROBLEMS[name]}, "epochs": 0}).plan
    return plan.rows.spectrum, modes_of(plan.rows.objective, plan.start)


def course(of: Modes, optimizer: Optimizer, lr: float, epochs: int) -> Array:
    return gaps(of, positions(of, optimizer, np.full(epochs, lr)))


# Best rates


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_best_constant_rate_has_the_smallest_factor(name: str) -> None:
    spectrum, _ = problem(name)
    for a in (0.0, 0.3):
        best = best_constant(spectrum, a)
        high, low = spectrum.largest + a, spectrum.smallest + a
        factor = max(abs(1 - best * h) for h in (high, low))
        np.testing.assert_allclose(factor, (high - low) / (high + low), rtol=1e-9, atol=1e-14)
        for other in best * np.linspace(0.5, 1.5, 20):
            assert max(abs(1 - other * h) for h in (high, low)) >= factor - 1e-14


@pytest.mark.parametrize("epochs", [1, 3, 10, 100, 3000, 10**6])
@pytest.mark.parametrize("name", PROBLEMS)
def test_no_rate_of_a_fine_grid_is_better_for_some_epochs(name: str, epochs: int) -> None:
    spectrum, of = problem(name)
    best = best_for_epochs(of, epochs)
    assert 0 < best < 2 / spectrum.largest

    def final(rate: float) -> float:
        return float(gaps(of, (of.start * np.abs(1 - rate * of.h) ** epochs)[None])[0])

    assert final(best) <= min(map(final, np.linspace(0, 2 / spectrum.largest, 201)[1:])) * (1 + 1e-8)


@pytest.mark.parametrize("epochs", [1, 7, 1000, 10**6])
def test_the_best_rate_for_some_epochs_has_all_its_digits(epochs: int) -> None:
    # Two modes: z₁²h₁(γh₁ − 1)^{2T−1} = z₂²h₂(1 − γh₂)^{2T−1}, a linear equation once the root is taken.
    (h, k), (a, b) = (3.0, 0.02), (1.5, 0.4)
    q = (b**2 * k / (a**2 * h)) ** (1 / (2 * epochs - 1))
    np.testing.assert_allclose(best_for_epochs(modes([h, k], [a, b]), epochs), (1 + q) / (h + q * k), rtol=1e-12)


def test_the_best_rate_for_many_epochs_is_the_best_for_ever() -> None:
    spectrum, of = problem("κ 1e3")
    np.testing.assert_allclose(best_for_epochs(of, 10**6), best_constant(spectrum), rtol=1e-5)


def test_the_best_rate_for_some_epochs_stays_stable() -> None:
    # Nearly all of the gap is in the flat mode, for which 1/h is best, far beyond the limit.
    best = best_for_epochs(modes([1.0, 0.01], [1e-9, 1.0]), 2)
    np.testing.assert_allclose(best, 2.0, rtol=2e-9)
    assert best < 2.0


def test_without_a_gap_every_rate_is_the_best() -> None:
    assert best_for_epochs(modes([1.0], [0.0]), 5) == math.inf
    assert best_for_epochs(modes([], []), 5) == math.inf
    assert best_for_epochs(modes([4.0], [2.0]), 5) == 0.25


@pytest.mark.parametrize("name", ["κ 10", "κ 1e3", "κ 1e5", "collinear"])
def test_the_best_heavy_ball_shrinks_the_gap_by_its_momentum(name: str) -> None:
    spectrum, of = problem(name)
    lr, beta = best_heavy_ball(spectrum)
    kappa = spectrum.condition_number
    np.testing.assert_allclose(math.sqrt(beta), (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1), rtol=1e-12)
    epochs = int(60 / -math.log(beta))
    z = course(of, Momentum(momentum=beta), lr, epochs)
    # Both ends are critically damped: e grows like t·βᵗᐟ², so the gap falls by β per step, but for t².
    first, last = epochs // 2, epochs
    rate = (math.log(z[last] / z[first]) - 2 * math.log(last / first)) / (last - first)
    np.testing.assert_allclose(rate, math.log(beta), rtol=0.02)


@pytest.mark.parametrize(("lr", "momentum"), [(0.97, 1.0), (1.03, 1.0), (1.0, 0.9), (1.0, 1.03)])
def test_no_heavy_ball_nearby_is_faster(lr: float, momentum: float) -> None:
    spectrum, of = problem("κ 1e3")
    rate, beta = best_heavy_ball(spectrum)
    best = np.abs(Motion(of, Momentum(momentum=beta), rate).eigenvalues).max()
    other = np.abs(Motion(of, Momentum(momentum=beta * momentum), rate * lr).eigenvalues).max()
    assert other > best


def test_a_constant_loss_has_no_best_rate() -> None:
    data = {"x": [0.0, 0.0], "y": [1.0, 2.0]}
    keys = {"columns": {"features": ["x"], "target": "y", "intercept": False}, "epochs": 0}
    spectrum = gdcli.run({"dataset": {"inline": data}, **keys}).plan.rows.spectrum
    assert best_constant(spectrum) == math.inf
    assert best_heavy_ball(spectrum) == (math.inf, 0.0)
    assert best_constant(spectrum, 0.5) == 2.0
    np.testing.assert_allclose(best_heavy_ball(spectrum, 0.5), (2.0, 0.0), rtol=1e-15)


def test_the_momentum_of_the_best_heavy_ball_is_below_1() -> None:
    data = {"x": [1e-150, -1e-150, 2e-150], "z": [1e50, 1e50, -1e50], "y": [1.0, 2.0, 4.0]}
    lr, beta = best_heavy_ball(gdcli.run({"dataset": {"inline": data}, "epochs": 0}).plan.rows.spectrum)
    assert 0 < lr < math.inf
    assert beta < 1


@pytest.mark.parametrize("epochs", [4, 30, 300])
@pytest.mark.parametrize("name", ["κ 1", "κ 1e3", "κ 1e10"])
def test_the_best_base_of_a_constant_schedule_is_the_best_rate(name: str, epochs: int) -> None:
    spectrum, of = problem(name)
    upper = 2 / spectrum.largest
    base = best_base(lambda lr: float(course(of, SGD(), lr, epochs)[-1]), upper)
    best = best_for_epochs(of, epochs)
    assert course(of, SGD(), base, epochs)[-1] <= course(of, SGD(), best, epochs)[-1] * (1 + 1e-9) + 1e-28


def test_the_best_base_is_found_beside_rates_that_blow_up() -> None:
    def final_gap(lr: float) -> float:
        return math.nan if lr > 0.5 else math.inf if lr > 0.1 else (math.log10(lr) + 2.34) ** 2

    np.testing.assert_allclose(best_base(final_gap, 7.0), 10**-2.34, rtol=1e-6)
    np.testing.assert_allclose(best_base(lambda lr: -lr, 7.0), 7.0, rtol=1e-7)
    assert best_base(lambda lr: lr, 7.0) == 7.0 * 10.0**-8


# Epochs to a gap


def test_the_first_epoch_of_a_curve() -> None:
    curve = np.array([9.0, 4.0, 5.0, 1.0, np.inf])
    assert [first_epoch(curve, target) for target in (9.0, 5.0, 3.9, 0.5)] == [0, 1, 3, None]


@pytest.mark.parametrize("share", [0.05, 0.9])
@pytest.mark.parametrize("optimizer", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("name", ["κ 10", "κ 1e3", "shifted", "collinear", "wide"])
def test_runs_stop_at_the_predicted_epoch(name: str, optimizer: dict[str, Any], share: float) -> None:
    data = PROBLEMS[name]
    settings = {**optimizer, "lr": share * limit(data, optimizer)}
    start = predict(data, settings, epochs=0)
    for target in start.modes.gap * np.array([0.5, 1e-2, 1e-5]):
        epoch = epochs_to(start.modes, start.result.plan.spec.optimizer, settings["lr"], target)
        run = predict(data, settings, epochs=1500, stop={"gap": float(target)}).result
        assert (run.epochs if run.status == "target_reached" else None) == (epoch if (epoch or 0) <= 1500 else None)


def random_case(seed: int) -> tuple[Modes, Optimizer, float]:
    random = np.random.RandomState(seed)
    r = random.randint(1, 7)
    h = np.sort(10 ** random.uniform(-4, 0, r))[::-1].copy()
    of = Modes(h=h, start=random.randn(r) * 10 ** random.uniform(-2, 2, r), optimum=random.randn(r), unit=1.7)
    a, nesterov = float(random.choice([0, 10 ** random.uniform(-4, 0)])), bool(random.rand() < 0.4)
    critical = ((1 - math.sqrt(h[-1] / h[0])) / (1 + math.sqrt(h[-1] / h[0]))) ** 2
    beta, damping = float(random.choice([0, 0.5, 0.99, critical])), float(random.choice([0, 0.9]))
    momentum = Momentum(momentum=beta, dampening=0 if nesterov else damping, nesterov=nesterov, weight_decay=a)
    optimizer = SGD(weight_decay=a) if random.rand() < 0.4 else momentum
    rate = largest_stable_rate(optimizer, h[0])
    assert rate is not None
    return of, optimizer, rate * float(random.choice([random.rand(), 0.999, 1.001, 1.5, 1e-3]))


@pytest.mark.parametrize("seed", range(100))
def test_the_epochs_to_a_gap_are_those_of_the_whole_curve(seed: int) -> None:
    of, optimizer, lr = random_case(seed)
    curve = course(of, optimizer, lr, 12_000)
    # Between the smallest gap so far and the one before, away from ties; gaps near underflow have lost their digits.
    lowest = np.unique(np.minimum.accumulate(curve))
    lowest = lowest[lowest > 1e-30 * curve[0]]
    for target in np.sqrt(lowest[1:] * lowest[:-1])[:: max(1, len(lowest) // 12)]:
        if not np.isclose(curve, target, rtol=1e-9, atol=0).any():
            assert epochs_to(of, optimizer, lr, target) == first_epoch(curve, target)
    if curve.min() > 1e-30 * curve[0]:
        beyond = epochs_to(of, optimizer, lr, 0.99 * curve.min())
        assert beyond is None or beyond > 12_000


def test_epochs_far_beyond_any_run() -> None:
    of = modes([1.0, 1e-10], [1.0, 1.0])
    expected = math.ceil(math.log(1e-3) / math.log1p(-1.9e-10))
    assert epochs_to(of, SGD(), 1.9, 1e-6) == expected == 36_356_606_729
    # Momentum 0.9 adds up ten gradients, so the flat mode is ten times as fast.
    fast = epochs_to(of, Momentum(), 1.9, 1e-6)
    assert fast is not None
    np.testing.assert_allclose(fast, expected / 10, rtol=1e-6)


def test_epochs_of_ten_million_are_exact_with_momentum() -> None:
    of, h, lr, beta = modes([1.0, 1e-6], [1.0, 1.0]), 1e-6, 0.1, 0.5
    root = math.sqrt((1 + beta - lr * h) ** 2 - 4 * beta)
    larger, smaller = (1 + beta - lr * h + root) / 2, (1 + beta - lr * h - root) / 2
    weight = (1 - lr * h - smaller) / (larger - smaller)  # of the slow term, by e₀ = 1 and e₁ = 1 − lr·h
    expected = math.log(1e-3 / weight) / math.log(larger)
    epochs = epochs_to(of, Momentum(momentum=beta), lr, 1e-6)
    assert epochs is not None
    assert 3e7 < expected < 4e7
    assert abs(epochs - expected) < 2


@pytest.mark.parametrize(
    ("optimizer", "lr"),
    [(SGD(), 2.01), (SGD(), 1e9), (Momentum(), 4.0), (Momentum(dampening=1.5), 1e-3), (Momentum(nesterov=True), 1.4)],
    ids=str,
)
def test_a_rate_that_is_not_stable_never_arrives(optimizer: Optimizer, lr: float) -> None:
    assert epochs_to(modes([1.0, 0.1], [1.0, 1.0]), optimizer, lr, 1e-6) is None


def test_a_rate_that_is_not_stable_may_still_pass_a_target() -> None:
    of = modes([1.0, 0.1], [1e-6, 1.0])
    epoch = epochs_to(of, SGD(), 2.01, 1e-8)
    assert epoch == first_epoch(course(of, SGD(), 2.01, 200), 1e-8) == 42


@pytest.mark.parametrize(
    "optimizer", [SGD(weight_decay=0.1), Momentum(weight_decay=0.1), Momentum(weight_decay=0.1, nesterov=True)], ids=str
)
def test_weight_decay_may_never_arrive_or_only_pass_by(optimizer: SGD | Momentum) -> None:
    of = modes([1.0, 0.1], [5.0, 2.0], [1.0, 1.0])
    fixed = gaps(of, of.fixed_point(0.1)[None])[0]
    assert epochs_to(of, optimizer, 0.5, 0.999 * fixed) == first_epoch(course(of, optimizer, 0.5, 1000), 0.999 * fixed)
    assert epochs_to(of, optimizer, 0.5, 1e-9 * fixed) is None
    near = epochs_to(of, optimizer, 0.5, 1.000001 * fixed)
    assert near == first_epoch(course(of, optimizer, 0.5, 1000), 1.000001 * fixed)


def test_epochs_of_a_start_that_is_near_enough() -> None:
    assert epochs_to(modes([1.0], [1e-3]), SGD(), 0.1, 1e-5) == 0
    assert epochs_to(modes([], []), Momentum(), 0.1, 0.0) == 0
    assert epochs_to(modes([0.5], [1.0]), SGD(), 2.0, 0.0) == 1


def test_other_optimizers_have_no_epochs() -> None:
    from gdcli.engine.optimizers.adam import Adam

    with pytest.raises(
        ValueError, match=r"^the course of adam is not known mode by mode, only that of sgd and momentum$"
    ):
        epochs_to(modes([1.0], [1.0]), Adam(), 0.1, 1e-3)
