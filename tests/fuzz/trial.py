"""One case: gdcli runs in this process, in a new folder, and general rules are checked."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from typer.testing import CliRunner

from gdcli.cli.app import app

LIMIT = 600  # seconds; on any machine, a case that takes longer hangs
DONE, WRONG_SPEC, WRONG_DATA, DIVERGED, UNEXPECTED = 0, 2, 3, 4, 5
REFUSED = {WRONG_SPEC, WRONG_DATA}


class HangError(BaseException):
    """A case took too long. It is not an Exception, so that no `except Exception` catches it."""


@dataclass(frozen=True)
class Outcome:
    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    def document(self) -> Any:
        return json.loads(self.out)


class Trial:
    """A folder with the inputs of a case.

    Args:
        home: Empty; the working directory.
        chance: What the case is drawn from.
    """

    def __init__(self, home: Path, chance: random.Random) -> None:
        self.home = home
        self.chance = chance
        self.inputs: dict[str, bytes] = {}

    def write(self, name: str, content: bytes | str) -> None:
        """Write an input, which no command may touch."""
        self.inputs[name] = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        (self.home / name).write_bytes(self.inputs[name])

    def gdcli(self, *arguments: str, codes: Set[int]) -> Outcome:
        """Run a command that must end with one of these codes."""
        with time_limit():
            result = CliRunner().invoke(app, list(arguments), prog_name="gdcli")
        outcome = Outcome(arguments, result.exit_code, result.stdout, result.stderr)
        self._hold(outcome, codes)
        return outcome

    def _hold(self, outcome: Outcome, codes: Set[int]) -> None:
        said = f"gdcli {' '.join(outcome.arguments)!r}: exit {outcome.code}\n{outcome.err[-3000:]}"
        assert "Traceback" not in outcome.err, said
        assert outcome.code in codes, f"wanted one of {sorted(codes)}: {said}"
        assert all(map(str.isprintable, (outcome.out + outcome.err).split("\n"))), f"not printable: {outcome!r}"
        assert outcome.code in (DONE, UNEXPECTED) or outcome.err, f"nothing said: {said}"
        for name, content in self.inputs.items():
            assert (self.home / name).read_bytes() == content, f"{name} changed: {said}"
        assert {entry.name for entry in self.home.iterdir()} <= {*self.inputs, "results"}, f"leftovers: {said}"
        results = [path.relative_to(self.home) for path in (self.home / "results").rglob("*")]
        assert not [path for path in results if path.name.startswith(".")], f"leftovers {results}: {said}"
        assert outcome.code not in REFUSED or not results, f"{results} written: {said}"


@contextmanager
def folder(parent: Path, name: str) -> Iterator[Path]:
    """A working directory for one case."""
    home, before = parent / name.replace(":", "-"), Path.cwd()
    home.mkdir()
    os.chdir(home)
    try:
        yield home
    finally:
        os.chdir(before)
        shutil.rmtree(home)


@contextmanager
def time_limit() -> Iterator[None]:
    """End a case that hangs, if the system has an alarm."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise HangError(f"more than {LIMIT} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
