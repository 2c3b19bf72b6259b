"""Planning: everything that can go wrong with a spec and its data goes wrong here, before anything runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gdcli.data import sources
from gdcli.data.design import Design, Needs, design
from gdcli.data.loading import load
from gdcli.data.stream import Reading, Stream
from gdcli.data.table import Table
from gdcli.engine.arrays import Array, IntArray
from gdcli.engine.batches import Batches, full_batch, mini_batches
from gdcli.engine.problems.factor import RowFactor, factor_rows
from gdcli.engine.problems.least_squares import Objective, objective
from gdcli.engine.scalers import mapped
from gdcli.errors import DataError, Fault, SpecError, some_of
from gdcli.experiment.precision import check_range, precision_warnings
from gdcli.experiment.scaling import Scaling, fit
from gdcli.spec.model import Dataset, Spec
from gdcli.spec.rates import learning_rates, remarks, resolved, run_length, uncovered
from gdcli.spec.validate import Source

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Plan:
    """A run, ready to go.

    Attributes:
        spec: Resolved: every default written out, the dataset's path absolute.
        table: The rows as they are read: what they are called and how many there are.
        names: Of the d trained weights, the intercept last.
        held: Features and target of all rows, shape (n, p + 1), in units of the file; None where a large file was
            read in chunks and no step needs its rows.
        training: Indices of the rows that train.
        validating: Indices of the rows that validate, in their order.
        factor: Of the training rows, in units of the file, or of their sigmoid.
        scaling: Into trained coordinates and back.
        objective: The loss on the training rows.
        validation: The loss on the validation rows, where there are any.
        start: Initial weights, shape (d,).
        rates: Learning rates, shape (epochs, 1 or steps, 1).
        steps: Steps an epoch.
        data_warnings: About the rows, for people.
        remarks: About the schedule, likewise.
        file: The spec, where it was read from a file.
    """

    spec: Spec
    table: Table | Stream
    names: tuple[str, ...]
    held: Array | None
    training: IntArray | range
    validating: IntArray
    factor: RowFactor
    scaling: Scaling
    objective: Objective
    validation: Objective | None
    start: Array
    rates: Array
    steps: int
    data_warnings: tuple[str, ...]
    remarks: tuple[str, ...]
    file: Path | None = None

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that the run reads: its data and its spec."""
        data = self.spec.dataset.path or ()
        names = (data,) if isinstance(data, str) else data
        return (*map(Path, names), *([self.file] if self.file else []))

    @property
    def warnings(self) -> tuple[str, ...]:
        """All that a person should know."""
        return (*self.data_warnings, *self.remarks)

    @property
    def rows(self) -> Array:
        """Features and target of all rows, shape (n, p + 1), in units of the file.

        Raises:
            ValueError: They were read in chunks and not kept.
        """
        if self.held is None:
            raise ValueError(f"the rows of {self.table.label} were read in chunks and not kept")
        return self.held

    @property
    def n(self) -> int:
        """How many rows are used: those that train, and those that validate."""
        return len(self.training) + len(self.validating)

    def batches(self) -> Batches:
        """What the epochs of the run step through."""
        if self.is_full_batch:
            return full_batch(self.objective)
        rows = self.rows[self.training]
        X, y = self.scaling.trained(mapped(rows) if self.scaling.sigmoid else rows)
        size = int(self.spec.batch_size)
        return mini_batches(X, y, size=size, shuffle=self.spec.shuffle, seed=self.spec.seed)

    def named_weights(self, w: Array) -> dict[str, float]:
        """Weights as trained, name → value, from an array of shape (d,)."""
        return dict(zip(self.names, map(float, w + 0.0), strict=True))  # no weight is -0

    def original_weights(self, w: Array) -> dict[str, float] | None:
        """Weights in the units of the file, name → value; None for a scaler that is not affine.

        Without an intercept a scaler that shifts still brings in a constant; it is given under `intercept`.
        """
        original = self.scaling.original(w)
        if original is None:
            return None
        weights, constant = original
        named = dict(zip(self.names, map(float, weights + 0.0), strict=False))
        return {**named, "intercept": constant} if self.scaling.intercept or constant else named

    @property
    def is_full_batch(self) -> bool:
        """Whether a step sees all training rows."""
        return self.spec.batch_size in ("full", len(self.training))


