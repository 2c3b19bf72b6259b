"""Random designs that are rank-deficient, nearly collinear and badly scaled, and their smallest loss."""

from __future__ import annotations

import numpy as np

from gdcli.engine.arrays import Array, Real

Design = tuple[Array, Array]


def awkward(seed: int, *, rows: tuple[int, ...] = (3, 5, 8, 12, 20, 40, 100, 300)) -> Design:
    """Make columns that are copies, near copies, sums or shifts of others, in units from 1e-6 to 1e6."""
    random = np.random.RandomState(seed)
    n = int(random.choice(rows))
    columns = [random.randn(n) if random.rand() < 0.7 else random.randint(-50, 50, n) * 1.0]
    columns += [random.randn(n) for _ in range(random.randint(0, 3))]
    for _ in range(random.randint(0, 6)):
        a, b = columns[random.randint(len(columns))], columns[random.randint(len(columns))]
        noise = 10.0 ** random.uniform(-12, -3) * np.abs(a).max() * random.randn(n)
        choices = [a + noise, a + noise, a.copy(), np.full(n, random.choice([0.1, 3.0, 1e6])), a + b, a + 1e6]
        columns.append(choices[random.randint(len(choices))])
    X = np.column_stack([columns[i] for i in random.permutation(len(columns))])
    p = X.shape[1]
    units = [np.ones(p), 10.0 ** random.uniform(-6, 6, p), 10.0 ** random.randint(-6, 7, p)]
    X = X * units[random.randint(3)]
    plane = X @ (random.randn(p) * 10.0 ** random.uniform(-3, 3, p))
    y = [random.randn(n) * 10.0 ** random.uniform(-3, 6), plane, plane + random.randn(n) + 1000]
    return X, y[random.randint(3)]


def smallest_loss(X: Real, y: Real, tolerance: float) -> float:
    """Minimise the mean squared error in extended precision, over the columns that pivoting finds independent.

    Householder's QR of unit columns, the longest remaining one first, until none is longer than the tolerance.
    """
    norms = np.sqrt((X**2).sum(axis=0))
    A = np.column_stack([X / np.where(norms > 0, norms, 1), y])
    n, d = X.shape
    for j in range(min(n, d)):
        sizes = np.sqrt((A[j:, j:d] ** 2).sum(axis=0))
        if sizes.max() <= tolerance:
            return float((A[j:, -1] ** 2).sum() / n)
        pivot = j + int(sizes.argmax())
        A[:, [j, pivot]] = A[:, [pivot, j]]
        v = A[j:, j].copy()
        v[0] += np.copysign(np.sqrt(v @ v), v[0])
        A[j:, j:] -= np.outer(v, (2 / (v @ v)) * (v @ A[j:, j:]))
    return float((A[d:, -1] ** 2).sum() / n) if d < n else 0.0
