from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from optimizer_rows import ROWS, Gradient
from problems import about, factor_of, golden

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batch, Batches, mini_batches
from gdcli.engine.descent import descend
from gdcli.engine.optimizers import OPTIMIZERS, Optimizer, stack_hyperparameters
from gdcli.engine.optimizers.adam import Adam
from gdcli.engine.optimizers.adaptive import Adagrad
from gdcli.engine.optimizers.plain import Momentum, Rprop
from gdcli.engine.problems.least_squares import LeastSquares, objective

# PyTorch's trajectories

TORCH = golden("torch_optimizers.json")


def make(kind: str, **hyper: Any) -> Optimizer:
    cls: Callable[..., Optimizer] = OPTIMIZERS[kind]
    return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in hyper.items()})


def case_name(case: dict[str, Any]) -> str:
    return " ".join([case["optimizer"], str(case["hyper"]), f"batch={case['batch_size']}"])


def weights_after_each_step(optimizer: Optimizer, batches: Batches, goal: LeastSquares, steps: int) -> Array:
    class Steps(Batches):
        def epochs(self) -> Iterator[Iterable[Batch]]:
            return ([batch] for epoch in batches.epochs() for batch in epoch)

    def descended(count: int) -> Array:
        by_step = Steps(batches.A, batches.b, size=len(batches.A))
        rates = np.full((count, 1, 1), optimizer.lr)
        return descend(start, by_step, optimizers=[optimizer], rates=rates, objective=goal)[0].weights

    start = np.array(TORCH["initial_weights"])[:, None]
    return np.array([descended(count) for count in range(1, steps + 1)])


def torch_problem() -> tuple[Array, Array, LeastSquares]:
    X, y = np.array(TORCH["features"]), np.array(TORCH["target"])
    return X, y, objective(factor_of(X[:, :-1], y))


@pytest.mark.parametrize("case", TORCH["cases"], ids=case_name)
def test_mini_batches_follow_pytorch_step_by_step(case: dict[str, Any]) -> None:
    X, y, goal = torch_problem()
    expected = np.array(case["weights"])
    actual = weights_after_each_step(
        make(case["optimizer"], **case["hyper"]),
        mini_batches(X, y, size=case["batch_size"], shuffle="never", seed=0),
        goal,
        len(expected),
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("case", [case for case in TORCH["cases"] if case["batch_size"] == 12], ids=case_name)
def test_the_full_batch_on_the_factor_follows_pytorch_step_by_step(case: dict[str, Any]) -> None:
    _, _, goal = torch_problem()
    expected = np.array(case["weights"])
    optimizer = make(case["optimizer"], **case["hyper"])
    actual = weights_after_each_step(optimizer, goal.full_batch(), goal, len(expected))
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=0)


# References, one weight at a time

SETTINGS = [optimizer for row in ROWS.values() for optimizer in row.settings]
CURVATURE, CENTRE, SWING = (0.4, 3.0, 0.02), (4.0, -3.0, 9.0), (0.8, 5.0, 0.01)
START = (1.0, -6.0, 8.0)
STEPS = 60


def gradient_of(i: int) -> Gradient:
    return lambda w, t: 2 * CURVATURE[i] * (w - CENTRE[i]) + SWING[i] * math.cos(1.7 * t)


def rates_from(base: float) -> list[float]:
    return [base * (1 + 0.5 * math.sin(0.4 * t)) for t in range(STEPS)]


def trajectory(optimizer: Optimizer) -> Array:
    h, w = optimizer.hyperparameters(), np.array(START)
    slots = tuple(np.zeros(3) for _ in range(optimizer.n_slots))
    path = []
    for t, lr in enumerate(rates_from(optimizer.lr), start=1):
        g = np.array([gradient_of(i)(float(w[i]), t) for i in range(3)])
        w, slots = type(optimizer).update(w, g, slots, lr, t, h)
        path.append(w)
    return np.array(path)


def reference_trajectory(optimizer: Optimizer) -> Array:
    reference, rates = ROWS[optimizer.kind].reference, rates_from(optimizer.lr)
    return np.array([list(reference(START[i], gradient_of(i), rates, optimizer)) for i in range(3)]).T


@pytest.mark.parametrize("optimizer", SETTINGS, ids=repr)
def test_an_update_rule_follows_its_formula(optimizer: Optimizer) -> None:
    np.testing.assert_allclose(trajectory(optimizer), reference_trajectory(optimizer), rtol=1e-12, atol=0)


def test_every_optimizer_has_a_row() -> None:
    assert list(ROWS) == list(OPTIMIZERS)
    for kind, row in ROWS.items():
        assert {optimizer.kind for optimizer in (*row.settings, *row.lockstep)} == {kind}
        assert row.settings[0] == make(kind)
        assert len(set(row.lockstep)) > 1


