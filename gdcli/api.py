"""The library: what the commands do, in Python. It writes nothing and prints nothing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_args, overload

from gdcli.data.stream import Reading
from gdcli.engine.descent import Watch
from gdcli.engine.kernels.base import Kernel
from gdcli.engine.kernels.choice import KernelChoice
from gdcli.engine.trace import Trace
from gdcli.errors import DataError, Fault, GdcliWarning, Place, SpecError
from gdcli.experiment.comparison import Planned
from gdcli.experiment.exact import ExactFit, exact_fit
from gdcli.experiment.execute import execute
from gdcli.experiment.kernels import kernel_choice
from gdcli.experiment.plan import Plan, plan
from gdcli.experiment.planner import plan_all
from gdcli.experiment.result import Result
from gdcli.experiment.results import Results
from gdcli.experiment.sweep.grid import axes_of, axes_of_block
from gdcli.spec.draft import normal, read_draft
from gdcli.spec.messages import one_of
from gdcli.spec.model import ScalerName
from gdcli.spec.paths import is_text
from gdcli.spec.strict_yaml import KeyPath
from gdcli.spec.validate import read_spec

if TYPE_CHECKING:
    import pandas as pd

    from gdcli.experiment.sweep.points import Sweep
    from gdcli.experiment.sweep.result import SweepResult, SweepRun

Spec: TypeAlias = str | PathLike[str] | Mapping[str, Any]
R = TypeVar("R", bound=Planned)


def run(spec: Spec, *, data: pd.DataFrame | None = None, kernel: str = "auto") -> Result:
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
    return perform(plan(read_spec(spec, has_rows=data is not None), frame=data), kernel=choice)


def compare(specs: Sequence[Spec], *, data: pd.DataFrame | None = None, kernel: str = "auto") -> Results[Result]:
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
    results = [perform(planned, kernel=choice) for planned in plan_all(specs, frame=data)]
    return Results(tuple((result,) for result in results), ({},) * len(results))


@overload
def sweep(
    spec: Spec,
    *,
    grid: Mapping[str, Any] | None = None,
    paired: bool = False,
    seeds: int = 1,
    workers: int = 1,
    data: pd.DataFrame | None = None,
    kernel: str = "auto",
    directory: None = None,
    fresh: bool = False,
    plot: bool = True,
) -> Results[Result]: ...


@overload
def sweep(
    spec: Spec,
    *,
    grid: Mapping[str, Any] | None = None,
    paired: bool = False,
    seeds: int = 1,
    workers: int = 1,
    data: pd.DataFrame | None = None,
    kernel: str = "auto",
    directory: str | PathLike[str],
    fresh: bool = False,
    plot: bool = True,
) -> Results[Result | SweepRun]: ...


def sweep(
    spec: Spec,
    *,
    grid: Mapping[str, Any] | None = None,
    paired: bool = False,
    seeds: int = 1,
    workers: int = 1,
    data: pd.DataFrame | None = None,
    kernel: str = "auto",
    directory: str | PathLike[str] | None = None,
    fresh: bool = False,
    plot: bool = True,
) -> Results[Result] | Results[Result | SweepRun]:
    """Run a grid of settings; those that share rows, batches and optimizer advance in lockstep.

    Args:
        spec: As for `run`; its `sweep:` block gives axes.
        grid: More axes, dotted key → values: a list, an array, `{"log": [from, to, count]}` or `{"linear": …}`.
        paired: Whether to pair the axes instead of crossing them.
        seeds: How many seeds each setting is run with.
        workers: Groups of runs to run at once, in processes, or in threads by the compiled kernel.
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
    """
    from gdcli.experiment.sweep.points import setting_text  # and multiprocessing: not for a single run

    choice = kernel_choice(kernel)
    planned = _plan_sweep(spec, grid, paired=paired, seeds=seeds, workers=workers, data=data)
    for setting, reason in planned.skipped:
        _warn(f"skipped {setting_text(setting)}: {reason}")
    if directory is not None:
        return _sweep_into(Path(directory), planned, workers=workers, kernel=choice, fresh=fresh, plot=plot)
    return _results(planned, _side_by_side([point.plan for point in planned.points], workers, choice))


def _plan_sweep(spec: Spec, grid: Any, *, paired: bool, seeds: int, workers: int, data: pd.DataFrame | None) -> Sweep:
    from gdcli.experiment.sweep.plan import plan_sweep

    draft = read_draft(spec)
    for name, count in (("seeds", seeds), ("workers", workers)):
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise SpecError([Fault(Place(name), f"must be an integer of at least 1, got {count!r}")])
    if not isinstance(grid, Mapping | None):
        raise SpecError([Fault(Place("grid"), f"must be a mapping of keys to values, got {grid!r}")])
    given = axes_of_block(normal(grid), lambda _: Place("grid")) if grid else []
    axes = axes_of(draft, given, place="grid", way_out='`grid`, such as {"optimizer.lr": [0.01, 0.1]}')
    return plan_sweep(draft.without("sweep"), axes, paired=paired, seeds=seeds, frame=data, seeds_place="seeds")


def _side_by_side(plans: Sequence[Plan], workers: int, choice: KernelChoice) -> list[Result]:
    """Run plans, those that can be in lockstep."""
    from gdcli.experiment.sweep.lockstep import kernel_for_runs, run_groups

    used, results = kernel_for_runs(choice, plans, workers), dict[int, Result]()
    with closing(run_groups(plans, workers, used)) as groups:  # workers end at once with Ctrl-C
        for group, (traces, seconds) in groups:
            for i, trace in zip(group, traces, strict=True):
                results[i] = finish(plans[i], trace, seconds, used)
    return [results[i] for i in range(len(plans))]


def _results(planned: Sweep, runs: Sequence[R]) -> Results[R]:
    """Put all runs of a sweep, in the order of its points, together by setting."""
    from gdcli.experiment.sweep.points import effective

    settings = [point.setting for point in planned.points[:: planned.seeds]]
    groups = (tuple(runs[i : i + planned.seeds]) for i in range(0, len(runs), planned.seeds))
    axes = ({key: effective(key, value, setting) for key, value in setting.items()} for setting in settings)
    return Results(tuple(groups), tuple(axes))


def _sweep_into(
    directory: Path, planned: Sweep, *, workers: int, kernel: KernelChoice, fresh: bool, plot: bool
) -> Results[Result | SweepRun]:
    """Do what `gdcli sweep` does in a directory."""
    from gdcli.experiment.output.places import check_place, destinations
    from gdcli.experiment.portable import inputs_of
    from gdcli.experiment.sweep.directory import sweep_into
    from gdcli.experiment.sweep.run import run_sweep

    place, executed = directory.absolute(), dict[int, Result]()
    check_place(place, inputs_of(point.plan for point in planned.points))
    destinations(place.parent, [place.name])  # before anything runs

    def keep(plan: Plan, trace: Trace, seconds: float, used: Kernel) -> Result:
        return executed.setdefault(id(plan), finish(plan, trace, seconds, used))

    written = sweep_into(
        place,
        planned,
        run=lambda: run_sweep(planned, place, finish=keep, kernel=kernel, workers=workers, fresh=fresh),
        draw=draw_sweep,
        plot=plot,
    )
    for warning in written.warnings:
        _warn(warning)
    if written.finished.interrupted:
        raise KeyboardInterrupt
    return _results(planned, [executed.get(id(run.plan), run) for run in written.finished.runs])


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


def plan_optimum(
    data: str | PathLike[str] | pd.DataFrame,
    columns: Mapping[str, Any],
    *,
    scaler: str = "none",
    settings: Mapping[str, Any] | None = None,
    prefix: str = "",
    reading: Reading | None = None,
) -> Plan:
    """Plan a run of no epochs: all of it but its optimum is left aside.

    Args:
        data: As for `optimum`.
        columns: As `columns` of a spec; None stands for the default.
        scaler: As for `optimum`.
        settings: Of the dataset, likewise.
        prefix: What messages put before an argument's name.
        reading: Told of every read of a large file.

    Returns:
        The plan.

    Raises:
        SpecError: An argument is wrong.
        DataError: The data is missing or unfit.
    """
    if scaler not in get_args(ScalerName):
        raise SpecError([Fault(Place(f"{prefix}scaler"), one_of(scaler, get_args(ScalerName)))])
    given = {key: value for key, value in (settings or {}).items() if value is not None}
    spec: dict[str, Any] = {
        "columns": {key: value for key, value in columns.items() if value is not None},
        "scaler": scaler,
        "epochs": 0,
    }
    _check_path(data)
    paths: list[KeyPath] = [("columns", "features"), ("columns", "target"), ("columns", "intercept"), ("scaler",)]
    paths += [("dataset", key) for key in ("delimiter", "decimal", "thousands", "encoding", "missing")]
    places = {path: Place(f"{prefix}{path[-1]}") for path in paths} | {
        ("dataset",): Place("data"),
        ("columns",): Place("data"),
    }
    if isinstance(data, str | PathLike):
        return plan(read_spec({**spec, "dataset": {"path": data, **given}}, places=places), reading=reading)
    for key in given.keys() - {"missing"}:
        raise SpecError([Fault(places["dataset", key], "is for CSV files; leave it out, the rows are a DataFrame")])
    return plan(read_spec({**spec, "dataset": given}, has_rows=True, places=places), frame=data)


def _check_path(data: Any) -> None:
    """Refuse what cannot be data, or no data file by its name."""
    if not isinstance(data, str | PathLike) and not hasattr(data, "columns"):
        message = f"must be a path or a pandas DataFrame, got {type(data).__name__}"
        raise DataError([Fault(Place("data"), message)])
    if isinstance(data, str | PathLike) and str(data).lower().endswith((".yaml", ".yml")):
        message = "is a spec and not a data file; name the data file, or use `gdcli run`"
        raise SpecError([Fault(Place(str(data)), message)])
    if isinstance(data, str | PathLike) and not is_text(Path(data)):
        raise DataError([Fault(Place(str(data)), "this path is not UTF-8 text; rename it")])


def perform(
    planned: Plan, *, watch: Watch | None = None, keep_interrupted: bool = False, kernel: KernelChoice = "auto"
) -> Result:
    """Run a plan, its picture to be drawn by gdcli's own figures.

    Args:
        planned: The run.
        watch: Told how far the run has come.
        keep_interrupted: Whether Ctrl-C gives a result with status `interrupted` instead of KeyboardInterrupt.
        kernel: What steps through the epochs.

    Returns:
        The result.

    Raises:
        ImportError: The kernel is the compiled one, and Numba cannot be imported.
        KeyboardInterrupt: Ctrl-C was pressed, and `keep_interrupted` is not set.
    """
    return execute(planned, draw=_draw, watch=watch, keep_interrupted=keep_interrupted, kernel=kernel)


def _draw(result: Result) -> bytes:
    from gdcli.show.figures import curve_figure, to_png  # Matplotlib costs 0.8 s: only for who wants a picture

    return to_png(curve_figure(result), warn=_warn)


def _warn(message: str) -> None:
    warnings.warn(message, GdcliWarning, stacklevel=3)


def finish(planned: Plan, trace: Trace, seconds: float, kernel: Kernel) -> Result:
    """Make the result of a plan that was run side by side with others."""
    return Result(plan=planned, trace=trace, seconds=seconds, draw=_draw, kernel=kernel)


def draw_sweep(result: SweepResult) -> bytes:
    """Draw a sweep, as the bytes of a PNG."""
    from gdcli.show.figures import to_png
    from gdcli.show.sweep_figures import sweep_figure

    return to_png(sweep_figure(result), warn=_warn)


def draw_together(results: Sequence[Result]) -> bytes:
    """Draw several results over each other, as the bytes of a PNG."""
    from gdcli.show.figures import comparison_figure, to_png

    return to_png(comparison_figure(results), warn=_warn)


__all__ = [
    "ExactFit",
    "Result",
    "Results",
    "compare",
    "draw_sweep",
    "draw_together",
    "finish",
    "optimum",
    "perform",
    "plan_optimum",
    "run",
    "sweep",
]
