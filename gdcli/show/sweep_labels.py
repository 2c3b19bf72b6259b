"""Labels of the axes and values of a sweep, in its table and its picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gdcli.spec.automatic import AUTO, AUTOMATIC_KEYS
from gdcli.spec.grid import Axis, written
from gdcli.sweeps.points import effective
from gdcli.sweeps.result import SettingRuns, SweepResult

FIGURES = {"gap": "gap", "final_mse": "MSE"}


def varied(result: SweepResult) -> tuple[Axis, ...]:
    """The axes with more than one value, or all axes if there are none."""
    return tuple(axis for axis in result.sweep.axes if len(axis.values) > 1) or result.sweep.axes


def headings_of(axes: Sequence[Axis]) -> dict[str, str]:
    """Headings of keys: their last part, `optimizer` for `optimizer.kind`; the whole key if that is ambiguous."""
    keys = [axis.key for axis in axes]
    last = [key.removesuffix(".kind").rpartition(".")[2] for key in keys]
    counts = Counter([*last, *FIGURES.values()])  # `stop.gap` is not the gap
    return {key: part if counts[part] == 1 else key for key, part in zip(keys, last, strict=True)}


def diverged_label(result: SweepResult) -> str:
    """The label of settings without a finite figure."""
    return "diverged" if result.sweep.seeds == 1 else "at least half of the seeds diverged"


def label_of(key: str, setting: SettingRuns) -> str:
    """The value of an axis as it was run, without the parts that other axes override; `auto (0.41)` for `auto`."""
    label = plain_label(key, setting)
    return f"{AUTO} ({setting.number(key):.3g})" if label == AUTO and key in AUTOMATIC_KEYS else label


def plain_label(key: str, setting: SettingRuns) -> str:
    """The same without the number of `auto`, which depends on the other axes."""
    return value_text(effective(key, setting.values[key], setting.values))


def value_text(value: object) -> str:
    """A value in short form."""
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else written(value)
