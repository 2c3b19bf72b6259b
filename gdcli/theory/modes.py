"""The course of full-batch descent, mode by mode, under any learning rates.

With R = U diag(√(nλ)) Vᵀ, the residual of a run has one coordinate per curvature,

    z = Uᵀ(Rw − Rw*)/√n = √λ·Vᵀ(w − w*),    gap = Σ z²,    h = 2λ

In these coordinates the gradient is h·z, so every mode descends on its own. At any condition number z keeps the digits
that the gap has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum
from gdcli.engine.problems.least_squares import LeastSquares
from gdcli.engine.threads import one_blas_thread
from gdcli.theory.spectrum import Spectrum

PREDICTABLE = (SGD.kind, Momentum.kind)  # kinds of optimizers whose step is linear in weight, gradient and velocity


@dataclass(frozen=True, eq=False)
class Modes:
    """The directions in which the loss is curved, with the start and the optimum in residual coordinates.

    Attributes:
        h: Curvatures, the largest one first, shape (r,).
        start: z of the start, shape (r,), in units of the target as trained.
        optimum: √λ·Vᵀw*, shape (r,), likewise: how far the optimum is from w = 0, to which weight decay pulls.
        unit: Squared units of the file in one squared unit of the target as trained.
    """

    h: Array
    start: Array
    optimum: Array
    unit: float

    @property
    def gap(self) -> float:
        """The gap of the start, in squared units of the file."""
        return float(gaps(self, self.start[None])[0])

    def shares(self) -> Array:
        """Compute the share of the starting gap in each mode, shape (r,); zeros where there is no gap."""
        largest = np.abs(self.start).max(initial=0.0)
        squares = (self.start / (largest or 1.0)) ** 2  # neither overflows nor underflows
        return np.asarray(squares / (squares.sum() or 1.0))

    def fixed_point(self, weight_decay: float) -> Array:
        """Compute z where the gradient (h·z) and weight decay a·(z + z*) cancel: −a/(h + a)·z*, shape (r,)."""
        return np.asarray(-weight_decay / (self.h + weight_decay) * self.optimum)


def modes_of(objective: LeastSquares, start: Array) -> Modes:
    """Find the modes of a problem, and a start in their coordinates. Costs one SVD of R, O(d³).

    Directions without curvature are left out: no descent changes the gap along them.

    Args:
        objective: The loss.
        start: Initial weights, shape (d,), as trained.

    Returns:
        The modes.
    """
    R, optimum, h = objective.R, objective.optimum, Spectrum(objective).curvatures
    with one_blas_thread, np.errstate(all="ignore"):  # a start that overflows has an infinite gap
        U = np.linalg.svd(R, full_matrices=False)[0][:, : len(h)]
        residual = R @ (start - optimum.weights) if optimum.is_resolved else R @ start - optimum.image
        z, z_optimum = (U.T @ image / np.sqrt(objective.n) for image in (residual, optimum.image))
    return Modes(h=h, start=z, optimum=z_optimum, unit=objective.unit)


@np.errstate(all="ignore")  # descent that overflows has infinite gaps
def positions(modes: Modes, optimizer: Optimizer, rates: Array) -> Array:
    """Compute z after every step of full-batch descent, by the optimizer's own rule.

    The rule of sgd and of momentum is linear: each new value is a sum of w, g and the velocity with coefficients that
    are the same for every weight. It therefore commutes with every change of basis, w → √λ·Vᵀw, which turns the
    gradient into h·z. With weight decay a the step is affine in z, with the fixed point z° = −a/(h + a)·z*, where
    gradient and decay cancel. The difference of two courses follows the linear part, so e = z − z° obeys the rule
    with the gradient h·e. Nothing is lost to cancellation, as it would be in z + z*.

    Plain descent is a product, e·Π(1 − lr·(h + a)); with momentum it takes a loop of about 5 µs per step.

    Args:
        modes: Curvatures and start.
        optimizer: One of the `PREDICTABLE` kinds; its `lr` is not read.
        rates: The learning rate of each step, shape (T,).

    Returns:
        z at the start and after each step, shape (T + 1, r); not finite once it overflows.

    Raises:
        ValueError: The optimizer's rule is not linear.
    """
    fixed = modes.fixed_point(weight_decay_of(optimizer))
    e = modes.start - fixed
    if isinstance(optimizer, SGD):
        factors = 1 - np.multiply.outer(rates, modes.h + optimizer.weight_decay)
        return np.asarray(np.cumprod(np.concatenate([e[None], factors]), axis=0) + fixed)
    h, slots, history = optimizer.hyperparameters(), (np.zeros_like(e),) * optimizer.n_slots, [e]
    for t, lr in enumerate(rates.tolist(), start=1):
        e, slots = optimizer.update(e, modes.h * e, slots, lr, t, h)
        history.append(e)
    return np.array(history).reshape(len(history), len(modes.h)) + fixed


def weight_decay_of(optimizer: Optimizer) -> float:
    """Return the weight decay of an optimizer with a linear rule.

    Args:
        optimizer: One of the `PREDICTABLE` kinds.

    Returns:
        The weight decay.

    Raises:
        ValueError: The optimizer's rule is not linear.
    """
    match optimizer:
        case SGD(weight_decay=a) | Momentum(weight_decay=a):
            return a
    raise ValueError(f"the course of {optimizer.kind} is not known mode by mode, only that of sgd and momentum")


@np.errstate(all="ignore")  # squares may overflow
def gaps(modes: Modes, z: Array) -> Array:
    """Compute the gap, unit·Σz², at each of several positions.

    Args:
        modes: The modes, of which the unit is read.
        z: Positions, shape (T + 1, r).

    Returns:
        The gaps, shape (T + 1,), in squared units of the file; infinite where they are not finite.
    """
    gap = np.einsum("ti,ti->t", z, z) * modes.unit
    return np.where(np.isfinite(gap), gap, np.inf)
