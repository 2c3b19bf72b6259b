"""Write `reference.md` from the code: every key, optimizer, schedule and command, with defaults and bounds.

Run `python docs/generate.py` after changing any of them; a test checks that the page is up to date.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import annotated_types

import gdcli
from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.scalers import AFFINE_SCALERS, sigmoid
from gdcli.engine.schedules import SCHEDULES
from gdcli.engine.trace import DIVERGENCE_FACTOR, Status
from gdcli.experiment.ending import LEAST_MOVE
from gdcli.experiment.summary import SUMMARY_COLUMNS
from gdcli.spec.grid import MOST_POINTS, SPACINGS
from gdcli.spec.model import (
    AtMost,
    Columns,
    Dataset,
    Expect,
    Scaler,
    ScalerName,
    Spec,
    Split,
    Stop,
    Synthetic,
    plain,
)

PAGE = Path(__file__).with_name("reference.md")

SECTIONS = {
    "dataset": Dataset,
    "dataset.synthetic": Synthetic,
    "columns": Columns,
    "scaler": Scaler,
    "split": Split,
    "stop": Stop,
    "expect": Expect,
}


ENDS = {
    Status.COMPLETED: "all epochs were run",
    Status.TARGET_REACHED: "after an epoch the gap was at most `stop.gap`",
    Status.STALLED: "the loss (of the validation rows, where there are any) had not improved by `stop.min_delta` for "
    "`stop.patience` epochs",
    Status.DIVERGED: "after an epoch the loss was not finite; or the gap was rising and more than "
    f"{DIVERGENCE_FACTOR:g} times the starting gap and more than the loss of predicting zeros. The run stops there and "
    "keeps its curve",
    Status.INTERRUPTED: "Ctrl-C; the finished epochs are kept",
}

_LINKS = {
    **{name: f"see [`{name}`](#{name.replace('.', '')})" for name in SECTIONS},
    "optimizer": "see [optimizers](#optimizers)",
    "schedule": "see [schedules](#schedules)",
}


def page() -> str:
    """The whole page."""
    parts = (_introduction, _problem, _keys, _sweep, _scalers, _kinds, _ends, _figures, _python)
    return "\n".join(line for part in parts for line in part()) + "\n"


def _python() -> Iterator[str]:
    yield ""
    yield "## In Python"
    yield ""
    for name in ("run", "compare", "sweep", "optimum"):
        signature = ", ".join(inspect.signature(getattr(gdcli, name)).parameters)
        yield f"- `gdcli.{name}({signature})`: {_first_line(getattr(gdcli, name))}"
    yield ""
    yield "`compare` and `sweep` return a sequence of results. Its `frame` is a DataFrame, one row per run: the"
    yield "axes, with several seeds the `seed`, then the columns of `summary.csv`. Its `best` is the best result"
    yield "(with several seeds, the one nearest to their median), or None if the runs cannot be compared. With"
    yield "`directory`, `sweep` writes the files of `gdcli sweep` there and reuses the finished runs there; these"
    yield "have a `summary` and a `plan`, but no trace. Without it, no files are written. With `executor`, any"
    yield "`concurrent.futures.Executor`, the runs are spread over that instead of `workers`; it stays open, and the"
    yield "results are the same to the last bit. All warnings are of the class `gdcli.GdcliWarning`."


def _first_line(function: Any) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]


def _introduction() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Generated from the code by `docs/generate.py`; do not edit this page."
    yield ""


PROBLEM = """## The problem

Rows x_i of p feature columns, and a last column of ones if there is an intercept; weights w of shape (d,).
Over the n training rows:

    F(w) = (1/n) Σ (x_i·w − y_i)²                        the loss: mean squared error
    g(w) = (2/b) Σ (x_i·w − y_i) x_i                     over the b rows of a batch: the gradient that optimizers use
    F*   = min F                                         the exact optimum
    gap  = F(w) − F* = ‖R(w − w*)‖²/n                    with R the triangular factor of the design

Losses and gaps are in squared units of the target in the file, also if the target is scaled. Plain full-batch descent
is stable for rates below 2/L, where L is the largest eigenvalue of the Hessian (2/n) Σ x_i x_iᵀ in trained
coordinates, plus `weight_decay`; with momentum β and dampening τ below 2(1 + β)/((1 − τ)L), with Nesterov's momentum
below 2(1 + β)/((1 + 2β)L). Textbooks that use the factor 1/(2n) have half the gradient: their rates are twice as
large.

