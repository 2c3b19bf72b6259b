"""Specs and finished results, as `explain` takes them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from gdcli.data.design import Needs
from gdcli.engine.arrays import Array
from gdcli.errors import Fault, Place, SpecError, system_reason
from gdcli.experiment.explain.case import needs
from gdcli.experiment.explain.explain import explain, explain_run
from gdcli.experiment.explain.explanation import Explanation
from gdcli.experiment.plan import Plan
from gdcli.output.manifest import SUMMARY
from gdcli.spec.model import Spec
from gdcli.spec.paths import is_folder

CURVE = "curve.csv"
MISSING = "this folder is not the result of a run: it has no {}; name a spec, or the folder of one finished run"


@dataclass(frozen=True)
class Finished:
    """A finished run, as its files tell it.

    Attributes:
        directory: Where they are.
        status: How the run ended.
        data_sha256: The hash of its data; None where they have none.
        gap: The measured gaps, shape (finished epochs + 1,).
    """

    directory: Path
    status: str
    data_sha256: str | None
    gap: Array


@dataclass(frozen=True)
class Subject:
    """What is to be explained.

    Attributes:
        spec: A YAML file, or a mapping with the same keys.
        finished: The run, if it is a finished one.
    """

    spec: str | PathLike[str] | Mapping[str, Any]
    finished: Finished | None = None

    @classmethod
    def of(cls, spec: str | PathLike[str] | Mapping[str, Any]) -> Subject:
        """Tell specs from folders of finished runs.

        Raises:
            SpecError: A folder is not the result of a run, or its files cannot be read.
        """
        if isinstance(spec, str | PathLike) and is_folder(Path(spec)):
            return cls(Path(spec) / "spec.yaml", _read(Path(spec)))
        return cls(spec)

    def explain(self, plan: Plan) -> Explanation:
        """Explain its plan.

        Raises:
            SpecError: The finished run has more epochs than its spec.
        """
        run = self.finished
        if run is None:
            return explain(plan)
        if len(run.gap) > plan.spec.epochs + 1:
            message = f"has {len(run.gap) - 1} epochs, and the spec beside it {plan.spec.epochs}"
            raise SpecError([Fault(Place(str(run.directory / CURVE)), message)])
        return explain_run(plan, run.status, run.gap)

    def warnings(self, plan: Plan) -> list[str]:
        """Say that the data have changed since the run, if they have."""
        run, digest = self.finished, plan.rows.data.sha256
        if run is None or None in (digest, run.data_sha256) or digest == run.data_sha256:
            return []
        return [f"{plan.rows.data.label} has changed since the run in {run.directory}: measured and predicted differ"]


def subjects_of(paths: Sequence[Path], overrides: Sequence[str]) -> list[Subject]:
    """Tell specs from folders of finished runs, and report all faults at once.

    Args:
        paths: Specs and folders.
        overrides: Of the specs; a run that is finished cannot have any.

    Returns:
        One subject per path.

    Raises:
        SpecError: A folder is not the result of a run, or its files cannot be read.
    """
    subjects, faults = list[Subject](), list[Fault]()
    for path in paths:
        try:
            subjects.append(Subject.of(path))
        except SpecError as error:
            faults.extend(error.faults)
    if overrides and any(subject.finished for subject in subjects):
        message = "a finished run cannot be changed; explain the spec.yaml in its folder instead"
        faults.append(Fault(Place(f"--set {overrides[0]}"), message))
    if faults:
        raise SpecError(faults)
    return subjects


def needs_of(subjects: Sequence[Subject], spec: Spec) -> Needs:
    """Say what explanations need from the rows of a spec: finished runs also name their data by a hash."""
    return replace(needs(spec), hashes=any(subject.finished for subject in subjects))


def _read(directory: Path) -> Finished:
    try:
        return _finished(directory)
    except FileNotFoundError as error:
        name = Path(str(error.filename)).name
        raise SpecError([Fault(Place(str(directory)), MISSING.format(name))]) from error
    except OSError as error:
        raise SpecError([Fault(Place(str(error.filename)), f"cannot read: {system_reason(error)}")]) from error


def _finished(directory: Path) -> Finished:
    place = directory / SUMMARY
    content = place.read_bytes()
    (directory / "spec.yaml").stat()
    try:
        summary = json.loads(content)
        status, digest = str(summary["status"]), summary["data_sha256"]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise SpecError([Fault(Place(str(place)), "this is not the summary of a run")]) from error
    return Finished(directory, status, digest, _gaps(directory / CURVE))


def _gaps(path: Path) -> Array:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            gap = np.array([float(row["gap"]) for row in csv.DictReader(stream)])
    except (ValueError, TypeError, LookupError, csv.Error) as error:
        raise SpecError([Fault(Place(str(path)), "this is not the curve of a run")]) from error
    if not len(gap):
        raise SpecError([Fault(Place(str(path)), "this curve has no rows")])
    return gap
