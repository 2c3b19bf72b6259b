"""How many epochs of full-batch descent a gap takes: exactly, and far beyond the length of any run.

At a constant rate the distance to the fixed point and the velocity of a mode, (e, v), are multiplied by one 2×2 matrix
per step. Its powers lead to any epoch at the cost of a few products. The gap need not fall from epoch to epoch: modes
oscillate under momentum, and pass by the optimum on their way to weight decay's fixed point. So no epoch is skipped
unless a bound shows that the gap stays above the target over the whole stretch.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gdcli.engine.arrays import EPS, Array, BoolArray
from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.theory.modes import Modes, gaps, weight_decay_of

BLOCK = 1024  # epochs whose gaps are computed at once
MOST_EPOCHS = 10**15  # no machine would finish more


def first_epoch(gaps: Array, target_gap: float) -> int | None:
    """Find the first epoch whose gap is at most a target.

    Args:
        gaps: The gap at the start and after each epoch, shape (T + 1,).
        target_gap: The target, in the same units.

    Returns:
        The epoch, 0 for the start; None where no gap is that small.
    """
    hits = np.flatnonzero(gaps <= target_gap)
    return int(hits[0]) if len(hits) else None


@np.errstate(all="ignore")  # descent that overflows never arrives
def epochs_to(modes: Modes, optimizer: Optimizer, lr: float, target_gap: float) -> int | None:
    """Compute how many epochs at a constant rate it takes until the gap is at most a target.

    Exact to the epoch, except for ties: under plain descent always; with momentum or weight decay up to some 10⁷
    epochs, beyond which the rounding of a factor near 1 counts: a relative error of 1e-6 at 10¹⁰ epochs. A run in
    double precision arrives as long as the target is above the rounding errors of its weights. The cost grows with the
    logarithm of the number of epochs, and with the number of epochs in which a mode oscillates.

    Args:
        modes: Curvatures and start.
        optimizer: sgd or momentum; its `lr` is not read.
        lr: The learning rate of every step.
        target_gap: The target, in squared units of the file.

    Returns:
        The first epoch with such a gap, 0 for the start; None where there is none within 10¹⁵ epochs, as where the
        rate is not stable or where weight decay pulls too far from the optimum.

    Raises:
        ValueError: The optimizer's rule is not linear.
    """
    motion = Motion(modes, optimizer, lr)
    if modes.gap <= target_gap:
        return 0
    is_plain = motion.rule.momentum == motion.rule.dampening == motion.rule.weight_decay == 0
    if is_plain and lr * modes.h.max(initial=0.0) <= 2:
        return _epochs_of_plain_descent(modes, lr, target_gap)
    epoch, state, level = 1, motion.first(), 0
    while epoch < MOST_EPOCHS and np.isfinite(state).all():
        ahead = motion.after(state, level)
        if motion.least_gap(state, ahead) > target_gap:
            epoch, state, level = epoch + BLOCK * 2**level, ahead, level + 1
        elif level:
            level -= 1
        else:
            found = first_epoch(motion.block(state), target_gap)
            if found is not None:
                return epoch + found
            epoch, state = epoch + BLOCK, ahead
    return None


def _epochs_of_plain_descent(modes: Modes, lr: float, target_gap: float) -> int | None:
    """Bisect Σz²(1 − lr·h)^{2t}, every term of which falls, with |1 − x|ᵗ = exp(t·log1p(−min(x, 2 − x)))."""
    x = lr * modes.h
    logarithms = np.log1p(-np.minimum(x, 2 - x))
    epochs = range(1, MOST_EPOCHS)

    def minus_gap(epoch: int) -> float:
        return -float(gaps(modes, (modes.start * np.exp(epoch * logarithms))[None])[0])

    index = bisect_left(epochs, -target_gap, key=minus_gap)
    return epochs[index] if index < len(epochs) else None


@dataclass(frozen=True, eq=False)
class Motion:
    """Full-batch descent at a constant rate. A state is (e, v) of each mode, shape (r, 2).

    Attributes:
        modes: Curvatures and start.
        optimizer: sgd or momentum; its `lr` is not read.
        lr: The learning rate of every step.
    """

    modes: Modes
    optimizer: Optimizer
    lr: float

    @cached_property
    def rule(self) -> Momentum:
        """The optimizer as momentum: plain descent has none."""
        a = weight_decay_of(self.optimizer)
        if isinstance(self.optimizer, Momentum):
            return self.optimizer
        assert isinstance(self.optimizer, SGD)
        return Momentum(momentum=0.0, weight_decay=a)

    @cached_property
    def fixed(self) -> Array:
        """Where weight decay leads, shape (r,)."""
        return self.modes.fixed_point(self.rule.weight_decay)

    def first(self) -> Array:
        """Compute the state after the first step, whose velocity is the gradient itself."""
        e = self.modes.start - self.fixed
        return self._step(e, np.zeros_like(e), 1)

    def _step(self, e: Array, v: Array, t: int) -> Array:
        e, (v,) = self.rule.update(e, self.modes.h * e, (v,), self.lr, t, self.rule.hyperparameters())
        return np.stack([e, v], axis=-1)

    @cached_property
    def matrices(self) -> Array:
        """M of each mode, shape (r, 2, 2): its columns are what a later step makes of (1, 0) and (0, 1)."""
        zero, one = np.zeros_like(self.modes.h), np.ones_like(self.modes.h)
        return np.stack([self._step(one, zero, 2), self._step(zero, one, 2)], axis=-1)

    @cached_property
    def _powers(self) -> list[Array]:
        """M to the power of BLOCK, 2·BLOCK, 4·BLOCK, … as far as they were asked for."""
        return [np.linalg.matrix_power(self.matrices, BLOCK)]

    def after(self, state: Array, level: int) -> Array:
        """Compute the state BLOCK·2^level steps later."""
        while len(self._powers) <= level:
            self._powers.append(self._powers[-1] @ self._powers[-1])
        return _times(self._powers[level], state)

    @cached_property
    def _rows(self) -> Array:
        """The first row, that of e, of M to the power of 0 … BLOCK − 1, shape (BLOCK, r, 2)."""
        powers, M = np.broadcast_to(np.eye(2), self.matrices.shape)[None], self.matrices
        while len(powers) < BLOCK:
            powers, M = np.concatenate([powers, powers @ M]), M @ M
        return powers[:, :, 0]

    def block(self, state: Array) -> Array:
        """Compute the gaps of a state and of the steps after it, shape (BLOCK,)."""
        return gaps(self.modes, (self._rows * state).sum(axis=-1) + self.fixed)

    @cached_property
    def _discriminant(self) -> Array:
        """Above 0 where the eigenvalues of M are real, by more than rounding errors; shape (r,)."""
        half, determinant = _invariants(self.matrices)
        return half**2 - determinant - 8 * EPS * half**2

    @cached_property
    def eigenvalues(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """r₁ and r₂ of each M, shape (r,), the larger one first where they are real."""
        half, determinant = _invariants(self.matrices)
        root = np.sqrt(half**2 - determinant + 0j)
        larger = half + np.where(half < 0, -root, root)
        return larger, np.where(larger == 0, 0, determinant / larger)

    @cached_property
    def falls(self) -> BoolArray:
        """Whether e = c₁r₁ᵗ + c₂r₂ᵗ with 0 ≤ r₂ < r₁: such a mode turns around at most once; shape (r,)."""
        half, determinant = _invariants(self.matrices)
        return np.asarray((self._discriminant > 0) & (half > 0) & (determinant >= 0))

    def least_gap(self, state: Array, ahead: Array) -> float:
        """Compute a lower bound of the gap from one state to a later one.

        A mode that falls is monotone if its slopes at both ends have the same sign; then |z| is at least the smaller
        one of both ends, unless z changes its sign. In every mode each term of e = c₁r₁ᵗ + c₂r₂ᵗ only grows or only
        shrinks, so its ends bound it, and |z| ≥ |z°| − |c₁r₁ᵗ| − |c₂r₂ᵗ|. Where r₁ and r₂ are real, also
        |z| ≥ |c₁r₁ᵗ| − |c₂r₂ᵗ| − |z°|.

        Args:
            state: The first state of the stretch.
            ahead: The last one.

        Returns:
            The bound, in squared units of the file.
        """
        ends = np.stack([state, ahead])
        z, slopes = ends[..., 0] + self.fixed, np.sign(_times(self.matrices - np.eye(2), ends)[..., 0])
        is_monotone = self.falls & (slopes[0] * slopes[1] >= 0) & (np.sign(z[0]) * np.sign(z[1]) > 0)
        first, second = self._sizes(ends)
        bounds = [
            np.where(is_monotone, np.abs(z).min(axis=0), 0),
            np.abs(self.fixed) - first.max(axis=0) - second.max(axis=0),
            np.where(self._discriminant > 0, first.min(axis=0) - second.max(axis=0) - np.abs(self.fixed), 0),
        ]
        return float(gaps(self.modes, np.fmax.reduce([np.zeros_like(self.fixed), *bounds])[None])[0])

    def _sizes(self, states: Array) -> tuple[Array, Array]:
        """The sizes of c₁r₁ᵗ and c₂r₂ᵗ in several states, each of shape (k, r)."""
        (r1, r2), e = self.eigenvalues, states[..., 0]
        following = _times(self.matrices, states)[..., 0]
        parts = (np.abs(following - r * e) for r in (r2, r1))
        first, second = (np.where(part == 0, 0, part / np.abs(r1 - r2)) for part in parts)
        return first, second


def _invariants(M: Array) -> tuple[Array, Array]:
    """Half the trace and the determinant of 2×2 matrices."""
    return (M[:, 0, 0] + M[:, 1, 1]) / 2, M[:, 0, 0] * M[:, 1, 1] - M[:, 0, 1] * M[:, 1, 0]


def _times(matrices: Array, state: Array) -> Array:
    return np.asarray((matrices @ state[..., None])[..., 0])
