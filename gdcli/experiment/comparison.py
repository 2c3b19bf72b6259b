"""Which runs can be compared, by which figure, and which of them is the best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from gdcli.engine.arrays import EPS
from gdcli.engine.trace import Status
from gdcli.errors import some_of
from gdcli.experiment.plan import Plan
from gdcli.experiment.quantiles import Run, final, spread

Figure: TypeAlias = Literal["gap", "final_mse"]

SAME_OPTIMUM = 1e-6  # relatively: scalers change an optimum by rounding errors only


class Planned(Run, Protocol):
    """A finished run that knows what was planned."""

    @property
    def plan(self) -> Plan:
        """What was run."""


P = TypeVar("P", bound=Planned)

# Runs of one spec or setting, one per seed.
Group: TypeAlias = Sequence[Planned]


@dataclass(frozen=True)
class Comparison:
    """How groups of runs are ranked.

    Attributes:
        figure: What ranks them: the gap, or the final MSE where the gaps have different optima; None where nothing can.
        reason: Why it is not the gap; empty where it is.
        rounding: Gaps up to this are rounding errors, and all the same.
    """

    figure: Figure | None
    reason: str
    rounding: float

    def value(self, group: Group) -> float:
        """The median that ranks a group, infinite where half of its runs diverged; their gap if nothing ranks them."""
        figures = spread(group, self.figure or "gap")
        return math.inf if figures is None else figures.median

    def rank(self, group: Group) -> float:
        """The same, equal where nothing but rounding errors differ."""
        value = self.value(group)
        return self.rounding if self.figure == "gap" and value <= self.rounding else value

    def order(self, groups: Sequence[Group]) -> list[int]:
        """Indices of groups, the best one first; as they are where they cannot be compared."""
        if self.figure is None:
            return list(range(len(groups)))
        ranks = [self.rank(group) for group in groups]
        return sorted(range(len(groups)), key=ranks.__getitem__)

    def best(self, groups: Sequence[Group]) -> list[int]:
        """Indices of the best groups: one, or all that reach the optimum to rounding; none if nothing can be said."""
        if self.figure is None:
            return []
        ranks = [self.rank(group) for group in groups]
        least = min(ranks, default=math.inf)
        ties = [i for i, rank in enumerate(ranks) if rank == least < math.inf]
        return ties if self.is_rounding(least) else ties[:1]

    def nearest_to_median(self, group: Sequence[P]) -> P:
        """The run of a group whose figure is the nearest to their median."""
        figure, median = self.figure or "gap", self.value(group)
        return min(group, key=lambda run: abs((final(run, figure) or 0.0) - median))

    def is_rounding(self, value: float) -> bool:
        """Whether a value of the ranking figure is the optimum to rounding."""
        return self.figure == "gap" and value <= self.rounding


def endings(group: Group) -> list[tuple[Status, int]]:
    """How runs ended, where that is not as planned: each status with its count, the most frequent one first."""
    counts = Counter(Status(run.summary["status"]) for run in group)
    del counts[Status.COMPLETED]
    return counts.most_common()


def comparison(groups: Sequence[Group]) -> Comparison:
    """Find out how groups of runs can be compared.

    Losses on other rows or of another target mean something else, and nothing ranks them. With other features or
    another split the gap is to another optimum, so that the final MSE ranks. Otherwise the gap does.

    Args:
        groups: Runs of one spec or setting each, one per seed.

    Returns:
        The rule that ranks them.
    """
    plans = [[run.plan for run in group] for group in groups]
    rounding = max((_rounding(plan) for group in plans for plan in group), default=0.0)
    strangers = _different(plans, {"data": _data_key(plans), "targets": _target})
    if strangers:
        names = {"data": _data_name, "targets": _target}
        differences = [f"different {word}{_in_parentheses(plans, names[word])}" for word in strangers]
        return Comparison(None, f"the runs have {' and '.join(differences)}", rounding)
    relatives = _different(plans, {"features": _features, "splits": _split})
    if not relatives and not _same_optima(plans):
        relatives = ["optima"]
    reason = f"the {' and the '.join(relatives)} differ" if relatives else ""
    return Comparison("final_mse" if relatives else "gap", reason, rounding)


def _rounding(plan: Plan) -> float:
    """The largest gap that is nothing but rounding errors.

    Up to eps·F* the loss F* + gap is the same number as F*. Where F* is zero, the bound below which `solve` calls F*
    zero holds for the gap too.
    """
    objective = plan.rows.objective
    zero = (8 * EPS) ** 2 * max(objective.n, len(objective.c)) * objective.baseline_loss
    return float(EPS * objective.optimum_mse + zero)


def _different(groups: Sequence[Sequence[Plan]], keys: dict[str, Callable[[Plan], Any]]) -> list[str]:
    """The words for those keys in which the groups differ."""
    return [word for word, key in keys.items() if len({frozenset(map(key, plans)) for plans in groups}) > 1]


def _same_optima(groups: Sequence[Sequence[Plan]]) -> bool:
    """Whether runs of one split have one optimum, up to rounding."""
    optima: dict[Any, list[Plan]] = {}
    for plan in (plan for plans in groups for plan in plans):
        optima.setdefault(_split(plan), []).append(plan)
    return all(_close(plans) for plans in optima.values())


def _close(plans: Sequence[Plan]) -> bool:
    values = [plan.rows.objective.optimum_mse for plan in plans]
    bound = SAME_OPTIMUM * max(values) + max(map(_rounding, plans))
    return max(values) - min(values) <= bound


def _data_key(groups: Sequence[Sequence[Plan]]) -> Callable[[Plan], str]:
    """A key that tells what is in the data, wherever the file lies."""
    # Once for all runs on the same rows: a dataset may be long to write.
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


def _features(plan: Plan) -> Any:
    columns = plan.rows.columns
    return frozenset(columns.features), columns.intercept


def _split(plan: Plan) -> Any:
    split = plan.spec.split
    return split, plan.spec.seed if split and split.shuffle else None


def _in_parentheses(groups: Sequence[Sequence[Plan]], name: Callable[[Plan], str]) -> str:
    """The different names in parentheses, three at most; nothing where they are all the same."""
    names = list(dict.fromkeys(name(plan) for plans in groups for plan in plans))
    return f" ({some_of(names, 3)})" if len(names) > 1 else ""
