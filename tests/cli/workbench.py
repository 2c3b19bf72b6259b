"""A working directory for tests: specs and data are written to it, gdcli runs in it, and its files are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from gdcli.cli.app import app

DATA = "x,z,y\n1,2,3\n2,1,4\n3,5,9\n4,3,8\n"


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


class Bench:
    """The working directory of a test; it holds `d.csv` with columns x, z, y and four rows."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.write("d.csv", DATA)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def gd(self, *arguments: str) -> Outcome:
        result = CliRunner().invoke(app, list(arguments), prog_name="gdcli")
        return Outcome(result.exit_code, result.stdout, result.stderr)

    def tree(self) -> dict[str, bytes]:
        """Every file below the working directory, including hidden ones, with its bytes."""
        files = (path for path in self.home.rglob("*") if path.is_file())
        return {str(path.relative_to(self.home)): path.read_bytes() for path in files}

    def results(self) -> list[str]:
        """Everything below `results`, including hidden files."""
        return sorted(str(path.relative_to("results")) for path in Path("results").rglob("*"))

    def refuses(
        self, code: int, message: str | re.Pattern[str], *arguments: str, spec: str | bytes | None = None
    ) -> None:
        """Check that a command prints exactly this message, exits with this code, and writes nothing.

        `message` is all of stderr except the last line break. The default command is `run s.yaml`.
        """
        if spec is not None:
            self.write("s.yaml", spec)
        before, results = self.tree(), self.results()
        outcome = self.gd(*(arguments or ("run", "s.yaml")))
        said = outcome.err.removesuffix("\n")
        assert "Traceback" not in outcome.out + outcome.err, outcome.err
        if isinstance(message, str):
            assert said == message, f"wanted\n{message}\ngot\n{said}"
        else:
            assert message.fullmatch(said), f"wanted\n{message.pattern}\ngot\n{said}"
        assert outcome.code == code, outcome.code
        assert not outcome.out, outcome.out
        assert self.tree() == before, sorted(self.tree())
        assert self.results() == results, self.results()

    def runs(self, *arguments: str, spec: str | bytes | None = None, warnings: str = "") -> Outcome:
        """Check that a command succeeds, with exactly these warnings on stderr, one per line."""
        if spec is not None:
            self.write("s.yaml", spec)
        outcome = self.gd(*(arguments or ("run", "s.yaml", "--no-plot")))
        assert outcome.err.removesuffix("\n") == warnings, outcome.err
        assert outcome.code == 0, outcome.code
        return outcome
