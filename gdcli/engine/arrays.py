"""Array types that all modules of the engine share."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Real: TypeAlias = NDArray[np.floating[Any]]  # double or extended
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]

EPS = float(np.finfo(np.float64).eps)
LARGEST = 1e150  # the squares of larger numbers, added up, are beyond double precision


def per_run(A: Array, runs: Array) -> Array:
    """Multiply a matrix by each run; the result for a run is the same to the last bit whatever other runs there are.

    A product of two matrices rounds differently for different numbers of columns, so this calls BLAS once per run.

    Args:
        A: Shape (b, d).
        runs: Shape (…, k, d), contiguous; BLAS would copy any others.

    Returns:
        Aw for each run w, shape (…, k, b).
    """
    return np.asarray(np.matmul(A, runs[..., None])[..., 0])
