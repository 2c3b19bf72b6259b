"""From what happened to an exit code: every command ends here."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, ParamSpec

import typer

from gdcli.cli.interrupts import INTERRUPTED, Working, is_interrupted
from gdcli.errors import FaultsError, GdcliError, GdcliWarning, OutputError, printable, system_reason

P = ParamSpec("P")

DEFECT = 1
DIVERGED = 4
UNEXPECTED = 5


class StdoutClosedError(Exception):
    """Whoever read stdout has gone, having seen enough."""


def handled(command: Callable[P, int]) -> Callable[P, None]:
    """Make a function that returns an exit code a command that exits with it, whatever it raises.

    Args:
        command: Returns an exit code, or raises.

    Returns:
        The command.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        def worked() -> int:
            with Working(), _warnings_told(quiet=bool(kwargs.get("quiet"))):
                return command(*args, **kwargs)

        if code := exit_code_of(worked):
            raise typer.Exit(code)

    return run


def exit_code_of(command: Callable[[], int]) -> int:
    """Call a function that returns an exit code; whatever it raises is answered, and becomes one too.

    Args:
        command: Returns an exit code, or raises.

    Returns:
        The exit code, all that was printed having been written.
    """
    try:
        code = command()
        with printing():
            if sys.stdout:
                sys.stdout.flush()
    except BaseException as error:
        return _answer(error)
    return code


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
    if isinstance(error, StdoutClosedError):
        return 0
    message, code = _told(error)
    complain(message)
    return code


def _told(error: BaseException) -> tuple[str, int]:
    """What to say of an error, and the exit code."""
    match error:
        case GdcliError():
            text = str(error)
            return text if isinstance(error, FaultsError) else printable(text), error.exit_code
        case KeyboardInterrupt():
            return "interrupted", INTERRUPTED
        case MemoryError():
            return "not enough memory; use fewer rows, columns or epochs", GdcliError.exit_code
        case OSError():
            # Data and results have messages of their own: this is about the machine.
            where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "the system refuses"
            return printable(f"{where}: {system_reason(error)}"), GdcliError.exit_code
        case Exception() if is_interrupted():
            return "interrupted", INTERRUPTED  # libraries rename it, in the midst of an import for one
        case Exception():
            trace = "".join(traceback.format_exception(error))
            return f"{trace}\nthis is a defect in gdcli: please report it, with the lines above and the spec", DEFECT
    raise error


@contextmanager
def printing() -> Iterator[None]:
    """While something is printed to stdout, tell its failures from those of other files.

    Raises:
        OutputError: It cannot be written.
        StdoutClosedError: Nobody reads it any more.
    """
    try:
        yield
    except OSError as error:
        _drop_output()  # of a reader that has gone too: it has seen enough
        if isinstance(error, BrokenPipeError):
            raise StdoutClosedError from error
        raise OutputError(f"stdout: cannot write: {system_reason(error)}") from error


def _drop_output() -> None:
    """Leave nothing on stdout that Python would try to flush on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(message: str) -> None:
    """Print a message to stderr, if it can be written, the names in it harmless."""
    with suppress(OSError):
        for line in message.split("\n"):
            typer.echo(printable(line), err=True)
