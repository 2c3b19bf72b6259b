"""The `gdcli` application: its commands, its help and its version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from gdcli._version import __version__
from gdcli.cli.commands.check import check
from gdcli.cli.commands.compare import compare
from gdcli.cli.commands.explain import explain
from gdcli.cli.commands.optimum import optimum
from gdcli.cli.commands.run import run
from gdcli.cli.commands.sweep import sweep
from gdcli.cli.outcome import printing

app = typer.Typer(
    name="gdcli",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help starts twice as fast
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# One line each, whole at 80 columns: Typer would cut the first sentence of the long help.
SUMMARIES: dict[Callable[..., None], str] = {
    run: "Run each spec and write its curve, summary and picture.",
    compare: "Run several specs side by side: one table, one picture.",
    sweep: "Run a grid of settings, in lockstep and on all cores.",
    explain: "Say why a run converges as it does, before it runs.",
    optimum: "Fit a data file by exact least squares.",
    check: "Run specs and check each against its `expect`.",
}
for command, summary in SUMMARIES.items():
    app.command(short_help=summary)(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gdcli {__version__}")
        raise typer.Exit


@app.callback()
def _gdcli(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Run gradient descent on linear least squares, beside the exact optimum.

    \b
    gdcli run experiments/abalone_norm.yaml
    gdcli compare experiments/abalone_norm.yaml experiments/abalone_raw.yaml
    gdcli explain experiments/abalone_norm.yaml
    gdcli optimum data/abalone.csv
    gdcli check experiments/
    """


def launch() -> int:
    """Run the command of the command line.

    Returns:
        The exit code; 2 if the command line is wrong, after a message on stderr.

    Raises:
        OutputError: The help or the version cannot be written to stdout.
        StdoutClosedError: The reader of stdout has closed it.
    """
    try:
        with printing():  # for the output of Click; the commands guard their own
            return int(app(standalone_mode=False) or 0)
    except SystemExit:  # raised by Click when the reader of stdout has closed it
        return 0
    except Exception as error:
        if not (hasattr(error, "show") and hasattr(error, "exit_code")):  # of Click, which newer Typers vendor
            raise
        error.show()
        return int(error.exit_code)
