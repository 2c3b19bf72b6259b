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
LARGEST = 1e150  # a sum of squares of larger numbers overflows double precision


def per_run(A: Array, runs: Array) -> Array:
    """Multiply a matrix by the weights of each run, with one BLAS call per run.

    A product of two matrices rounds differently for different numbers of columns. With one call per run, the result of
    a run does not depend on the other runs, to the last bit.

    Args:
        A: Shape (b, d).
        runs: Weights, shape (…, k, d), contiguous; BLAS would copy any other layout.

    Returns:
        Aw for each run w, shape (…, k, b).
    """
    return np.asarray(np.matmul(A, runs[..., None])[..., 0])
