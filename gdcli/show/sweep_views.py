"""A sweep on the terminal: the ten best settings as a table, and remarks about the whole grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType

from gdcli.errors import counted
from gdcli.experiment.ending import NOTES
from gdcli.experiment.quantiles import spread
from gdcli.show.layout import Column, Sheet, Words
from gdcli.show.sweep_labels import headings_of, label_of, value_text, varied
from gdcli.show.tables import RANKS, ranking_lines
from gdcli.show.texts import number, scientific
from gdcli.sweeps.result import SettingRuns, SweepResult, SweepRun

SHOWN = 10
# The plural of each note.
PLURALS = {
    "diverged": "diverged",
    "above its start": "ended above their start",
    "lr beyond its limit": "used an lr beyond its limit",
    "hardly moved": "hardly moved",
}


def sweep_view(result: SweepResult) -> RenderableType:
    """Show the ten best settings, the number that diverged, and the ranges that stay near the best one.

    Args:
        result: The sweep.

    Returns:
        A Rich renderable.
    """
    with_seeds, axes = result.sweep.seeds > 1, varied(result)
    headings = headings_of(axes)
    figures = ["final MSE", "median gap" if with_seeds else "gap", *(["10–90 %"] if with_seeds else []), "gap/opt."]
    ranking = figures[1] if result.figure == "gap" else "final MSE"
    columns = [Column(headings[axis.key], 90 - i, is_name=not axis.is_numeric) for i, axis in enumerate(axes)]
    columns += [Column(heading, 99 if heading == ranking else RANKS[heading]) for heading in figures]
    top = _top(result)
    rows = [
        [*(label_of(axis.key, setting) for axis in axes), *_figures(setting, with_seeds=with_seeds)] for setting in top
    ]
    bold = frozenset(i for i, setting in enumerate(top) if setting in result.ties)
    return Group(Sheet(columns, rows, bold), *(Words(line.split(" ")) for line in _lines(result)))


def _top(result: SweepResult) -> Sequence[SettingRuns]:
    """The settings of the table: all if they are few, otherwise the best ones, or the first ones without a best."""
    rule, ranked = result.comparison, result.ranked
    finite = [setting for setting in ranked if rule.rank(setting.runs) < np.inf]
    return (finite if rule.figure and finite and len(ranked) > SHOWN else ranked)[:SHOWN]


def _figures(setting: SettingRuns, *, with_seeds: bool) -> list[str]:
    mse, gap, ratio = (spread(setting.runs, figure) for figure in ("final_mse", "gap", "gap_ratio"))
    steady = np.isfinite(setting.gap)
    low_high = [f"{scientific(gap.low)} – {scientific(gap.high)}" if gap else "–"] if with_seeds else []
    return [
        number(mse.median, 7) if steady and mse else _diverged(setting),
        number(setting.gap if steady else None, 4),
        *low_high,
        number(ratio.median if steady and ratio else None, 4),
    ]


def _diverged(setting: SettingRuns) -> str:
    """How many runs of a setting diverged, if not all."""
    diverged, runs = setting.diverged, len(setting.runs)
    return "diverged" if diverged == runs else f"{diverged} of {runs} diverged"


def _lines(result: SweepResult) -> list[str]:
    runs, planned, settings = len(result.runs), len(result.sweep.points), result.settings
    count = counted(runs, "run") if runs == planned else f"{runs} of {planned} runs"
    which, shown = "best" if result.best else "first", len(_top(result))
    are = f"the {which} one is" if shown == 1 else f"the {shown} {which} are"
    excess = f"; {are} shown" if len(settings) > SHOWN else ""
    lines = [f"{count}, {_endings(result.runs)}{excess}"]
    if result.sweep.seeds > 1:
        lines.append(f"medians of {result.sweep.seeds} seeds, column by column; 10–90 % is the range of the gap")
    constants = [axis for axis in result.sweep.axes if axis not in varied(result)]
    if constants:
        lines.append(f"all with {', '.join(f'{axis.key} {value_text(axis.values[0])}' for axis in constants)}")
    lines += ranking_lines(result.comparison, len(result.ties))
    best = result.best_run
    if best and result.sweep.seeds > 1:
        lines.append(f"best.yaml has seed {best.plan.spec.seed}, whose run is the nearest to the median")
    return lines + _tolerances(result)


def _endings(runs: Sequence[SweepRun]) -> str:
    """Count the runs that need a word: `25 diverged, 3 ended above their start`."""
    counts = Counter(remark.note for run in runs for remark in run.remarks)
    return ", ".join(f"{counts[note]} {PLURALS[note]}" for note in NOTES if counts[note] or note == NOTES[0])


def _tolerances(result: SweepResult) -> list[str]:
    """The range of each numeric axis that stays near the best, with the other axes at their best."""
    best, axes = result.best, varied(result)
    if best is None:
        return []
    headings, lines = headings_of(axes), []
    for axis in axes:
        is_seed = axis.key.rpartition(".")[2] == "seed"  # neighbouring seeds have nothing in common
        within = result.tolerated(axis.key) if axis.is_numeric and not is_seed else None
        if within:
            low, high = map(value_text, within)
            span = f"only {axis.key} {low}" if low == high else f"{axis.key} from {low} to {high}"
            others = [f"{headings[other.key]} {label_of(other.key, best)}" for other in axes if other != axis]
            condition = f"with {', '.join(others)}: " if others else ""
            lines.append(f"{condition}{span} {_near(result, best)}")
    return lines


def _near(result: SweepResult, best: SettingRuns) -> str:
    if result.comparison.is_rounding(result.comparison.rank(best.runs)):
        return "reaches the optimum to rounding"
    return f"stays within 2 times the best {'gap' if result.figure == 'gap' else 'final MSE'}"
