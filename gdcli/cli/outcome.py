"""From what happened to an exit code: every command ends here."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import ParamSpec

import typer

from gdcli.errors import GdcliError, printable

P = ParamSpec("P")

DEFECT = 1
DIVERGED = 4
UNEXPECTED = 5
INTERRUPTED = 130


class StdoutError(Exception):
    """What was to be printed cannot be."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def printing() -> Iterator[None]:
    """Tell the system's refusals of stdout from all others.

    Raises:
        StdoutError: In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise StdoutError(error) from error


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
            code = command(*args, **kwargs)
            if sys.stdout:
                with printing():
                    sys.stdout.flush()
        except BaseException as error:
            code = _answer(error)
        if code:
            raise typer.Exit(code)

    return run


def _answer(error: BaseException) -> int:
    """Say what went wrong, and give the exit code."""
    match error:
        case GdcliError():
            for line in str(error).splitlines():
                complain(line)
            return error.exit_code
        case KeyboardInterrupt():
            complain("interrupted")
            return INTERRUPTED
        case MemoryError():
            complain("not enough memory; use fewer rows, columns or epochs")
            return GdcliError.exit_code
        case StdoutError():
            return _without_stdout(error.reason)
        case OSError():
            where = f"{error.filename}: " if error.filename is not None else "the system refuses: "
            complain(printable(f"{where}{error.strerror or error}"))
            return GdcliError.exit_code
        case Exception():
            complain("".join(traceback.format_exception(error)))
            complain("this is a defect in gdcli: please report it, with the lines above and the spec")
            return DEFECT
        case _:
            raise error


def _without_stdout(reason: OSError) -> int:
    """Say why nothing can be printed, but for a reader who has seen enough, and give the exit code."""
    # Leave nothing that Python would try to flush on its way out.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(reason, BrokenPipeError):
        return 0
    complain(f"stdout: cannot write: {reason.strerror or reason}")
    return GdcliError.exit_code


def complain(message: str) -> None:
    """Print a line to stderr; where that is full or closed, nobody reads it and all else goes on."""
    with suppress(OSError):
        typer.echo(message, err=True)
