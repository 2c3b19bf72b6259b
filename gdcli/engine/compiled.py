"""The compiled kernel: one loop that gathers, takes the gradient and updates, without temporaries, by Numba.

The update rules are those of the optimizers' own classes, compiled as they stand. This module is the only one that
imports Numba; it is imported where the compiled kernel is asked for, and nowhere else.

Compiled code is cached on disk. Numba looks a function up by its source file, its bytecode and what it closes over,
so a kernel that closed over its rule would never be found again by another process. A kernel here closes over a
string, the rule's name with a fingerprint of the optimizers' sources; the rule itself is looked up by that name
while Numba compiles. Edit a rule, and another name is looked for.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload
from numba.np.unsafe.ndarray import to_fixed_tuple

from gdcli.engine.arrays import Array
from gdcli.engine.batches import Epoch
from gdcli.engine.kernels import Stepper
from gdcli.engine.optimizers import Optimizer, Slots, Value
from gdcli.engine.optimizers.base import where

# Numbers that a call may work through: a tenth of a second at most, so that Ctrl-C is heard between two calls.
CHUNK = 1 << 25
# A permutation of rows that no cache holds misses it at every row: half a megabyte on, rows are fetched this many
# ahead. Measured on a million rows of 11, batches of 1: 0.09 µs a row without, 0.03 µs with.
AHEAD, OUT_OF_CACHE = 16, 1 << 16
# As NumPy does: a division by zero is infinite and no error.
SEMANTICS: dict[str, Any] = {"error_model": "numpy"}

_rules: dict[str, tuple[Callable[..., Any], int, int]] = {}


def compiled_stepper(optimizer: type[Optimizer]) -> Stepper:
    """Get what steps through an epoch in compiled code.

    Args:
        optimizer: Whose rule.

    Returns:
        The stepper.
    """
    kernel = _kernel(_register(optimizer))

    def step(epoch: Epoch, w: Array, slots: Slots, rates: Array, t: int, h: tuple[Value, ...]) -> tuple[Array, Slots]:
        d, k = w.shape
        weights, memory, settings = w.T.copy(), np.empty((k, d, len(slots))), np.empty((k, len(h)))
        for i, slot in enumerate(slots):
            memory[:, :, i] = slot.T
        for i, value in enumerate(h):
            settings[:, i] = value
        A, b, rates = np.ascontiguousarray(epoch.A), np.ascontiguousarray(epoch.b), np.ascontiguousarray(rates)
        order = np.empty(0, np.int64) if epoch.order is None else epoch.order.astype(np.int64, copy=False)
        stride = max(1, CHUNK // (epoch.size * d * k))
        for first in range(0, epoch.steps, stride):
            last = min(first + stride, epoch.steps)
            kernel(A, b, order, epoch.size, epoch.count or 0, weights, memory, settings, rates, t, first, last)
        return weights.T, tuple(memory.T)

    return step


@cache
def _register(optimizer: type[Optimizer]) -> str:
    """Compile a rule, to be found under the name that is returned."""
    sources = {inspect.getsource(import_module(cls.__module__)) for cls in optimizer.__mro__ if cls is not object}
    fingerprint = hashlib.sha256("".join(sorted(sources)).encode()).hexdigest()
    name = f"{optimizer.__qualname__} {fingerprint}"
    by_default: Callable[[], Optimizer] = optimizer
    settings = len(by_default().hyperparameters())
    _rules[name] = numba.njit(forceinline=True, **SEMANTICS)(optimizer.update), optimizer.n_slots, settings
    return name


def _update(rule: str, w: Any, g: Any, scale: Any, memory: Any, lr: Any, t: Any, settings: Any) -> None:
    """Update all weights (d,) by the gradient scale·g, in place, and clear g; the memory is (d, slots)."""
    raise NotImplementedError


def _update_by_rule(rule: Any, w: Any, g: Any, scale: Any, memory: Any, lr: Any, t: Any, settings: Any) -> Any:
    """Write `_update` for the rule of a name."""
    update, n_slots, n_settings = _rules[rule.literal_value]

    def without_memory(rule: Any, w: Any, g: Any, scale: Any, memory: Any, lr: Any, t: Any, settings: Any) -> None:
        h = to_fixed_tuple(settings, n_settings)
        for j in range(len(w)):
            w[j], _ = update(w[j], scale * g[j], (), lr, t, h)
            g[j] = 0.0

    def with_memory(rule: Any, w: Any, g: Any, scale: Any, memory: Any, lr: Any, t: Any, settings: Any) -> None:
        h = to_fixed_tuple(settings, n_settings)
        for j in range(len(w)):
            w[j], slots = update(w[j], scale * g[j], to_fixed_tuple(memory[j], n_slots), lr, t, h)
            for i in range(n_slots):
                memory[j, i] = slots[i]
            g[j] = 0.0

    return with_memory if n_slots else without_memory


overload(_update, prefer_literal=True, jit_options=SEMANTICS)(_update_by_rule)


def _where_of_numbers(condition: Any, yes: Any, no: Any) -> Any:
    """Write `where` for numbers: Numba's np.where would make an array of each choice."""

    def choose(condition: Any, yes: Any, no: Any) -> Any:
        return yes if condition else no

    return choose


