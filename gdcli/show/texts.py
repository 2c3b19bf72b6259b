"""Numbers and statuses as the tables write them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.text import Text

from gdcli.experiment.result import Result

STATUS_STYLES = {"completed": "green", "target_reached": "green", "stalled": "yellow"}


def number(value: float | None, digits: int = 8) -> str:
    """Write a number with the given significant digits, or a dash for None."""
    return "–" if value is None else "∞" if value == math.inf else f"{value + 0.0:.{digits}g}"  # + 0.0 turns -0 into 0


def scientific(value: float) -> str:
    """Write a number with three digits and an exponent."""
    return "∞" if value == math.inf else f"{value:.2e}"


def seeds_text(groups: Mapping[str, Sequence[Result]]) -> str:
    """How many seeds each of several specs was run with: `3 seeds`; `up to 3 seeds` after an interrupt."""
    counts = [len(runs) for runs in groups.values()]
    return f"{'up to ' if min(counts) < max(counts) else ''}{max(counts)} seeds"


def status_text(result: Result) -> Text:
    """The status of a run in its colour, followed by the notes of its remarks."""
    text = Text(result.status.replace("_", " "), style=STATUS_STYLES.get(result.status, "bold red"))
    notes = [remark.note for remark in result.remarks if remark.note != result.status]
    return text.append("".join(f", {note}" for note in notes), style="yellow")
