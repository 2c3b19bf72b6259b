"""Planning many runs: each file is read once, and runs on the same rows share one `Rows` object."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from gdcli.data.design import Needs
from gdcli.data.stream import Reading
from gdcli.errors import DataError, Fault, FaultsError, Place, SpecError
from gdcli.experiment.plan import Plan, load_data, make_rows, plan_on
from gdcli.experiment.rows import LoadedData, Rows
from gdcli.spec.draft import check_seeds, read_draft, reseeded
from gdcli.spec.model import Spec
from gdcli.spec.validate import Request, understand

if TYPE_CHECKING:
    import pandas as pd


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
    faults: list[Fault] = []
    kinds: set[type[FaultsError]] = set()
    requests: list[Request] = []
    named: list[Request] = []
    plans: list[Plan] = []
    for i, spec in enumerate(specs):
        with _collected(faults, kinds):
            of_spec = _requests(specs, i, overrides, seeds, has_rows=frame is not None)
            requests.extend(of_spec)
            named.extend(of_spec[:1] if not isinstance(spec, Mapping) or "name" in spec else [])
    planner = Planner(requests, frame=frame, reading=reading, needs=needs)
    for request in requests:
        with _collected(faults, kinds):
            plans.append(planner.plan(request))
    with _collected(faults, kinds):
        _refuse_equal_names(named if distinct else [])
    if faults:
        raise (SpecError if SpecError in kinds else DataError)(faults)
    return plans


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
def _collected(faults: list[Fault], kinds: set[type[FaultsError]]) -> Iterator[None]:
    """Collect the faults of an error instead of raising it."""
    try:
        yield
    except FaultsError as error:
        faults.extend(error.faults)
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
        data = _data_key(request)
        key = data, _split_and_scale_key(request)
        if request.faults or key not in self._rows:
            self._rows[key] = make_rows(self._load(data, request), request)
        return plan_on(self._rows[key], request)

    def _load(self, key: Hashable, request: Request) -> LoadedData:
        """The data of a spec, read at the first call."""
        needs = self._needs_of(request.spec)
        loaded = self._loaded.get(key)
        if request.faults or loaded is None or not loaded.design.offers(needs):
            needs |= self._needs.get(key, needs)
            loaded = self._loaded[key] = load_data(request, needs, frame=self._frame, reading=self._reading)
        return loaded


def _data_key(request: Request) -> Hashable:
    """Equal for specs with the same data and columns."""
    dataset = request.spec.dataset
    inline = tuple((dataset.inline or {}).items())  # their order matters: the last column is the default target
    return request.base, replace(dataset, inline=None), inline, request.spec.columns


def _split_and_scale_key(request: Request) -> Hashable:
    """Equal for specs that split and scale the same data in the same way."""
    split = request.spec.split
    return request.spec.scaler, split, request.spec.seed if split and split.shuffle else None
