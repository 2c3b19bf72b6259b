from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from problems import GOLDEN, ROOT, about
from scaler_rows import ROWS

from gdcli.engine.arrays import EPS, LARGEST, Array
from gdcli.engine.problems.factor import factor_rows
from gdcli.engine.problems.optimum import solve
from gdcli.engine.scalers import (
    AFFINE_SCALERS,
    Affine,
    ColumnStatistics,
    column_statistics,
    fit_robust,
    sigmoid,
)

PUBLISHED = {
    entry["id"]: entry for entry in yaml.safe_load((GOLDEN / "published_figures.yaml").read_text(encoding="utf-8"))
}
PRINTED = 5e-9  # half of the last of eight printed digits


def statistics_of(rows: Array, *, quartiles: bool = True) -> ColumnStatistics:
    return column_statistics(rows, factor_rows(rows[:, :-1], rows[:, -1]), quartiles=quartiles)


def fit(name: str, rows: Array) -> Affine:
    return AFFINE_SCALERS[name](statistics_of(rows))


def scaled(name: str, rows: Array) -> Array:
    return sigmoid(rows) if name == "sigmoid" else fit(name, rows)(rows)


def column(*values: float) -> Array:
    return np.array(values, dtype=float)[:, None]


# Published figures


@pytest.mark.parametrize("name", ["minmax", "zscore", "sigmoid"])
def test_published_scalings_hold_to_every_digit(name: str) -> None:
    entry: dict[str, Any] = PUBLISHED["scalers"]
    np.testing.assert_allclose(scaled(name, np.array(entry["input"], float)), entry[name], rtol=0, atol=PRINTED)


@pytest.mark.parametrize("name", ["minmax", "zscore"])
def test_published_scalings_of_an_outlier_hold_to_every_digit(name: str) -> None:
    entry: dict[str, Any] = PUBLISHED["scalers_outlier"]
    np.testing.assert_allclose(scaled(name, np.array(entry["input"], float)), entry[name], rtol=0, atol=PRINTED)


def test_published_scaled_features_of_abalone_hold_to_every_digit() -> None:
    # Length and Diameter follow the text column Sex.
    rows = np.loadtxt(ROOT / "data" / "abalone.csv", delimiter=",", skiprows=1, usecols=(1, 2))
    features = scaled("zscore", rows)
    published = PUBLISHED["abalone_optimum"]["zscored_features"]
    np.testing.assert_allclose(features[:3], published["first"], rtol=0, atol=PRINTED)
    np.testing.assert_allclose(features[-3:], published["last"], rtol=0, atol=PRINTED)


# References, one column at a time

SHIFTING = [name for name, row in ROWS.items() if row.shifts]
# Scalers that leave a constant column undivided, and divide every other one by its spread.
SPREADING = [name for name, row in ROWS.items() if row.shifts and row.divides]


def test_every_scaler_has_a_row() -> None:
    assert list(ROWS) == list(AFFINE_SCALERS)


