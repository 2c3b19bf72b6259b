"""The warnings of many runs, each listed once with the runs that it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from gdcli.engine.trace import Status
from gdcli.errors import counted, some_of
from gdcli.experiment.plan import Plan
from gdcli.experiment.sweep.points import Sweep, setting_text
from gdcli.experiment.sweep.result import SweepResult, SweepRun
from gdcli.spec.grid import written

# What a run is identified by: axis key → value, and `seed` if runs differ only in their seeds.
Label: TypeAlias = Mapping[str, Any]

MOST_WARNINGS = 10  # shown
MOST_VALUES = 3  # of an axis


def warnings_of(sweep: Sweep) -> list[str]:
    """List the warnings of the runs of a sweep, each once.

    Args:
        sweep: The planned grid.

    Returns:
        Lines; a warning about some settings only begins with the values that they share: `scaler=minmax: …`.
    """
    plans = [(point.setting, point.plan) for point in sweep.points]
    return grouped_warnings(plans, by_seed=sweep.seeds > 1)


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


def best_run_warnings(result: SweepResult) -> list[str]:
    """List the remarks on the best run of a sweep, for example that it ended above its start.

    Args:
        result: The sweep.

    Returns:
        Lines; empty if there is no best run, or no remark on it.
    """
    run = result.best_run
    if run is None:
        return []
    return [f"best run, {_name(run, result)}: {remark.sentence}" for remark in run.remarks]


def divergence(result: SweepResult) -> str:
    """Say how many runs diverged, and how one of them did, for a sweep in which no setting has a finite median.

    Args:
        result: The sweep, of which at least one run diverged.

    Returns:
        `every setting diverged; optimizer.lr=5 diverged at epoch 7: …`
    """
    diverged = [run for run in result.runs if run.summary["status"] == Status.DIVERGED]
    run, runs = diverged[0], len(result.runs)
    counted = f"at least half of the seeds of every setting diverged ({len(diverged)} of {runs} runs)"
    what = "every setting diverged" if len(diverged) == runs else counted
    return f"{what}; {_name(run, result)} {run.remarks[0].sentence}"


def _name(run: SweepRun, result: SweepResult) -> str:
    """The setting of a run, and its seed if there are several."""
    seed = {"seed": run.plan.spec.seed} if result.sweep.seeds > 1 else {}
    return setting_text({**run.point.setting, **seed})


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
