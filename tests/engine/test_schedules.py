from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import about, golden
from schedule_rows import ROWS

from gdcli.engine.arrays import Array
from gdcli.engine.schedules import SCHEDULES, Schedule, resolve, sequence_rates
from gdcli.engine.schedules.decays import (
    Constant,
    Exponential,
    MultiStep,
    Piecewise,
    Polynomial,
    Step,
)
from gdcli.engine.schedules.waves import Cosine, CosineRestarts, Linear, OneCycle, Triangular, Warmup

laws = settings(max_examples=60)


def rates_of(schedule: Schedule, length: int, base: float = 0.5) -> Array:
    return resolve(schedule, length).rates(np.arange(length), base)


# PyTorch's schedules

TORCH = {case["schedule"]: case for case in golden("torch_schedules.json")["cases"]}
NAMES = {
    "step_size": "every",
    "T_max": "total",
    "total_iters": "total",
    "total_steps": "total",
    "T_0": "period",
    "T_mult": "multiplier",
    "base_lr": "lr_min",
    "step_size_up": "up",
    "step_size_down": "down",
}
WRITTEN_OUT = {
    "constant_warmup": (Piecewise(boundaries=(6,), values=(0.125, 0.5)),),
    "sequence": (Linear(start_factor=0.1, end_factor=1.0, total=5, length=5), Exponential(gamma=0.9)),
}


def schedules_of(case: dict[str, Any]) -> tuple[Schedule, ...]:
    if case["schedule"] in WRITTEN_OUT:
        return WRITTEN_OUT[case["schedule"]]
    hyper = {NAMES.get(key, key): value for key, value in case["hyper"].items() if key != "max_lr"}
    if "milestones" in hyper:
        hyper["milestones"] = tuple(hyper["milestones"])
    cls: Callable[..., Schedule] = SCHEDULES[case["schedule"]]
    return (cls(**hyper),)


@pytest.mark.parametrize("name", TORCH)
def test_rates_are_those_of_pytorch(name: str) -> None:
    case, left = TORCH[name], len(TORCH[name]["lr"])
    lengths, resolved = [], []
    for schedule in schedules_of(case):
        lengths.append(schedule.length or left)
        resolved.append(resolve(schedule, lengths[-1]))
        left -= lengths[-1]
    actual = sequence_rates(tuple(resolved), tuple(lengths), case["base_lr"])
    np.testing.assert_allclose(actual, case["lr"], rtol=1e-12, atol=1e-16)


# References, one t at a time

SETTINGS = [schedule for row in ROWS.values() for schedule in row.settings]
BASE, LAST = 0.5, 200


@pytest.mark.parametrize("schedule", SETTINGS, ids=repr)
def test_rates_follow_the_formula(schedule: Schedule) -> None:
    resolved = resolve(schedule, LAST + 1)
    expected = [ROWS[schedule.kind].reference(t, BASE, resolved) for t in range(LAST + 1)]
    np.testing.assert_allclose(rates_of(schedule, LAST + 1, BASE), expected, rtol=1e-12, atol=1e-15)


def test_every_schedule_has_a_row() -> None:
    assert list(ROWS) == [kind for kind in SCHEDULES if kind != "optimal"]  # which has no formula of t
    for kind, row in ROWS.items():
        assert {schedule.kind for schedule in row.settings} == {kind}


