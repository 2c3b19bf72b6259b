"""An exact fit, as tables for the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from gdcli.errors import counted
from gdcli.show.layout import Cell, Column, Facts, Sheet, comma_separated
from gdcli.show.texts import number

if TYPE_CHECKING:
    from gdcli.experiment.exact import ExactFit


def exact_view(fit: ExactFit) -> RenderableType:
    """Show an exact fit: its data, its figures and its weights.

    Args:
        fit: The fit.

    Returns:
        A Rich renderable.
    """
    condition = "infinite" if math.isinf(fit.condition_number) else number(fit.condition_number, 4)
    facts: list[tuple[str, list[Cell]]] = [
        ("data", [f"{fit.data},", counted(fit.rows, "row")]),
        ("target", [fit.target]),
        ("features", [*comma_separated(fit.features)]),
        ("not used", [*comma_separated(_unused(fit))]),
        ("scaler", [fit.scaler]),
        ("MSE", [Text(number(fit.mse), style="bold")]),
        ("R²", [number(fit.r2)]),
        ("rank", [f"{fit.rank} of {len(fit.weights)}"]),
        ("condition number", [condition]),
    ]
    needless = {*(() if fit.unused else ("not used",)), *(("scaler",) if fit.scaler == "none" else ())}
    return Group(Facts([fact for fact in facts if fact[0] not in needless]), _weights(fit))


def _unused(fit: ExactFit) -> list[str]:
    """The columns that are not used, with the reason for texts."""
    texts = set(fit.texts)
    return [f"{name} (text)" if name in texts else name for name in fit.unused]


def _weights(fit: ExactFit) -> Sheet:
    """The weights as fitted and, for an affine scaler, in the units of the file."""
    scaled, original = fit.scaler != "none", fit.weights_original or {}
    columns = [Column("column", rank=3, is_name=True), Column("weight, scaled" if scaled else "weight", rank=2)]
    if not scaled or not original:
        return Sheet(columns, [[name, number(value)] for name, value in fit.weights.items()])
    names = dict.fromkeys([*fit.weights, *original])
    rows = [[name, number(fit.weights.get(name)), number(original.get(name))] for name in names]
    return Sheet([*columns, Column("in units of the file", rank=1)], rows)
