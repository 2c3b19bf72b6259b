"""An explanation, as sentences and tables for the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from gdcli.errors import counted
from gdcli.experiment.explain.directions import formula
from gdcli.experiment.explain.explanation import Explanation, Mode
from gdcli.experiment.explain.pace import SHARES
from gdcli.experiment.explain.wording import rate
from gdcli.show.layout import Cell, Column, Sheet, Words, shortened
from gdcli.show.texts import number

LONGEST_NAME = 16  # in the formula of a direction
HARD = "\xa0"  # a blank at which no line is broken
TOGETHER = re.compile(r"`[^`]{1,40}`|[−+] \d|\d %|\d+ (?:epochs?|times)")  # what stays on one line


def explain_view(explanation: Explanation) -> RenderableType:
    """Show an explanation: its sentences, then the scalers and the directions as tables.

    Args:
        explanation: The explanation.

    Returns:
        What Rich prints.
    """
    sentences = (Words(list(words(sentence, _names(explanation)))) for sentence in explanation.advice)
    return Group(_title(explanation), *sentences, _scalers(explanation), *_modes(explanation))


def _title(e: Explanation) -> Words:
    batches = "full batch," if e.batches_per_epoch == 1 else f"{e.batches_per_epoch} batches per epoch,"
    facts = [
        f"{counted(e.training_rows, 'row')},",
        f"{counted(e.weights, 'weight')},",
        batches,
        counted(e.steps, "step"),
    ]
    return Words([Text(e.name, style="bold"), "", *facts])


def _names(explanation: Explanation) -> list[str]:
    return sorted(
        {name for mode in explanation.modes[:1] for name in mode.columns if " " in name}, key=len, reverse=True
    )


def words(sentence: str, names: Iterable[str]) -> Iterator[str]:
    """Divide a sentence into words, with names, settings and numbers with their units in one piece.

    Args:
        sentence: The sentence.
        names: Names with blanks, the longest first.

    Yields:
        The words.
    """
    for name in names:
        sentence = sentence.replace(name, name.replace(" ", HARD))
    sentence = TOGETHER.sub(lambda match: match[0].replace(" ", HARD), sentence)
    yield from (word.replace(HARD, " ") for word in sentence.split(" "))


def _scalers(e: Explanation) -> Sheet:
    """Full-batch sgd with each scaler, at its best constant rate."""
    columns = [
        Column("scaler", rank=9, is_name=True, is_whole=True),
        Column("condition\nnumber", rank=7),
        Column("largest\nstable lr", rank=5),
        Column("best lr\n(full-batch sgd)", rank=8),
    ]
    shares = [share for share in e.scalers[0].epochs_to if any(scaler.epochs_to[share] for scaler in e.scalers)]
    columns += [Column(f"epochs to\n{SHARES[share]}", rank=6 - i) for i, share in enumerate(shares)]
    rows = [
        [
            scaler.scaler,
            number(scaler.condition_number, 4),
            rate(scaler.largest_stable),
            rate(scaler.best),
            *(_count(scaler.epochs_to[key]) for key in shares),
        ]
        for scaler in e.scalers
    ]
    return Sheet(columns, rows)


def _count(epochs: int | None) -> str:
    return "∞" if epochs is None else f"{epochs:,}"


def _modes(e: Explanation) -> Iterator[RenderableType]:
    """The directions, with their shares of the gap."""
    if not e.modes:
        return
    ends = any(mode.end is not None for mode in e.modes)
    columns = [Column("curvature", rank=8), Column("share of gap\nat the start", rank=6)]
    columns += [Column("share of gap\nat the end", rank=7)] if ends else []
    direction = Column("direction", rank=9, is_name=True, is_whole=True)
    yield Sheet([*columns, direction], [_mode(mode, ends=ends) for mode in e.modes])


def _mode(mode: Mode, *, ends: bool) -> list[Cell]:
    names = [shortened(Text(name), LONGEST_NAME).plain for name in mode.columns]
    direction = formula(names, list(mode.columns.values()), most=2)
    shares = [mode.start, *([mode.end] if ends else [])]
    return [number(mode.curvature, 4), *(_share(share) for share in shares), direction]


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.3g} %"
