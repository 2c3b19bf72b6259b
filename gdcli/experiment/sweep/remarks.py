"""The warnings of a sweep, each with the settings that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdcli.experiment.sweep.grid import written
from gdcli.experiment.sweep.points import Sweep, setting_text

MOST = 10  # warnings that are told
LISTED = 3  # values of an axis that are named one by one


def warnings_of(sweep: Sweep) -> list[str]:
    """List what a person should know about the runs, each thing once.

    Args:
        sweep: The grid, planned.

    Returns:
        `scaler=minmax: …` for what is about some settings only, by the values that they have in common.
    """
    # Runs of one setting and different seeds share it.
    settings = {id(point.setting): point.setting for point in sweep.points}
    about: dict[str, dict[int, None]] = {}
    for point in sweep.points:
        for warning in point.plan.warnings:
            about.setdefault(warning, {})[id(point.setting)] = None
    everything, told = list(settings.values()), sorted(about.items())[:MOST]
    lines = [f"{_prefix([settings[i] for i in holders], everything)}{warning}" for warning, holders in told]
    more = len(about) - MOST
    return [*lines, f"{more} more warnings; summary.json lists them with their runs"] if more > 0 else lines


def _prefix(some: Sequence[Mapping[str, Any]], everything: Sequence[Mapping[str, Any]]) -> str:
    """Name some of all settings by the values that single them out, or by one of them and their number."""
    if len(some) == len(everything):
        return ""
    values = {key: list(dict.fromkeys(repr(setting[key]) for setting in some)) for key in some[0]}
    spanned = [s for s in everything if all(repr(s[key]) in among for key, among in values.items())]
    if len(spanned) > len(some) or len(some) == 1:
        more = f" and {len(some) - 1} more settings" if len(some) > 1 else ""
        return f"{setting_text(some[0])}{more}: "
    narrowed = [key for key, among in values.items() if len(among) < len({repr(s[key]) for s in everything})]
    return f"{', '.join(f'{key}={_values(key, some)}' for key in narrowed)}: "


def _values(key: str, some: Sequence[Mapping[str, Any]]) -> str:
    texts = list(dict.fromkeys(written(setting[key]) for setting in some))
    return ", ".join(texts[:LISTED]) + (f" and {len(texts) - LISTED} more" if len(texts) > LISTED else "")