A text column that is named as a feature becomes one column of zeros and ones per level, called `column_level`, with
the levels sorted. With an intercept, the first level has no column: its rows have zeros in all others, and the weight
of another level is the difference from it. Without an intercept, every level has a column.
"""


def _problem() -> Iterator[str]:
    yield PROBLEM


def _scalers() -> Iterator[str]:
    yield "## Scalers"
    yield ""
    yield "Scalers are fitted on the training rows only. A column without a spread to divide by is only shifted, with a"
    yield "warning."
    yield ""
    yield "| kind | does |"
    yield "|---|---|"
    for kind in get_args(ScalerName):
        meaning = inspect.getdoc(sigmoid if kind == "sigmoid" else AFFINE_SCALERS[kind]) or ""
        yield f"| `{kind}` | {meaning.splitlines()[0]} |".replace("max|x|", r"max\|x\|")
    yield ""


def _ends() -> Iterator[str]:
    yield "## How a run ends"
    yield ""
    yield "| status | when |"
    yield "|---|---|"
    for status in Status:
        yield f"| `{status}` | {ENDS[status]} |"
    yield ""
    yield "A warning is given for a run that ended above its start, used a rate above the largest stable one (`sgd`,"
    yield f"`momentum`), or covered less than {LEAST_MOVE:.0%} of the way from its start to the optimum: on stderr,"
    yield "beside its status, in `warnings` of `summary.json`, and in `warnings` of the result in Python."
    yield ""
    yield "`explanation` in `summary.json`, and of a result in Python, says of `sgd` and `momentum` whether the rate"
    yield "is stable; and of every run why it ended, how near the optimum, and, if theory knows it, how many epochs"
    yield "1 % of the optimum takes. `epochs_to` has the first epoch whose gap/optimum is at most each of its keys, null"
    yield "for never. `curve.png` has the predicted gap beside the measured one: for full batches exactly, for"
    yield "reshuffled mini-batches of `sgd` as a band of ± 2 standard deviations around the expected gap; and for full"
    yield "batches the gap below which no gradient method comes. What takes more than a few milliseconds is left out;"
    yield "`gdcli explain` has it."
    yield ""


def _keys() -> Iterator[str]:
    yield "## Keys of a spec"
    yield ""
    yield from _table(Spec, "")
    for name, section in SECTIONS.items():
        yield f"### `{name}`"
        yield ""
        yield _summary(section)
        yield ""
        yield from _table(section, f"{name}.")


SWEEPS = """\
A value that is impossible in every setting is an error; combinations of values that are impossible are skipped and
listed. A finished run is kept in `runs.jsonl` in the directory of the result. No later sweep repeats it if its resolved
spec, data and version are the same, even with another grid; `--fresh` starts over. Only one sweep at a time may write
to a directory.

**Medians and ranges over seeds**, here and in `gdcli compare`, are computed separately for each column. The range goes
from the 10 % to the 90 % quantile. Quantiles are interpolated linearly. A seed that diverged counts as infinite, and a
quantile is infinite if an infinite value enters it. In curves, a run is infinite from the epoch at which it diverged;
one that stopped early keeps its last value. `best.yaml` has the seed nearest to the median.

**The best** setting or run has the smallest gap. Gaps up to eps·F* + (8·eps)²·max(n, d)·(mean square of the target) are
rounding errors, and tie. If features, splits or optima differ, the final MSE decides. Runs on different data or with
different targets have no best.

