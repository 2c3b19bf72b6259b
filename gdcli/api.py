"""The library: what the commands do, in Python. It prints nothing, and writes files only on request."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gdcli.errors import GdcliWarning
from gdcli.experiment import planner
from gdcli.experiment.exact import ExactFit, exact_fit, plan_optimum
from gdcli.experiment.execute import checked_kernel, execute
from gdcli.experiment.explain.explanation import Explanation
from gdcli.experiment.planner import plan, plan_all
from gdcli.experiment.result import Result
from gdcli.experiment.results import Results
from gdcli.show.drawing import draw_run, draw_sweep
from gdcli.spec.validate import read_spec

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from gdcli.engine.arrays import Array
    from gdcli.sweeps.forecast import Forecast
    from gdcli.sweeps.result import SweepRun

SpecLike: TypeAlias = str | PathLike[str] | Mapping[str, Any]


def run(spec: SpecLike, *, data: pd.DataFrame | None = None, kernel: str = "auto") -> Result:
    """Run one experiment.

    Args:
        spec: A YAML file, or a mapping with the same keys.
        data: Rows instead of the spec's `dataset`.
        kernel: The kernel that steps through the epochs: `numpy`, `compiled` (needs the extra `fast`), or `auto` for
            the faster one. Their results agree to 1e-10.

    Returns:
        The result. Its `status` tells how the run ended, its `warnings` what is suspicious.

    Raises:
        SpecError: The spec is wrong, with all faults at once, or the kernel cannot be used.
        DataError: The data is missing or unfit.
    """
    choice = checked_kernel(kernel)
    return execute(plan(read_spec(spec, has_rows=data is not None), frame=data), draw=draw_run, kernel=choice)


def compare(specs: Sequence[SpecLike], *, data: pd.DataFrame | None = None, kernel: str = "auto") -> Results[Result]:
    """Run several experiments. All of them are planned before the first one starts.

    Args:
        specs: As for `run`.
        data: Rows instead of every spec's `dataset`.
        kernel: As for `run`.

    Returns:
        A sequence of the results, in order. Its `frame` is a DataFrame with one row per run. Its `best` is the best
        result, or None if the runs cannot be compared.

    Raises:
        SpecError: A spec is wrong, with all faults of all specs at once; two specs have the same name; or the kernel
            cannot be used.
        DataError: The data is missing or unfit.
    """
    choice = checked_kernel(kernel)
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
    """Run a grid of settings; settings that share rows, batches and optimizer advance in lockstep.

    Args:
        spec: As for `run`; its `sweep:` block gives axes of the grid.
        grid: More axes, dotted key → values: a list, an array, `{"log": [from, to, count]}` or `{"linear": …}`.
        paired: Whether to pair the axes instead of crossing them.
        seeds: Number of seeds per setting.
        workers: Number of groups of runs to run at once, in processes, or in threads with the compiled kernel.
        executor: An executor to run them on instead: any `concurrent.futures.Executor`, such as one of processes, of
            loky or of Dask (`Client.get_executor()`). It stays open. If the sweep ends early, the work that it has not
            begun is cancelled, and threads stop; a group of runs in another process continues to its end. The results
            equal those of one worker to the last bit.
        data: Rows instead of the spec's `dataset`.
        kernel: As for `run`.
        directory: Where to write the files of `gdcli sweep`. Finished runs of earlier sweeps in it are not run again.
            Without a directory, nothing is written.
        fresh: Whether to run them again.
        plot: Whether to draw `sweep.png`.

    Returns:
        A sequence of the results in the order of the grid: seeds vary fastest, then the last axis. Its `frame` is a
        DataFrame with one row per run, the axes as the first columns. Its `best` is the best result, or None if the
        runs cannot be compared. Settings that cannot be run are skipped, each with a warning. A run from an earlier
        sweep has a `summary` and a `plan`, but no trace.

    Raises:
        SpecError: The spec or the grid is wrong, or no setting can be run.
        DataError: The data is missing or unfit.
        OutputError: The directory cannot be written, another process is writing there, or it holds a file that the
            sweep reads or that gdcli did not write.
        KeyboardInterrupt: Ctrl-C was pressed; with a directory, the finished runs are written to it.
        Exception: Any error of the executor, such as `BrokenExecutor` if a worker died; with a directory, the next
            sweep continues from the finished runs.
    """
    # These modules import multiprocessing, which a single run does not need.
    from gdcli.sweeps.library import plan_arguments, sweep_in_directory, sweep_in_memory
    from gdcli.sweeps.workers import Resources

    resources = Resources(checked_kernel(kernel), workers, executor)
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


def forecast(
    spec: SpecLike,
    *,
    grid: Mapping[str, Any] | None = None,
    paired: bool = False,
    seeds: int = 1,
    workers: int = 1,
    data: pd.DataFrame | None = None,
    kernel: str = "auto",
    directory: str | PathLike[str] | None = None,
    fresh: bool = False,
) -> Forecast:
    """Find out what `sweep` would run with the same arguments. The data is read; nothing is run or written.

    Args:
        spec: As for `sweep`, like the other arguments.
        grid: More axes.
        paired: Whether to pair the axes instead of crossing them.
        seeds: Number of seeds per setting.
        workers: Number of groups of runs to run at once.
        data: Rows instead of the spec's `dataset`.
        kernel: As for `run`.
        directory: The directory whose finished runs would be reused.
        fresh: Whether they would be run again.

    Returns:
        The number of runs (`planned`), how many of them are finished (`reused`) or not (`remaining`), the predicted
        time of the latter in `seconds`, and with `sweep.skipped` the settings that cannot be run, with the reasons.

    Raises:
        SpecError: The spec or the grid is wrong, or no setting can be run.
        DataError: The data is missing or unfit.
        OutputError: The journal of finished runs cannot be read.
    """
    # These modules import multiprocessing, which a single run does not need.
    from gdcli.sweeps import forecast as forecasts
    from gdcli.sweeps.library import plan_arguments
    from gdcli.sweeps.workers import check_count

    choice = checked_kernel(kernel)
    check_count("workers", workers)
    planned = plan_arguments(spec, grid, paired=paired, seeds=seeds, frame=data)
    path = None if directory is None else Path(directory)
    return forecasts.forecast(planned, path, kernel=choice, workers=workers, fresh=fresh)


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
    """Compute the exact least-squares fit.

    Args:
        data: A data file, or a DataFrame.
        target: Name of the column to fit; the last numeric one by default.
        features: Names of the features; every other numeric column by default.
        scaler: The scaler of the features. An affine scaler changes the weights and the condition number, but not the
            fit.
        intercept: Whether to fit an intercept.
        delimiter: The delimiter of a CSV file. This and the next arguments are as in `dataset` of a spec.
        decimal: The decimal mark.
        thousands: The mark between groups of digits.
        encoding: The text encoding.
        missing: `drop` to leave out rows with blank or NaN cells, also those of a DataFrame.

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


