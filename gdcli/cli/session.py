"""What the commands that run specs have in common: planning all of them, then running one after the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gdcli.api import perform
from gdcli.cli.outcome import DIVERGED, INTERRUPTED, complain
from gdcli.cli.progress import EpochBar, ReadingBar
from gdcli.engine.trace import Status
from gdcli.errors import DataError, Fault, FaultsError, Place, SpecError
from gdcli.experiment.draft import check_seeds, read_draft, reseeded
from gdcli.experiment.files import finite
from gdcli.experiment.kernels import KernelChoice
from gdcli.experiment.plan import Plan
from gdcli.experiment.planner import Planner
from gdcli.experiment.reading import Source, understand
from gdcli.experiment.result import Result, by_name

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class Session:
    """How a command talks.

    Attributes:
        as_json: Print JSON in place of tables.
        quiet: Print errors only.
        kernel: What steps through the epochs of its runs.
    """

    as_json: bool
    quiet: bool
    kernel: KernelChoice = "auto"

    def plan_all(self, specs: Sequence[Path], overrides: Sequence[str] | None, *, seeds: int = 1) -> list[Plan]:
        """Plan every spec before any of them runs, with each of its seeds; all their faults come out at once.

        Raises:
            SpecError: A spec is wrong, or two would write to the same place.
            DataError: The data of one is missing or unfit.
        """
        plans: list[Plan] = []
        sources, errors = self._read_all(specs, overrides, seeds)
        with ReadingBar(shown=not self.quiet) as bar:
            planner = Planner(sources, reading=bar.reading)
            for source in sources:
                try:
                    plans.append(planner.plan(source))
                except FaultsError as error:
                    errors.append(error)
        if errors:
            kind = SpecError if any(isinstance(error, SpecError) for error in errors) else DataError
            raise kind(fault for error in errors for fault in error.faults)
        seen: dict[str, Path] = {}
        for planned, path in zip(plans[::seeds], specs, strict=True):
            name = planned.spec.name
            if name in seen:
                message = f"has the same name as {seen[name]}, '{name}'; give one of them a `name` of its own"
                if path == seen[name]:
                    message = "is named twice; once is enough"
                raise SpecError([Fault(Place(str(path)), message)])
            seen[name] = path
        for planned in plans[::seeds]:
            for warning in planned.warnings:
                self.warn(f"{planned.spec.name}: {warning}")
        return plans

    def _read_all(
        self, specs: Sequence[Path], overrides: Sequence[str] | None, seeds: int
    ) -> tuple[list[Source], list[FaultsError]]:
        """Read every spec, with each of its seeds; those that cannot be read at all come as errors."""
        sources: list[Source] = []
        errors: list[FaultsError] = []
        for spec in specs:
            try:
                draft = read_draft(spec, overrides or ())
                check_seeds(draft, seeds, settings=len(specs))
                sources.extend(understand(reseeded(draft, i)) for i in range(seeds))
            except FaultsError as error:
                errors.append(error)
        return sources, errors

    def run(self, planned: Plan) -> Result:
        """Run one plan, with a progress bar where a person looks on."""
        with EpochBar(planned.spec.name, planned.spec.epochs, shown=not self.quiet) as bar:
            watch = bar.watch if bar.shown else None
            return perform(planned, watch=watch, keep_interrupted=True, kernel=self.kernel)

    def warn(self, message: str) -> None:
        """Print a warning to stderr."""
        if not self.quiet:
            complain(f"warning: {message}")

    def show(self, view: RenderableType, *, one_line: bool = False) -> None:
        """Print a table for people, or a line that is not to be broken."""
        if not (self.quiet or self.as_json or sys.stdout is None):
            from rich.console import Console

            class Screen(Console):
                """Shows names as they are, and leaves a reader that has gone to `handled`."""

                def on_broken_pipe(self) -> None:
                    raise BrokenPipeError

            Screen(markup=False, emoji=False, highlight=False).print(view, soft_wrap=one_line)

    def say(self, line: str) -> None:
        """Print a line for people."""
        if not (self.quiet or self.as_json):
            typer.echo(line)

    def give(self, document: dict[str, Any]) -> None:
        """Print a JSON document for programs."""
        if self.as_json:
            typer.echo(json.dumps(finite(document), indent=2, ensure_ascii=False, allow_nan=False))

    def close(self, results: Sequence[Result]) -> int:
        """Say which runs diverged or were interrupted, and give the exit code."""
        from gdcli.show.tables import divergence_sentence

        code = 0
        for runs in by_name(results).values():
            diverged = [run for run in runs if run.status is Status.DIVERGED]
            if diverged:
                complain(divergence_sentence(diverged[0], of=(len(diverged), len(runs))))
                code = DIVERGED
        for result in results:
            if result.status is Status.INTERRUPTED:
                complain(f"{result.name}: interrupted after epoch {result.epochs}; its files hold what was finished")
                code = INTERRUPTED
        return code
