from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any, TypeAlias

import numpy as np
import pytest
from problems import about, factor_of, golden

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batch, Batches, mini_batches
from gdcli.engine.descent import descend
from gdcli.engine.optimizers import OPTIMIZERS, Optimizer, stack_hyperparameters
from gdcli.engine.optimizers.adam import Adam, Adamax, AdamW, NAdam, RAdam
from gdcli.engine.optimizers.adaptive import Adadelta, Adagrad, RMSprop
from gdcli.engine.optimizers.plain import SGD, Lion, Momentum, Rprop
from gdcli.engine.problems.least_squares import Objective, objective

# PyTorch's trajectories

TORCH = golden("torch_optimizers.json")


def make(kind: str, **hyper: Any) -> Optimizer:
    cls: Callable[..., Optimizer] = OPTIMIZERS[kind]
    return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in hyper.items()})


def case_name(case: dict[str, Any]) -> str:
    return " ".join([case["optimizer"], str(case["hyper"]), f"batch={case['batch_size']}"])


def weights_after_each_step(optimizer: Optimizer, batches: Batches, goal: Objective, steps: int) -> Array:
    class Steps(Batches):
        def epochs(self) -> Iterator[Iterable[Batch]]:
            return ([batch] for epoch in batches.epochs() for batch in epoch)

    def descended(count: int) -> Array:
        by_step = Steps(batches.A, batches.b, size=len(batches.A))
        rates = np.full((count, 1, 1), optimizer.lr)
        return descend(start, by_step, optimizers=[optimizer], rates=rates, objective=goal)[0].weights

    start = np.array(TORCH["initial_weights"])[:, None]
    return np.array([descended(count) for count in range(1, steps + 1)])


def torch_problem() -> tuple[Array, Array, Objective]:
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

Gradient: TypeAlias = Callable[[float, int], float]


def sign(x: float) -> float:
    return 0.0 if x == 0 else math.copysign(1.0, x)


def single(x: float) -> float:
    return float(struct.unpack("f", struct.pack("f", x))[0])


def sgd(w: float, gradient: Gradient, rates: list[float], h: SGD) -> Iterator[float]:
    for t, lr in enumerate(rates, start=1):
        w -= lr * (gradient(w, t) + h.weight_decay * w)
        yield w


def momentum(w: float, gradient: Gradient, rates: list[float], h: Momentum) -> Iterator[float]:
    buffer = math.nan
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        buffer = g if t == 1 else h.momentum * buffer + (1 - h.dampening) * g
        w -= lr * (g + h.momentum * buffer if h.nesterov else buffer)
        yield w


def adagrad(w: float, gradient: Gradient, rates: list[float], h: Adagrad) -> Iterator[float]:
    total = h.initial_accumulator_value
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        total += g**2
        root = math.sqrt(total / t) if h.average else math.sqrt(total)
        w -= lr / (1 + (t - 1) * h.lr_decay) * g / (root + h.eps)
        yield w


def rmsprop(w: float, gradient: Gradient, rates: list[float], h: RMSprop) -> Iterator[float]:
    square = mean = buffer = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        square = h.alpha * square + (1 - h.alpha) * g**2
        mean = h.alpha * mean + (1 - h.alpha) * g
        root = math.sqrt(square - mean**2) if h.centered else math.sqrt(square)
        if h.momentum > 0:
            buffer = h.momentum * buffer + g / (root + h.eps)
            w -= lr * buffer
        else:
            w -= lr * g / (root + h.eps)
        yield w


def adadelta(w: float, gradient: Gradient, rates: list[float], h: Adadelta) -> Iterator[float]:
    square = moved = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        square = h.rho * square + (1 - h.rho) * g**2
        delta = math.sqrt(moved + h.eps) / math.sqrt(square + h.eps) * g
        moved = h.rho * moved + (1 - h.rho) * delta**2
        w -= lr * delta
        yield w