Text values of axes that begin with `=`, `+`, `-` or `@` are preceded by an apostrophe in `summary.csv` and
`curves.csv`, so that spreadsheets do not evaluate them; control characters are escaped.
"""


def _sweep() -> Iterator[str]:
    yield "## The `sweep` block"
    yield ""
    yield "What `gdcli sweep` varies: a mapping of dotted keys to values, which other commands ignore. Any key of a"
    yield f"spec can be an axis. A grid has at most {MOST_POINTS:,} settings."
    yield ""
    yield "| values | written as |"
    yield "|---|---|"
    yield "| a list | `[0.01, 0.1]`, and with `--grid`: `optimizer.lr=0.01,0.1` |"
    for spacing in SPACINGS:
        kind = "evenly spaced on a logarithmic scale" if spacing == "log" else "evenly spaced"
        example = f"`{{{spacing}: [1, 1000, 4]}}`, and with `--grid`: `epochs={spacing}:1:1000:4`"
        yield f"| {kind}: first, last, number of values | {example} |"
    yield ""
    yield from SWEEPS.splitlines()
    yield ""


def _kinds() -> Iterator[str]:
    for title, registry in (("Optimizers", OPTIMIZERS), ("Schedules", SCHEDULES)):
        yield f"## {title}"
        yield ""
        for kind, cls in registry.items():
            yield f"### `{kind}`"
            yield ""
            yield inspect.getdoc(cls) or ""
            yield ""
            hidden = ("kind",) if title == "Optimizers" else ("kind", "interval", "length")
            shown = [field for field in fields(cls) if field.name not in hidden or _is_own(cls, field.name)]
            shown = [field for field in shown if field.name != "kind"]
            if shown:
                yield "| key | value | default |"
                yield "|---|---|---|"
                hints = get_type_hints(cls, include_extras=True)
                for field in shown:
                    yield f"| `{field.name}` | {_type(hints[field.name])} | {_default(field)} |"
                yield ""
    yield "Every schedule except `optimal` also takes `interval`: `epoch` (the default) or `step`; an element of a list"
    yield "takes `length`."
    yield ""


def _figures() -> Iterator[str]:
    yield "## Columns of `summary.csv`"
    yield ""
    yield ", ".join(f"`{name}`" for name in SUMMARY_COLUMNS) + "."


def _is_own(cls: type, name: str) -> bool:
    return name in inspect.get_annotations(cls) and name != "kind"


def _table(cls: type, prefix: str) -> Iterator[str]:
    """One row per key, its meaning taken from the docstring's list of attributes."""
    hints = get_type_hints(cls, include_extras=True)
    meanings = _attributes(inspect.getdoc(cls) or "")
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    for field in fields(cls):
        kind = _LINKS.get(f"{prefix}{field.name}") or _type(hints[field.name])
        yield f"| `{field.name}` | {kind} | {_default(field)} | {meanings[field.name]} |"
    yield ""


def _summary(cls: type) -> str:
    return (inspect.getdoc(cls) or "").split("\nAttributes:")[0].strip().replace("\n\n", " ").replace("\n", " ")


def _attributes(doc: str) -> dict[str, str]:
    """The entries of a docstring's `Attributes:` section."""
    listed = doc.split("Attributes:\n")[1]
    entries = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", listed, flags=re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in entries}


_WORDS: dict[Any, str] = {float: "number", int: "integer", str: "text", bool: "true or false"}


def _type(hint: Any) -> str:
    """A type in words, with its bounds."""
    args: list[Any] = list(getattr(hint, "__args__", ()))
    if hasattr(hint, "__metadata__"):
        bounds = [text for text in map(_bound, hint.__metadata__) if text]
        return _type(hint.__origin__) + (f" {', '.join(bounds)}" if bounds else "")
    if hint in _WORDS:
        return _WORDS[hint]
    origin = str(getattr(hint, "__origin__", ""))
    if "Literal" in origin:
        return ", ".join(f"`{value}`" for value in args)
    if hint is AtMost:
        return f"`{{at_most: …}}` with a {_type(get_type_hints(AtMost, include_extras=True)['at_most'])}"
    if "tuple" in origin:
        return f"list of {_type(args[0])}" if Ellipsis in args else f"[{', '.join(map(_type, args))}]"
    if "dict" in origin:
        return "mapping of names to lists"
    return " or ".join(_type(arg) for arg in args if arg is not type(None))


def _bound(bound: Any) -> str:
    match bound:
        case annotated_types.Gt(gt=low):
            return f"> {low}"
        case annotated_types.Ge(ge=low):
            return f"≥ {low}"
        case annotated_types.Lt(lt=high):
            return f"< {high}"
        case annotated_types.Le(le=high):
            return f"≤ {high}"
        case annotated_types.Len(min_length=low, max_length=None) if low > 1:
            return f"(at least {low})"
        case annotated_types.Predicate():
            return "(increasing)"
        case _:
            return ""


def _default(field: Field[Any]) -> str:
    """A default as a spec would write it."""
    if field.default_factory is not MISSING:
        value = plain(field.default_factory())
        return _written(value[0] if isinstance(value, list) else value)
    if field.default is MISSING:
        return "the file's stem" if field.name == "name" else "required"
    return "" if field.default is None else _written(plain(field.default))


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "`{" + ", ".join(f"{key}: {_bare(part)}" for key, part in value.items()) + "}`"
    return f"`{_bare(value)}`"


def _bare(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
