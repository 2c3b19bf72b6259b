"""Least-squares gradients in compiled code: of few rows one by one, of many as columns in vector registers."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from gdcli.engine.arrays import Array
from gdcli.engine.kernels.compiled.options import part
from gdcli.engine.kernels.compiled.permutations import Words

# Permuted rows that do not fit into the cache miss it at every row. Above half a megabyte, rows are prefetched this
# many ahead. Measured on a million rows of 11, batches of 1: 0.09 µs per row without, 0.03 µs with.
AHEAD, OUT_OF_CACHE = 16, 1 << 16


def _fetching(context: Any, table: Any, row: Any, column: Any) -> Any:
    """Prefetch the cache line of a number."""

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


@part()
def fetch(A: Array, b: Array, order: Words, first: int, last: int) -> None:
    """Prefetch rows.

    Args:
        A: All rows, shape (n, d).
        b: Their targets, shape (n, 1).
        order: The order of the rows, shape (n,).
        first: The first place of the order to fetch.
        last: The place to stop before.
    """
    for i in range(first, min(last, len(order))):
        row = np.int64(order[i])
        _prefetch(A, row, 0)
        _prefetch(A, row, A.shape[1] - 1)
        _prefetch(b, row, 0)


@part(inline=True)
def add_rows(A: Array, b: Array, order: Words, first: int, last: int, weights: Array, g: Array) -> None:
    """Sum x(xᵀw − y) over rows, row by row.

    The first row overwrites g; clearing g first would take a sixth of the time of a row.

    Args:
        A: All rows, shape (n, d).
        b: Their targets, shape (n, 1).
        order: The order of the rows, shape (n,); empty for the order that they have.
        first: The first place of the order to add.
        last: The place to stop before.
        weights: The weights w of each run, shape (k, d).
        g: The sums to write, shape (k, d).
    """
    k, d = weights.shape
    for i in range(np.uint64(first), np.uint64(last)):
        row = np.uint64(order[i]) if len(order) else i
        for c in range(k):
            residual = -b[row, 0]
            for j in range(d):
                residual += A[row, j] * weights[c, j]
            if i == np.uint64(first):
                for j in range(d):
                    g[c, j] = residual * A[row, j]
            else:
                for j in range(d):
                    g[c, j] += residual * A[row, j]


@part()
def gather(A: Array, b: Array, order: Words, first: int, last: int, T: Array, y: Array) -> None:
    """Copy rows into columns.

    Args:
        A: All rows, shape (n, d).
        b: Their targets, shape (n, 1).
        order: The order of the rows, shape (n,); empty for the order that they have.
        first: The first place of the order to copy.
        last: The place to stop before.
        T: The columns to write, shape (d, at least last − first).
        y: The targets to write, shape (at least last − first,).
    """
    start, m = np.uint64(first), np.uint64(last - first)
    for i in range(m):
        y[i] = b[np.uint64(order[start + i]) if len(order) else start + i, 0]
    for j in range(A.shape[1]):
        for i in range(m):
            T[j, i] = A[np.uint64(order[start + i]) if len(order) else start + i, j]


@part(sums_in_any_order=True)
def add_columns(T: Array, y: Array, m: int, weights: Array, residual: Array, g: Array, first: bool) -> None:
    """Add T(Tᵀw − y), over the first m columns of T, to the gradient of every run.

    Args:
        T: Rows as columns, shape (d, at least m).
        y: Their targets, shape (at least m,).
        m: Number of rows.
        weights: The weights w of each run, shape (k, d).
        residual: Working memory, shape (at least m,).
        g: The sums to add to, shape (k, d).
        first: Whether these are the first rows of a batch, which overwrite g.
    """
    k, d = weights.shape
    for c in range(k):
        for i in range(m):
            residual[i] = -y[i]
        for j in range(d):
            w = weights[c, j]
            for i in range(m):
                residual[i] += T[j, i] * w
        for j in range(d):
            total = 0.0
            for i in range(m):
                total += T[j, i] * residual[i]
            g[c, j] = total if first else g[c, j] + total