def adam_step(m: float, v: float, t: int, h: Adam | AdamW) -> float:
    beta1, beta2 = h.betas
    return (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + h.eps)


def adam(w: float, gradient: Gradient, rates: list[float], h: Adam) -> Iterator[float]:
    m = v = largest = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        m = h.betas[0] * m + (1 - h.betas[0]) * g
        v = h.betas[1] * v + (1 - h.betas[1]) * g**2
        largest = max(largest, v)
        w -= lr * adam_step(m, largest if h.amsgrad else v, t, h)
        yield w


def adamw(w: float, gradient: Gradient, rates: list[float], h: AdamW) -> Iterator[float]:
    m = v = largest = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t)
        w -= lr * h.weight_decay * w
        m = h.betas[0] * m + (1 - h.betas[0]) * g
        v = h.betas[1] * v + (1 - h.betas[1]) * g**2
        largest = max(largest, v)
        w -= lr * adam_step(m, largest if h.amsgrad else v, t, h)
        yield w


def adamax(w: float, gradient: Gradient, rates: list[float], h: Adamax) -> Iterator[float]:
    m = norm = 0.0
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t) + h.weight_decay * w
        m = h.betas[0] * m + (1 - h.betas[0]) * g
        norm = max(h.betas[1] * norm, abs(g) + h.eps)
        w -= lr * m / ((1 - h.betas[0] ** t) * norm)
        yield w


def nadam(w: float, gradient: Gradient, rates: list[float], h: NAdam) -> Iterator[float]:
    m, v, mu_product = 0.0, 0.0, 1.0
    beta1, beta2 = h.betas
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t)
        if h.decoupled_weight_decay:
            w *= 1 - lr * h.weight_decay
        else:
            g += h.weight_decay * w
        mu = beta1 * (1 - 0.5 * 0.96 ** (t * h.momentum_decay))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * h.momentum_decay))
        mu_product = single(mu_product * single(mu))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        denominator = math.sqrt(v / (1 - beta2**t)) + h.eps
        w -= lr * (1 - mu) / (1 - mu_product) * g / denominator
        w -= lr * mu_next / (1 - mu_product * mu_next) * m / denominator
        yield w


def radam(w: float, gradient: Gradient, rates: list[float], h: RAdam) -> Iterator[float]:
    m = v = 0.0
    beta1, beta2 = h.betas
    rho_inf = 2 / (1 - beta2) - 1
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t)
        if h.decoupled_weight_decay:
            w *= 1 - lr * h.weight_decay
        else:
            g += h.weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        step = m / (1 - beta1**t)
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        if rho > 5:
            numerator, denominator = (rho - 4) * (rho - 2) * rho_inf, (rho_inf - 4) * (rho_inf - 2) * rho
            step *= math.sqrt(numerator / denominator) * math.sqrt(1 - beta2**t) / (math.sqrt(v) + h.eps)
        w -= lr * step
        yield w


def rprop(w: float, gradient: Gradient, rates: list[float], h: Rprop) -> Iterator[float]:
    size, previous = rates[0], 0.0
    (shrink, grow), (smallest, largest) = h.etas, h.step_sizes
    for t in range(1, len(rates) + 1):
        g = gradient(w, t)
        if g * previous > 0:
            size *= grow
        elif g * previous < 0:
            size *= shrink
            g = 0.0
        size = min(max(size, smallest), largest)
        w -= sign(g) * size
        previous = g
        yield w


def lion(w: float, gradient: Gradient, rates: list[float], h: Lion) -> Iterator[float]:
    m = 0.0
    beta1, beta2 = h.betas
    for t, lr in enumerate(rates, start=1):
        g = gradient(w, t)
        update = sign(beta1 * m + (1 - beta1) * g)
        m = beta2 * m + (1 - beta2) * g
        w -= lr * (update + h.weight_decay * w)
        yield w


