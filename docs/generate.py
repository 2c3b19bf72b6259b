"""Write `reference.md` from the code: every key, optimizer, schedule and command, with defaults and bounds.

Run `python docs/generate.py` after changing any of them; a test checks that the page is up to date.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gdcli
from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.schedules import SCHEDULES
from gdcli.engine.trace import DIVERGENCE_FACTOR, Status
from gdcli.experiment.ending import LEAST_MOVE
from gdcli.experiment.summary import SUMMARY_COLUMNS
from gdcli.spec.describe.kinds import hyperparameters, scalers
from gdcli.spec.describe.words import keys_of
from gdcli.spec.draft import MOST_RUNS
from gdcli.spec.grid import SPACINGS
from gdcli.spec.model import Columns, Dataset, Expect, Scaler, Spec, Split, Stop, Synthetic

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
    parts = (_introduction, _problem, _keys, _sweep, _scalers, _kinds, _auto, _ends, _figures, _python)
    return "\n".join(line for part in parts for line in part()) + "\n"


def _python() -> Iterator[str]:
    yield ""
    yield "## In Python"
    yield ""
    for name in ("run", "compare", "sweep", "forecast", "explain", "init", "optimum", "predict", "validate"):
        signature = ", ".join(inspect.signature(getattr(gdcli, name)).parameters)
        yield f"- `gdcli.{name}({signature})`: {_first_line(getattr(gdcli, name))}"
    yield ""
    yield "`compare` and `sweep` return a sequence of results. Its `frame` is a DataFrame, one row per run: the"
    yield "axes, with several seeds the `seed`, then the columns of `summary.csv`. Its `best` is the best result"
    yield "(with several seeds, the one nearest to their median), or None if the runs cannot be compared. With"
    yield "`directory`, `sweep` writes the files of `gdcli sweep` there and reuses the finished runs there; these"
    yield "have a `summary` and a `plan`, but no trace. Without it, no files are written. With `executor`, any"
    yield "`concurrent.futures.Executor`, the runs are spread over that instead of `workers`; it stays open, and the"
    yield "results are the same to the last bit."
    yield ""
    yield "What the commands print as warnings about the data, the spec and how a run ended (diverged, or above its"
    yield "start) is in `warnings` of each result; Python gives no warning for it. Python warnings, of the class"
    yield "`gdcli.GdcliWarning`, are for what no result holds: settings that a sweep skips, and pictures that cannot be"
    yield "drawn."


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
    for kind, function in scalers().items():
        meaning = inspect.getdoc(function) or ""
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
    yield "1 % of the optimum takes. `epochs_to` has the first epoch whose gap/optimum is at most its key, null"
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

`--dry-run` counts the runs and those that are finished, lists every setting that is skipped with the reason, and
predicts the time of the other runs from the number of their steps and the size of their batches: that of the groups in
lockstep, divided by the workers, without planning and writing. Nothing is run or written.

**Medians and ranges over seeds**, here and in `gdcli compare`, are computed separately for each column. The range goes
from the 10 % to the 90 % quantile. Quantiles are interpolated linearly. A seed that diverged counts as infinite, and a
quantile is infinite if an infinite value enters it. In curves, a run is infinite from the epoch at which it diverged;
one that stopped early keeps its last value. `best.yaml` has the seed nearest to the median.

**The best** setting or run has the smallest gap. Gaps up to eps·F* + (8·eps)²·max(n, d)·(mean square of the target) are
rounding errors, and tie. If features, splits or optima differ, the final MSE decides. Runs on different data, on
different rows of it (with `missing: drop`) or with different targets have no best.

Text values of axes that begin with `=`, `+`, `-` or `@` are preceded by an apostrophe in `summary.csv` and
`curves.csv`, so that spreadsheets do not evaluate them; control characters are escaped.
"""


