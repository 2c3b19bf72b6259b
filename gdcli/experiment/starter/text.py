"""Write a first spec: YAML with comments that say what was found and why a value was chosen."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import Any

from gdcli.errors import counted, printable
from gdcli.experiment.rows import Rows
from gdcli.experiment.starter.advice import GOAL, MOST_EPOCHS, Advice, advise
from gdcli.experiment.starter.examination import Examined
from gdcli.spec.strict_yaml import dump

WIDTH = 100
MOST_NAMED = 20  # columns that a comment lists
WIDEST = 32  # characters of a value that comments are aligned to
# A key or a list item, and a comment on it.
Line = tuple[str, str]


def starter_spec(examined: Examined, data: str | PathLike[str], output: Path | None = None) -> str:
    """Write a spec for a data file.

    Args:
        examined: The file.
        data: Its path as the user gives it.
        output: The file of the spec, to whose folder the data's path is made relative; None if it is not known.

    Returns:
        YAML.
    """
    advice = advise(examined.raw, examined.scaled)
    rows = advice.plan.rows
    names = rows.data.names
    head = f"{os.fspath(data)}: {counted(rows.n, 'row')}, {counted(len(names), 'column')}. Written by gdcli init."
    warnings = dict.fromkeys([*advice.plan.warnings, *examined.hints])
    notes = [head, *(f"Note: {warning}" for warning in warnings)]
    sections = [
        _identity(data, output, examined),
        _columns(examined, rows),
        _settings(advice),
    ]
    comments = "".join(f"{line}\n" for note in notes for line in _comment(note))
    return comments + "".join(f"\n{_aligned(section)}" for section in sections)


def _identity(data: str | PathLike[str], output: Path | None, examined: Examined) -> Iterator[Line]:
    """The name of the run, unless the name of the spec's file will do, and the dataset."""
    stem = output.stem if output else Path(data).name.split(".")[0]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:64] or "run"
    if not output or name != stem:
        yield f"name: {_text(name)}", ""
    yield from _dataset(examined.settings, _relative(data, output))


def _relative(data: str | PathLike[str], output: Path | None) -> str:
    """The path of the data as seen from the folder of the spec."""
    if output is None:
        return os.fspath(data)
    with suppress(ValueError):  # there is no relative path to another drive
        return Path(os.path.relpath(data, os.path.realpath(output.parent))).as_posix()
    return str(Path(data).absolute())


def _dataset(settings: Mapping[str, str], path: str) -> Iterator[Line]:
    if not settings:
        yield f"dataset: {_text(path)}", ""
        return
    comments = {"drop": "rows with blank or NaN cells in these columns are left out"}
    yield "dataset:", ""
    for key, value in {"path": path, **settings}.items():
        yield f"  {key}: {_text(value)}", comments.get(value, "") if key == "missing" else ""


def _columns(examined: Examined, rows: Rows) -> Iterator[Line]:
    """The features and the target with their ranges, and the columns that are not used."""
    ranges, target = _ranges(rows), rows.columns.target
    yield "columns:", ""
    yield "  features:", ""
    for name in rows.columns.features:
        yield f"    - {_text(name)}", ranges[name]
    why = "; the last numeric column" if examined.by_default[1] else ""
    yield f"  target: {_text(target)}", ranges[target] + why
    unused = [name for name in rows.data.names if name not in {*rows.columns.names, *examined.constant}]
    texts = [name for name in unused if name in examined.texts]
    others = [name for name in unused if name not in examined.texts]
    if examined.constant:
        yield f"  # constant, left out: {_listed(examined.constant)}", ""
    if texts and examined.by_default[0]:
        yield f"  # text, left out (a text feature is one-hot encoded): {_listed(texts)}", ""
    if others or (texts and not examined.by_default[0]):
        yield f"  # not used: {_listed(others if examined.by_default[0] else unused)}", ""


def _ranges(rows: Rows) -> dict[str, str]:
    """The range of each numeric column, and the number of levels of each text column."""
    names = [*rows.names[: len(rows.factor.minimum) - 1], rows.columns.target]
    bounds = zip(names, rows.factor.minimum, rows.factor.maximum, strict=True)
    ranges = {name: f"from {low:.6g} to {high:.6g}" for name, low, high in bounds}
    return ranges | {name: f"text, {counted(len(levels), 'level')}" for name, levels in rows.levels.items()}


def _settings(advice: Advice) -> Iterator[Line]:
    """The scaler, the rate and the epochs, each with its reason."""
    scaler, raw = advice.plan.spec.scaler.features, _readable(advice.condition_number_raw)
    why = f"condition number of the Hessian {_readable(advice.condition_number)}; without a scaler {raw}"
    yield f"scaler: {scaler}", f"the columns are alike in scale: condition number {raw}" if scaler == "none" else why
    yield "batch_size: full", ""
    rate = f"the largest stable rate is {advice.largest_stable:.4g}"
    yield f"optimizer: {{kind: sgd, lr: {advice.lr!r}}}", rate
    yield f"epochs: {advice.epochs}", _reason(advice)
    yield "seed: 0", "of the initial weights"


def _reason(advice: Advice) -> str:
    """Why the run has so many epochs."""
    goal = f"{GOAL * 100:g} % of the optimum's MSE"
    if advice.is_nearly_exact:
        goal = f"{advice.goal:.2g} (the optimum fits nearly exactly)"
    if advice.needed is None:
        return f"the gap never falls to {goal}"
    if advice.needed > MOST_EPOCHS:
        return f"too few: at the best constant rate, the gap falls to {goal} after {advice.needed:,} epochs"
    return f"the gap falls to {goal} after {counted(advice.needed, 'epoch')}"


def _readable(condition_number: float) -> str:
    """A condition number with three digits, up to a million without an exponent."""
    rounded = float(f"{condition_number:.3g}")
    return f"{rounded:,.0f}" if 1000 <= rounded < 1e6 else f"{rounded:g}"


def _text(value: Any) -> str:
    """A value on one line, in quotes where YAML needs them."""
    return str(dump(value, width=1_000_000)).removesuffix("\n").removesuffix("\n...")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return printable(", ".join(names[:MOST_NAMED])) + more


def _comment(text: str) -> Iterator[str]:
    lines = textwrap.wrap(printable(text), WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return (f"# {line}" for line in lines)


def _aligned(lines: Iterable[Line]) -> str:
    """Lines with their comments in one column, as far as the values are short."""
    lines = list(lines)
    width = max((len(text) for text, comment in lines if comment and len(text) <= WIDEST), default=0)
    return "".join(f"{text.ljust(width)}  # {comment}\n" if comment else f"{text}\n" for text, comment in lines)
