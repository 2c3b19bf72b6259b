"""Find the specs in folders."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gdcli.errors import Fault, Place, SpecError, system_reason
from gdcli.spec.paths import in_workspace, is_folder


def find_specs(paths: Sequence[Path]) -> list[Path]:
    """List the specs in files and folders.

    Args:
        paths: Files, and folders that are searched at every depth for *.yaml and *.yml.

    Returns:
        The files, those of a folder sorted.

    Raises:
        SpecError: A folder contains no specs, or cannot be listed.
    """
    specs = []
    for path in paths:
        inside = _specs_in(path) if is_folder(path) else [path]
        if not inside:
            raise SpecError([Fault(Place(str(path)), "no *.yaml in this folder")])
        specs.extend(inside)
    return specs


def _specs_in(folder: Path) -> list[Path]:
    """The specs of a folder at every depth, sorted. Links to folders are not followed, since they may form a cycle."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # a folder that was removed meanwhile has no specs
            place = Place(str(error.filename))
            raise SpecError([Fault(place, f"cannot list this folder: {system_reason(error)}")]) from error

    walk = os.walk(folder, onerror=refuse)
    files = (Path(root, name) for root, _, names in walk for name in names if name.endswith((".yaml", ".yml")))
    return sorted(file for file in files if not in_workspace(file))