def _sweep() -> Iterator[str]:
    yield "## The `sweep` block"
    yield ""
    yield "What `gdcli sweep` varies: a mapping of dotted keys to values, which other commands ignore. Any key of a"
    yield f"spec can be an axis. A grid has at most {MOST_RUNS:,} settings."
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
            if keys := hyperparameters(cls):
                yield "| key | value | default |"
                yield "|---|---|---|"
                yield from (f"| `{key.name}` | {key.value} | {key.default} |" for key in keys)
                yield ""
    yield "Every schedule except `optimal` also takes `interval`: `epoch` (the default) or `step`; an element of a list"
    yield "takes `length`."
    yield ""


FIRST_SPECS = """\
## A first spec

`gdcli init DATA` writes a spec for a data file: every numeric column except the target is a feature, except for
constant ones. If there are blank cells, it has `missing: drop`. The scaler is `zscore`, or `none` where `zscore` would
lower the condition number by at most a factor of two. The rate is 2/(L + μ), with L and μ the largest and the smallest
curvature, rounded down to two digits; the largest stable one is 2/L. There are as many epochs, at least 20, as it takes
until the gap is 1 % of the optimum. If that is more than 10,000, there are 10,000, and the rate is the one with the
smallest gap after them.
"""

PREDICTIONS = """\
## Predictions

`gdcli predict RESULT DATA` needs the directory of a finished run and new rows with its features; other columns may be
missing. Beside `weights`, `summary.json` keeps what that takes:

- `scaling.features` and `scaling.target`: `shift` and `scale` of each column: trained = (x − shift)/scale, fitted on
  the training rows; with the scaler `sigmoid`, x is the value after the sigmoid. A feature that is `constant` in the
  training rows counts as zero.
- `levels`: the levels of each text feature. Cells of other levels are refused.

The rows come back as CSV in the format of DATA (delimiter, decimal mark, encoding), cells that are not used as they are
spelled there. Blank cells in the features are refused; with `--missing drop` these rows are left out. The MSE is over
the rows whose target is a number. An existing file is replaced only if its header is that of the same predictions.
"""


AUTO = """## Best rates: `auto`

- `{kind: sgd, lr: auto}`, full batches: the base rate with the smallest gap after the run's epochs, under any schedule
  and with weight decay.
- `{kind: sgd, lr: auto}`, mini-batches: the base rate with the smallest expected gap after the run's epochs, without
  weight decay.
- `{kind: momentum, lr: auto, momentum: auto}`, full batches at a constant rate: the heavy ball with the fastest
  convergence in the limit.

The numbers follow from the data, the start and the schedule, before the run starts. `gdcli run` prints them;
`spec.yaml` has them instead of `auto`, and running it again gives the same curve; `explanation` in `summary.json` says
what they are. In Python, `result.plan.spec.optimizer.lr` is the number. With several seeds, each seed has its own.

For full batches the gap is exact. For mini-batches it is exact with `shuffle: once` and `never`, and approximate with
`each_epoch`. Under a schedule some rates may be above the largest stable constant rate: no such run diverges.

`auto` can be one value of a sweep: `--grid optimizer.lr=0.01,0.1,auto`. Elsewhere it is an error that says why.
"""


def _auto() -> Iterator[str]:
    yield from AUTO.splitlines()
    yield ""


def _figures() -> Iterator[str]:
    yield "## Columns of `summary.csv`"
    yield ""
    yield ", ".join(f"`{name}`" for name in SUMMARY_COLUMNS) + "."
    yield ""
    yield from FIRST_SPECS.splitlines()
    yield ""
    yield from PREDICTIONS.splitlines()


def _table(cls: type, prefix: str) -> Iterator[str]:
    """One row per key."""
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    for key in keys_of(cls):
        value = _LINKS.get(f"{prefix}{key.name}") or key.value
        yield f"| `{key.name}` | {value} | {key.default} | {key.meaning} |"
    yield ""


def _summary(cls: type) -> str:
    return (inspect.getdoc(cls) or "").split("\nAttributes:")[0].strip().replace("\n\n", " ").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
