"""What the commands that run specs have in common: plan all specs, then run one after the other."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gdcli.cli.interrupts import INTERRUPTED
from gdcli.cli.outcome import DIVERGED, complain, printing
from gdcli.cli.progress import EpochBar, ReadingBar
from gdcli.data.design import Needs
from gdcli.engine.kernels.choice import KernelChoice
from gdcli.engine.trace import Status
from gdcli.errors import printable, some_of
from gdcli.experiment.ending import NOTES, tally
from gdcli.experiment.execute import execute
from gdcli.experiment.output.directories import finite
from gdcli.experiment.output.places import destinations
from gdcli.experiment.output.portable import inputs_of
from gdcli.experiment.plan import Plan
from gdcli.experiment.planner import plan_all
from gdcli.experiment.result import Result, by_name
from gdcli.show.drawing import draw_run
from gdcli.spec.model import Spec

if TYPE_CHECKING:
    from rich.console import RenderableType

MOST_UNSTARTED = 10  # names of runs that are listed


@dataclass(frozen=True)
class Session:
    """The output and the runs of a command.

    Attributes:
        as_json: Print JSON instead of tables.
        quiet: Print errors only.
        kernel: What steps through the epochs of its runs.
    """

    as_json: bool
    quiet: bool
    kernel: KernelChoice = "auto"

    def plan_all(
        self,
        specs: Sequence[Path],
        overrides: Sequence[str] | None,
        *,
        seeds: int = 1,
        needs: Callable[[Spec], Needs] = Needs.of,
        distinct: bool = True,
    ) -> list[Plan]:
        """Plan every spec with each of its seeds before any of them runs, and report all their faults at once.

        Raises:
            SpecError: A spec is wrong, or two would write to the same place.
            DataError: The data of one is missing or unfit.
        """
        with ReadingBar(shown=not self.quiet) as bar:
            plans = plan_all(
                specs,
                overrides=overrides or (),
                seeds=seeds,
                reading=bar.reading,
                needs=needs,
                distinct=distinct,
            )
        for i in range(0, len(plans), seeds):
            self._warn_of_data(plans[i : i + seeds])
        return plans

    def _warn_of_data(self, plans: Sequence[Plan]) -> None:
        """Print the warnings about the plans of one spec, with the seeds concerned if not all."""
        name, warnings = plans[0].spec.name, plans[0].warnings
        if len(plans) > 1:
            from gdcli.experiment.sweep.remarks import grouped_warnings  # not for a single run

            warnings = tuple(grouped_warnings([({}, planned) for planned in plans], by_seed=True))
        self.warn_all(f"{name}: {warning}" for warning in warnings)

    def say_outlook(self, planned: Plan) -> None:
        """Say whether a run is stable before it starts; warn if it cannot end well."""
        from gdcli.experiment.explain.run.outlook import outlook  # for `gdcli run` alone

        before = outlook(planned)
        if before and before.fate:
            self.warn(f"{planned.spec.name}: {before.sentence} {before.fate}")
        elif before:
            self.say(f"{planned.spec.name}: {before.sentence}")

    def run(self, planned: Plan) -> Result:
        """Run one plan, with a progress bar on a terminal."""
        with EpochBar(planned.spec.name, planned.spec.epochs, shown=not self.quiet) as bar:
            watch = bar.watch if bar.shown else None
            return execute(planned, draw=draw_run, watch=watch, keep_interrupted=True, kernel=self.kernel)

    def destinations(self, out: Path, names: Sequence[str], plans: Sequence[Plan]) -> list[Path]:
        """Find a directory for each result before anything runs, and warn if it is not `out/NAME`.

        Raises:
            OutputError: A result cannot be written.
        """
        places = destinations(out, names, inputs_of(plans))
        self.warn_all(place.warning for place in places if place.warning)
        return [place.directory for place in places]

    def warn_all(self, messages: Iterable[str]) -> None:
        """Print warnings to stderr."""
        for message in messages:
            self.warn(message)

    def warn(self, message: str) -> None:
        """Print a warning to stderr."""
        if not self.quiet:
            complain(f"warning: {message}")

    @printing()
    def show(self, view: RenderableType, *, one_line: bool = False) -> None:
        """Print a table for people, or a line that must not be broken.

        Raises:
            OutputError: stdout cannot be written.
            StdoutClosedError: The reader of stdout has closed it.
        """
        if not (self.quiet or self.as_json or sys.stdout is None):
            from gdcli.cli.screen import Screen

            Screen().print(view, soft_wrap=one_line)

    @printing()
    def say(self, line: str) -> None:
        """Print a line for people, with escapes for control characters.

        Raises:
            OutputError: stdout cannot be written.
            StdoutClosedError: The reader of stdout has closed it.
        """
        if not (self.quiet or self.as_json):
            typer.echo(printable(line))

    @printing()
    def give(self, document: dict[str, Any]) -> None:
        """Print a JSON document for programs.

        Raises:
            OutputError: stdout cannot be written.
            StdoutClosedError: The reader of stdout has closed it.
        """
        if self.as_json:
            from gdcli.cli.screen import json_text

            typer.echo(json_text(finite(document)))

    def close(self, results: Sequence[Result], plans: Sequence[Plan]) -> int:
        """Print remarks and which runs were interrupted or not started, and return the exit code."""
        self.remark_on(results)
        for result in results:
            if result.status is Status.INTERRUPTED:
                complain(f"{result.name}: interrupted after epoch {result.epochs}; its files hold what was finished")
        complain_of_unstarted(plans, started=len(results))
        statuses = {result.status for result in results}
        if Status.INTERRUPTED in statuses:
            return INTERRUPTED
        return DIVERGED if Status.DIVERGED in statuses else 0

    def remark_on(self, results: Sequence[Result]) -> None:
        """Print what the status of runs does not say, once per name, however many seeds it has."""
        for name, runs in by_name(results).items():
            remarks = [(remark, run) for run in runs for remark in run.remarks]
            if not remarks:
                continue
            worst, run = min(remarks, key=lambda pair: NOTES.index(pair[0].note))
            sentence = worst.sentence
            if len(runs) > 1:
                counted = tally(Counter(remark.note for remark, _ in remarks), len(runs))
                sentence += f" ({counted}; this is seed {run.plan.spec.seed})"
            if run.status is Status.DIVERGED:
                complain(f"{name} {sentence}")
            else:
                self.warn(f"{name}: {sentence}")


def complain_of_unstarted(plans: Sequence[Plan], *, started: int) -> None:
    """Name the runs that were never started because one before them was interrupted, if there are any.

    Args:
        plans: All runs, in their order.
        started: How many of them were started.
    """
    totals = Counter(planned.spec.name for planned in plans)
    counts = Counter(planned.spec.name for planned in plans[started:])
    parts = [name if n == totals[name] else f"{n} of {totals[name]} runs of {name}" for name, n in counts.items()]
    if parts:
        complain(f"not started: {some_of(parts, MOST_UNSTARTED)}")