REFERENCES: dict[str, Callable[[float, Gradient, list[float], Any], Iterator[float]]] = {
    "sgd": sgd,
    "momentum": momentum,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adadelta": adadelta,
    "adam": adam,
    "adamw": adamw,
    "adamax": adamax,
    "nadam": nadam,
    "radam": radam,
    "rprop": rprop,
    "lion": lion,
}

SETTINGS: list[Optimizer] = [
    SGD(),
    SGD(lr=0.05, weight_decay=0.1),
    Momentum(),
    Momentum(lr=0.02, momentum=0.9, dampening=0.9),
    Momentum(lr=0.02, momentum=0.8, nesterov=True),
    Momentum(lr=0.02, momentum=0.8, nesterov=True, weight_decay=0.1),
    Momentum(lr=0.02, momentum=0.5, dampening=0.3, weight_decay=0.2),
    Momentum(lr=0.02, momentum=0.0),
    Adagrad(),
    Adagrad(lr=0.2, lr_decay=0.1),
    Adagrad(lr=0.2, initial_accumulator_value=0.5, eps=1e-3, weight_decay=0.1),
    Adagrad(lr=0.05, average=True),
    Adagrad(lr=0.05, average=True, initial_accumulator_value=2.0, lr_decay=0.01, eps=1e-2, weight_decay=0.3),
    RMSprop(),
    RMSprop(lr=0.02, alpha=0.9, eps=1e-3, weight_decay=0.2),
    RMSprop(lr=0.02, alpha=0.9, momentum=0.7),
    RMSprop(lr=0.02, alpha=0.9, centered=True),
    RMSprop(lr=0.01, alpha=0.8, centered=True, momentum=0.5, weight_decay=0.1, eps=1e-2),
    *(
        kind(lr=0.05, betas=betas, amsgrad=amsgrad, eps=eps, weight_decay=weight_decay)
        for kind, betas, amsgrad, (eps, weight_decay) in product(
            (Adam, AdamW), ((0.9, 0.999), (0.5, 0.7)), (False, True), ((1e-8, 0.0), (1e-2, 0.3))
        )
    ),
    Adam(),
    AdamW(),
    Adam(lr=0.05, betas=(0.0, 0.9)),
    Adadelta(),
    Adadelta(lr=0.5, rho=0.6, eps=1e-3, weight_decay=0.1),
    Adamax(),
    Adamax(lr=0.05, betas=(0.5, 0.7), eps=1e-2, weight_decay=0.3),
    NAdam(),
    NAdam(lr=0.05, betas=(0.5, 0.7), eps=1e-2, momentum_decay=0.1),
    NAdam(lr=0.05, weight_decay=0.3),
    NAdam(lr=0.05, weight_decay=0.3, decoupled_weight_decay=True),
    RAdam(),
    RAdam(lr=0.05, betas=(0.5, 0.9), eps=1e-2),
    RAdam(lr=0.05, betas=(0.9, 0.5)),
    RAdam(lr=0.05, betas=(0.8, 0.6)),
    RAdam(lr=0.05, weight_decay=0.3),
    RAdam(lr=0.05, weight_decay=0.3, decoupled_weight_decay=True),
    Rprop(),
    Rprop(lr=0.3, etas=(0.4, 1.5), step_sizes=(1e-2, 0.5)),
    Rprop(lr=9.0, step_sizes=(1e-6, 0.25)),
    Lion(),
    Lion(lr=0.03, betas=(0.5, 0.7), weight_decay=0.4),
]

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
    reference, rates = REFERENCES[optimizer.kind], rates_from(optimizer.lr)
    return np.array([list(reference(START[i], gradient_of(i), rates, optimizer)) for i in range(3)]).T


@pytest.mark.parametrize("optimizer", SETTINGS, ids=repr)
def test_an_update_rule_follows_its_formula(optimizer: Optimizer) -> None:
    np.testing.assert_allclose(trajectory(optimizer), reference_trajectory(optimizer), rtol=1e-12, atol=0)


