"""The warnings of many plans, each listed once with the plans that it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from gdcli.errors import counted, some_of
from gdcli.experiment.plan import Plan
from gdcli.spec.grid import written

# What a run is identified by: axis key → value, and `seed` if runs differ only in their seeds.
Label: TypeAlias = Mapping[str, Any]

MOST_WARNINGS = 10  # shown
MOST_VALUES = 3  # of an axis


def grouped_warnings(plans: Iterable[tuple[Label, Plan]], *, by_seed: bool) -> list[str]:
    """List the warnings of plans, each once, with the plans that have it.

    Args:
        plans: Pairs of a setting, which identifies the plan, and the plan.
        by_seed: Whether there are several seeds per setting.

    Returns:
        Lines, sorted by warning: `scaler=minmax: …` or `seed=3, 5: …`; without such a prefix if all plans have it.
    """
    labels: list[Label] = []
    holders: dict[str, dict[int, None]] = {}
    for i, (setting, plan) in enumerate(plans):
        labels.append({**setting, "seed": plan.spec.seed} if by_seed else setting)
        for warning in plan.warnings:
            holders.setdefault(warning, {})[i] = None
    shown, more = sorted(holders.items())[:MOST_WARNINGS], len(holders) - MOST_WARNINGS
    lines = [f"{_prefix([labels[i] for i in some], labels)}{warning}" for warning, some in shown]
    listed = f"{counted(more, 'more warning')}; summary.json lists all with their runs"
    return [*lines, listed] if more > 0 else lines


def setting_text(setting: Label) -> str:
    """Write a setting on one line: `optimizer.lr=0.1, scaler=none`."""
    return ", ".join(f"{key}={written(value)}" for key, value in setting.items())


def _prefix(some: Sequence[Label], everything: Sequence[Label]) -> str:
    """Describe some of all runs by the values that only they have, or by the first of them and their number."""
    if len(some) == len(everything):
        return ""
    some, everything = _settings(some, everything)
    values = {key: list(dict.fromkeys(repr(label[key]) for label in some)) for key in some[0]}
    spanned = [label for label in everything if all(repr(label[key]) in among for key, among in values.items())]
    if len(spanned) > len(some) or len(some) == 1:
        noun = "runs" if "seed" in some[0] else "settings"
        more = f" and {len(some) - 1} more {noun}" if len(some) > 1 else ""
        return f"{setting_text(some[0])}{more}: "
    narrowed = [key for key, among in values.items() if len(among) < len({repr(label[key]) for label in everything})]
    return f"{', '.join(f'{key}={_values(key, some)}' for key in narrowed)}: "


def _settings(some: Sequence[Label], everything: Sequence[Label]) -> tuple[list[Label], list[Label]]:
    """Leave the seeds out if the runs include all seeds of each of their settings."""
    totals, counts = Counter(map(_setting, everything)), Counter(map(_setting, some))
    if any(totals[setting] != count for setting, count in counts.items()):
        return list(some), list(everything)
    without = {_setting(label): {key: label[key] for key in label if key != "seed"} for label in everything}
    return [without[setting] for setting in counts], list(without.values())


def _setting(label: Label) -> str:
    return repr([(key, value) for key, value in label.items() if key != "seed"])


def _values(key: str, some: Sequence[Label]) -> str:
    return some_of(list(dict.fromkeys(written(label[key]) for label in some)), MOST_VALUES)
