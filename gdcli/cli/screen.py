"""Output to stdout: tables that fit the terminal, JSON, and escapes for names that would act on the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from gdcli.errors import printable

UNLIMITED = 1_000_000  # characters per line where there is no terminal


class Screen(Console):
    """A console that shows names literally, without markup or emoji.

    A table is as wide as the environment variable COLUMNS says, otherwise as wide as the terminal. If stdout is not a
    terminal, it is as wide as its content.
    """

    def __init__(self) -> None:
        super().__init__(markup=False, emoji=False, highlight=False)
        if not (sys.stdout.isatty() or self._environ.get("COLUMNS", "").isdigit()):
            self.width = UNLIMITED

    def on_broken_pipe(self) -> None:
        """Raise an error, which `printing` handles, where Rich would end the process.

        Raises:
            BrokenPipeError: Always.
        """
        raise BrokenPipeError

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, with escapes for characters that could act on the terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control or segment.text.isprintable() else _harmless(segment)


def json_text(document: Any) -> str:
    """Write a document as JSON, with escapes for characters that could act on the terminal.

    Raises:
        ValueError: The document contains a number that is not finite.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return "\n".join(printable(line, escape=_json_escape) for line in text.split("\n"))


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1]


def _harmless(segment: Segment) -> Segment:
    return segment._replace(text="\n".join(map(printable, segment.text.split("\n"))))
