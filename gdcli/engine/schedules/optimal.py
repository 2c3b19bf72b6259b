"""The schedule whose rates follow from the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn

from gdcli.engine.arrays import IntArray
from gdcli.engine.schedules.base import Schedule


@dataclass(frozen=True, kw_only=True)
class Optimal(Schedule):
    """1/θ_t: the rates with the smallest gap that any schedule can reach on this data in so many epochs.

    θ are the roots of the polynomial of conjugate gradients from this start, falling, or in Leja order where rounding
    asks for it; base has no effect. For full-batch `sgd` without weight decay, over a whole run. Refused where double
    precision cannot carry it out.

    Source: Hestenes and Stiefel (1952), Methods of conjugate gradients for solving linear systems; Reichel (1990),
    Newton interpolation at Leja points.
    """

    kind: Literal["optimal"] = "optimal"

    def rates(self, t: IntArray, base: float) -> NoReturn:
        """Refuse: the rates depend on data and start, and the plan of a run has them.

        Raises:
            ValueError: Always.
        """
        del t, base
        raise ValueError("the rates of an optimal schedule depend on the data: a plan has them")
