"""What the commands that run specs have in common: plan all specs, then run one after the other."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gdcli.cli.interrupts import INTERRUPTED
from gdcli.cli.outcome import DIVERGED, StdoutClosedError, complain, printing
from gdcli.cli.progress import EpochBar, ReadingBar
from gdcli.data.design import Needs
from gdcli.engine.kernels.choice import KernelChoice
from gdcli.engine.trace import Status
from gdcli.errors import printable, some_of
from gdcli.experiment.ending import worst_remark
from gdcli.experiment.execute import checked_kernel, execute
from gdcli.experiment.files.portable import inputs_of
from gdcli.experiment.plan import Plan
from gdcli.experiment.planner import plan_all
from gdcli.experiment.result import Result, by_name
from gdcli.output.places import destinations
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

    @classmethod
    def of_options(cls, *, as_json: bool, quiet: bool, kernel: str) -> Session:
        """Make the session of a command that runs specs, from its options.

        Raises:
            SpecError: There is no such kernel, or it needs Numba, which is not available.
        """
        return cls(as_json, quiet, checked_kernel(kernel, place="--kernel"))

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
            from gdcli.experiment.grouping import grouped_warnings  # not for a single run

            warnings = tuple(grouped_warnings([({}, planned) for planned in plans], by_seed=True))
        self.warn_all(f"{name}: {warning}" for warning in warnings)

    def explain(self, plans: Sequence[Plan]) -> None:
        """Say which numbers `auto` has become, once per name, however many seeds it has."""
        for name in dict.fromkeys(planned.spec.name for planned in plans if planned.explanation):
            first, *others = [planned for planned in plans if planned.spec.name == name]
            own = f" (seed {first.spec.seed}; each seed has its own)" if others else ""
            self.say_before(f"{name}: {'; '.join(first.explanation)}{own}")

    def say_outlook(self, planned: Plan) -> None:
        """Say whether a run is stable before it starts; warn if it cannot end well."""
        from gdcli.experiment.explain.run.outlook import outlook  # for `gdcli run` alone

        before = outlook(planned)
        if before and before.fate:
            self.warn(f"{planned.spec.name}: {before.sentence} {before.fate}")
        elif before:
            self.say_before(f"{planned.spec.name}: {before.sentence}")

    def say_before(self, line: str) -> None:
        """Print a line before a run, which runs even if nobody reads it: its files are still to be written."""
        with suppress(StdoutClosedError):
            self.say(line)

    def run(self, planned: Plan) -> Result:
        """Run one plan, with a progress bar on a terminal."""
        with EpochBar(planned.spec.name, planned.spec.epochs, shown=not self.quiet) as bar:
            watch = bar.watch if bar.shown else None
            return execute(planned, draw=draw_run, watch=watch, keep_interrupted=True, kernel=self.kernel)

    def destinations(self, out: Path, names: Sequence[str], plans: Sequence[Plan], *, probe: bool = True) -> list[Path]:
        """Find a directory for each result before anything runs, and warn if it is not `out/NAME`.

        Nothing is written without `probe`; otherwise `out` is made.

        Raises:
            OutputError: A result cannot be written.
        """
        places = destinations(out, names, inputs_of(plans), probe=probe)
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
    def give(self, document: Callable[[], Mapping[str, Any]]) -> None:
        """Print a JSON document for programs; it is made only if it is printed.

        Raises:
            OutputError: stdout cannot be written.
            StdoutClosedError: The reader of stdout has closed it.
        """
        if self.as_json:
            from gdcli.cli.screen import json_text

            typer.echo(json_text(document()))

    def close(self, results: Sequence[Result], plans: Sequence[Plan]) -> int:
        """Print remarks and which runs were interrupted or not started, and return the exit code."""
        self.remark_on(results)
        last = results[-1]
        if last.status is Status.INTERRUPTED:
            complain(f"{last.name}: interrupted after epoch {last.epochs}; its files hold what was finished")
            complain_of_unstarted(plans, started=len(results))
            return INTERRUPTED
        return DIVERGED if any(result.status is Status.DIVERGED for result in results) else 0

    def remark_on(self, results: Sequence[Result]) -> None:
        """Print what the status of runs does not say, once per name, however many seeds it has."""
        for name, runs in by_name(results).items():
            remark = worst_remark(runs)
            if remark and remark.note == Status.DIVERGED:
                complain(f"{name} {remark.sentence}")
            elif remark:
                self.warn(f"{name}: {remark.sentence}")


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
