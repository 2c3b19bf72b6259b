"""From what happened to an exit code: every command ends here."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from gdcli.errors import GdcliError

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
            code = command(*args, **kwargs)
            if sys.stdout:
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
        case BrokenPipeError():
            _drop_output()  # whoever read it has seen enough
            return 0
        case OSError(filename=None):
            complain(f"stdout: cannot write: {error.strerror}")
            _drop_output()
            return GdcliError.exit_code
        case Exception():
            complain("".join(traceback.format_exception(error)))
            complain("this is a defect in gdcli: please report it, with the lines above and the spec")
            return DEFECT
        case _:
            raise error


def _drop_output() -> None:
    """Leave nothing on stdout that Python would try to flush on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(message: str) -> None:
    """Print a line to stderr."""
    typer.echo(message, err=True)
