"""Batches that are the same in every epoch: the exact gaps, by the affine map of an epoch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.threads import one_blas_thread
from gdcli.theory.expected import Expected
from gdcli.theory.moments import residual_scale, whitened
from gdcli.theory.spectrum import Spectrum

MOST_OPERATIONS = 1e10  # a few seconds
STRETCH = 2**20  # numbers that are in memory at once


def fixed_order(
    spectrum: Spectrum, X: Array, residual: Array, start: Array, rates: Array, size: int, *, unit: float = 1.0
) -> Expected | None:
    """Compute the gaps of plain descent through the same batches in every epoch.

    With u and z as in `moments`, and η = lr·h, a step multiplies z by I − diag(η)·(mean of uuᵀ over the batch). The
    product over an epoch is computed once for all epochs with the same rates, in O(steps · rank³), neighbours
    together; then an epoch costs O(rank²).

    Args:
        spectrum: That of the loss on these rows.
        X: The rows in trained coordinates and in the order of the run, shape (n, d).
        residual: Their residuals y − Xw*, shape (n,).
        start: √λ ∘ V(w − w*) of the initial weights, shape (rank,).
        rates: Learning rates, shape (epochs, 1 or steps).
        size: Rows per batch; the last batch of an epoch may have fewer.
        unit: Squared units of the file in one squared unit of the target as trained.

    Returns:
        The curve, which has no spread; None where it takes more than `MOST_OPERATIONS`.
    """
    numbers: dict[bytes, int] = {}
    which = [numbers.setdefault(row.tobytes(), len(numbers)) for row in rates]
    distinct = [np.frombuffer(row) for row in numbers]
    if len(distinct) * -(-len(X) // size) * 2.0 * (spectrum.rank + 1) ** 3 > MOST_OPERATIONS:
        return None
    z = [np.append(start, residual_scale(spectrum.problem))]
    with one_blas_thread, np.errstate(all="ignore"):
        epochs = _epochs(spectrum, whitened(spectrum, X, residual), distinct, size)
        for i in which:
            z.append(epochs[i] @ z[-1])
        gap = unit * np.sum(np.array(z)[:, :-1] ** 2, axis=1)
    return Expected(np.where(np.isfinite(gap), gap, np.inf), None, exact=True)


def _epochs(spectrum: Spectrum, u: Array, rates: list[Array], size: int) -> Array:
    """The product of all steps, for each row of rates; shape (len(rates), rank + 1, rank + 1)."""
    curvatures = np.append(spectrum.curvatures, 0.0)
    epochs = np.tile(np.eye(len(u)), (len(rates), 1, 1))
    for first, means in _means(u, size):
        for i, lr in enumerate(rates):
            steps = lr if len(lr) == 1 else lr[first : first + len(means)]
            shrinkage = steps[:, None] * curvatures
            epochs[i] = _product(np.eye(len(u)) - shrinkage[..., None] * means) @ epochs[i]
    return epochs


def _means(u: Array, size: int) -> Iterator[tuple[int, Array]]:
    """The means of uuᵀ over successive batches, and the number of batches before them."""
    d, n = u.shape
    whole, at_once = n // size, max(1, STRETCH // (d * (d + size)))
    for first in range(0, whole, at_once):
        last = min(first + at_once, whole)
        batches = u[:, first * size : last * size].reshape(d, last - first, size).transpose(1, 0, 2)
        yield first, batches @ batches.transpose(0, 2, 1) / size
    if n % size:
        rest = u[:, whole * size :]
        yield whole, (rest @ rest.T / (n % size))[None]


def _product(steps: Array) -> Array:
    """Multiply matrices, shape (k, d, d), the first one on the right."""
    while len(steps) > 1:
        even = len(steps) // 2 * 2
        steps = np.concatenate([steps[1:even:2] @ steps[:even:2], steps[even:]])
    return np.asarray(steps[0])
