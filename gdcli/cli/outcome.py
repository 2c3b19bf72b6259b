"""From what happened to an exit code: every command ends here."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import typer

from gdcli.errors import FaultsError, GdcliError, GdcliWarning, printable

P = ParamSpec("P")

DEFECT = 1
DIVERGED = 4
UNEXPECTED = 5
INTERRUPTED = 130


def handled(command: Callable[P, int]) -> Callable[P, None]:
    """Make a function that returns an exit code a command that exits with it, whatever it raises.

    Args:
        command: Returns an exit code, or raises.

    Returns:
        The command.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with _warnings_told(quiet=bool(kwargs.get("quiet"))):
                code = command(*args, **kwargs)
            if sys.stdout:
                sys.stdout.flush()
        except BaseException as error:
            code = _answer(error)
        if code:
            raise typer.Exit(code)

    return run


@contextmanager
def _warnings_told(*, quiet: bool) -> Iterator[None]:
    """Print the warnings that are for people, each once, where they are wanted."""
    told: set[str] = set()
    shown = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
        if not issubclass(category, GdcliWarning):
            shown(message, category, *args, **kwargs)
        elif not quiet and str(message) not in told:
            told.add(str(message))
            complain(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", GdcliWarning)
        warnings.showwarning = show
        yield


def _answer(error: BaseException) -> int:
    """Say what went wrong, and give the exit code."""
    match error:
        case GdcliError():
            for fault in error.faults if isinstance(error, FaultsError) else [error]:
                complain(str(fault))
            return error.exit_code
        case KeyboardInterrupt():
            complain("interrupted")
            return INTERRUPTED
        case MemoryError():
            complain("not enough memory; use fewer rows, columns or epochs")
            return GdcliError.exit_code
        case BrokenPipeError():
            _drop_output()  # whoever read it has seen enough
            return 0
        case OSError(filename=None):
            complain(f"stdout: cannot write: {error.strerror}")
            _drop_output()
            return GdcliError.exit_code
        case Exception():
            for line in "".join(traceback.format_exception(error)).split("\n"):
                complain(line)
            complain("this is a defect in gdcli: please report it, with the lines above and the spec")
            return DEFECT
        case _:
            raise error


def _drop_output() -> None:
    """Leave nothing on stdout that Python would try to flush on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(message: str) -> None:
    """Print a line to stderr, the names in it harmless."""
    typer.echo(printable(message), err=True)