@dataclass(frozen=True)
class Rows:
    """The rows of a dataset and what is made of them, before they are split and scaled.

    Attributes:
        table: As they are read.
        dataset: As the resolved spec names it.
        design: The columns of a run.
    """

    table: Table | Stream
    dataset: Dataset
    design: Design


def plan(source: Source, *, frame: pd.DataFrame | None = None, reading: Reading | None = None) -> Plan:
    """Plan a run: read its data, fit its scalers, factor its rows. `Planner` plans many.

    Args:
        source: The spec.
        frame: Rows instead of the spec's dataset.
        reading: Told of every read of a large file.

    Returns:
        The plan.

    Raises:
        SpecError: The spec is wrong; all faults at once.
        DataError: The data is missing, unreadable or unfit for the spec.
    """
    return plan_on(read_rows(source, Needs.of(source.spec), frame=frame, reading=reading), source)


def read_rows(
    source: Source, needs: Needs, *, frame: pd.DataFrame | None = None, reading: Reading | None = None
) -> Rows:
    """Read the data of a spec, and pick its columns.

    Args:
        source: The spec.
        needs: What to work out of the rows.
        frame: Rows instead of the spec's dataset.
        reading: Told of every read of a large file.

    Returns:
        The rows.

    Raises:
        SpecError: The spec is wrong; all faults at once.
        DataError: The data is missing, unreadable or unfit for the spec.
    """
    if source.faults:
        raise SpecError([*source.faults, *_faults_in_data(source, frame)])
    table, dataset = load(source, frame, reading)
    return Rows(table=table, dataset=dataset, design=design(source, table, needs))


def plan_on(shared: Rows, source: Source) -> Plan:
    """Plan a run on rows that have been read.

    Args:
        shared: The rows of the spec's dataset and columns.
        source: The spec.

    Returns:
        The plan.

    Raises:
        DataError: The data is unfit for the spec.
    """
    table, dataset, chosen, spec = shared.table, shared.dataset, shared.design, source.spec
    names = (*chosen.names, "intercept") if chosen.columns.intercept else chosen.names
    training, validating = _split(source, chosen.n)
    if faults := list(_unfit(source, len(training), names)):
        raise DataError(faults)
    is_sigmoid = spec.scaler.features == "sigmoid"
    rows = None if chosen.rows is None or spec.split is None else chosen.rows[training]
    factor = chosen.factors[is_sigmoid] if rows is None else _factor(rows, is_sigmoid=is_sigmoid)
    labels = (*chosen.names, str(chosen.columns.target))
    sample = chosen.rows if rows is None else rows
    scaling, warnings = fit(spec.scaler, sample, factor, names=labels, intercept=chosen.columns.intercept)
    validating_factor = None
    if len(validating) and chosen.rows is not None:
        validating_factor = _factor(chosen.rows[validating], is_sigmoid=is_sigmoid)
    check_range(source, labels, scaling, factor, validating_factor)
    train = objective(scaling.factor(factor), unit=scaling.unit)
    validation = objective(scaling.factor(validating_factor), unit=scaling.unit) if validating_factor else None
    nothing = np.zeros(0)
    rows_alone = Plan(
        spec=replace(source.spec, dataset=dataset, columns=chosen.columns),
        table=table,
        names=names,
        held=chosen.rows,
        training=training,
        validating=validating,
        factor=factor,
        scaling=scaling,
        objective=train,
        validation=validation,
        start=nothing,
        rates=nothing,
        steps=0,
        data_warnings=(
            *_memory(source.spec, table, chosen.n),
            *chosen.warnings,
            *warnings,
            *precision_warnings(train.optimum, scaling, names, len(training)),
        ),
        remarks=(),
    )
    return vary(rows_alone, source)


