"""Descents on batches that the tests draw themselves, many seeds side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.problems.factor import factor_rows
from gdcli.engine.problems.least_squares import objective
from gdcli.theory.moments import Moments, moments_of
from gdcli.theory.spectrum import Spectrum

SEEDS = 2000


@dataclass(frozen=True, eq=False)
class Problem:
    """A design (n, d), the targets (n,) and a start (d,)."""

    X: Array
    y: Array
    w: Array

    @cached_property
    def spectrum(self) -> Spectrum:
        d = self.X.shape[1]
        return Spectrum(
            objective(factor_rows(self.X, self.y).rescaled(np.zeros(d + 1), np.ones(d + 1), intercept=False))
        )

    @property
    def residual(self) -> Array:
        return self.y - self.X @ self.spectrum.problem.optimum.weights

    @cached_property
    def moments(self) -> Moments:
        return moments_of(self.spectrum, [(self.X, self.residual)])

    @property
    def start(self) -> Array:
        distance = self.spectrum.directions @ (self.w - self.spectrum.problem.optimum.weights)
        return np.asarray(np.sqrt(self.spectrum.curvatures / 2) * distance)


def _with_intercept(*columns: Array) -> Array:
    return np.column_stack([*columns, np.ones(len(columns[0]))])


def _problems() -> dict[str, Problem]:
    random = np.random.RandomState(5)
    a, b, c = random.randn(3, 80)
    heavy = random.standard_t(6, (2, 80))
    wide = random.randn(6, 9)
    return {
        "gaussian": Problem(_with_intercept(a, b), a - 2 * b + 0.5 * c, np.array([2.0, 1.0, -1.0])),
        "heavy tails": Problem(_with_intercept(*heavy), heavy[0] + c, np.array([-1.0, 0.5, 1.0])),
        "curved": Problem(_with_intercept(a, b), a**2 + b, np.array([1.0, 0.0, 3.0])),
        "collinear": Problem(_with_intercept(a, 2 * a, b), b + 0.3 * c, np.array([1.0, 1.0, 1.0, 1.0])),
        "units": Problem(_with_intercept(a, 0.1 * b + 1), a + c, np.array([1.0, 3.0, -2.0])),
        "wide": Problem(wide, wide @ random.randn(9), random.randn(9)),
    }


PROBLEMS = _problems()


def descents(problem: Problem, batches: list[IntArray], lr: float | Array) -> Array:
    """The gaps (seeds,) after one pass of plain descent from the problem's start.

    Args:
        problem: The problem.
        batches: Indices of the rows of each step's batch, shape (seeds, b).
        lr: The learning rate, or one per step.
    """
    w = np.tile(problem.w, (len(batches[0]), 1))
    for rate, batch in zip(np.broadcast_to(lr, len(batches)), batches, strict=True):
        X = problem.X[batch]
        residuals = np.einsum("sbd,sd->sb", X, w) - problem.y[batch]
        w = w - rate * 2 / batch.shape[1] * np.einsum("sbd,sb->sd", X, residuals)
    distance = (w - problem.spectrum.problem.optimum.weights) @ problem.X.T
    return np.asarray((distance**2).mean(axis=1))


def permutations(random: np.random.RandomState, n: int, seeds: int = SEEDS) -> IntArray:
    return np.asarray(random.rand(seeds, n).argsort(axis=1))


def independent_batches(n: int, size: int, steps: int, *, replacement: bool) -> list[IntArray]:
    random = np.random.RandomState(9)
    if replacement:
        return [random.randint(n, size=(SEEDS, size)) for _ in range(steps)]
    return [permutations(random, n)[:, :size] for _ in range(steps)]


def reshuffled_batches(n: int, size: int, epochs: int) -> list[IntArray]:
    random = np.random.RandomState(9)
    orders = [permutations(random, n) for _ in range(epochs)]
    return [order[:, i : i + size] for order in orders for i in range(0, n, size)]
