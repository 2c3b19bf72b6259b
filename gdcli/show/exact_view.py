"""An exact fit, as tables for the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gdcli.show.texts import number

if TYPE_CHECKING:
    from gdcli.experiment.exact import ExactFit


def exact_view(fit: ExactFit) -> RenderableType:
    """An exact fit: what was fitted by what, how well, and the weights.

    Args:
        fit: The fit.

    Returns:
        What Rich prints.
    """
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row("data", f"{fit.data}, {fit.rows} rows")
    table.add_row("target", fit.target)
    table.add_row("features", ", ".join(fit.features))
    if fit.unused:
        table.add_row("not used", ", ".join(fit.unused))
    if fit.scaler != "none":
        table.add_row("scaler", fit.scaler)
    table.add_row("MSE", Text(number(fit.mse), style="bold"))
    table.add_row("R²", number(fit.r2))
    table.add_row("rank", f"{fit.rank} of {len(fit.weights)}")
    condition = "infinite" if math.isinf(fit.condition_number) else number(fit.condition_number, 4)
    table.add_row("condition number", condition)
    weights = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    weights.add_column("column")
    original = fit.weights_original if fit.scaler != "none" else None
    weights.add_column("weight" if original is None else "weight, scaled", justify="right")
    if original is not None:
        weights.add_column("in units of the file", justify="right")
    for name, value in fit.weights.items():
        weights.add_row(name, number(value), *([] if original is None else [number(original[name])]))
    return Group(table, weights)