overload(where, jit_options=SEMANTICS)(_where_of_numbers)


def _fetching(context: Any, table: Any, row: Any, column: Any) -> Any:
    """Ask for the cache line of a number, and go on without waiting for it."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, values[0])
        pointer = cgutils.get_item_pointer(context, builder, signature.args[0], array, values[1:], wraparound=False)
        address, flag = builder.bitcast(pointer, ir.IntType(8).as_pointer()), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, flag, flag, flag])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [address.type], kind)
        builder.call(fetch, [address, *(ir.Constant(flag, value) for value in (0, 3, 1))])  # to read, to keep, data
        return context.get_dummy_value()

    return types.void(table, row, column), generate


_prefetch: Any = intrinsic(_fetching)


def _signature() -> Any:
    """The types of the loop's arguments; what is only read may be read-only."""

    def given(kind: Any, ndim: int) -> Any:
        return types.Array(kind, ndim, "C", readonly=True)

    table, order, number = given(types.float64, 2), given(types.int64, 1), types.int64
    state = types.float64[:, ::1], types.float64[:, :, ::1]
    return types.void(table, table, order, number, number, *state, table, table, number, number, number)


def _compiled(loop: Callable[..., None]) -> Callable[..., None]:
    """Compile, and keep the result where there is a place for it; without the lock that keeps other threads waiting."""
    options: dict[str, Any] = {"nogil": True, **SEMANTICS}
    try:
        kernel: Callable[..., None] = numba.njit(_signature(), cache=True, **options)(loop)
    except RuntimeError:  # neither the package's directory nor the user's cache can be written
        kernel = numba.njit(_signature(), **options)(loop)
    return kernel


@cache
def _kernel(rule: str) -> Callable[..., None]:
    """Compile the loop for a rule, or load it from the cache."""

    def loop(
        A: Any,  # rows (n, d)
        b: Any,  # targets (n, 1)
        order: Any,  # of the rows (n,); empty where they come as they stand
        size: int,  # rows a batch
        count: int,  # what a batch divides by; 0 for its own rows
        weights: Any,  # (k, d)
        memory: Any,  # (k, d, slots)
        settings: Any,  # (k, hyperparameters)
        rates: Any,  # (1 or steps, 1 or k)
        t: int,  # steps before this epoch
        first: int,  # step of this epoch to begin with
        last: int,  # step to end before
    ) -> None:
        k, d = weights.shape
        g, far = np.zeros(d), len(order) > 0 and A.size > OUT_OF_CACHE
        for c in range(k):
            w = weights[c]
            for step in range(first, last):
                begin, end = step * size, min(step * size + size, len(A))
                for i in range(begin, end):
                    if far and i + AHEAD < len(A):
                        _prefetch(A, order[i + AHEAD], 0)
                        _prefetch(A, order[i + AHEAD], d - 1)
                        _prefetch(b, order[i + AHEAD], 0)
                    row = order[i] if len(order) else i
                    residual = -b[row, 0]
                    for j in range(d):
                        residual += A[row, j] * w[j]
                    for j in range(d):
                        g[j] += residual * A[row, j]
                lr = rates[step * (len(rates) > 1), c * (rates.shape[1] > 1)]
                _update(rule, w, g, 2 / (count or end - begin), memory[c], lr, float(t + step + 1), settings[c])

    return _compiled(loop)
