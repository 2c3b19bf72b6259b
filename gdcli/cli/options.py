"""Arguments and options that mean the same in every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Specs: TypeAlias = Annotated[list[Path], typer.Argument(metavar="SPEC...", help="YAML files, one experiment each.")]
Out: TypeAlias = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where results go.")]
Overrides: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key of every spec, dotted; may be repeated."),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
NoPlot: TypeAlias = Annotated[bool, typer.Option("--no-plot", help="Draw no picture.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
KernelOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--kernel",
        metavar="auto|numpy|compiled",
        help="What steps through the epochs; compiled needs Numba. It affects only the speed.",
    ),
]

DEFAULT_OUT = Path("results")