@pytest.mark.parametrize("schedule", SETTINGS, ids=repr)
def test_all_t_at_once_are_one_t_at_a_time_in_any_order(schedule: Schedule) -> None:
    resolved = resolve(schedule, LAST + 1)
    together = resolved.rates(np.arange(LAST + 1), BASE)
    assert together.shape == (LAST + 1,)
    assert together.dtype == np.float64
    order = np.random.RandomState(5).permutation(LAST + 1)
    np.testing.assert_array_equal(resolved.rates(order, BASE), together[order])
    alone = [resolved.rates(np.array([t]), BASE)[0] for t in range(LAST + 1)]
    np.testing.assert_allclose(alone, together, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("schedule", SETTINGS, ids=repr)
def test_no_t_gives_no_rates(schedule: Schedule) -> None:
    assert rates_of(schedule, 0).shape == (0,)


# Boundaries, one by one


def test_a_milestone_belongs_to_what_follows_it() -> None:
    assert rates_of(MultiStep(milestones=(2, 3), gamma=0.5), 5, 1.0).tolist() == [1, 1, 0.5, 0.25, 0.25]


def test_a_boundary_belongs_to_the_piece_after_it_and_values_are_absolute() -> None:
    assert rates_of(Piecewise(boundaries=(2, 4), values=(3, 2, 0)), 6, 99.0).tolist() == [3, 3, 2, 2, 0, 0]


def test_a_step_drops_after_every_so_many() -> None:
    assert rates_of(Step(every=2, gamma=0.5), 6, 1.0).tolist() == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_a_polynomial_stays_at_zero_after_its_total() -> None:
    assert rates_of(Polynomial(total=3, power=2.0), 6)[3:].tolist() == [0, 0, 0]


def test_a_cosine_rises_again_after_its_total() -> None:
    rates = rates_of(Cosine(total=4), 9)
    np.testing.assert_allclose(rates[5:], rates[3::-1], rtol=1e-12)


# What depends on the run


@pytest.mark.parametrize("schedule", [Polynomial(), Cosine(), OneCycle()], ids=repr)
def test_a_total_left_out_is_the_length_of_the_run(schedule: Any) -> None:
    assert (resolve(schedule, 17).span(), resolve(schedule, 0).span()) == (("total", 17), ("total", 1))


@pytest.mark.parametrize("schedule", [Polynomial(total=9), Cosine(total=9), OneCycle(total=9)], ids=repr)
def test_a_given_total_stays(schedule: Schedule) -> None:
    assert resolve(schedule, 17) == schedule


def test_a_triangle_is_symmetric_by_default() -> None:
    assert resolve(Triangular(lr_min=0.1, up=4), 17) == Triangular(lr_min=0.1, up=4, down=4)
    assert resolve(Triangular(lr_min=0.1, up=4, down=2), 17) == Triangular(lr_min=0.1, up=4, down=2)


@pytest.mark.parametrize("schedule", [Polynomial(), Cosine(), OneCycle(), Triangular(lr_min=0.1, up=4)], ids=repr)
def test_an_unresolved_schedule_has_no_rates(schedule: Schedule) -> None:
    with pytest.raises(ValueError, match="call resolve first"):
        schedule.rates(np.arange(3), 0.5)


def test_each_element_of_a_sequence_counts_from_zero() -> None:
    rates = sequence_rates((Step(every=2, gamma=0.5), Exponential(gamma=0.1), Constant()), (3, 2, 1), 1.0)
    np.testing.assert_allclose(rates, [1, 1, 0.5, 1, 0.1, 1], rtol=1e-15)


def test_a_sequence_of_nothing_has_no_rates() -> None:
    assert sequence_rates((), (), 1.0).shape == (0,)


# Laws

lengths = st.integers(1, 60)
bases = st.floats(1e-6, 1e3)
shares = st.floats(0, 1)


def assert_within(rates: Array, low: float, high: float) -> None:
    slack = 4e-16 * max(abs(low), abs(high))
    assert (rates >= low - slack).all()
    assert (rates <= high + slack).all()


@laws
@given(length=lengths, base=bases, share=shares)
def test_warmup_rises_to_base_exactly_at_its_length(length: int, base: float, share: float) -> None:
    rates = rates_of(Warmup(length=length, start_factor=share), length + 20, base)
    assert rates[0] == base * share
    assert (np.diff(rates) >= 0).all()
    assert (rates[length:] == base).all()


@laws
@given(total=lengths, base=bases, start=st.floats(0.01, 3), end=st.floats(0, 3))
def test_linear_is_straight_and_holds_its_end(total: int, base: float, start: float, end: float) -> None:
    rates = rates_of(Linear(start_factor=start, end_factor=end, total=total), total + 20, base)
    np.testing.assert_allclose(np.diff(rates[: total + 1]), base * (end - start) / total, rtol=0, atol=2e-15 * base)
    np.testing.assert_allclose(rates[total:], base * end, rtol=0, atol=1e-15 * base)


@laws
@given(total=lengths, base=bases, share=shares, t=st.integers(0, 500))
def test_cosine_stays_between_eta_min_and_base(total: int, base: float, share: float, t: int) -> None:
    schedule = Cosine(total=total, eta_min=share * base)
    assert_within(schedule.rates(np.array([t]), base), share * base, base)
    ends = schedule.rates(np.array([0, total]), base)
    np.testing.assert_allclose(ends, [base, share * base], rtol=1e-15, atol=1e-300)


@laws
@given(total=lengths, base=bases, share=shares)
def test_cosine_falls_all_the_way(total: int, base: float, share: float) -> None:
    rates = rates_of(Cosine(total=total, eta_min=share * base), total + 1, base)
    assert (np.diff(rates) <= 4e-16 * base).all()


@laws
@given(period=st.integers(1, 20), multiplier=st.integers(1, 4), base=bases, share=shares)
def test_restarts_return_to_base(period: int, multiplier: int, base: float, share: float) -> None:
    schedule = CosineRestarts(period=period, multiplier=multiplier, eta_min=share * base)
    starts = np.cumsum([0, *(period * multiplier**i for i in range(5))])
    np.testing.assert_allclose(schedule.rates(starts, base), base, rtol=1e-15)
    rates = schedule.rates(np.arange(starts[-1]), base)
    assert_within(rates, share * base, base)
    rises = np.flatnonzero(np.diff(rates) > 1e-12 * base) + 1
    assert set(rises) <= set(starts)


@laws
@given(up=lengths, down=lengths, base=bases, share=shares)
def test_triangular_is_continuous_periodic_and_between_its_bounds(
    up: int, down: int, base: float, share: float
) -> None:
    low = share * base
    rates = rates_of(Triangular(lr_min=low, up=up, down=down), 3 * (up + down) + 1, base)
    assert_within(rates, low, base)
    np.testing.assert_allclose(rates[:: up + down], low, rtol=1e-15, atol=1e-300)
    np.testing.assert_allclose(rates[up :: up + down], base, rtol=1e-15)
    np.testing.assert_array_equal(rates[: up + down], rates[up + down : 2 * (up + down)])
    assert (np.abs(np.diff(rates)) <= (base - low) / min(up, down) + 1e-15 * base).all()


@laws
@given(tenths=st.integers(1, 20), percent=st.sampled_from([10, 20, 30, 40, 50]), base=bases)
def test_one_cycle_peaks_at_base_and_ends_at_its_last_rate(tenths: int, percent: int, base: float) -> None:
    total = 10 * tenths
    rates = rates_of(OneCycle(pct_start=percent / 100), total, base)
    peak = total * percent // 100 - 1
    assert rates[peak] == about(base, rel=1e-14)
    assert rates[-1] == about(base / 25 / 1e4, rel=1e-9)
    assert peak == 0 or rates[0] == about(base / 25, rel=1e-14)
    assert_within(rates, base / 25 / 1e4, base)
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()


@laws
@given(total=st.integers(20, 200), base=bases, three=st.booleans(), anneal=st.sampled_from(["cosine", "linear"]))
def test_one_cycle_never_jumps(total: int, base: float, three: bool, anneal: Any) -> None:
    rates = rates_of(OneCycle(three_phase=three, anneal=anneal), total, base)
    shortest = 0.3 * total - 1
    assert (np.abs(np.diff(rates)) <= np.pi / 2 * base / shortest).all()


@laws
@given(total=lengths, base=bases, power=st.floats(0.1, 4))
def test_polynomial_falls_from_base_to_zero(total: int, base: float, power: float) -> None:
    rates = rates_of(Polynomial(total=total, power=power), total + 10, base)
    assert rates[0] == base
    assert (np.diff(rates[: total + 1]) < 0).all()
    assert (rates[total:] == 0).all()


def is_relative(schedule: Schedule) -> bool:
    return not any(getattr(schedule, name) for name in ROWS[schedule.kind].absolute)


@laws
@given(base=bases, scale=st.floats(0.01, 100), schedule=st.sampled_from([s for s in SETTINGS if is_relative(s)]))
def test_rates_are_proportional_to_base_where_nothing_is_absolute(
    base: float, scale: float, schedule: Schedule
) -> None:
    scaled, plain = rates_of(schedule, 101, base * scale), rates_of(schedule, 101, base)
    np.testing.assert_allclose(scaled, plain * scale, rtol=1e-13, atol=1e-16 * base * scale)