def test_every_hyperparameter_is_moved_off_its_default_by_some_setting() -> None:
    for kind in OPTIMIZERS:
        default = make(kind).hyperparameters()
        settings = np.array([optimizer.hyperparameters() for optimizer in ROWS[kind].settings])
        assert (settings != default).any(axis=0).all(), kind


def test_every_setting_makes_a_trajectory_of_its_own() -> None:
    for kind in OPTIMIZERS:
        ends = [trajectory(optimizer)[-1] for optimizer in ROWS[kind].settings]
        assert len({tuple(end.round(9)) for end in ends}) == len(ends), kind


def test_dampening_of_one_minus_the_rest_is_the_exponentially_weighted_average() -> None:
    h, average = Momentum(momentum=0.9, dampening=0.9).hyperparameters(), 0.0
    slots: tuple[Any, ...] = (0.0,)
    for t, g in enumerate([3.0, -1.0, 2.0, 5.0], start=1):
        w, slots = Momentum.update(0.0, g, slots, 1.0, t, h)
        average = g if t == 1 else 0.9 * average + 0.1 * g
        assert float(w) == about(-average, rel=1e-14)


def test_rprop_ignores_the_rate_after_the_first_step() -> None:
    h = Rprop().hyperparameters()
    w, slots = Rprop.update(1.0, 1.0, (0.0, 0.0), 0.1, 1, h)
    assert Rprop.update(w, 1.0, slots, 0.1, 2, h) == Rprop.update(w, 1.0, slots, 7.0, 2, h)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_zero_gradient_moves_nothing(kind: str) -> None:
    decays = "weight_decay" in {field.name for field in fields(OPTIMIZERS[kind])}
    optimizer = make(kind, **{"weight_decay": 0.0} if decays else {})
    w, slots = np.array([1.5, -2.0]), tuple(np.zeros(2) for _ in range(optimizer.n_slots))
    for t in range(1, 12):
        w, slots = type(optimizer).update(w, np.zeros(2), slots, optimizer.lr, t, optimizer.hyperparameters())
    assert w.tolist() == [1.5, -2.0]


# Element by element


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_array_of_weights_is_as_many_single_weights(kind: str) -> None:
    optimizers = ROWS[kind].settings[:5]
    d, k = 4, len(optimizers)
    random, update = np.random.RandomState(3), OPTIMIZERS[kind].update
    w, stacked = random.randn(d, k), stack_hyperparameters(optimizers)
    slots = tuple(np.zeros((d, k)) for _ in range(optimizers[0].n_slots))
    rates = np.array([optimizer.lr for optimizer in optimizers])
    singles = {(i, j): (float(w[i, j]), (0.0,) * len(slots)) for i in range(d) for j in range(k)}
    for t in range(1, 9):
        g = random.randn(d, k)
        w, slots = update(w, g, slots, rates, t, stacked)
        for (i, j), (value, memory) in singles.items():
            h = optimizers[j].hyperparameters()
            singles[i, j] = update(value, float(g[i, j]), memory, float(rates[j]), t, h)
        expected = np.array([[singles[i, j][0] for j in range(k)] for i in range(d)])
        np.testing.assert_allclose(w, expected, rtol=1e-12, atol=0)
        assert w.shape == (d, k)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_update_leaves_its_arguments_alone(kind: str) -> None:
    optimizer = make(kind)
    w, g = np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]])
    slots = tuple(np.full((2, 1), 0.5) for _ in range(optimizer.n_slots))
    for array in (w, g, *slots):
        array.flags.writeable = False
    new, _ = optimizer.update(w, g, slots, 0.1, 2, optimizer.hyperparameters())
    assert (new != w).all()


# Hyperparameters


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_defaults_are_those_of_the_contract(kind: str) -> None:
    optimizer = make(kind)
    assert (optimizer.kind, optimizer.lr, optimizer.hyperparameters()) == (kind, *ROWS[kind].defaults)


def test_hyperparameters_are_flat_floats_in_field_order_without_lr() -> None:
    values = Adam(lr=7.0, betas=(0.1, 0.2), eps=0.3, amsgrad=True, weight_decay=4).hyperparameters()
    assert values == (0.1, 0.2, 0.3, 1.0, 4.0)
    assert [type(value) for value in values] == [float] * 5


def test_stacked_hyperparameters_are_numbers_where_runs_agree_and_arrays_where_not() -> None:
    first = Rprop(etas=(0.5, 1.2), step_sizes=(1e-6, 50.0))
    second = Rprop(etas=(0.5, 1.3), step_sizes=(1e-6, 40.0))
    shrink, grow, smallest, largest = stack_hyperparameters([first, second, first])
    assert (shrink, smallest) == (0.5, 1e-6)
    assert (grow.tolist(), largest.tolist()) == ([1.2, 1.3, 1.2], [50.0, 40.0, 50.0])


def test_stacking_one_run_gives_its_hyperparameters() -> None:
    assert stack_hyperparameters([Adagrad(average=True)]) == Adagrad(average=True).hyperparameters()
