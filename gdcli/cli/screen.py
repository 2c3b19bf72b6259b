"""The door to stdout: tables as wide as they are looked at, JSON, and no name that acts on the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from gdcli.errors import printable

UNLIMITED = 1_000_000  # characters in a line that nobody looks at through a window


class Screen(Console):
    """Shows names as they are, and leaves a reader that has gone to `handled`.

    A table is as wide as COLUMNS says, or else as the terminal; where stdout is none, as wide as it needs to be.
    """

    def __init__(self) -> None:
        super().__init__(markup=False, emoji=False, highlight=False)
        if not (sys.stdout.isatty() or self._environ.get("COLUMNS", "").isdigit()):
            self.width = UNLIMITED

    def on_broken_pipe(self) -> None:
        """Let `handled` know."""
        raise BrokenPipeError

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, with harmless escapes for characters that could act on the terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control or segment.text.isprintable() else _harmless(segment)


def json_text(document: Any) -> str:
    """Write a document as JSON, with escapes for characters that could act on the terminal."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return "\n".join(printable(line, escape=_json_escape) for line in text.split("\n"))


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1]


def _harmless(segment: Segment) -> Segment:
    return segment._replace(text="\n".join(map(printable, segment.text.split("\n"))))
