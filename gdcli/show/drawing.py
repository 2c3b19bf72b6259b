"""Draw the pictures of results: of a run, of several runs together, and of a sweep.

Matplotlib takes 0.8 s to import, so each function imports it when it is called.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gdcli.errors import GdcliWarning

if TYPE_CHECKING:
    from gdcli.experiment.result import Result
    from gdcli.sweeps.result import SweepResult


def draw_run(result: Result) -> bytes:
    """Draw a run, as the bytes of a PNG."""
    from gdcli.show.pictures import to_png
    from gdcli.show.run_picture import run_picture

    return to_png(run_picture(result), warn=_warn)


def draw_together(results: Sequence[Result]) -> bytes:
    """Draw several results in one picture, as the bytes of a PNG."""
    from gdcli.show.comparison_picture import comparison_picture
    from gdcli.show.pictures import to_png

    return to_png(comparison_picture(results), warn=_warn)


def draw_sweep(result: SweepResult) -> bytes:
    """Draw a sweep, as the bytes of a PNG."""
    from gdcli.show.pictures import to_png
    from gdcli.show.sweep_picture import sweep_picture

    return to_png(sweep_picture(result), warn=_warn)


def _warn(message: str) -> None:
    warnings.warn(message, GdcliWarning, stacklevel=3)
