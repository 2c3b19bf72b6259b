"""Planning: every fault of specs and their data is found before anything runs.

Each file is read once, and runs on the same rows share one `Rows` object.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING, Any

from gdcli.data.design import Needs, design
from gdcli.data.loading import load
from gdcli.data.stream import Reading
from gdcli.errors import DataError, Fault, FaultsError, Place, SpecError
from gdcli.experiment.plan import Plan, misfits, plan_on, refuse
from gdcli.experiment.rows import LoadedData, Rows, split_and_scale
from gdcli.spec.draft import check_seeds, read_draft, reseeded
from gdcli.spec.grid import axes_of_block
from gdcli.spec.model import Spec
from gdcli.spec.validate import Request, understand

if TYPE_CHECKING:
    import pandas as pd


def plan(request: Request, *, frame: pd.DataFrame | None = None, reading: Reading | None = None) -> Plan:
    """Plan a run: read its data, fit its scalers, factor its rows.

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
    return Planner([request], frame=frame, reading=reading).plan(request)


def plan_all(
    specs: Sequence[str | PathLike[str] | Mapping[str, Any]],
    *,
    overrides: Sequence[str] = (),
    seeds: int = 1,
    frame: pd.DataFrame | None = None,
    reading: Reading | None = None,
    needs: Callable[[Spec], Needs] = Needs.of,
    distinct: bool = True,
) -> list[Plan]:
    """Plan several specs, with several seeds each, and report all their faults at once.

    Args:
        specs: YAML files, or mappings with the same keys.
        overrides: `KEY=VALUE`, applied to every spec.
        seeds: Number of seeds per spec, counted up from its own seed.
        frame: Rows instead of the specs' datasets.
        reading: Called after every read of a large file.
        needs: Returns what is needed from the rows of a spec.
        distinct: Whether to refuse two specs of the same name.

    Returns:
        The plans, in the order of the specs, then of the seeds.

    Raises:
        SpecError: A spec is wrong, or two have the same name.
        DataError: The data of a spec is missing or unfit.
    """
    faults: dict[str, list[Fault]] = {}  # by the label of the spec
    kinds: set[type[FaultsError]] = set()
    requests: list[Request] = []
    named: list[Request] = []
    plans: list[Plan] = []
    for i, spec in enumerate(specs):
        with _collected(faults, kinds, None if isinstance(spec, Mapping) else str(spec)):
            of_spec = _requests(specs, i, overrides, seeds, has_rows=frame is not None)
            requests.extend(of_spec)
            named.extend(of_spec[:1] if not isinstance(spec, Mapping) or "name" in spec else [])
    planner = Planner(requests, frame=frame, reading=reading, needs=needs)
    for request in requests:
        with _collected(faults, kinds, request.draft.label):
            plans.append(planner.plan(request))
    with _collected(faults, kinds):
        _refuse_equal_names(named if distinct else [])
    if faults:
        raise (SpecError if SpecError in kinds else DataError)(chain.from_iterable(faults.values()), faults)
    return plans


def validate(
    spec: str | PathLike[str] | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    frame: pd.DataFrame | None = None,
    reading: Reading | None = None,
) -> None:
    """Find all faults of a spec and of its data. The rows are read once, but not factored, and nothing is run.

    Args:
        spec: A YAML file, or a mapping with the same keys.
        overrides: `KEY=VALUE`, as for `plan_all`.
        frame: Rows instead of the spec's dataset.
        reading: Called after every read of a large file.

    Raises:
        SpecError: The spec is wrong, its `sweep:` block included; the faults of its data are listed too.
        DataError: Only its data is missing or unfit.
    """
    draft = read_draft(spec, overrides)
    request = understand(draft, has_rows=frame is not None)
    faults = list(request.faults)
    if draft.values.get("sweep") is not None:
        try:
            axes_of_block(draft.values["sweep"], lambda path: draft.place(("sweep", *path)))
        except SpecError as error:
            faults += error.faults
    in_data = Planner([request], frame=frame, reading=reading).faults_in_data(request)
    if faults or in_data:
        raise (SpecError if faults else DataError)([*faults, *in_data])


