"""The verdicts of a check, as lines for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from gdcli.engine.trace import Status
from gdcli.show.texts import number

if TYPE_CHECKING:
    from gdcli.experiment.expectation import Verdict


def verdict_line(verdict: Verdict) -> Text:
    """One line that says whether a run came out as its spec expects."""
    styles = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
    line = Text(f"{verdict.outcome:<8}", style=styles[verdict.outcome]) + Text(verdict.result.name)
    if verdict.result.status in (Status.DIVERGED, Status.INTERRUPTED):
        return line + Text(f": {verdict.result.status} at epoch {verdict.result.epochs}")
    if not verdict.held:
        return line + Text(": the spec has no `expect`")
    said = []
    for held in verdict.held:
        if held.holds:
            said.append(f"{held.figure} {number(held.got)}")
        else:
            said.append(
                f"{held.figure} is {held.got!r}, expected {held.expected!r}: off by {held.off:.3g}, more than the "
                f"tolerance of {held.tolerance:g}"
            )
    return line + Text(": " + "; ".join(said))
