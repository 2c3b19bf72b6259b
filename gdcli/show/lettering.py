"""Show the texts of pictures literally: no math text, no control characters, and fonts that have the glyphs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

from gdcli.errors import printable

# Outline fonts of Linux, macOS and Windows with glyphs that DejaVu Sans lacks.
FALLBACKS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK TC", "Noto Sans CJK KR", "Noto Sans SC", "Noto Sans JP"),
    *("Source Han Sans SC", "Source Han Sans", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback"),
    *("PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Microsoft YaHei", "Yu Gothic", "Meiryo", "MS Gothic", "SimHei", "Malgun Gothic"),
    *("Noto Emoji", "Symbola", "Segoe UI Emoji", "Segoe UI Symbol"),
)
SHOWN = 20  # the most missing characters that a message lists
BOX = "□"  # drawn instead of a missing glyph


def as_written(figure: Figure) -> str | None:
    """Show every text of a figure literally: `$` is a dollar sign, and other fonts supply missing glyphs.

    A character that no installed font has becomes a box, instead of Matplotlib's warning about each.

    Args:
        figure: Changed in place.

    Returns:
        A sentence that lists the characters without a glyph, or None if there are none.
    """
    texts = _texts(figure)
    for text in texts:
        text.set_parse_math(False)
        if not text.get_text().isprintable():
            text.set_text(printable(text.get_text()))
    characters = _characters(texts)
    fonts = _fonts(characters)
    if len(fonts) > len(rcParams["font.family"]):
        for text in texts:
            text.set_fontfamily(fonts)
    missing = _missing(characters, fonts)
    if not missing:
        return None
    boxes = str.maketrans(dict.fromkeys(missing, BOX))
    for text in texts:
        text.set_text(text.get_text().translate(boxes))
    listing = missing if len(missing) <= SHOWN else f"{missing[:SHOWN]}…"
    return f"no installed font has {listing}: the picture shows boxes instead; install Noto Sans CJK or the like"


def _texts(figure: Figure) -> list[Text]:
    """The texts of a figure, except tick labels that are numbers: these are ASCII, and finding them takes 8 ms."""
    holders = [*figure.texts, *figure.legends, *(part for axes in figure.axes for part in _lettered(axes))]
    return [text for holder in holders for text in holder.findobj(Text) if isinstance(text, Text)]


def _lettered(axes: Axes) -> list[Artist]:
    """The parts of axes with texts other than numbers."""
    legend = axes.get_legend()
    named = [axis for axis in (axes.xaxis, axes.yaxis) if isinstance(axis.get_major_locator(), FixedLocator)]
    return [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts, *named, *([legend] if legend else [])]


def _characters(texts: Iterable[Text]) -> str:
    """The distinct characters of the texts, without those of ASCII, which every font has."""
    return "".join(dict.fromkeys(c for text in texts for c in text.get_text() if not c.isascii()))


def _fonts(characters: str) -> list[str]:
    """The font families of the user's settings, and the fallbacks that these characters need."""
    families = list(rcParams["font.family"])
    missing = _missing(characters, families)
    installed = _installed() if missing else frozenset()
    for family in FALLBACKS:
        if missing and family in installed and len(rest := _missing(missing, [family])) < len(missing):
            families.append(family)
            missing = rest
    return families


def _missing(characters: str, families: Iterable[str]) -> str:
    """The characters that none of these font families has."""
    for family in families if characters else ():
        font = get_font(findfont(FontProperties(family=[family])))
        characters = "".join(c for c in characters if not font.get_char_index(ord(c)))
    return characters


@cache
def _installed() -> frozenset[str]:
    return frozenset(font.name for font in fontManager.ttflist)
