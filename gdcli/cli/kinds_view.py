"""The kinds that a spec can name, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from gdcli.show.layout import Facts, Words
from gdcli.spec.describe.kinds import Kind
from gdcli.spec.describe.words import Key

PLOTS = (
    Kind("curve", "Loss and gap of a run against the epoch: `curve.png` of `gdcli run`."),
    Kind("curves", "The same of several runs: `curves.png` of `gdcli compare`."),
    Kind("sweep", "What ranks the settings of a sweep, against its axes: `sweep.png` of `gdcli sweep`."),
)


def overview(topics: Mapping[str, Sequence[Kind]]) -> RenderableType:
    """Show all kinds, each on a line or two.

    Args:
        topics: Topic → its kinds.

    Returns:
        What Rich prints.
    """
    parts: list[RenderableType] = []
    for topic, kinds in topics.items():
        parts += [Text(topic, style="bold"), Facts([(f"  {kind.kind}", _in_short(kind)) for kind in kinds]), ""]
    hint = "`gdcli list optimizers` and the like describe each kind."
    return Group(*parts, Words(_plain(hint).split(), style="dim"))


def _in_short(kind: Kind) -> list[str]:
    """The hyperparameters with their defaults; what the kind does if it has none."""
    if not kind.keys:
        return _plain(kind.formula).split()
    settings = [_plain(f"{key.name} {'(required)' if key.is_required else key.default}").strip() for key in kind.keys]
    return ", ".join(settings).split()


def details(kinds: Sequence[Kind]) -> RenderableType:
    """Show kinds at length, one after the other.

    Args:
        kinds: The kinds.

    Returns:
        What Rich prints.
    """
    parts = [part for kind in kinds for part in (*_detail(kind), "")]
    return Group(*parts[:-1])


def _detail(kind: Kind) -> Iterator[RenderableType]:
    yield Text(kind.kind, style="bold")
    for paragraph in (kind.formula, *kind.notes):
        yield Words(_plain(paragraph).split())
    if kind.keys:
        yield Facts([(f"  {key.name}", _value(key)) for key in kind.keys])
    if kind.source:
        yield Words(_plain(f"Source: {kind.source}").split(), style="dim")


def _value(key: Key) -> list[str]:
    """The type, the bounds and the default of a hyperparameter, as words of a sentence."""
    default = key.default if key.is_required else f"default {key.default}" if key.default else "optional"
    return _plain(f"{key.value}; {default}").split()


def _plain(text: str) -> str:
    """The text without backticks."""
    return text.replace("`", "")
