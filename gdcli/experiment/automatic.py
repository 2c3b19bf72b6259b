"""Settings that a spec leaves to theory: their numbers follow from the data, at planning."""

from __future__ import annotations

import numpy as np

from gdcli.engine.arrays import Array
from gdcli.engine.problems.least_squares import LeastSquares
from gdcli.engine.schedules.optimal import Optimal
from gdcli.engine.threads import one_blas_thread
from gdcli.errors import SpecError
from gdcli.experiment.rows import Rows
from gdcli.spec.model import Spec
from gdcli.spec.rates import learning_rates
from gdcli.spec.validate import Request
from gdcli.theory.krylov import Refusal, optimal_rates


def is_optimal(spec: Spec) -> bool:
    """Whether the rates of a run come from theory and not from a formula of the epoch."""
    return isinstance(spec.schedule[0], Optimal)


def planned_rates(request: Request, spec: Spec, rows: Rows, start: Array, steps: int) -> Array:
    """The rates of a run as one array.

    Args:
        request: The spec as the user gives it, for the place of a fault.
        spec: The same with a resolved schedule.
        rows: Its rows.
        start: Initial weights, shape (d,).
        steps: Steps per epoch.

    Returns:
        Rates, shape (epochs, 1 or steps, 1).

    Raises:
        SpecError: The schedule is optimal, and double precision cannot carry it out.
    """
    if not is_optimal(spec):
        return learning_rates(spec.schedule, spec.optimizer.lr, spec.epochs, steps)
    curvatures = rows.spectrum.curvatures
    rates = optimal_rates(curvatures, _residual_coordinates(rows.objective, start)[: len(curvatures)], spec.epochs)
    if isinstance(rates, Refusal):
        message = (
            f"schedule cannot be optimal: {rates.reason}; lower epochs, scale the features or use another schedule"
        )
        raise SpecError([request.fault(("schedule",), message)])
    return rates.reshape(spec.epochs, 1, 1)


def _residual_coordinates(problem: LeastSquares, start: Array) -> Array:
    """The start in the singular directions of R, the one of the largest curvature first: gap = unit·Σz²."""
    with one_blas_thread:
        directions, _, _ = np.linalg.svd(problem.R, full_matrices=False)
    optimum = problem.optimum
    distance = problem.R @ (start - optimum.weights) if optimum.is_resolved else problem.R @ start - optimum.image
    return np.asarray(directions.T @ distance / np.sqrt(problem.n))
