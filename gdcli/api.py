"""The library: what the commands do, in Python. It writes nothing and prints nothing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gdcli.errors import GdcliWarning
from gdcli.experiment.exact import ExactFit, exact_fit, plan_optimum
from gdcli.experiment.execute import execute
from gdcli.experiment.explain.explanation import Explanation
from gdcli.experiment.kernels import kernel_choice
from gdcli.experiment.plan import plan
from gdcli.experiment.planner import plan_all
from gdcli.experiment.result import Result
from gdcli.experiment.results import Results
from gdcli.show.drawing import draw_run, draw_sweep
from gdcli.spec.validate import read_spec

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from gdcli.experiment.sweep.result import SweepRun

SpecLike: TypeAlias = str | PathLike[str] | Mapping[str, Any]


def run(spec: SpecLike, *, data: pd.DataFrame | None = None, kernel: str = "auto") -> Result:
    """Run one experiment.

    Args:
        spec: A YAML file, or a mapping with the same keys.
        data: Rows instead of the spec's `dataset`.
        kernel: What steps through the epochs: `numpy`, `compiled` (with the extra `fast`), or `auto` for the one
            that is done first. They agree to 1e-10.

    Returns:
        The result, whatever became of the run: its `status` says.

    Raises:
        SpecError: The spec is wrong, all faults at once; or the kernel.
        DataError: The data is missing or unfit.
    """
    choice = kernel_choice(kernel)
    return execute(plan(read_spec(spec, has_rows=data is not None), frame=data), draw=draw_run, kernel=choice)


def compare(specs: Sequence[SpecLike], *, data: pd.DataFrame | None = None, kernel: str = "auto") -> Results[Result]:
    """Run several experiments, all of them planned before the first one starts.

    Args:
        specs: As for `run`.
        data: Rows instead of every spec's `dataset`.
        kernel: As for `run`.

    Returns:
        A sequence of their results, in order. Its `frame` is a DataFrame with one row per run, its `best` the best
        result, or None where they cannot be compared.

    Raises:
        SpecError: A spec is wrong, all faults of all specs at once; two have the same name; or the kernel.
        DataError: The data is missing or unfit.
    """
    choice = kernel_choice(kernel)
    results = [execute(planned, draw=draw_run, kernel=choice) for planned in plan_all(specs, frame=data)]
    return Results(tuple((result,) for result in results), ({},) * len(results))


def sweep(  # noqa: PLR0913 - all but the spec by keyword
    spec: SpecLike,
    *,
    grid: Mapping[str, Any] | None = None,
    paired: bool = False,
    seeds: int = 1,
    workers: int = 1,
    executor: Executor | None = None,
    data: pd.DataFrame | None = None,
    kernel: str = "auto",
    directory: str | PathLike[str] | None = None,
    fresh: bool = False,
    plot: bool = True,
) -> Results[Result | SweepRun]:
    """Run a grid of settings; those that share rows, batches and optimizer advance in lockstep.

    Args:
        spec: As for `run`; its `sweep:` block gives axes.
        grid: More axes, dotted key → values: a list, an array, `{"log": [from, to, count]}` or `{"linear": …}`.
        paired: Whether to pair the axes instead of crossing them.
        seeds: How many seeds each setting is run with.
        workers: Groups of runs to run at once, in processes, or in threads by the compiled kernel.
        executor: Where to run them instead: any `concurrent.futures.Executor`, such as one of processes, of loky or
            of Dask (`Client.get_executor()`). It stays open; what it has not begun is cancelled where the sweep ends
            early. The results are those of one worker, to the last bit.
        data: Rows instead of the spec's `dataset`.
        kernel: As for `run`.
        directory: Where to write the files of `gdcli sweep`; runs that it holds from earlier sweeps are not run
            again. Without it nothing is written.
        fresh: Whether to run these again.
        plot: Whether to draw `sweep.png` there.

    Returns:
        A sequence of the results in the order of the grid, the last axis fastest, then the seeds. Its `frame` is a
        DataFrame with one row per run, the axes in front; its `best` is the best result, or None where they cannot be
        compared. Settings that no run can have are left out, each with a warning. A run from an earlier sweep has a
        `summary` and a `plan`, but no trace.

    Raises:
        SpecError: The spec or the grid is wrong, or no setting can be run.
        DataError: The data is missing or unfit.
        OutputError: The directory cannot be written, another process is writing there, or it holds a file that the
            sweep reads or that gdcli did not write.
        KeyboardInterrupt: Ctrl-C was pressed; with a directory, the runs that were finished are written there.
        Exception: What the executor raises, such as `BrokenExecutor` where a worker died; with a directory, the next
            sweep goes on from the runs that were finished.
    """
    # With them comes multiprocessing, which a single run has no use for.
    from gdcli.experiment.sweep.library import plan_arguments, sweep_in_directory, sweep_in_memory
    from gdcli.experiment.sweep.spread import Resources

    resources = Resources(kernel_choice(kernel), workers, executor)
    planned = plan_arguments(spec, grid, paired=paired, seeds=seeds, frame=data)
    for omission in planned.omissions:
        _warn(omission)
    if directory is None:
        return sweep_in_memory(planned, resources=resources, draw=draw_run)
    results, written = sweep_in_directory(
        planned, Path(directory), resources=resources, draw=draw_run, fresh=fresh, draw_sweep=draw_sweep, plot=plot
    )
    for warning in written.warnings:
        _warn(warning)
    if written.finished.interrupted:
        raise KeyboardInterrupt
    return results


def explain(spec: SpecLike, *, data: pd.DataFrame | None = None) -> Explanation:
    """Explain why a run converges as it does, before it runs.

    Args:
        spec: As for `run`; or the folder of a finished run, which also tells where it stands.
        data: As for `run`.

    Returns:
        The explanation: its figures as attributes, its sentences as `advice`, all of it as `document()`.

    Raises:
        SpecError: The spec is wrong, all faults at once; or the folder is not the result of a run.
        DataError: The data is missing or unfit.
    """
    # Not for those who only run: what predicts curves and bounds is as much code as what runs.
    from gdcli.experiment.explain.finished import Subject, needs_of

    subject = Subject.of(spec)
    (planned,) = plan_all([subject.spec], frame=data, needs=partial(needs_of, [subject]), distinct=False)
    for warning in subject.warnings(planned):
        _warn(warning)
    return subject.explain(planned)


def optimum(
    data: str | PathLike[str] | pd.DataFrame,
    *,
    target: str | None = None,
    features: Sequence[str] | None = None,
    scaler: str = "none",
    intercept: bool = True,
    delimiter: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    missing: str | None = None,
) -> ExactFit:
    """Solve least squares exactly.

    Args:
        data: A data file, or a DataFrame.
        target: The column to fit; the last numeric one by default.
        features: The columns to fit it by; every other numeric one by default.
        scaler: Of the features: it changes the weights and the condition number, not the fit of an affine scaler.
        intercept: Whether to fit a constant.
        delimiter: Between the cells of a CSV file, like what follows as `dataset` has it in a spec.
        decimal: The decimal mark.
        thousands: The mark between groups of digits.
        encoding: Of the text.
        missing: `drop` to leave out rows with blank or NaN cells, of a DataFrame too.

    Returns:
        Weights, MSE, R², rank and condition number.

    Raises:
        SpecError: An argument is wrong.
        DataError: The data is missing or unfit.
    """
    given = {
        "delimiter": delimiter,
        "decimal": decimal,
        "thousands": thousands,
        "encoding": encoding,
        "missing": missing,
    }
    columns = {"features": features, "target": target, "intercept": intercept}
    return exact_fit(plan_optimum(data, columns, scaler=scaler, settings=given))


def _warn(message: str) -> None:
    warnings.warn(message, GdcliWarning, stacklevel=3)


__all__ = ["ExactFit", "Explanation", "Result", "Results", "compare", "explain", "optimum", "run", "sweep"]
