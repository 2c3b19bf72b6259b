"""Where results may go: never over a file that a run reads, and never over one that gdcli did not write."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from gdcli.errors import OccupiedError, OutputError, system_reason
from gdcli.output.manifest import objection
from gdcli.output.workspace import make_directories, workspace

KEPT = "what was there before is kept"


@dataclass(frozen=True)
class Destination:
    """Where a result goes.

    Attributes:
        directory: The directory.
        warning: Why it is not `out/NAME`; empty if it is.
    """

    directory: Path
    warning: str = ""


def destinations(
    out: Path, names: Sequence[str], inputs: Iterable[Path] = (), *, probe: bool = True
) -> list[Destination]:
    """Find a directory for each result of a command, before anything runs.

    This is `out/NAME`. If an input is in that directory, or another result of the command goes there, it is the first
    of `out/NAME-2`, `out/NAME-3`, … that does not exist or holds a result of gdcli.

    Files may change before the results are written. Therefore `directories.replacing` calls `check_place` again before
    it writes, and once more for the old directory after the exchange, which it reverts if the check fails.

    Args:
        out: Directory of all results; made if it does not exist.
        names: Names of the results.
        inputs: The files that the command reads.
        probe: Whether to make `out`, and to find out whether it can be written to.

    Returns:
        One destination per name, in the same order. No two are the same directory.

    Raises:
        OutputError: A directory cannot be made in `out`, or `out/NAME` holds a file that gdcli did not write.
    """
    if probe:
        with explained(out):
            make_directories(out)
            with workspace(out):
                pass  # it can be written to
    inputs, taken, obstacles = list(inputs), set[str](), dict[str, str]()
    for name in names:  # first the results that can have their own name
        obstacles[name] = _obstacle(out / name, inputs, taken)
        if not obstacles[name]:
            check_place(out / name)
            taken.add(_real(out / name))
    places = [
        _beside(out / name, obstacles[name], inputs, taken) if obstacles[name] else Destination(out / name)
        for name in names
    ]
    for directory in (place.directory for place in places if probe and place.directory.is_symlink()):
        _probe_target(directory)
    return places


def _probe_target(link: Path) -> None:
    """Find out whether a result can be written to the target of a link."""
    with explained(link):
        parent = Path(_real(link)).parent
        make_directories(parent)
        with workspace(parent):
            pass


def check_place(directory: Path, inputs: Iterable[Path] = (), *, contents: Path | None = None) -> None:
    """Refuse a directory that a result must not replace.

    Args:
        directory: Where the result goes.
        inputs: The files that the run reads.
        contents: Where the old directory is now, if it has been moved.

    Raises:
        OutputError: The directory holds an input or a file that gdcli did not write, it is not a directory, or it
            cannot be read.
    """
    name = shown(directory)
    with explained(directory):
        if entry := input_in(directory, inputs):
            raise OutputError(f"{name}: holds {entry}, which this run reads; save the result to another directory")
        content = contents or Path(_real(directory))
        if not _is_there(content):
            return
        if not content.is_dir():
            raise OccupiedError(f"{name}: is a file; remove it")
        reason = _stable_objection(content)
    if reason:
        raise OccupiedError(f"{name}: {reason}; move it away")


def _stable_objection(directory: Path) -> str:
    """The objection to a directory, determined again if another process has replaced it meanwhile."""
    with suppress(FileNotFoundError):
        while True:
            before, reason = _identity(directory), objection(directory)
            if not reason or _identity(directory) == before:
                return reason
    return ""


def input_in(directory: Path, inputs: Iterable[Path]) -> str:
    """Look for inputs in a directory, also behind symbolic and hard links.

    Args:
        directory: A directory, which need not exist, or a file, which is compared itself.
        inputs: Paths of files.

    Returns:
        Path of the first input in the directory, relative to it; empty if there is none.

    Raises:
        OSError: The directory cannot be listed.
    """
    place, identities = Path(_real(directory)), set()
    for path in inputs:
        real = Path(_real(path))
        if real.is_relative_to(place):
            return real.name if real == place else str(real.relative_to(place))
        with suppress(OSError):
            identities.add(_identity(path))
    with suppress(FileNotFoundError):
        for entry in _entries(place) if identities else ():
            with suppress(OSError):  # a link to nowhere
                if _identity(entry) in identities:
                    return entry.name
    return ""


def _entries(place: Path) -> Iterable[Path]:
    """The entries of a directory; for a file, the file itself."""
    try:
        return list(place.iterdir())
    except NotADirectoryError:
        return [place]


def shown(path: Path) -> str:
    """The path relative to the working directory, if that is shorter."""
    with suppress(ValueError, OSError):
        relative = os.path.relpath(path)
        return relative if len(relative) < len(str(path)) else str(path)
    return str(path)


@contextmanager
def explained(path: Path, doing: str = "cannot write the result", hint: str = KEPT) -> Iterator[None]:
    """Turn errors of the system into an `OutputError`.

    Args:
        path: The file or directory that is being written.
        doing: What has failed, such as `cannot write the result`.
        hint: What happened to existing files, or what to do; it may be empty.

    Raises:
        OutputError: Instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        message = f"{shown(path)}: {doing}: {system_reason(error)}"
        raise OutputError(f"{message}; {hint}" if hint else message) from error


def _obstacle(directory: Path, inputs: Sequence[Path], taken: set[str]) -> str:
    """Say why a result cannot go to `out/NAME`; empty if it can."""
    with explained(directory):
        if entry := input_in(directory, inputs):
            return f"holds {entry}, which this command reads"
        if _real(directory) in taken:
            return "is the place of another result of this command"
    return ""


def _beside(directory: Path, obstacle: str, inputs: Sequence[Path], taken: set[str]) -> Destination:
    """The first of NAME-2, NAME-3, … that can be written to, which is then added to `taken`."""
    candidates = (directory.with_name(f"{directory.name}-{number}") for number in count(2))
    beside = next(candidate for candidate in candidates if _is_free(candidate, inputs, taken))
    taken.add(_real(beside))
    return Destination(beside, f"{shown(directory)} {obstacle}: writing to {shown(beside)}")


def _is_free(directory: Path, inputs: Sequence[Path], taken: set[str]) -> bool:
    with suppress(OutputError):
        check_place(directory)
        return not _obstacle(directory, inputs, taken)
    return False


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _is_there(path: Path) -> bool:
    """Whether anything has this name; an OSError if that cannot be determined."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _real(path: Path) -> str:
    """The absolute path without links; a circular link is left as it is."""
    return os.path.normcase(os.path.realpath(path))
