"""Which runs can be compared, by which figure, and which of them is best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from gdcli.engine.trace import Status
from gdcli.errors import some_of
from gdcli.experiment.ending import rounding_of
from gdcli.experiment.plan import Plan
from gdcli.experiment.quantiles import Run, final, spread

Figure: TypeAlias = Literal["gap", "final_mse"]

SAME_OPTIMUM = 1e-6  # relative difference: scalers change an optimum by rounding errors only


class Planned(Run, Protocol):
    """A finished run with its plan."""

    @property
    def plan(self) -> Plan:
        """The plan of the run."""


P = TypeVar("P", bound=Planned)

# Runs of one spec or setting, one per seed.
Group: TypeAlias = Sequence[Planned]


@dataclass(frozen=True)
class Comparison:
    """How groups of runs are ranked.

    Attributes:
        figure: The figure that ranks them: the gap, or the final MSE if their optima differ; None if they cannot be
            ranked.
        reason: Why it is not the gap; empty if it is.
        rounding: Gaps up to this value are rounding errors and count as equal.
    """

    figure: Figure | None
    reason: str
    rounding: float

    def value(self, group: Group) -> float:
        """The median of the ranking figure, or of the gap if there is none; infinite if half of the runs diverged."""
        figures = spread(group, self.figure or "gap")
        return math.inf if figures is None else figures.median

    def rank(self, group: Group) -> float:
        """The value of a group, with gaps that are rounding errors made equal."""
        value = self.value(group)
        return self.rounding if self.figure == "gap" and value <= self.rounding else value

    def order(self, groups: Sequence[Group]) -> list[int]:
        """Indices of the groups, the best one first; in their given order if they cannot be compared."""
        if self.figure is None:
            return list(range(len(groups)))
        ranks = [self.rank(group) for group in groups]
        return sorted(range(len(groups)), key=ranks.__getitem__)

    def best(self, groups: Sequence[Group]) -> list[int]:
        """Indices of the best groups: one, or all that reach the optimum to rounding; none if nothing ranks them."""
        if self.figure is None:
            return []
        ranks = [self.rank(group) for group in groups]
        least = min(ranks, default=math.inf)
        ties = [i for i, rank in enumerate(ranks) if rank == least < math.inf]
        return ties if self.is_rounding(least) else ties[:1]

    def nearest_to_median(self, group: Sequence[P]) -> P:
        """The run of a group whose figure is nearest to the median."""
        figure, median = self.figure or "gap", self.value(group)
        return min(group, key=lambda run: abs((final(run, figure) or 0.0) - median))

    def is_rounding(self, value: float) -> bool:
        """Whether a value of the ranking figure equals the optimum up to rounding."""
        return self.figure == "gap" and value <= self.rounding


def endings(group: Group) -> list[tuple[Status, int]]:
    """How runs ended that were not completed: each status with its count, the most frequent one first."""
    counts = Counter(Status(run.summary["status"]) for run in group)
    del counts[Status.COMPLETED]
    return counts.most_common()


def comparison(groups: Sequence[Group]) -> Comparison:
    """Determine how groups of runs can be compared.

    Losses on different data, on different rows of the same data (`missing: drop` depends on the columns) or of
    different targets cannot be compared, and neither can a run that was interrupted. With different features or
    splits, the gaps refer to different optima, so the final MSE ranks the groups. Otherwise the gap does.

    Args:
        groups: Groups of runs of one spec or setting, one run per seed.

    Returns:
        The rule that ranks them.
    """
    plans = [[run.plan for run in group] for group in groups]
    rounding = max((rounding_of(plan) for group in plans for plan in group), default=0.0)
    incomparable = _different(plans, {"data": _data_key(plans), "targets": _target, "rows": _left_out})
    if incomparable:
        names = {"data": _data_name, "targets": _target, "rows": _training_rows}
        phrases = [f"different {word}{_in_parentheses(plans, names[word])}" for word in incomparable]
        return Comparison(None, f"the runs have {' and '.join(phrases)}", rounding)
    if any(run.summary["status"] == Status.INTERRUPTED for group in groups for run in group):
        return Comparison(None, "a run was interrupted", rounding)
    differences = _different(plans, {"features": _features, "splits": _split})
    if not differences and not _same_optima(plans):
        differences = ["optima"]
    reason = f"the {' and the '.join(differences)} differ" if differences else ""
    return Comparison("final_mse" if differences else "gap", reason, rounding)


def _different(groups: Sequence[Sequence[Plan]], keys: dict[str, Callable[[Plan], Any]]) -> list[str]:
    """The words of the keys in which the groups differ."""
    return [word for word, key in keys.items() if len({frozenset(map(key, plans)) for plans in groups}) > 1]


def _same_optima(groups: Sequence[Sequence[Plan]]) -> bool:
    """Whether all runs of the same split have the same optimum, up to rounding."""
    optima: dict[Any, list[Plan]] = {}
    for plan in (plan for plans in groups for plan in plans):
        optima.setdefault(_split(plan), []).append(plan)
    return all(_close(plans) for plans in optima.values())


def _close(plans: Sequence[Plan]) -> bool:
    values = [plan.rows.objective.floor for plan in plans]
    bound = SAME_OPTIMUM * max(values) + max(map(rounding_of, plans))
    return max(values) - min(values) <= bound


def _data_key(groups: Sequence[Sequence[Plan]]) -> Callable[[Plan], str]:
    """A key that depends on the content of the data, not on the path of the file."""
    # Once for all runs on the same rows: the repr of a dataset may be long.
    plans_by_rows = {plan.rows: plan for plans in groups for plan in plans}
    keys = {rows: _data(plan) for rows, plan in plans_by_rows.items()}
    return lambda plan: keys[plan.rows]


def _data(plan: Plan) -> str:
    dataset, digest = plan.spec.dataset, plan.rows.data.sha256
    return repr((digest, replace(dataset, path=None))) if digest else repr(dataset)


def _data_name(plan: Plan) -> str:
    return PurePath(plan.rows.data.label).name


def _target(plan: Plan) -> str:
    return f"'{plan.rows.columns.target}'"


def _left_out(plan: Plan) -> str:
    return plan.rows.left_out


def _training_rows(plan: Plan) -> str:
    return str(len(plan.rows.training))


def _features(plan: Plan) -> Any:
    columns = plan.rows.columns
    return frozenset(columns.features), columns.intercept


def _split(plan: Plan) -> Any:
    split = plan.spec.split
    return split, plan.spec.seed if split and split.shuffle else None


def _in_parentheses(groups: Sequence[Sequence[Plan]], name: Callable[[Plan], str]) -> str:
    """The different names in parentheses, at most three; empty if they are all the same."""
    names = list(dict.fromkeys(name(plan) for plans in groups for plan in plans))
    return f" ({some_of(names, 3)})" if len(names) > 1 else ""