def _requests(
    specs: Sequence[str | PathLike[str] | Mapping[str, Any]],
    i: int,
    overrides: Sequence[str],
    seeds: int,
    *,
    has_rows: bool,
) -> list[Request]:
    """Read one of several specs: one request per seed."""
    draft = read_draft(specs[i], overrides)
    if isinstance(specs[i], Mapping) and len(specs) > 1:  # messages say which spec is wrong
        draft = replace(draft, label=f"specs[{i}]")
    check_seeds(draft, seeds, settings=len(specs))
    return [understand(reseeded(draft, seed), has_rows=has_rows) for seed in range(seeds)]


@contextmanager
def _collected(
    faults: dict[str, list[Fault]], kinds: set[type[FaultsError]], label: str | None = None
) -> Iterator[None]:
    """Collect the faults of an error instead of raising it: those of one spec, or of the specs where they are."""
    try:
        yield
    except FaultsError as error:
        for fault in error.faults:
            faults.setdefault(label or fault.place.label, []).append(fault)
        kinds.add(type(error))


def _refuse_equal_names(requests: Iterable[Request]) -> None:
    """Refuse specs whose results would have the same name."""
    labels: dict[str, str] = {}
    faults = []
    for request in requests:
        name, label = request.spec.name, request.draft.label
        if name in labels:
            message = f"has the same name as {labels[name]}, '{name}'; give one of them a `name` of its own"
            twice = "is given twice; leave one out"
            faults.append(Fault(Place(label), twice if label == labels[name] else message))
        elif not request.faults:
            labels[name] = label
    if faults:
        raise SpecError(faults)


class Planner:
    """Plans many runs, and reads, splits and scales each dataset once.

    Args:
        requests: All specs that will be planned.
        frame: Rows instead of the specs' datasets.
        reading: Called after every read of a large file.
        needs: Returns what is needed from the rows of a spec.
    """

    def __init__(
        self,
        requests: Iterable[Request],
        *,
        frame: pd.DataFrame | None = None,
        reading: Reading | None = None,
        needs: Callable[[Spec], Needs] = Needs.of,
    ) -> None:
        self._frame, self._reading, self._needs_of = frame, reading, needs
        self._needs: dict[Hashable, Needs] = {}
        self._loaded: dict[Hashable, LoadedData] = {}
        self._rows: dict[Hashable, Rows] = {}
        for request in requests:
            if not request.faults:
                key = _data_key(request)
                self._needs[key] = self._needs.get(key, Needs()) | needs(request.spec)

    def plan(self, request: Request) -> Plan:
        """Plan a run.

        Args:
            request: Its spec.

        Returns:
            The plan, which shares its rows with earlier plans where possible.

        Raises:
            SpecError: The spec is wrong; all faults at once.
            DataError: The data is missing, unreadable or unfit for the spec.
        """
        if request.faults:
            raise SpecError((*request.faults, *self.faults_in_data(request)))
        data = _data_key(request)
        loaded = self._load(data, request, self._needs_of(request.spec))
        refuse(misfits(request, loaded.design))  # before the rows of a split are factored, which takes long
        split = request.spec.split
        key = data, request.spec.scaler, split, request.spec.seed if split and split.shuffle else None
        if key not in self._rows:
            self._rows[key] = split_and_scale(loaded, request)
        return plan_on(self._rows[key], request)

    def faults_in_data(self, request: Request) -> tuple[Fault, ...]:
        """Find the faults of a spec's data, and the settings that do not fit it, without factoring any rows.

        Args:
            request: The spec, which may have faults of its own.

        Returns:
            The faults; none if the spec's dataset or columns are wrong themselves. Planning finds further ones only
            where numbers leave the range of double precision.
        """
        if not {"dataset", "columns"} <= request.valid_sections:
            return ()
        try:
            return tuple(misfits(request, self._load(_data_key(request), request, Needs(), ahead=False).design))
        except DataError as error:
            return error.faults

    def _load(self, key: Hashable, request: Request, needs: Needs, *, ahead: bool = True) -> LoadedData:
        """The data of a spec, read at the first call; with what other specs need from them, unless not to run."""
        loaded = self._loaded.get(key)
        if loaded is None or not loaded.design.offers(needs):
            needs |= self._needs.get(key, needs) if ahead else needs
            data, dataset = load(request, self._frame, self._reading)
            loaded = self._loaded[key] = LoadedData(data, dataset, design(request, data, needs))
        return loaded


def _data_key(request: Request) -> Hashable:
    """Equal for specs with the same data and columns."""
    dataset = request.spec.dataset
    inline = tuple((dataset.inline or {}).items())  # their order matters: the last column is the default target
    return request.draft.base, replace(dataset, inline=None), inline, request.spec.columns