def test_every_optimizer_has_a_reference_and_settings() -> None:
    assert set(REFERENCES) == set(OPTIMIZERS) == {optimizer.kind for optimizer in SETTINGS}


def test_every_hyperparameter_is_moved_off_its_default_by_some_setting() -> None:
    for kind in OPTIMIZERS:
        default = make(kind).hyperparameters()
        settings = np.array([o.hyperparameters() for o in SETTINGS if o.kind == kind])
        assert (settings != default).any(axis=0).all(), kind


def test_every_setting_makes_a_trajectory_of_its_own() -> None:
    for kind in OPTIMIZERS:
        ends = [trajectory(optimizer)[-1] for optimizer in SETTINGS if optimizer.kind == kind]
        assert len({tuple(end.round(9)) for end in ends}) == len(ends), kind


def test_dampening_of_one_minus_the_rest_is_the_exponentially_weighted_average() -> None:
    h, average = Momentum(momentum=0.9, dampening=0.9).hyperparameters(), 0.0
    slots: tuple[Any, ...] = (0.0,)
    for t, g in enumerate([3.0, -1.0, 2.0, 5.0], start=1):
        w, slots = Momentum.update(0.0, g, slots, 1.0, t, h)
        average = g if t == 1 else 0.9 * average + 0.1 * g
        assert float(w) == about(-average, rel=1e-14)


def test_rprop_does_not_look_at_the_rate_after_the_first_step() -> None:
    h = Rprop().hyperparameters()
    w, slots = Rprop.update(1.0, 1.0, (0.0, 0.0), 0.1, 1, h)
    assert Rprop.update(w, 1.0, slots, 0.1, 2, h) == Rprop.update(w, 1.0, slots, 7.0, 2, h)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_zero_gradient_moves_nothing(kind: str) -> None:
    optimizer = make(kind, **{"weight_decay": 0.0} if kind == "adamw" else {})
    w, slots = np.array([1.5, -2.0]), tuple(np.zeros(2) for _ in range(optimizer.n_slots))
    for t in range(1, 12):
        w, slots = type(optimizer).update(w, np.zeros(2), slots, optimizer.lr, t, optimizer.hyperparameters())
    assert w.tolist() == [1.5, -2.0]


# Element by element


def column_settings(kind: str) -> list[Optimizer]:
    return [optimizer for optimizer in SETTINGS if optimizer.kind == kind][:5]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_array_of_weights_is_as_many_single_weights(kind: str) -> None:
    optimizers = column_settings(kind)
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

DEFAULTS: dict[str, tuple[float, tuple[float, ...]]] = {
    "sgd": (0.01, (0,)),
    "momentum": (0.01, (0.9, 0, 0, 0)),
    "adagrad": (0.01, (0, 0, 1e-10, 0, 0)),
    "rmsprop": (0.01, (0.99, 1e-8, 0, 0, 0)),
    "adam": (0.001, (0.9, 0.999, 1e-8, 0, 0)),
    "adamw": (0.001, (0.9, 0.999, 1e-8, 0, 0.01)),
    "adadelta": (1.0, (0.9, 1e-6, 0)),
    "adamax": (0.002, (0.9, 0.999, 1e-8, 0)),
    "nadam": (0.002, (0.9, 0.999, 1e-8, 0, 0.004, 0)),
    "radam": (0.001, (0.9, 0.999, 1e-8, 0, 0)),
    "rprop": (0.01, (0.5, 1.2, 1e-6, 50)),
    "lion": (1e-4, (0.9, 0.99, 0)),
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_defaults_are_those_of_the_contract(kind: str) -> None:
    optimizer = make(kind)
    assert (optimizer.kind, optimizer.lr, optimizer.hyperparameters()) == (kind, *DEFAULTS[kind])


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
