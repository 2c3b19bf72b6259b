"""The terminal: one module per command, which parses options, calls the library, shows results and exits."""

from __future__ import annotations

import os

try:
    import gc
    import sys

    from gdcli.cli.interrupts import answer_interrupts, ignore_interrupts
except KeyboardInterrupt:  # before the signals are handled
    os.write(2, b"interrupted\n")
    os._exit(130)


def main() -> None:
    """Run the command line and end the process."""
    answer_interrupts()
    # One thread: on tall, narrow blocks OpenBLAS is slower with more, and the same order of sums on every machine
    # gives the same digits. It is read when NumPy is first imported, which is later than this.
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    # Pydantic would look for plugins in the metadata of every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A run makes 220,000 objects, hardly any of them garbage: collecting takes 0.1 s.
    gc.set_threshold(300_000, 20, 20)
    from io import TextIOWrapper

    from gdcli.cli.app import launch  # imports Typer, so only after the settings above
    from gdcli.cli.outcome import exit_code_of

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no ★ gets a question mark, not a traceback
    try:
        sys.exit(exit_code_of(launch))
    finally:
        ignore_interrupts()
        gc.freeze()  # all of it goes with the process; Python would first take it apart piece by piece, for 0.2 s
