"""Planning: every fault of a spec and its data is found here, before anything runs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gdcli.data.design import Needs, design
from gdcli.data.loading import load
from gdcli.data.stream import Reading
from gdcli.engine.arrays import Array
from gdcli.engine.batches import Batches, mini_batches
from gdcli.errors import DataError, Fault, SpecError, counted, some_of
from gdcli.experiment.automatic import planned_rates
from gdcli.experiment.rows import LoadedData, Rows, split_and_scale, split_indices
from gdcli.spec.model import Spec
from gdcli.spec.rates import remarks, resolved, run_length, uncovered
from gdcli.spec.validate import Request

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Plan:
    """A run, ready to go.

    Attributes:
        spec: The resolved spec: every default written out, the dataset's path absolute.
        rows: Everything that follows from the data; runs on the same rows share this object.
        start: Initial weights, shape (d,).
        rates: Learning rates, shape (epochs, 1 or steps, 1).
        steps: Steps per epoch.
        remarks: Warnings about the schedule.
        file: The file of the spec, if it was read from one.
    """

    spec: Spec
    rows: Rows
    start: Array
    rates: Array
    steps: int
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
        """All warnings about the data and the schedule."""
        return (*self.rows.warnings, *self.remarks)

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


def plan(request: Request, *, frame: pd.DataFrame | None = None, reading: Reading | None = None) -> Plan:
    """Plan a run: read its data, fit its scalers, factor its rows. For many runs use `Planner`.

    Args:
        request: The spec.
        frame: Rows instead of the spec's dataset.
        reading: Called after every read of a large file.

    Returns:
        The plan.

    Raises:
        SpecError: The spec is wrong; all faults at once.
        DataError: The data is missing, unreadable or unfit for the spec.
    """
    loaded = load_data(request, Needs.of(request.spec), frame=frame, reading=reading)
    return plan_on(make_rows(loaded, request), request)


def load_data(
    request: Request, needs: Needs, *, frame: pd.DataFrame | None = None, reading: Reading | None = None
) -> LoadedData:
    """Read the data of a spec and select its columns.

    Args:
        request: The spec.
        needs: What to compute from the rows.
        frame: Rows instead of the spec's dataset.
        reading: Called after every read of a large file.

    Returns:
        The data.

    Raises:
        SpecError: The spec is wrong; all faults at once.
        DataError: The data is missing, unreadable or unfit for the spec.
    """
    if request.faults:
        raise SpecError([*request.faults, *_faults_in_data(request, frame)])
    data, dataset = load(request, frame, reading)
    return LoadedData(data=data, dataset=dataset, design=design(request, data, needs))


def make_rows(loaded: LoadedData, request: Request) -> Rows:
    """Split and scale data as a spec says.

    Args:
        loaded: The data of the spec.
        request: The spec.

    Returns:
        The rows.

    Raises:
        DataError: The data is unfit for the spec.
    """
    indices = split_indices(request, loaded.design.n)
    _refuse(_misfits(request, len(indices[0]), loaded.weight_names))  # before the rows are factored, which takes long
    return split_and_scale(loaded, request, indices)


def plan_on(rows: Rows, request: Request) -> Plan:
    """Plan a run on rows that have been split and scaled.

    Args:
        rows: The rows of the spec's dataset, columns, scaler and split.
        request: The spec, without faults of its own.

    Returns:
        The plan.

    Raises:
        DataError: The spec does not fit these rows.
        SpecError: Its schedule is optimal, and double precision cannot carry it out on these rows.
    """
    spec, n = request.spec, len(rows.training)
    _refuse(_misfits(request, n, rows.names))
    steps = 1 if spec.batch_size == "full" else -(-n // spec.batch_size)
    length = run_length(spec.schedule, spec.epochs, steps)
    _refuse(request.fault(path, message) for path, message in uncovered(spec.schedule, length))
    schedule, start = resolved(spec.schedule, length), _start(spec, len(rows.names))
    spec = replace(spec, dataset=rows.dataset, columns=rows.columns.section, schedule=schedule)
    return Plan(
        spec=spec,
        rows=rows,
        start=start,
        rates=planned_rates(request, spec, rows, start, steps),
        steps=steps,
        remarks=tuple(remarks(schedule, length)),
        file=request.draft.file,
    )


def _start(spec: Spec, d: int) -> Array:
    """Initial weights, shape (d,)."""
    if spec.init == "normal":
        return np.random.RandomState(spec.seed).randn(d)
    return np.zeros(d) if spec.init == "zeros" else np.array(spec.init, dtype=np.float64)


def _faults_in_data(request: Request, frame: pd.DataFrame | None) -> tuple[Fault, ...]:
    """Faults of the data of a spec that has faults of its own, so that one run reports all of them."""
    if not {"dataset", "columns"} <= request.valid_sections:
        return ()
    try:
        data, dataset = load(request, frame)
        loaded = LoadedData(data=data, dataset=dataset, design=design(request, data, Needs()))
    except DataError as error:
        return error.faults
    n, faults = None, tuple[Fault, ...]()
    if {"split", "seed"} <= request.valid_sections:
        try:
            n = len(split_indices(request, loaded.design.n)[0])
        except DataError as error:
            faults = error.faults
    return (*faults, *_misfits(request, n, loaded.weight_names))


def _misfits(request: Request, n: int | None, names: tuple[str, ...]) -> Iterator[Fault]:
    """Settings in the sound sections of a spec that do not fit n training rows (None if unknown) of such columns."""
    init, size, d = request.spec.init, request.spec.batch_size, len(names)
    if "init" in request.valid_sections and isinstance(init, tuple) and len(init) != d:
        message = f"init must have {counted(d, 'number')}, one for each of {some_of(names, 7)}; got {len(init)}"
        yield request.fault(("init",), message)
    if "batch_size" in request.valid_sections and n is not None and size != "full" and size > n:
        only = f"there {'is' if n == 1 else 'are'} only {counted(n, 'training row')}"
        message = f"batch_size is {size}, and {only}; use `full` or at most {n}"
        yield request.fault(("batch_size",), message)


def _refuse(faults: Iterator[Fault]) -> None:
    """Raise an error if there are any faults."""
    if all_faults := list(faults):
        raise DataError(all_faults)
