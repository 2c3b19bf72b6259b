"""The compiled loop: it takes rows in order, sums their gradients and updates the weights, without temporary arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any

import numba
import numpy as np
from numba.core import types

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches
from gdcli.engine.kernels.base import Stepper
from gdcli.engine.kernels.compiled.gradients import AHEAD, OUT_OF_CACHE, add_columns, add_rows, fetch, gather
from gdcli.engine.kernels.compiled.options import SEMANTICS, part
from gdcli.engine.kernels.compiled.permutations import generator, permute
from gdcli.engine.kernels.compiled.rules import register, update
from gdcli.engine.optimizers import Optimizer, Slots, Value

# Numbers processed in one call: at most a tenth of a second, because Python handles Ctrl-C only between calls.
CALL_NUMBERS = 1 << 25
FEW = 8  # rows: smaller batches are not worth transposing
TILE_NUMBERS = 1 << 12  # numbers transposed at a time: 32 kB, the size of a first-level cache

_compiling = Lock()  # one thread at a time compiles or loads


def compiled_stepper(optimizer: type[Optimizer], batches: Batches, factor: float) -> Stepper:
    """Make the stepper that runs compiled code.

    Args:
        optimizer: The optimizer whose rule updates the weights.
        batches: The rows of each epoch.
        factor: c of the gradient (c/n) Aᵀ(Aw − b).

    Returns:
        The stepper.
    """
    with _compiling:
        loop = _loop(register(optimizer))
    A, b = np.ascontiguousarray(batches.A), np.ascontiguousarray(batches.b)
    shuffled = batches.seed is not None
    order = np.arange(len(A) if shuffled else 0, dtype=np.uint32)
    state = generator(batches.seed or 0)

    def advance(w: Array, slots: Slots, rates: Array, t: int, h: tuple[Value, ...]) -> tuple[Array, Slots]:
        d, k = w.shape
        weights, memory, settings = w.T.copy(), np.empty((k, d, len(slots))), np.empty((k, len(h)))
        for i, slot in enumerate(slots):
            memory[:, :, i] = slot.T
        for i, value in enumerate(h):
            settings[:, i] = value
        history, rates = np.empty((len(rates), d, k)), np.ascontiguousarray(rates)
        steps, stride = len(rates) * batches.steps, max(1, CALL_NUMBERS // (batches.size * d * k))
        rows = A, b, batches.size, batches.count or 0, factor, order, state
        runs = weights, memory, settings, rates, t
        for first in range(0, steps, stride):
            loop(*rows, *runs, history, first, min(first + stride, steps))
        return history, tuple(memory.T)

    return advance


def _signature() -> Any:
    """The types of the loop's arguments; arrays that it only reads may be read-only."""

    def readonly(kind: Any, ndim: int) -> Any:
        return types.Array(kind, ndim, "C", readonly=True)

    table, number = readonly(types.float64, 2), types.int64
    rows = table, table, number, number, types.float64, types.uint32[::1], types.uint32[::1]
    runs = types.float64[:, ::1], types.float64[:, :, ::1], table, readonly(types.float64, 3), number
    return types.void(*rows, *runs, types.float64[:, :, ::1], number, number)


def _compiled(loop: Callable[..., None]) -> Callable[..., None]:
    """Compile to code that runs without the GIL, and cache it on disk if possible."""
    options: dict[str, Any] = {"nogil": True, **SEMANTICS}
    try:
        kernel: Callable[..., None] = numba.njit(_signature(), cache=True, **options)(loop)
    except RuntimeError:  # neither the package's directory nor the user's cache can be written
        kernel = numba.njit(_signature(), **options)(loop)
    return kernel


@part()
def _keep(weights: Array, history: Array, epoch: int) -> None:
    """Copy the weights (k, d) after an epoch; assigning whole arrays would take two seconds longer to compile."""
    k, d = weights.shape
    for c in range(k):
        for j in range(d):
            history[epoch, j, c] = weights[c, j]


@cache
def _loop(rule: str) -> Callable[..., None]:
    """Compile the loop for a rule, or load it from the cache."""

    def loop(
        A: Any,  # rows (n, d)
        b: Any,  # targets (n, 1)
        size: int,  # rows per batch
        count: int,  # divisor of the gradient of a batch; 0 for the number of its rows
        factor: float,  # c of the gradient (c/n) Aᵀ(Aw − b)
        order: Any,  # of the rows (n,), redrawn for every epoch; empty where they keep their order
        state: Any,  # of the generator that draws the order
        weights: Any,  # (k, d)
        memory: Any,  # (k, d, slots)
        settings: Any,  # (k, hyperparameters)
        rates: Any,  # (epochs, 1 or steps, 1 or k)
        t: int,  # steps made before these epochs
        history: Any,  # the weights after each epoch, (epochs, d, k)
        first: int,  # the step of these epochs to begin with
        last: int,  # the step to stop before
    ) -> None:
        n, d = A.shape
        steps, width = -(-n // size), max(FEW, TILE_NUMBERS // d)
        g, T, y, residual = np.empty(weights.shape), np.empty((d, width)), np.empty(width), np.empty(width)
        epoch, i = divmod(first, steps)
        far = len(order) > 0 and A.size > OUT_OF_CACHE
        for step in range(first, last):
            if i == 0 and len(order):
                permute(order, state)
            begin, end = i * size, min(i * size + size, n)
            if end - begin < FEW:
                if far:
                    fetch(A, b, order, begin + AHEAD, end + AHEAD)
                add_rows(A, b, order, begin, end, weights, g)
            else:
                for r in range(begin, end, width):
                    m = min(width, end - r)
                    if far:
                        fetch(A, b, order, r + AHEAD, r + m + AHEAD)
                    gather(A, b, order, r, r + m, T, y)
                    add_columns(T, y, m, weights, residual, g, r == begin)
            for c in range(len(weights)):
                lr = rates[epoch, i * (rates.shape[1] > 1), c * (rates.shape[2] > 1)]
                update(rule, weights, g, c, factor / (count or end - begin), memory, lr, float(t + step + 1), settings)
            i += 1
            if i == steps:
                _keep(weights, history, epoch)
                epoch, i = epoch + 1, 0

    return _compiled(loop)
