"""What a sweep would run, as lines for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from gdcli.errors import counted
from gdcli.show.layout import Cell, Facts, Words
from gdcli.show.sweep_labels import value_text

if TYPE_CHECKING:
    from gdcli.spec.grid import Axis
    from gdcli.sweeps.forecast import Forecast

MOST_VALUES = 6  # of an axis
# Seconds of a unit, and its name: a unit is used from 1.5 times its size.
UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))


def forecast_view(forecast: Forecast) -> RenderableType:
    """Show the runs of a sweep, their predicted time, and all settings that are skipped, each with the reason.

    Args:
        forecast: What the sweep would run.

    Returns:
        A Rich renderable.
    """
    facts: list[tuple[str, list[Cell]]] = [(axis.key, _values(axis)) for axis in forecast.sweep.axes]
    facts += [("runs", _runs(forecast)), ("predicted time", _time(forecast))]
    facts += [("directory", [f"{forecast.directory}/"])] if forecast.directory else []
    title = Words([Text(forecast.sweep.name, style="bold"), "dry", "run:", "nothing", "is", "run", "or", "written"])
    skipped = [Words(line.split(" "), style="yellow") for line in forecast.sweep.omissions]
    return Group(title, Facts(facts), *skipped)


def _values(axis: Axis) -> list[Cell]:
    """The values of an axis, or their number with the first and the last one."""
    texts = [value_text(value) for value in axis.values]
    if len(texts) <= MOST_VALUES:
        return [*(f"{text}," for text in texts[:-1]), texts[-1]]
    return [f"{len(texts)}", "values,", "from", texts[0], "to", texts[-1]]


def _runs(forecast: Forecast) -> list[Cell]:
    """The number of runs, and how many of them are already finished."""
    seeds, skipped = forecast.sweep.seeds, forecast.sweep.skipped
    settings = counted(forecast.planned // seeds, "setting")
    text = f"{forecast.planned}: {settings}, {counted(seeds, 'seed')} each" if seeds > 1 else f"{forecast.planned}"
    text += f"; {counted(len(skipped), 'setting')} skipped" if skipped else ""
    text += f"; {forecast.reused} finished by earlier sweeps, {forecast.remaining} to run" if forecast.reused else ""
    return [*text.split(" ")]


def _time(forecast: Forecast) -> list[Cell]:
    """The predicted time in words: `about 12 seconds, with 2 workers`."""
    if not forecast.remaining:
        return ["none:", "all", "runs", "are", "finished"]
    means = "compiled code" if forecast.kernel == "compiled" else "NumPy"
    given = f", in {means}, with {counted(forecast.workers, 'worker')}" if forecast.seconds >= 1 else ""
    return [*f"{duration(forecast.seconds)}{given}".split(" ")]


def duration(seconds: float) -> str:
    """Write a predicted time: `about 12 seconds`; less than a second is not told apart."""
    if seconds < 1:
        return "less than a second"
    size, unit = next((unit for unit in UNITS if seconds >= 1.5 * unit[0]), UNITS[-1])
    return f"about {seconds / size:.2g} {unit}" if seconds < 10 * size else f"about {seconds / size:.0f} {unit}"