def init(
    data: str | PathLike[str],
    *,
    output: str | PathLike[str] | None = None,
    target: str | None = None,
    features: Sequence[str] | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    missing: str | None = None,
) -> str:
    """Write a commented spec for a data file, with a scaler, a rate and a number of epochs that suit it.

    Args:
        data: The data file.
        output: The file that the spec will be in; the path of the data is made relative to its folder. No file is
            written.
        target: As for `optimum`, like the other arguments.
        features: Names of the features; every other numeric column that varies by default.
        delimiter: The delimiter of a CSV file.
        decimal: The decimal mark.
        thousands: The mark between groups of digits.
        encoding: The text encoding.
        missing: `error` or `drop`; `drop` by default if there are blank cells.

    Returns:
        The spec as YAML.

    Raises:
        SpecError: An argument is wrong.
        DataError: The data is missing or unfit.
    """
    from gdcli.experiment.starter.examination import examine
    from gdcli.experiment.starter.text import starter_spec

    settings = {
        "delimiter": delimiter,
        "decimal": decimal,
        "thousands": thousands,
        "encoding": encoding,
        "missing": missing,
    }
    examined = examine(data, {"features": features, "target": target}, settings)
    return starter_spec(examined, data, None if output is None else Path(output))


def predict(
    result: str | PathLike[str],
    data: str | PathLike[str] | pd.DataFrame,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
) -> Array:
    """Predict new rows with a finished run that has been written; `Result.predict` does so for one in memory.

    Args:
        result: The directory of the run.
        data: The rows, n of them: a data file, or a DataFrame.
        delimiter: Between the cells of a CSV file; that of the run's own data by default, as for what follows.
        decimal: The decimal mark.
        thousands: The mark between groups of digits.
        encoding: Of the text.

    Returns:
        Predictions of the target in units of the data, shape (n,), in the order of the rows.

    Raises:
        SpecError: An argument is wrong.
        DataError: The directory is not that of a finished run; the data is missing or unreadable, lacks a feature, or
            has unusable cells.
    """
    # A single run has no use for these.
    from gdcli.data.sources import from_frame
    from gdcli.experiment.prediction import new_rows
    from gdcli.experiment.prediction.saved import read_run
    from gdcli.experiment.prediction.tables import open_rows

    run = read_run(Path(result))
    if not isinstance(data, str | PathLike):
        return new_rows.predict(run.predictor, from_frame(data)).values
    form = {"delimiter": delimiter, "decimal": decimal, "thousands": thousands, "encoding": encoding}
    given = {key: value for key, value in form.items() if value is not None}
    return new_rows.predict(run.predictor, open_rows(data, {**run.form, **given}).data).values


def validate(spec: SpecLike, *, data: pd.DataFrame | None = None) -> None:
    """Check a spec and its data without running it; a spec without faults gives None.

    The rows are read once, but not factored: a run can still fail where numbers leave the range of double precision.

    Args:
        spec: As for `run`.
        data: Rows instead of the spec's `dataset`.

    Raises:
        SpecError: The spec is wrong; all faults at once, those of its data included.
        DataError: Only its data is missing or unfit; all faults at once.
    """
    planner.validate(spec, frame=data)


def _warn(message: str) -> None:
    warnings.warn(message, GdcliWarning, stacklevel=3)


__all__ = [
    "ExactFit",
    "Explanation",
    "Result",
    "Results",
    "compare",
    "explain",
    "forecast",
    "init",
    "optimum",
    "predict",
    "run",
    "sweep",
    "validate",
]
