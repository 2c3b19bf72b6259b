"""The peers' loops, as a good programmer writes them: same start (zeros), same batches, same rule, double precision.

PyTorch gets one thread for mini-batches. Its operations are too small to be shared there, and on a busy machine the
threads wait for each other, which makes it up to five times slower (measured on a busy machine with two cores: 84 µs
per step with one thread, 190 to 420 µs with two; no difference on an idle one).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.harness import peer
from benchmarks.problems import Array, Problem

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def numpy_sgd(problem: Problem, *, lr: float, epochs: int, size: int, seed: int = 0) -> Array:
    """Mini-batch descent in NumPy, in place, the rows gathered once per epoch and then sliced."""
    X, y = problem.X, problem.y
    n, d = X.shape
    generator, w = np.random.RandomState(seed), np.zeros(d)
    for _ in range(epochs):
        order = generator.permutation(n)
        A, b = X[order], y[order]
        for i in range(0, n, size):
            rows = A[i : i + size]
            residual = rows @ w
            residual -= b[i : i + size]
            w -= (2 * lr / len(rows)) * (residual @ rows)
    return w


def numpy_adam(problem: Problem, *, lr: float, epochs: int, size: int, seed: int = 0) -> Array:
    """Adam with mini-batches in NumPy, in place."""
    X, y = problem.X, problem.y
    n, d = X.shape
    generator, t = np.random.RandomState(seed), 0
    w, m, v = np.zeros(d), np.zeros(d), np.zeros(d)
    for _ in range(epochs):
        order = generator.permutation(n)
        A, b = X[order], y[order]
        for i in range(0, n, size):
            t += 1
            rows = A[i : i + size]
            residual = rows @ w
            residual -= b[i : i + size]
            g = residual @ rows
            g *= 2 / len(rows)
            m *= BETA1
            m += (1 - BETA1) * g
            v *= BETA2
            g *= g
            v += (1 - BETA2) * g
            w -= (lr / (1 - BETA1**t)) * m / (np.sqrt(v / (1 - BETA2**t)) + EPS)
    return w


def torch_mini_batch(problem: Problem, kind: str, *, lr: float, epochs: int, size: int, seed: int = 0) -> Array:
    """Mini-batch descent in PyTorch: autograd and `torch.optim`, the rows gathered once per epoch and then sliced."""
    torch = _single_threaded()
    X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
    generator = np.random.RandomState(seed)
    w = torch.zeros(X.shape[1], dtype=X.dtype, requires_grad=True)
    optimizer = _optimizer(torch, kind, w, lr)
    for _ in range(epochs):
        order = torch.from_numpy(generator.permutation(len(X)))
        for rows, target in zip(X[order].split(size), y[order].split(size), strict=True):
            optimizer.zero_grad()
            (rows @ w - target).square().mean().backward()
            optimizer.step()
    return _weights(w)


def torch_data_loader(problem: Problem, kind: str, *, lr: float, epochs: int, size: int, seed: int = 0) -> Array:
    """The same as in PyTorch's tutorials: a `DataLoader` draws the batches, with its own random numbers."""
    torch = _single_threaded()
    data = peer("torch.utils.data")
    torch.manual_seed(seed)
    X, y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
    loader = data.DataLoader(data.TensorDataset(X, y), batch_size=size, shuffle=True)
    w = torch.zeros(X.shape[1], dtype=X.dtype, requires_grad=True)
    optimizer = _optimizer(torch, kind, w, lr)
    for _ in range(epochs):
        for rows, target in loader:
            optimizer.zero_grad()
            (rows @ w - target).square().mean().backward()
            optimizer.step()
    return _weights(w)


def torch_lockstep(problem: Problem, rates: Array, *, epochs: int, size: int, seed: int = 0) -> Array:
    """All rates at once in PyTorch: weights (d, k), Adam with lr 1 scaled so that each column has its own rate.

    Adam's step is proportional to its rate, so the step at rate 1 is multiplied by the rate of each column.
    """
    torch = _single_threaded()
    X, y, scale = (torch.from_numpy(array) for array in (problem.X, problem.y[:, None], rates))
    generator = np.random.RandomState(seed)
    w = torch.zeros((X.shape[1], len(rates)), dtype=X.dtype, requires_grad=True)
    optimizer = _optimizer(torch, "adam", w, 1.0)
    before = torch.empty_like(w)
    for _ in range(epochs):
        order = torch.from_numpy(generator.permutation(len(X)))
        for rows, target in zip(X[order].split(size), y[order].split(size), strict=True):
            optimizer.zero_grad()
            (rows @ w - target).square().mean(0).sum().backward()
            with torch.no_grad():
                before.copy_(w)
            optimizer.step()
            with torch.no_grad():
                w.sub_(before).mul_(scale).add_(before)
    return _weights(w)


def torch_full_batch(problem: Problem, *, lr: float, epochs: int, dtype: str = "float64") -> Array:
    """Full-batch descent in PyTorch: autograd and `torch.optim.SGD`, with all threads."""
    torch = peer("torch")
    X, y = (torch.from_numpy(array).to(getattr(torch, dtype)) for array in (problem.X, problem.y))
    w = torch.zeros(X.shape[1], dtype=X.dtype, requires_grad=True)
    optimizer = _optimizer(torch, "sgd", w, lr)
    for _ in range(epochs):
        optimizer.zero_grad()
        (X @ w - y).square().mean().backward()
        optimizer.step()
    return _weights(w)


def _single_threaded() -> Any:
    torch = peer("torch")
    torch.set_num_threads(1)
    return torch


def _optimizer(torch: Any, kind: str, w: Any, lr: float) -> Any:
    return {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[kind]([w], lr=lr)


def _weights(w: Any) -> Array:
    return np.asarray(w.detach().numpy(), dtype=np.float64)
