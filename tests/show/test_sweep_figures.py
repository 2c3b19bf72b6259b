"""The pictures of a sweep, read back from their axes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from gdcli.experiment.quantiles import spread
from gdcli.show.drawing import draw_run, draw_sweep
from gdcli.show.pictures import to_png
from gdcli.show.sweep_labels import headings_of, label_of
from gdcli.show.sweep_picture import sweep_picture
from gdcli.show.sweep_views import sweep_view
from gdcli.spec.draft import read_draft
from gdcli.spec.grid import Axis
from gdcli.sweeps.journal import record_of, run_of
from gdcli.sweeps.plan import plan_sweep
from gdcli.sweeps.result import SweepResult, SweepRun
from gdcli.sweeps.run import run_plans
from gdcli.sweeps.workers import Resources

ROOT = Path(__file__).parents[2]
BASE: dict[str, Any] = {
    "name": "x",
    "dataset": ROOT / "data/abalone.csv",
    "columns": {"features": ["Length", "Diameter"], "target": "Whole weight"},
    "scaler": "zscore",
    "epochs": 10,
}
RATES = Axis("optimizer.lr", (0.001, 0.01, 0.1, 5.0))


def swept(*axes: Axis, seeds: int = 1, base: dict[str, Any] = BASE) -> SweepResult:
    sweep = plan_sweep(read_draft(base), axes, paired=False, seeds=seeds)
    plans = [point.plan for point in sweep.points]
    runs: dict[int, SweepRun] = {}
    for group in run_plans(plans, resources=Resources("numpy"), draw=draw_run):
        for i, result in group.items():
            runs[i] = run_of(sweep.points[i], record_of(result, curve=False), curve=False)
    return SweepResult(sweep, tuple(runs[i] for i in range(len(plans))), draw_sweep)


@pytest.mark.parametrize("others", [(), (Axis("optimizer.momentum", (0.1, 0.2)),)], ids=["lines", "map"])
def test_a_sweep_that_diverged_as_a_whole_has_no_ticks_of_its_figure(others: tuple[Axis, ...]) -> None:
    base = {**BASE, "optimizer": {"kind": "momentum"}}
    figure = sweep_picture(swept(Axis("optimizer.lr", (1e200, 1e250)), *others, base=base))
    figure.draw_without_rendering()
    axes = figure.axes[-1]  # the bar of a map
    low, high = sorted(axes.get_ylim())
    assert [tick for tick in axes.get_yticks() if low <= tick <= high] == []
    assert [tick for tick in axes.get_yticks(minor=True) if low <= tick <= high] == []


@pytest.mark.parametrize(
    ("steady", "said"),
    [(9, "12 runs, 3 diverged; the 9 best are shown"), (1, "12 runs, 11 diverged; the best one is shown")],
)
def test_the_best_settings_are_those_that_did_not_diverge(steady: int, said: str) -> None:
    rates = tuple(0.01 + 0.001 * i if i < steady else 1e200 * (i + 1) for i in range(12))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(sweep_view(swept(Axis("optimizer.lr", rates))))
    shown = console.export_text()
    assert said in shown
    assert "1e+2" not in shown.replace(said, "")


def test_one_line_for_each_value_of_the_others_and_marks_for_what_diverged() -> None:
    result = swept(RATES, Axis("optimizer.kind", ("sgd", "momentum")))
    (axes,) = sweep_picture(result).axes
    assert (axes.get_xscale(), axes.get_yscale(), axes.get_xlabel()) == ("log", "log", "optimizer.lr")
    lines = {str(line.get_label()): line for line in axes.get_lines()}
    for kind in ("sgd", "momentum"):
        line = lines[f"optimizer {kind}"]
        gaps = [s.gap for s in result.settings if s.values["optimizer.kind"] == kind]
        assert list(np.asarray(line.get_xdata())) == list(RATES.values)
        shown = np.asarray(line.get_ydata())
        assert np.array_equal(shown[:3], gaps[:3])
        assert np.isnan(shown[3]) == np.isinf(gaps[3])
    marks = [line for line in axes.get_lines() if line.get_marker() == "x" and len(np.asarray(line.get_xdata()))]
    assert [list(np.asarray(mark.get_xdata())) for mark in marks] == [[5.0], [5.0]]
    top = max(s.gap for s in result.settings if np.isfinite(s.gap))
    assert all(np.asarray(mark.get_ydata())[0] > top for mark in marks)
    heights = [float(np.asarray(mark.get_ydata())[0]) for mark in marks]
    assert heights[0] != heights[1]
    assert axes.get_ylim()[1] > max(heights)


def test_a_band_over_the_seeds() -> None:
    result = swept(RATES, seeds=5)
    (axes,) = sweep_picture(result).axes
    (band,) = axes.collections
    first = result.settings[0]
    gaps = [run.summary["gap"] for run in first.runs]
    band_of_gaps = spread(first.runs, "gap")
    assert band_of_gaps
    assert (band_of_gaps.low, band_of_gaps.median, band_of_gaps.high) == pytest.approx(
        np.quantile(gaps, [0.1, 0.5, 0.9]), rel=1e-14
    )
    heights = np.asarray(band.get_paths()[0].vertices)[:, 1]
    assert {band_of_gaps.low, band_of_gaps.high} <= set(heights.tolist())


def test_two_numeric_axes_make_a_heat_map() -> None:
    result = swept(RATES, Axis("optimizer.weight_decay", (0.0, 0.1, 0.5)))
    axes, bar = sweep_picture(result).axes
    (mesh,) = [c for c in axes.collections if c.get_array() is not None]
    cells: np.ma.MaskedArray[Any, Any] = np.ma.masked_invalid(np.ma.asarray(mesh.get_array()).filled(np.nan)).reshape(
        3, 4
    )
    for setting in result.settings:
        i = (0.0, 0.1, 0.5).index(setting.values["optimizer.weight_decay"])
        j = RATES.values.index(setting.values["optimizer.lr"])
        assert bool(np.ma.getmaskarray(cells)[i, j]) == bool(np.isinf(setting.gap))
        if np.isfinite(setting.gap):
            assert cells[i, j] == setting.gap
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("optimizer.lr", "optimizer.weight_decay")
    assert bar.get_ylabel() == "final gap (grey: diverged)"


def test_auto_is_drawn_at_its_number() -> None:
    result = swept(Axis("optimizer.lr", (0.01, "auto", 0.1)), Axis("scaler", ("zscore", "minmax")))
    numbers = {s.values["scaler"]: s.number("optimizer.lr") for s in result.settings if "auto" in s.values.values()}
    assert numbers == {s.values["scaler"]: s.runs[0].summary["lr"] for s in result.settings[2:4]}
    (axes,) = sweep_picture(result).axes
    lines = {str(line.get_label()): np.asarray(line.get_xdata()).tolist() for line in axes.get_lines()}
    for scaler, number in numbers.items():
        assert lines[f"scaler {scaler}"] == sorted([0.01, 0.1, number])
    assert axes.get_xscale() == "log"
    labels = [label_of("optimizer.lr", s) for s in result.settings[2:4]]
    assert labels == [f"auto ({number:.3g})" for number in numbers.values()]
    tolerated = result.tolerated("optimizer.lr")
    assert tolerated
    assert max(tolerated) == numbers["zscore"]


def test_auto_has_the_median_over_the_seeds() -> None:
    (setting,) = swept(Axis("optimizer.lr", ("auto",)), seeds=3).settings
    assert setting.number("optimizer.lr") == np.median([run.summary["lr"] for run in setting.runs])


def test_auto_has_a_row_of_its_own_in_a_heat_map() -> None:
    result = swept(Axis("optimizer.lr", (0.01, "auto", 0.1)), Axis("epochs", (5, 10)))
    axes, _ = sweep_picture(result).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.01", "auto", "0.1"]


@pytest.mark.parametrize(
    "axes",
    [
        (Axis("optimizer.kind", ("sgd", "adam")),),
        (Axis("optimizer.lr", (0.1,)),),
        (Axis("optimizer.lr", (1e6, 1e7)),),
        (Axis("optimizer.lr", ("auto",)),),
        (Axis("optimizer.lr", ("auto",)), Axis("epochs", (5, 6))),
        (Axis("optimizer", ("sgd", {"kind": "sgd", "lr": "auto"})),),
        (Axis("optimizer.lr", (1e6, 1e7)), Axis("epochs", (5, 6))),
        (Axis("batch_size", (1, 50, "full")), Axis("scaler", ("none", "zscore")), Axis("seed", tuple(range(9)))),
    ],
)
def test_every_grid_can_be_drawn(axes: tuple[Axis, ...]) -> None:
    assert to_png(sweep_picture(swept(*axes))).startswith(b"\x89PNG")


def test_settings_within_twice_the_best() -> None:
    result = swept(Axis("optimizer.lr", (0.001, 0.1, 0.2, 0.3, 5.0)))
    gaps = {s.values["optimizer.lr"]: s.gap for s in result.settings}
    best = min(gaps.values())
    inside = [lr for lr, gap in gaps.items() if gap <= 2 * best]
    assert result.tolerated("optimizer.lr") == (min(inside), max(inside))
    assert len(inside) > 1


def test_the_picture_shows_the_figures_of_the_table_and_cuts_none() -> None:
    rows = {"inline": {"x": [1.0, 2.0, 3.0, 4.0], "z": [2.0, 1.0, 5.0, 3.0], "y": [3.0, 4.0, 9.0, 8.0]}}
    base = {"name": "x", "dataset": rows, "batch_size": 1, "epochs": 30}
    result = swept(Axis("optimizer.lr", (0.01, 0.055, 0.06)), seeds=10, base=base)
    (axes,) = sweep_picture(result).axes
    spreads = [spread(s.runs, "gap") for s in result.settings]
    assert [s.diverged for s in result.settings] == [0, 1, 4]
    assert [bool(s and np.isinf(s.high)) for s in spreads] == [False, True, True]
    (line,) = [line for line in axes.get_lines() if len(np.asarray(line.get_xdata())) == 3]
    assert list(np.asarray(line.get_ydata())) == [s.median for s in spreads if s]
    (band,) = axes.collections
    heights = {float(height) for height in np.asarray(band.get_paths()[0].vertices)[:, 1]}
    top = axes.get_ylim()[1]
    assert {s.low for s in spreads if s} | {s.high for s in spreads if s and np.isfinite(s.high)} <= heights
    assert top in heights
    assert all(height == top or axes.get_ylim()[0] < height < top for height in heights)


def test_seeds_that_diverged_are_not_all_of_them() -> None:
    rows = {"inline": {"x": [1.0, 2.0, 3.0, 4.0], "z": [2.0, 1.0, 5.0, 3.0], "y": [3.0, 4.0, 9.0, 8.0]}}
    base = {"name": "x", "dataset": rows, "batch_size": 1, "epochs": 30}
    rates = Axis("optimizer.lr", (0.01, 0.062))
    half = "at least half of the seeds diverged"
    lines, one_seed = swept(rates, seeds=10, base=base), swept(rates, base=base)
    for result, label in ((lines, half), (one_seed, "diverged")):
        assert 0 < result.settings[1].diverged < 10
        (axes,) = sweep_picture(result).axes
        assert label in [line.get_label() for line in axes.get_lines()]
    _, bar = sweep_picture(swept(rates, Axis("epochs", (30, 31)), seeds=10, base=base)).axes
    assert bar.get_ylabel() == f"final gap, median of 10 seeds (grey: {half})"


def test_an_axis_is_not_taken_for_a_figure() -> None:
    axes = (Axis("stop.gap", (0.1, 0.2)), Axis("optimizer.kind", ("sgd", "adam")), Axis("epochs", (1, 2)))
    headings = {"stop.gap": "stop.gap", "optimizer.kind": "optimizer", "epochs": "epochs"}
    assert headings_of(axes) == headings
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(sweep_view(swept(*axes)))
    heading = console.export_text().split("\n")[1].split()
    assert heading == ["stop.gap", "optimizer", "epochs", "final", "MSE", "gap", "gap/opt."]


def test_a_map_says_that_it_takes_the_smallest_over_other_axes() -> None:
    axes = (RATES, Axis("epochs", (5, 10)), Axis("scaler", ("none", "zscore")))
    result = swept(*axes)
    figure = sweep_picture(result)
    assert figure.get_suptitle() == "x-sweep: final gap, the smallest over scaler"
    assert sweep_picture(swept(*axes[:2])).get_suptitle() == "x-sweep: final gap"


def test_the_picture_shows_what_ranks() -> None:
    result = swept(RATES, Axis("columns.intercept", (True, False)))
    (axes,) = sweep_picture(result).axes
    lines = {str(line.get_label()): np.asarray(line.get_ydata()) for line in axes.get_lines()}
    losses = [spread(s.runs, "final_mse") for s in result.settings if s.values["columns.intercept"] is True]
    assert list(lines["intercept true"][:3]) == [s.median for s in losses[:3] if s]
    assert axes.get_ylabel() == "final MSE"


def test_labels_are_of_what_was_run() -> None:
    kinds = Axis("optimizer", ({"kind": "sgd", "lr": 0.5}, {"kind": "adam", "lr": 0.05}))
    (axes,) = sweep_picture(swept(kinds, Axis("optimizer.lr", (0.01, 0.1)))).axes
    labels = [str(line.get_label()) for line in axes.get_lines()]
    assert [label for label in labels if not label.startswith("_")] == ["optimizer sgd", "optimizer adam"]
    (axes,) = sweep_picture(swept(kinds, Axis("optimizer.lr", (0.1,)))).axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["sgd", "adam"]