def vary(planned: Plan, source: Source) -> Plan:
    """Plan another run on the same rows, scaled and split alike: only what the data do not decide is planned anew.

    Args:
        planned: A plan whose spec has the same dataset, columns, scaler and split.
        source: The other run's spec.

    Returns:
        Its plan, which shares the rows and the objective with the first.

    Raises:
        SpecError: The spec is wrong.
        DataError: It asks for what these data cannot give.
    """
    if source.faults:
        raise SpecError(source.faults)
    spec = replace(source.spec, dataset=planned.spec.dataset, columns=planned.spec.columns)
    steps = _steps(source, len(planned.training))
    length = run_length(spec.schedule, spec.epochs, steps)
    problems = [source.fault(path, message) for path, message in uncovered(spec.schedule, length)]
    if problems:
        raise DataError(problems)
    spec = replace(spec, schedule=resolved(spec.schedule, length))
    return replace(
        planned,
        spec=spec,
        start=_start(source, planned.names),
        rates=learning_rates(spec.schedule, spec.optimizer.lr, spec.epochs, steps),
        steps=steps,
        remarks=tuple(remarks(spec.schedule, length)),
        file=source.draft.file,
    )


def _memory(spec: Spec, table: Table | Stream, rows: int) -> list[str]:
    """Say which keys make a run hold the rows of a large file, where one would not think of it."""
    if isinstance(table, Table) or table.size <= sources.WHOLE:
        return []
    robust = "robust" in (spec.scaler.features, spec.scaler.target)
    reasons = (["the robust scaler"] if robust else []) + (["the split"] if spec.split else [])
    if not reasons:
        return []
    verb = "need" if len(reasons) > 1 else "needs"
    return [f"{' and '.join(reasons)} {verb} all rows of {table.label} in memory ({rows} of them)"]


def _factor(rows: Array, *, is_sigmoid: bool) -> RowFactor:
    rows = mapped(rows) if is_sigmoid else rows
    return factor_rows(rows[:, :-1], rows[:, -1])


def _faults_in_data(source: Source, frame: pd.DataFrame | None) -> tuple[Fault, ...]:
    """What the data have against a spec that is wrong in itself as well, so that nobody has to run it twice."""
    if not {"dataset", "columns"} <= source.sound:
        return ()
    try:
        table, _ = load(source, frame)
        chosen = design(source, table, Needs())
    except DataError as error:
        return error.faults
    names = (*chosen.names, "intercept") if chosen.columns.intercept else chosen.names
    if not {"split", "seed"} <= source.sound:
        return tuple(_unfit(source, None, names))
    try:
        return tuple(_unfit(source, len(_split(source, chosen.n)[0]), names))
    except DataError as error:
        return (*error.faults, *_unfit(source, None, names))


def _unfit(source: Source, n: int | None, names: tuple[str, ...]) -> Iterator[Fault]:
    """What n training rows of such columns have against the sections of a spec that are right by themselves."""
    checks: list[tuple[str, Callable[[], object]]] = [("init", lambda: _start(source, names))]
    if n is not None:
        checks.append(("batch_size", lambda: _steps(source, n)))
    for section, check in checks:
        if section in source.sound:
            try:
                check()
            except DataError as error:
                yield from error.faults


def _split(source: Source, n: int) -> tuple[IntArray | range, IntArray]:
    """Indices of the training and of the validation rows."""
    split = source.spec.split
    if split is None:
        return range(n), np.arange(0)
    order = np.arange(n)
    held = math.ceil(split.validation * n - 1e-9)  # 0.07 · 100 is 7.000000000000001
    if held >= n:
        message = f"split.validation {split.validation:g} of {n} rows leaves no row to train on"
        raise DataError([source.fault(("split", "validation"), message)])
    if split.shuffle:
        order = np.random.RandomState(source.spec.seed).permutation(n)
    return order[: n - held], order[n - held :]


def _steps(source: Source, n: int) -> int:
    """Steps an epoch over n training rows."""
    size = source.spec.batch_size
    if size == "full":
        return 1
    if size > n:
        message = f"batch_size is {size}, and there are only {n} training rows; use `full` or at most {n}"
        raise DataError([source.fault(("batch_size",), message)])
    return -(-n // size)


def _start(source: Source, names: tuple[str, ...]) -> Array:
    """Initial weights, shape (d,)."""
    init, d = source.spec.init, len(names)
    if init == "normal":
        return np.random.RandomState(source.spec.seed).randn(d)
    if init == "zeros":
        return np.zeros(d)
    if len(init) != d:
        message = f"init must have {d} numbers, one for each of {some_of(names, 7)}; got {len(init)}"
        raise DataError([source.fault(("init",), message)])
    return np.array(init, dtype=np.float64)
