"""Medians and ranges over seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcli.engine.trace import Status, Trace
from gdcli.experiment.quantiles import curve_spread, epochs_spread, final, quantile, spread

INF = math.inf
QS = st.sampled_from([0.1, 0.5, 0.9])
numbers = st.floats(0, 1e150)


@dataclass(frozen=True)
class Run:
    summary: dict[str, Any]


def runs(*gaps: float | None, status: str = "completed") -> list[Run]:
    return [Run({"status": "diverged" if gap is None else status, "gap": 1.0 if gap is None else gap}) for gap in gaps]


@given(st.lists(numbers, min_size=1, max_size=40), QS)
def test_finite_values_are_interpolated_as_numpy_does(values: list[float], q: float) -> None:
    assert float(quantile(np.array(values), q)) == pytest.approx(np.quantile(values, q), rel=1e-7, abs=0)


@given(st.lists(st.one_of(numbers, st.just(INF)), min_size=1, max_size=40), QS)
def test_a_quantile_is_infinite_as_soon_as_an_infinite_value_takes_part(values: list[float], q: float) -> None:
    position = round(q * (len(values) - 1), 9)
    taking_part = sorted(values)[math.floor(position) : math.ceil(position) + 1]
    assert math.isinf(float(quantile(np.array(values), q))) == (INF in taking_part)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0, 1.0, 2.0], 2.0),
        ([1.0, 2.0, 3.0, 4.0], 2.5),
        ([1.0, 2.0, INF], 2.0),
        ([1.0, 2.0, INF, INF], INF),
        ([1.0, math.nan], INF),
        ([1.0, 2.0, math.nan], 2.0),
        ([INF], INF),
    ],
)
def test_medians_with_infinite_values(values: list[float], expected: float) -> None:
    assert float(quantile(np.array(values), 0.5)) == expected


def test_the_tenth_of_eleven_and_of_thirty_one_is_a_value() -> None:
    for n in (11, 21, 31, 71):
        assert float(quantile(np.arange(float(n)) * 0.1, 0.1)) == (n // 10) * 0.1
        assert float(quantile(np.append(np.arange(9 * n // 10 + 1.0), [INF] * (n // 10)), 0.9)) == 9 * (n - 1) // 10


def test_a_diverged_run_is_infinite_whatever_it_ended_with() -> None:
    assert final(runs(None)[0], "gap") == INF
    whole = spread(runs(1.0, 3.0, 2.0, None), "gap")
    assert whole
    assert (whole.median, whole.high) == (2.5, INF)
    assert spread([Run({"status": "completed", "gap_ratio": None})], "gap_ratio") is None


def trace(status: Status, *values: float) -> Trace:
    gap = np.array(values)
    return Trace(status=status, mse=gap, gap=gap, val_mse=None, weights=np.zeros(1))


def test_curves_go_on_after_a_run_has_ended() -> None:
    traces = [
        trace(Status.COMPLETED, 4, 3, 2, 1),
        trace(Status.TARGET_REACHED, 5, 0.5),
        trace(Status.DIVERGED, 6, 7, 8),
    ]
    together = curve_spread(traces, [t.gap for t in traces])
    assert together.median.tolist() == [5, 3, 2, 1]
    assert together.high[:2].tolist() == pytest.approx([5.8, 6.2])
    assert together.high[2:].tolist() == [INF, INF]
    alone = curve_spread(traces[2:], [traces[2].gap])
    assert alone.median.tolist() == [6, 7, 8]


def arrivals(*epochs: int | None, ratio: float | None = 1.0, status: str = "completed") -> list[Run]:
    return [Run({"status": status, "gap_ratio": ratio, "epochs_to": {"0.01": count}}) for count in epochs]


@pytest.mark.parametrize(
    ("group", "median"),
    [
        (arrivals(7), 7),
        (arrivals(None), INF),
        (arrivals(3, 8), 5.5),
        (arrivals(3, 8, None), 8),
        (arrivals(3, None, None), INF),
        (arrivals(7, status="diverged"), 7),
        (arrivals(5) + arrivals(6, status="diverged"), INF),
        (arrivals(5, 9) + arrivals(6, status="diverged"), 9),
    ],
)
def test_a_seed_that_never_arrives_counts_as_infinite(group: list[Run], median: float) -> None:
    epochs = epochs_spread(group, "0.01")
    assert epochs is not None
    assert epochs.median == median


def test_there_is_no_median_of_epochs_where_an_optimum_is_zero() -> None:
    assert epochs_spread(arrivals(4) + arrivals(None, ratio=None), "0.01") is None
