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
            sys.stdout.flush()
        except GdcliError as error:
            for line in str(error).splitlines():
                complain(line)
            code = error.exit_code
        except KeyboardInterrupt:
            complain("interrupted")
            code = INTERRUPTED
        except BrokenPipeError:
            # Whoever read our output has seen enough; leave nothing that Python would try to flush on its way out.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except MemoryError:
            complain("not enough memory for these data; use fewer rows or columns")
            code = GdcliError.exit_code
        except Exception:
            complain(traceback.format_exc())
            complain("this is a defect in gdcli: please report it, with the lines above and the spec")
            code = DEFECT
        if code:
            raise typer.Exit(code)

    return run


def complain(message: str) -> None:
    """Print a line to stderr."""
    typer.echo(message, err=True)
