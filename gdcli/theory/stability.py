"""Which constant learning rates are stable."""

from __future__ import annotations

import math

from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.plain import SGD, Momentum


def largest_stable_rate(optimizer: Optimizer, curvature: float) -> float | None:
    """The learning rate below which full-batch descent converges, and beyond which it grows.

    In a direction of curvature h, weight decay a makes the gradient (h + a)·e, with e the distance to the fixed
    point. Plain descent multiplies e by 1 − lr·(h + a). With momentum β and dampening τ, e and the velocity follow a
    2×2 matrix; its eigenvalues are within the unit circle as long as |trace| < 1 + determinant < 2:

        heavy ball   trace 1 + β − lr·(1 − τ)(h + a)    determinant β
        Nesterov     trace 1 + β − lr·(1 + β)(h + a)    determinant β − lr·β(h + a)

    The direction of the largest curvature L is the first to grow:

        plain        lr < 2/(L + a)
        heavy ball   lr < 2(1 + β)/((1 − τ)(L + a))
        Nesterov     lr < (2 + 2β)/((1 + 2β)(L + a))

    Args:
        optimizer: Its hyperparameters; `lr` is not read. Nesterov's momentum has no dampening.
        curvature: L, the largest eigenvalue of the Hessian.

    Returns:
        The limit: infinite where no rate is too large, 0 where dampening above 1 turns every step uphill; None for
        optimizers of which no limit is known.

    Source: Polyak (1964), Some methods of speeding up the convergence of iteration methods, for the heavy ball.
    """
    match optimizer:
        case SGD(weight_decay=a):
            return _quotient(2.0, curvature + a)
        case Momentum(momentum=b, nesterov=True, weight_decay=a):
            return _quotient(2 + 2 * b, (1 + 2 * b) * (curvature + a))
        case Momentum(momentum=b, dampening=t, weight_decay=a):
            slope = (1 - t) * (curvature + a)
            return _quotient(2 * (1 + b), slope) if slope >= 0 else 0.0
    return None


def _quotient(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.inf
