"""gdcli: gradient descent on linear least squares, beside the exact optimum.

import gdcli

result = gdcli.run("experiments/abalone_norm.yaml")
result.curve        # DataFrame
result.summary      # dict
"""

from __future__ import annotations

from gdcli._version import __version__

TYPE_CHECKING = False  # `typing` is half of what the command line imports before it can answer Ctrl-C
if TYPE_CHECKING:
    from typing import Any

    from gdcli.api import ExactFit, Explanation, Result, Results, compare, explain, optimum, run, sweep
    from gdcli.errors import DataError, GdcliError, GdcliWarning, OutputError, SpecError

__all__ = [
    "DataError",
    "ExactFit",
    "Explanation",
    "GdcliError",
    "GdcliWarning",
    "OutputError",
    "Result",
    "Results",
    "SpecError",
    "__version__",
    "compare",
    "explain",
    "optimum",
    "run",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Import the library on first use: `gdcli --help` must not pay for NumPy."""
    if name.endswith(("Error", "Warning")) and name in __all__:
        from gdcli import errors

        return getattr(errors, name)
    if name in __all__:
        from gdcli import api

        return getattr(api, name)
    raise AttributeError(f"module 'gdcli' has no attribute '{name}'")


def __dir__() -> list[str]:
    """List what is public."""
    return __all__