COLUMNS: dict[str, Array] = {
    "normal": np.random.RandomState(0).randn(101),
    "far from zero": 1e5 + np.random.RandomState(1).randn(60),
    "negative": -np.arange(1.0, 8.0),
    "two rows": np.array([3.0, -1.0]),
    "heavy tail": np.exp(3 * np.random.RandomState(2).randn(60)),
    "many equal": np.array([0.0, 1, 1, 1, 2, 2, 7]),
    "huge": 1e149 * np.random.RandomState(3).randn(30),
    "tiny": 1e-149 * np.random.RandomState(4).randn(30),
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", AFFINE_SCALERS)
def test_a_scaler_follows_its_formula(name: str, column: str) -> None:
    values = COLUMNS[column]
    affine = fit(name, np.column_stack([values, np.arange(len(values))]))
    shift, scale = ROWS[name].reference(values.tolist())
    np.testing.assert_allclose([affine.shift[0], affine.scale[0]], [shift, scale], rtol=1e-9)
    size = float(np.abs(values).max()) / scale
    np.testing.assert_allclose(affine(values[:, None])[:, 0], (values - shift) / scale, rtol=0, atol=1e-13 * size)


EXTREME: dict[str, list[float]] = {
    "one row": [7.0],
    "outlier beside small numbers": [0.0, 0.0, 0.0, 1e-300, 1e149],
    "largest": [-1e150, 1e150, 1e150],
    "smallest": [5e-324, 0.0, 0.0],
    "both": [5e-324, 1e150, 0.0],
    "next to each other": [1e16, 1e16 + 2, 1e16],
}


@pytest.mark.parametrize("column", EXTREME)
@pytest.mark.parametrize("name", AFFINE_SCALERS)
def test_extreme_columns_stay_finite(name: str, column: str) -> None:
    rows = np.column_stack([EXTREME[column], np.arange(float(len(EXTREME[column])))])
    affine = fit(name, rows)
    assert np.isfinite(affine.scale).all()
    assert (affine.scale > 0).all()
    assert (np.abs(affine(rows)) <= LARGEST).all()


# Each by hand


def test_none_leaves_every_column_as_it_is() -> None:
    rows = np.array([[1.5, -2.0], [1.5, 4.0]])
    np.testing.assert_array_equal(scaled("none", rows), rows)
    assert not fit("none", rows).undivided.any()


def test_robust_is_the_median_and_the_interquartile_range() -> None:
    robust = fit("robust", np.column_stack([[1.0, 2, 4, 8, 16], [5.0, 1, 3, 2, 4]]))
    np.testing.assert_allclose(robust.shift, [4, 3], rtol=1e-15)
    np.testing.assert_allclose(robust.scale, [6, 2], rtol=1e-15)


def test_quartiles_between_two_rows_are_interpolated() -> None:
    robust = fit("robust", column(1, 2, 3, 10))
    # At ranks 0.75, 1.5 and 2.25: 1.75, 2.5 and 4.75.
    assert (robust.shift[0], robust.scale[0]) == (2.5, 3.0)


def test_robust_needs_the_quartiles() -> None:
    with pytest.raises(ValueError, match="needs the quartiles"):
        fit_robust(statistics_of(column(1, 2, 3), quartiles=False))


def test_maxabs_divides_by_the_largest_magnitude_and_does_not_shift() -> None:
    rows = np.array([[1.0, -8.0], [-4.0, 2.0], [2.0, 4.0]])
    np.testing.assert_array_equal(scaled("maxabs", rows), [[0.25, -1], [-1, 0.25], [0.5, 0.5]])


def test_zscore_uses_the_population_deviation() -> None:
    zscore = fit("zscore", column(1, 3))
    assert (zscore.shift[0], zscore.scale[0]) == about((2.0, 1.0), rel=1e-15)


def test_statistics_are_those_of_numpy() -> None:
    rows = np.random.RandomState(1).randn(101, 4) * [1, 1e6, 1e-6, 1] + [0, 1, 2, 1e4]
    columns = statistics_of(rows)
    assert columns.n == 101
    assert columns.quartiles is not None
    np.testing.assert_allclose(columns.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(columns.deviation, rows.std(axis=0), rtol=1e-11)
    np.testing.assert_array_equal(columns.minimum, rows.min(axis=0))
    np.testing.assert_array_equal(columns.maximum, rows.max(axis=0))
    np.testing.assert_allclose(columns.quartiles, np.percentile(rows, [25, 50, 75], axis=0), rtol=1e-15)


def test_quartiles_are_only_taken_where_asked_for() -> None:
    assert statistics_of(column(1, 2), quartiles=False).quartiles is None


# Columns that hold nothing to divide by


def noise(size: float, n: int = 60) -> Array:
    return size * np.where(np.arange(n) % 3 == 0, 1.0, -1.0)


CONSTANT: dict[str, Array] = {
    "zero": np.zeros(60),
    "constant": np.full(60, 3.7),
    "large constant": np.full(60, -1e15),
    "short decimal": np.full(60, 0.1),
    "rounding noise on 1e6": 1e6 + noise(2e-10),
    "rounding noise on 0.3": np.where(np.arange(60) % 2 == 0, 0.1 + 0.2, 0.3),
    "rounding noise on -1e-3": -1e-3 * (1 + noise(4 * EPS)),
}


@pytest.mark.parametrize("scaler", SHIFTING)
@pytest.mark.parametrize("name", CONSTANT)
def test_a_constant_column_is_shifted_and_not_divided(name: str, scaler: str) -> None:
    values = CONSTANT[name]
    rows = np.column_stack([values, np.arange(60.0)])
    affine = fit(scaler, rows)
    assert affine.undivided.tolist() == [True, not ROWS[scaler].divides]
    assert affine.scale[0] == 1
    assert affine.shift[0] == about(values[0], rel=1e-13, abs=1e-300)
    assert np.abs(affine(rows)[:, 0]).max() <= 60 * EPS * abs(values[0])


@pytest.mark.parametrize("scaler", SHIFTING)
@pytest.mark.parametrize("name", CONSTANT)
def test_a_constant_column_leaves_no_rounding_errors_that_pass_for_a_column(name: str, scaler: str) -> None:
    rows = np.column_stack([np.arange(60.0), CONSTANT[name], np.arange(60.0) ** 2])
    affine, factor = fit(scaler, rows), factor_rows(rows[:, :-1], rows[:, -1])
    np.testing.assert_array_equal(affine(rows)[:, 1], np.zeros(60))
    scaled = factor.rescaled(affine.shift, affine.scale, intercept=True, vanishing=affine.vanishing)
    optimum = solve(scaled)
    assert (optimum.rank, optimum.dependent) == (2, ((1, ()),))
    assert optimum.weights[1] == 0


@pytest.mark.parametrize("scaler", AFFINE_SCALERS)
def test_a_column_that_is_not_constant_never_vanishes(scaler: str) -> None:
    rows = np.array([[5.0, 5, 5, 5, 5, 5, 5, 9], np.arange(8.0)]).T
    affine = fit(scaler, rows)
    assert not affine.vanishing.any()
    assert np.ptp(affine(rows)[:, 0]) > 0


@pytest.mark.parametrize("name", CONSTANT)
def test_statistics_recognise_a_constant_column(name: str) -> None:
    rows = np.column_stack([CONSTANT[name], np.arange(60.0)])
    assert statistics_of(rows).is_constant().tolist() == [True, False]


@pytest.mark.parametrize("scaler", SPREADING)
@pytest.mark.parametrize(("mean", "size"), [(1e6, 1e-6), (1.0, 1e-11), (0.0, 1e-100), (0.0, 1e-12), (-1e12, 1.0)])
def test_a_small_spread_above_rounding_is_divided(mean: float, size: float, scaler: str) -> None:
    values = mean + size * np.arange(60.0)
    rows = np.column_stack([values, np.arange(60.0)])
    affine = fit(scaler, rows)
    assert not affine.undivided.any()
    _, spread = ROWS[scaler].reference([float(i) for i in range(60)])
    assert affine.scale[0] == about(size * spread, rel=1e-4)


def timestamps(n: int = 100_000) -> Array:
    """Milliseconds since 1970, a microsecond apart."""
    return np.asarray(1.7e12 + 1e-3 * np.arange(n), dtype=np.float64)


@pytest.mark.parametrize("scaler", ["none", "zscore", "minmax", "robust", "maxabs"])
def test_many_rows_of_a_small_spread_far_from_zero_keep_it(scaler: str) -> None:
    rows = np.column_stack([timestamps(), 2 * (timestamps() - 1.7e12)])
    affine, factor = fit(scaler, rows), factor_rows(rows[:, :-1], rows[:, -1])
    assert not (affine.undivided | affine.vanishing).any()
    optimum = solve(factor.rescaled(affine.shift, affine.scale, intercept=True, vanishing=affine.vanishing))
    assert optimum.rank == 2
    assert optimum.mse * affine.scale[-1] ** 2 <= 1e-12 * np.var(rows[:, -1])


@pytest.mark.parametrize("scaler", ["zscore", "minmax"])
def test_a_single_row_that_differs_is_a_spread(scaler: str) -> None:
    values = np.full(200_000, 1e12)
    values[150_000] += 1
    rows = np.column_stack([values, values - 1e12])
    affine, factor = fit(scaler, rows), factor_rows(rows[:, :-1], rows[:, -1])
    assert not affine.undivided.any()
    assert affine.scale[0] == about({"zscore": math.sqrt(1 / 200_000), "minmax": 1.0}[scaler], rel=1e-5)
    optimum = solve(factor.rescaled(affine.shift, affine.scale, intercept=True, vanishing=affine.vanishing))
    assert optimum.mse * affine.scale[-1] ** 2 <= 1e-12 * np.var(rows[:, -1])


def test_many_rows_of_rounding_noise_are_constant() -> None:
    shares = np.random.RandomState(5).rand(100_000, 12)
    shares /= shares.sum(axis=1, keepdims=True)
    total = sum(shares.T)  # one, but for rounding errors
    assert np.ptp(total) > 0
    columns = statistics_of(np.column_stack([total, shares[:, 0]]), quartiles=False)
    assert columns.is_constant().tolist() == [True, False]


def test_quartiles_that_agree_to_rounding_are_not_divided_by() -> None:
    values = np.array([0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3, 9])
    affine = fit("robust", np.column_stack([values, np.arange(8.0)]))
    assert affine.undivided.tolist() == [True, False]
    assert not affine.vanishing.any()


def test_maxabs_divides_a_constant_column_unless_it_is_zero() -> None:
    rows = np.array([[0.0, -4.0], [0.0, -4.0]])
    affine = fit("maxabs", rows)
    assert affine.undivided.tolist() == [True, False]
    np.testing.assert_array_equal(affine(rows), [[0, -1], [0, -1]])


def test_a_column_whose_quartiles_agree_is_shifted_by_its_median_and_not_divided() -> None:
    values = np.array([5.0, 5, 5, 5, 5, 5, 5, 9])
    rows = np.column_stack([values, np.arange(8.0)])
    affine = fit("robust", rows)
    assert affine.undivided.tolist() == [True, False]
    np.testing.assert_array_equal(affine(rows)[:, 0], values - 5)


# The sigmoid


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def test_sigmoid_keeps_its_digits_from_one_end_to_the_other() -> None:
    x = np.array([-700, -300, -100, -50, -37, -20, -5, -1, -1e-9, 0, 1e-9, 1, 5, 20, 37, 50, 700])
    np.testing.assert_allclose(sigmoid(x), [logistic(float(value)) for value in x], rtol=1e-14, atol=0)


def test_sigmoid_does_not_overflow() -> None:
    np.testing.assert_array_equal(sigmoid(np.array([-1e308, -1000.0, 1000.0, 1e308])), [0, 0, 1, 1])


# Laws

laws = settings(max_examples=80)
tables = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3)),
)
names = st.sampled_from(sorted(AFFINE_SCALERS))


