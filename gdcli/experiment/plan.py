"""The plan of a run on rows that have been read, and the settings that do not fit them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gdcli.data.design import Design
from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches, mini_batches
from gdcli.errors import DataError, Fault, counted, some_of
from gdcli.experiment.automatic.open_run import OpenRun
from gdcli.experiment.automatic.optimal import planned_rates
from gdcli.experiment.automatic.optimizer import chosen_optimizer
from gdcli.experiment.rows import Rows, training_rows
from gdcli.spec.model import Spec
from gdcli.spec.rates import mismatches, resolved, run_length, uncovered
from gdcli.spec.validate import Request


@dataclass(frozen=True)
class Plan:
    """A run, ready to go.

    Attributes:
        spec: The resolved spec: every default written out, the dataset's path absolute.
        rows: Everything that follows from the data; runs on the same rows share this object.
        start: Initial weights, shape (d,).
        rates: Learning rates, shape (epochs, 1 or steps, 1).
        steps: Steps per epoch.
        schedule_warnings: Warnings about the schedule.
        file: The file of the spec, if it was read from one.
        explanation: Sentences about settings that were `auto`.
    """

    spec: Spec
    rows: Rows
    start: Array
    rates: Array
    steps: int
    schedule_warnings: tuple[str, ...]
    file: Path | None = None
    explanation: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that the run reads: its data and its spec."""
        data = self.spec.dataset.path or ()
        names = (data,) if isinstance(data, str) else data
        return (*map(Path, names), *([self.file] if self.file else []))

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings about the data and the schedule."""
        return (*self.rows.warnings, *self.schedule_warnings)

    @property
    def is_full_batch(self) -> bool:
        """Whether every step uses all training rows."""
        return self.spec.batch_size in ("full", len(self.rows.training))

    @property
    def batching(self) -> Hashable:
        """Equal for runs on the same rows that use the same batches in the same order."""
        if self.is_full_batch:
            return "full"
        order = None if self.spec.shuffle == "never" else (self.spec.shuffle, self.spec.seed)
        return self.spec.batch_size, order

    def batches(self) -> Batches:
        """The batches of the run.

        Raises:
            ValueError: The run takes mini-batches of rows that were read in chunks and not kept.
        """
        if self.is_full_batch:
            return self.rows.objective.full_batch()
        X, y = self.rows.trained()
        return mini_batches(X, y, size=int(self.spec.batch_size), shuffle=self.spec.shuffle, seed=self.spec.seed)


def plan_on(rows: Rows, request: Request) -> Plan:
    """Plan a run on rows that have been split and scaled.

    Args:
        rows: The rows of the spec's dataset, columns, scaler and split.
        request: The spec, without faults or misfits.

    Returns:
        The plan.

    Raises:
        SpecError: A setting is `auto` that has no best number on these rows; or the schedule is optimal, and double
            precision cannot carry it out.
    """
    spec = request.spec
    steps = _steps(spec, len(rows.training))
    length = run_length(spec.schedule, spec.epochs, steps)
    schedule, start = resolved(spec.schedule, length), _start(spec, len(rows.names))
    spec = replace(spec, dataset=rows.dataset, columns=rows.columns.section, schedule=schedule)
    explanation: tuple[str, ...] = ()
    if request.automatic:
        choice = chosen_optimizer(request, OpenRun(spec, rows, start, steps))
        spec, explanation = replace(spec, optimizer=choice.optimizer), (choice.sentence,)
    return Plan(
        spec=spec,
        rows=rows,
        start=start,
        rates=planned_rates(request, spec, rows, start, steps),
        steps=steps,
        schedule_warnings=tuple(mismatches(schedule, length)),
        file=request.draft.file,
        explanation=explanation,
    )


def _start(spec: Spec, d: int) -> Array:
    """Initial weights, shape (d,)."""
    if spec.init == "normal":
        return np.random.RandomState(spec.seed).randn(d)
    return np.zeros(d) if spec.init == "zeros" else np.array(spec.init, dtype=np.float64)


def _steps(spec: Spec, n: int) -> int:
    """Steps per epoch on n training rows."""
    return 1 if spec.batch_size == "full" else -(-n // spec.batch_size)


def misfits(request: Request, design: Design) -> Iterator[Fault]:
    """Find the settings of a spec that do not fit its data.

    Args:
        request: The spec. Sections with faults of their own are left out.
        design: Its data.

    Yields:
        A fault per setting: a split that leaves no row to train on, a start of another length, a batch of more rows
        than there are, a schedule that leaves steps without a rate.
    """
    spec, valid, names = request.spec, request.valid_sections, design.weight_names
    n = training_rows(spec.split, design.n)
    if n < 1 and spec.split:
        message = f"split.validation {spec.split.validation:g} of {counted(design.n, 'row')} leaves no row to train on"
        yield request.fault(("split", "validation"), message)
    if "init" in valid and isinstance(spec.init, tuple) and len(spec.init) != len(names):
        what = f"{counted(len(names), 'number')}, one for each of {some_of(names, 7)}"
        yield request.fault(("init",), f"init must have {what}; got {len(spec.init)}")
    size = spec.batch_size
    if {"batch_size", "split"} <= valid and size != "full" and size > n > 0:
        only = f"there {'is' if n == 1 else 'are'} only {counted(n, 'training row')}"
        message = f"batch_size is {size}, and {only}; use `full` or at most {n}"
        yield request.fault(("batch_size",), message)
    if n > 0 and {"schedule", "epochs", "batch_size", "split"} <= valid:
        length = run_length(spec.schedule, spec.epochs, _steps(spec, n))
        yield from (request.fault(path, message) for path, message in uncovered(spec.schedule, length))


def refuse(faults: Iterable[Fault]) -> None:
    """Raise an error if there are any faults.

    Raises:
        DataError: There are some.
    """
    if all_faults := list(faults):
        raise DataError(all_faults)
