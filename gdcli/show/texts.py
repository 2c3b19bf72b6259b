"""Figures and states as the tables write them."""

from __future__ import annotations

import math

from rich.text import Text

from gdcli.experiment.result import Result

STATUS_STYLES = {"completed": "green", "target_reached": "green", "stalled": "yellow"}


def number(value: float | None, digits: int = 8) -> str:
    """Write a number in so many significant digits; a dash for none."""
    return "–" if value is None else "∞" if value == math.inf else f"{value + 0.0:.{digits}g}"  # and none is -0


def ratio(value: float | None) -> str:
    """Write the ratio of a gap to the optimum; a dash where the optimum is zero."""
    return number(value, 4)


def scientific(value: float) -> str:
    """Write a number in three digits and an exponent."""
    return "∞" if value == math.inf else f"{value:.2e}"


def status_text(result: Result) -> Text:
    """How a run ended, in its colour; never a bare `completed` where there is more to say."""
    text = Text(result.status.replace("_", " "), style=STATUS_STYLES.get(result.status, "bold red"))
    notes = [remark.note for remark in result.remarks if remark.note != result.status]
    return text.append("".join(f", {note}" for note in notes), style="yellow")