@laws
@given(rows=tables, name=names)
def test_scaling_back_gives_the_rows(rows: Array, name: str) -> None:
    affine = fit(name, rows)
    back = affine(rows) * affine.scale + affine.shift
    assert (affine.scale != 0).all()
    np.testing.assert_allclose(back, rows, rtol=0, atol=8 * len(rows) * EPS * max(1.0, float(np.abs(rows).max())))


@laws
@given(rows=tables)
def test_minmax_fills_zero_to_one_and_maxabs_touches_one(rows: Array) -> None:
    minmax, maxabs = fit("minmax", rows), fit("maxabs", rows)
    divided = ~minmax.undivided
    values = minmax(rows)[:, divided]
    np.testing.assert_array_equal(values.min(axis=0), np.zeros(divided.sum()))
    np.testing.assert_allclose(values.max(axis=0), 1.0, rtol=4 * EPS)
    largest = np.abs(maxabs(rows)).max(axis=0)
    np.testing.assert_array_equal(largest, ~maxabs.undivided)


@laws
@given(rows=tables)
def test_zscored_columns_have_mean_zero_and_deviation_one(rows: Array) -> None:
    zscore = fit("zscore", rows)
    values, size = zscore(rows), np.abs(rows).max(axis=0) / zscore.scale
    divided = ~zscore.undivided
    assert (np.abs(values.mean(axis=0)) <= 16 * EPS * np.maximum(size, 1))[divided].all()
    np.testing.assert_allclose(values.std(axis=0)[divided], 1, rtol=1e-8)


@laws
@given(rows=tables, name=st.sampled_from(sorted(SHIFTING)), shift=st.integers(-1000, 1000))
def test_scalers_that_shift_do_not_see_an_offset(rows: Array, name: str, shift: int) -> None:
    moved = rows + shift
    here, there = fit(name, rows), fit(name, moved)
    spread = ~(here.undivided | there.undivided)
    np.testing.assert_allclose(there.scale[spread], here.scale[spread], rtol=1e-6)
