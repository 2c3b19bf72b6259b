"""Several runs side by side, as a table for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from statistics import median

from rich.console import Group, RenderableType
from rich.text import Text

from gdcli.engine.trace import Status
from gdcli.experiment.comparison import Comparison, comparison
from gdcli.experiment.ending import tally
from gdcli.experiment.quantiles import epochs_spread, spread
from gdcli.experiment.result import Result, by_name
from gdcli.show.layout import Cell, Column, Sheet, Words, comma_separated
from gdcli.show.texts import STATUS_STYLES, number, scientific, seeds_text, status_text

# If there is no room for all columns, those with the smallest rank are left out first.
RANKS = {
    **{"gap": 60, "median gap": 60, "final MSE": 40, "val. MSE": 35, "10–90 %": 30, "gap/opt.": 20},
    **{"epochs\nto 1 %": 9, "epochs\nto 0.01 %": 8, "epochs\nto 1e-6": 7},
    **{"optimizer": 28, "lr": 27, "schedule": 26, "scaler": 25, "batch_size": 24, "epochs": 10},
}
EPOCHS_TO = {"epochs\nto 1 %": "0.01", "epochs\nto 0.01 %": "0.0001", "epochs\nto 1e-6": "1e-06"}


def comparison_view(results: Sequence[Result]) -> RenderableType:
    """Show several runs, one per row: the settings in which they differ, and their figures. The best is marked.

    Args:
        results: The runs.

    Returns:
        A Rich renderable.
    """
    groups = by_name(results)
    seeds = len(results) > len(groups)
    firsts = [runs[0] for runs in groups.values()]
    columns, rows = [Column("run", rank=99, is_name=True)], []
    settings = ("optimizer", "lr", "schedule", "scaler", "batch_size")
    differing = [key for key in settings if len({str(result.summary[key]) for result in firsts}) > 1]
    with_endings = any(_ending(runs) for runs in groups.values())
    columns += [Column("status", rank=50, is_name=True, is_whole=True)] if with_endings else []
    columns += [
        Column(key.replace("_size", ""), RANKS[key], is_name=key not in ("lr", "batch_size")) for key in differing
    ]
    with_validation = any(result.summary["val_mse"] is not None for result in results)
    validation = ["val. MSE"] if with_validation else []
    arrivals = _arrivals(results)
    figures = ["final MSE", *validation, *(["median gap", "10–90 %"] if seeds else ["gap"]), "gap/opt.", *arrivals]
    columns += [Column(heading, RANKS[heading]) for heading in ([] if seeds else ["epochs"]) + figures]
    rule = comparison(list(groups.values()))
    best = {list(groups)[i] for i in rule.best(list(groups.values()))}
    for name, runs in groups.items():
        row: list[Cell] = [
            ("★ " if name in best else "  ") + name,
            *([_ending(runs)] if with_endings else []),
            *(_rate(runs) if key == "lr" else str(runs[0].summary[key]) for key in differing),
            *([] if seeds else [str(runs[0].summary["epochs"])]),
            number(_median(runs, "final_mse"), 7),
            *([number(_median(runs, "val_mse"), 5)] if with_validation else []),
            number(_median(runs, "gap"), 4),
            *([_range(runs)] if seeds else []),
            number(_median(runs, "gap_ratio"), 4),
            *(number(_median_epochs(runs, share)) for share in arrivals.values()),
        ]
        rows.append(row)
    legend = ["★ best", "", ""] if best else []
    medians = ["medians", "of", f"{seeds_text(groups)},", "column by column", "", ""] if seeds else []
    bold = frozenset(i for i, name in enumerate(groups) if name in best)
    lines = [[*legend, *medians, *_optima(results)], *(line.split(" ") for line in ranking_lines(rule, len(best)))]
    return Group(Sheet(columns, rows, bold), *(Words(words, style="dim") for words in lines))


def ranking_lines(rule: Comparison, ties: int) -> list[str]:
    """Say why runs are not ranked by their gap, if they are not, and how many runs tie for the best.

    Args:
        rule: The rule that ranks them.
        ties: Number of best runs.

    Returns:
        Lines.
    """
    if rule.figure is None:
        return [f"no best: {rule.reason}"]
    if rule.figure == "final_mse":
        return [f"ranked by final MSE: {rule.reason}"]
    return [f"{ties} are at the optimum: gaps up to {rule.rounding:.1e} are rounding"] if ties > 1 else []


def _optima(results: Sequence[Result]) -> list[str]:
    """The optima of runs: up to four of them, or their range."""
    optima = sorted({number(result.summary["optimum_mse"]) for result in results}, key=float)
    noun = "optimum MSE" if len(optima) == 1 else "optima (MSE)"
    return [noun, *(comma_separated(optima) if len(optima) <= 4 else ["from", optima[0], "to", optima[-1]])]


def _ending(runs: Sequence[Result]) -> Text:
    """How runs with the same name ended; empty if all were completed without remarks."""
    notes = [run for run in runs if run.status is not Status.COMPLETED or run.remarks]
    if len(runs) == 1 or not notes:
        return status_text(notes[0]) if notes else Text()
    endings = ([remark.note for remark in run.remarks] or [run.status.replace("_", " ")] for run in notes)
    text = tally(Counter(chain.from_iterable(endings)), len(runs))
    return Text(text, style=STATUS_STYLES.get(notes[0].status, "bold red"))


def _median(runs: Sequence[Result], figure: str) -> float | None:
    """The median over the seeds. A single run has its own figure, even if it diverged."""
    if len(runs) == 1:
        value: float | None = runs[0].summary[figure]
        return value
    figures = spread(runs, figure)
    return figures.median if figures else None


def _rate(runs: Sequence[Result]) -> str:
    """The learning rate, the median if `auto` differs from seed to seed."""
    return f"{median(run.summary['lr'] for run in runs):g}"


def _arrivals(results: Sequence[Result]) -> dict[str, str]:
    """The columns of epochs: always the first one, the others if a run has got that far."""
    first, *others = EPOCHS_TO.items()
    reached = [(key, share) for key, share in others if any(r.summary["epochs_to"][share] is not None for r in results)]
    return dict([first, *reached])


def _median_epochs(runs: Sequence[Result], share: str) -> float | None:
    """The median of the epochs until gap/optimum is at most a share; infinite for never, None if the optimum is 0."""
    epochs = epochs_spread(runs, share)
    return epochs.median if epochs else None


def _range(runs: Sequence[Result]) -> str:
    figures = spread(runs, "gap")
    return f"{scientific(figures.low)} – {scientific(figures.high)}" if figures else "–"
