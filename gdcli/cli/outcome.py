"""Exit codes: every command ends here, whatever it returns or raises."""

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
from gdcli.errors import (
    FaultsError,
    GdcliError,
    GdcliWarning,
    OccupiedError,
    OutputError,
    printable,
    system_reason,
)

P = ParamSpec("P")

DEFECT = 1
DIVERGED = 4
UNEXPECTED = 5


class StdoutClosedError(Exception):
    """The reader of stdout has closed it, as `head` does once it has enough lines."""


def handled(command: Callable[P, int]) -> Callable[P, None]:
    """Turn a function that returns an exit code into a command that exits with it.

    Args:
        command: Returns an exit code, or raises; every exception becomes a message and an exit code.

    Returns:
        The command.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        def work() -> int:
            with Working(), _printed_warnings(quiet=bool(kwargs.get("quiet"))):
                return command(*args, **kwargs)

        if code := exit_code_of(work):
            raise typer.Exit(code)

    return run


def exit_code_of(command: Callable[[], int]) -> int:
    """Call a function that returns an exit code, and turn exceptions into a message and an exit code.

    Args:
        command: Returns an exit code, or raises.

    Returns:
        The exit code, after stdout has been flushed.
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
def _printed_warnings(*, quiet: bool) -> Iterator[None]:
    """Print the warnings of gdcli, each once, unless `quiet` is set."""
    messages: set[str] = set()
    show_other = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
        if not issubclass(category, GdcliWarning):
            show_other(message, category, *args, **kwargs)
        elif not quiet and str(message) not in messages:
            messages.add(str(message))
            complain(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", GdcliWarning)
        warnings.showwarning = show
        yield


def _answer(error: BaseException) -> int:
    """Print what went wrong, and return the exit code."""
    if isinstance(error, StdoutClosedError):
        return 0
    message, code = _explanation(error)
    complain(message)
    return code


def _explanation(error: BaseException) -> tuple[str, int]:
    """The message and the exit code for an error."""
    match error:
        case GdcliError():
            text = error.advising("--out") if isinstance(error, OccupiedError) else str(error)
            return text if isinstance(error, FaultsError) else printable(text), error.exit_code
        case KeyboardInterrupt():
            return "interrupted", INTERRUPTED
        case MemoryError():
            return "not enough memory; use fewer rows, columns or epochs", GdcliError.exit_code
        case OSError():
            # Errors of data and result files have their own messages: this one is about the machine.
            where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "the system refuses"
            return printable(f"{where}: {system_reason(error)}"), GdcliError.exit_code
        case Exception() if is_interrupted():
            return "interrupted", INTERRUPTED  # a library has replaced it, for example during an import
        case Exception():
            trace = "".join(traceback.format_exception(error))
            return f"{trace}\nthis is a defect in gdcli: please report it, with the lines above and the spec", DEFECT
    raise error


@contextmanager
def printing() -> Iterator[None]:
    """Distinguish failures of stdout from those of other files.

    Raises:
        OutputError: stdout cannot be written.
        StdoutClosedError: The reader of stdout has closed it.
    """
    try:
        yield
    except OSError as error:
        # Discard buffered output, also if the reader has closed it: Python would try to flush it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise StdoutClosedError from error
        raise OutputError(f"stdout: cannot write: {system_reason(error)}") from error


def complain(message: str) -> None:
    """Print a message to stderr, if possible, with escapes for control characters."""
    with suppress(OSError):
        for line in message.split("\n"):
            typer.echo(printable(line), err=True)
