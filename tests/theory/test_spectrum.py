"""Curvatures against the eigenvalues of the Hessian, and where those lose their digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gdcli
from gdcli.engine.arrays import Array
from gdcli.engine.problems.factor import factor_rows
from gdcli.engine.problems.least_squares import objective
from gdcli.theory.spectrum import Spectrum

ABALONE = Path(__file__).parents[2] / "data" / "abalone.csv"


def rows(n: int = 80, p: int = 3, seed: int = 1) -> tuple[Array, Array]:
    random = np.random.RandomState(seed)
    X = random.randn(n, p) @ (np.eye(p) + 0.2)
    return X, X @ np.arange(1.0, p + 1) + 0.3 * random.randn(n)


def spectrum_of(X: Array, y: Array, *, intercept: bool = True) -> Spectrum:
    p = X.shape[1] + 1
    return Spectrum(objective(factor_rows(X, y).rescaled(np.zeros(p), np.ones(p), intercept=intercept)))


def hessian(X: Array) -> Array:
    design = np.column_stack([X, np.ones(len(X))])
    return np.asarray(2 / len(X) * design.T @ design)


def test_the_curvatures_are_the_eigenvalues_of_the_hessian() -> None:
    X, y = rows()
    spectrum, expected = spectrum_of(X, y), np.linalg.eigvalsh(hessian(X))[::-1]
    np.testing.assert_allclose(spectrum.curvatures, expected, rtol=1e-12)
    np.testing.assert_allclose([spectrum.largest, spectrum.smallest], expected[[0, -1]], rtol=1e-12)
    assert spectrum.rank == 4
    np.testing.assert_allclose(spectrum.condition_number, expected[0] / expected[-1], rtol=1e-12)


def test_the_directions_diagonalise_the_hessian() -> None:
    X, y = rows()
    V = spectrum_of(X, y).directions
    np.testing.assert_allclose(V @ V.T, np.eye(4), atol=1e-14)
    np.testing.assert_allclose(V @ hessian(X) @ V.T, np.diag(spectrum_of(X, y).curvatures), atol=1e-13)


def test_duplicated_and_permuted_rows_change_nothing() -> None:
    X, y = rows()
    order = np.random.RandomState(2).permutation(len(y))
    curvatures = spectrum_of(X, y).curvatures
    np.testing.assert_allclose(spectrum_of(np.vstack([X, X]), np.tile(y, 2)).curvatures, curvatures, rtol=1e-12)
    np.testing.assert_allclose(spectrum_of(X[order], y[order]).curvatures, curvatures, rtol=1e-12)


@pytest.mark.parametrize(
    ("X", "rank"),
    [
        (np.column_stack([rows()[0], rows()[0][:, 0] * 2]), 4),
        (np.column_stack([rows()[0], rows()[0][:, 0] * 1e-9]), 4),  # a copy in another unit
        (rows(n=3, p=6)[0], 3),
        (np.zeros((5, 2)), 1),
    ],
    ids=["copy", "small copy", "wide", "zeros"],
)
def test_directions_without_curvature_are_left_out(X: Array, rank: int) -> None:
    spectrum = spectrum_of(X, np.arange(len(X), dtype=np.float64))
    expected = np.linalg.eigvalsh(hessian(X))[::-1]
    np.testing.assert_allclose(spectrum.curvatures, expected[:rank], rtol=1e-10)
    assert spectrum.rank == len(spectrum.directions) == rank
    assert spectrum.condition_number == spectrum.largest / spectrum.smallest


def test_a_constant_loss_has_no_curvature() -> None:
    spectrum = spectrum_of(np.zeros((4, 2)), np.arange(4.0), intercept=False)
    assert (spectrum.rank, spectrum.largest, spectrum.smallest, spectrum.condition_number) == (0, 0.0, 0.0, 1.0)
    assert spectrum.directions.shape == (0, 2)


@pytest.mark.parametrize("units", [[1.0, 1.0, 1.0], [1e-6, 1.0, 1e6], [1e-12, 1.0, 1e12], [1e-140, 1.0, 1e140]])
def test_no_unit_hides_the_smallest_curvature(units: list[float]) -> None:
    X, y = rows()
    spectrum = spectrum_of(X * units, y)
    assert spectrum.rank == 4
    assert (np.diff(spectrum.curvatures) <= 0).all()
    condition_number = spectrum.problem.optimum.condition_number
    np.testing.assert_allclose(np.sqrt(spectrum.largest) / np.sqrt(spectrum.smallest), condition_number, rtol=1e-12)


def test_a_curvature_that_underflows_is_zero() -> None:
    X, y = rows()
    spectrum = spectrum_of(X * [1e-200, 1.0, 1.0], y)
    assert spectrum.rank == len(spectrum.directions) == 3


def test_the_curvatures_of_huge_rows_are_finite() -> None:
    X, y = rows()
    largest = spectrum_of(X, y, intercept=False).largest
    np.testing.assert_allclose(spectrum_of(X * 1e149, y).largest, largest * 1e298, rtol=1e-12)


@pytest.mark.parametrize(("scaler", "condition_number"), [("zscore", 453.673), ("none", 749_670.0)])
def test_scaling_makes_abalone_two_thousand_times_better_conditioned(scaler: str, condition_number: float) -> None:
    spec = {"dataset": str(ABALONE), "columns": {"target": "Whole weight"}, "scaler": scaler, "epochs": 0}
    spectrum = gdcli.run(spec).plan.rows.spectrum
    np.testing.assert_allclose(spectrum.condition_number, condition_number, rtol=1e-5)
