"""Figures, read back from their axes."""

from __future__ import annotations

from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

import gdcli
from gdcli.experiment.explain.prediction import predict
from gdcli.show.axes import SMALLEST_DRAWN
from gdcli.show.comparison_picture import comparison_picture
from gdcli.show.pictures import COLOURS, to_png
from gdcli.show.run_picture import run_picture

ROOT = Path(__file__).parents[2]
SPEC: dict[str, Any] = {
    "dataset": ROOT / "data/abalone.csv",
    "columns": {"features": ["Length", "Diameter"], "target": "Whole weight"},
    "scaler": "zscore",
    "optimizer": {"lr": 0.1},
    "epochs": 20,
    "seed": 24,
}


def run(**changes: Any) -> gdcli.Result:
    return gdcli.run({**SPEC, **changes})


def drawn(axis: Axes) -> dict[str, Any]:
    return {str(line.get_label()): np.asarray(line.get_ydata()) for line in axis.get_lines()}


def test_curve_shows_loss_optimum_and_gap() -> None:
    result = run(split={"validation": 0.2})
    left, right = run_picture(result).axes
    lines = drawn(left)
    assert np.array_equal(lines["training"], result.curve["mse"])
    assert np.array_equal(lines["validation"], result.curve["val_mse"])
    optimum = result.summary["optimum_mse"]
    assert np.array_equal(lines[f"optimum {optimum:.6g}"], [optimum, optimum])
    assert left.get_lines()[2].get_linestyle() == "--"
    assert np.array_equal(drawn(right)["gap"], result.curve["gap"])
    assert right.get_yscale() == "log"
    assert (left.get_xlabel(), left.get_ylabel()) == ("epoch", "MSE, squared units of Whole weight")
    assert (right.get_xlabel(), right.get_ylabel()) == ("epoch", "gap to the optimum")
    low, high = left.get_ylim()
    assert low < optimum
    assert high > result.curve["mse"].max()


def test_wide_losses_get_a_log_axis() -> None:
    left, _ = run_picture(run(init=[1000.0, 0.0, 0.0], epochs=300)).axes
    assert left.get_yscale() == "log"


@pytest.mark.parametrize(("scale", "lr"), [("log", 0.1), ("linear", 0.001)])
def test_an_optimum_below_the_axis_is_told_without_a_line(scale: str, lr: float) -> None:
    spec = {
        "dataset": {"inline": {"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0]}},
        "init": "zeros",
        "optimizer": {"lr": lr},
    }
    results = [gdcli.run({**spec, "name": name}) for name in "ab"]
    assert results[0].plan.rows.objective.floor == 0
    for figure in (run_picture(results[0]), comparison_picture(results)):
        left = figure.axes[0]
        if scale == "linear":
            assert drawn(left)["optimum 0"].tolist() == [0, 0]
        else:
            assert left.get_lines()[-1].get_linestyle() == "None"
            assert left.get_legend_handles_labels()[1][-1] == "optimum 0, below this axis"
        assert left.get_yscale() == scale


def test_a_single_point_is_seen() -> None:
    left, _ = run_picture(run(epochs=0)).axes
    assert left.get_lines()[0].get_marker() == "o"


def test_a_gap_of_zero_is_noted() -> None:
    figure = run_picture(gdcli.run({"dataset": {"inline": {"x": [1.0, 2.0], "y": [0.0, 0.0]}}, "init": "zeros"}))
    assert [text.get_text() for text in figure.axes[1].texts] == ["the gap is 0 throughout"]
    assert to_png(figure)


def test_comparison_has_one_line_and_colour_per_run() -> None:
    results = [run(name=name, optimizer=name) for name in ("sgd", "adam", "lion")]
    left, right = comparison_picture(results).axes
    for axis, column in ((left, "mse"), (right, "gap")):
        lines = drawn(axis)
        for result in results:
            assert np.array_equal(lines[result.name], result.curve[column])
    assert [line.get_color() for line in right.get_lines()] == list(COLOURS[:3])
    legend = left.get_legend()
    assert legend is not None
    optimum = f"optimum {results[0].summary['optimum_mse']:.6g}"
    assert [text.get_text() for text in legend.get_texts()] == ["sgd", "adam", "lion", optimum]


@pytest.mark.parametrize(("runs", "entries"), [(6, 7), (12, 13), (22, 23), (40, 23)])
def test_a_long_legend_is_beside_the_curves(runs: int, entries: int) -> None:
    results = [run(name=f"lr{i}", optimizer={"lr": 0.01 * (i + 1)}) for i in range(runs)]
    figure = comparison_picture(results)
    left, right = figure.axes
    assert left.get_legend() is None
    (legend,) = figure.legends
    to_png(figure)
    box = legend.get_window_extent().transformed(figure.transFigure.inverted())
    assert box.x0 >= right.get_position().x1
    assert box.x1 <= 1
    assert box.y0 >= 0
    assert box.y1 <= 1
    texts = [text.get_text() for text in legend.get_texts()]
    assert len(texts) == entries
    assert texts[-1].startswith("optimum ")
    assert (texts[-2] == "… and 19 more") == (runs == 40)
    styles = {(line.get_color(), str(line.get_linestyle())) for line in right.get_lines()}
    assert len(styles) == min(runs, 24)


def test_a_diverged_run_leaves_the_others_readable() -> None:
    steady, wild = run(name="steady"), run(name="wild", optimizer={"lr": 50.0})
    assert wild.status == "diverged"
    left, right = comparison_picture([steady, wild]).axes
    assert left.get_ylim()[1] < 2 * steady.curve["mse"].max()
    assert right.get_ylim()[1] < 10 * steady.curve["gap"].max()
    legend = left.get_legend()
    assert legend is not None
    assert "wild (diverged)" in [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("lr", [50.0, 1e200])
def test_a_diverged_run_alone_is_drawn(lr: float) -> None:
    result = run(optimizer={"lr": lr})
    assert result.status == "diverged"
    figure = run_picture(result)
    assert np.isfinite(figure.axes[0].get_ylim()).all()
    assert to_png(figure)


def test_pictures_open() -> None:
    results = [run(name="one"), run(name="two", optimizer="adam")]
    for figure in (run_picture(results[0]), comparison_picture(results)):
        picture = imread(BytesIO(to_png(figure)))
        height, width, channels = picture.shape
        assert (height, width, channels) == (440, 1045, 4)
        assert 0.01 < np.mean(picture[:, :, :3].min(axis=2) < 0.5) < 0.2  # ink, and paper


def test_the_same_result_draws_the_same_bytes() -> None:
    assert to_png(run_picture(run())) == to_png(run_picture(run()))


def test_seeds_are_drawn_as_a_median_and_a_band() -> None:
    results = [run(name="sgd", seed=seed) for seed in range(7)] + [run(name="adam", optimizer="adam")]
    _, right = comparison_picture(results).axes
    gaps = np.array([result.trace.gap for result in results[:7]])
    assert np.allclose(drawn(right)["sgd"], np.median(gaps, axis=0), rtol=1e-14, atol=0)
    (band,) = right.collections
    heights = np.asarray(band.get_paths()[0].vertices)[:, 1]
    for quantile in (0.1, 0.9):
        assert np.isclose(heights[:, None], np.quantile(gaps, quantile, axis=0), rtol=1e-12, atol=0).any(axis=0).all()


def test_a_seed_that_diverged_is_infinite_after_its_end() -> None:
    results = [run(name="x", seed=seed, optimizer={"lr": 50.0 if seed == 3 else 0.1}) for seed in range(4)]
    assert [str(result.status) for result in results].count("diverged") == 1
    left, right = comparison_picture(results).axes
    gaps = np.array([np.append(r.trace.gap, np.full(21 - len(r.trace.gap), np.inf)) for r in results])
    gaps[3, results[3].epochs] = np.inf
    ordered = np.sort(gaps, axis=0)
    label = "x (1 of 4 diverged)"
    assert np.allclose(drawn(right)[label][3:], (ordered[1, 3:] + ordered[2, 3:]) / 2, rtol=1e-12, atol=0)
    for axis in (left, right):
        (band,) = axis.collections
        heights = np.asarray(band.get_paths()[0].vertices)[:, 1]
        assert heights.max() >= axis.get_ylim()[1]  # it leaves the picture at its top


def test_a_legend_counts_every_ending() -> None:
    changes: list[dict[str, Any]] = [{"optimizer": {"lr": 50.0}}, {"stop": {"gap": 0.05}}, {"stop": {"gap": 0.06}}, {}]
    results = [run(name="x", seed=seed, **change) for seed, change in enumerate(changes)]
    left, _ = comparison_picture(results).axes
    assert left.get_lines()[0].get_label() == "x (2 of 4 target reached, 1 of 4 diverged)"


def legend_of(axis: Axes) -> list[str]:
    legend = axis.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def assert_texts_apart(figure: Figure) -> None:
    """No text of a figure covers another one."""
    to_png(figure)
    hidden = set[Text]()  # Matplotlib keeps the labels of ticks beyond the ends of an axis
    for axis in (line for axes in figure.axes for line in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        hidden |= {label for tick in ticks for label in (tick.label1, tick.label2) if not low <= tick.get_loc() <= high}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text not in hidden]
    assert [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if x.overlaps(y)] == []


@pytest.mark.parametrize("optimizer", [{"lr": 0.1}, {"kind": "momentum", "lr": 0.1}, {"lr": 1.5}])
def test_a_full_batch_run_has_its_predicted_curve_and_the_bound(optimizer: dict[str, Any]) -> None:
    result = run(optimizer=optimizer)
    figure = run_picture(result)
    measured, predicted, bound = figure.axes[1].get_lines()
    gaps = np.asarray(measured.get_ydata())
    assert np.array_equal(gaps, result.trace.gap)
    assert np.allclose(np.asarray(predicted.get_ydata()), gaps, rtol=1e-9, atol=0)
    floor = np.asarray(bound.get_ydata())
    assert np.all(floor[:4] <= gaps[:4] * (1 + 1e-12))
    assert (floor[0], floor[3]) == (pytest.approx(gaps[0]), SMALLEST_DRAWN)
    assert np.isnan(floor[4:]).all()
    assert legend_of(figure.axes[1]) == ["measured", "predicted", "no gradient method is lower"]
    styles = {
        (line.get_color(), str(line.get_linestyle()), line.get_linewidth()) for line in (measured, predicted, bound)
    }
    assert len(styles) == 3
    assert [line.get_color() for line in (predicted, bound)] == ["black"] * 2  # told apart without colours
    low, high = figure.axes[1].get_ylim()
    assert low < gaps.min()
    assert high > gaps.max()
    assert_texts_apart(figure)


def test_a_mini_batch_run_has_a_band() -> None:
    result = run(batch_size=50, optimizer={"lr": 0.02}, epochs=100)
    figure = run_picture(result)
    _, expected = figure.axes[1].get_lines()
    prediction = predict(result.plan)
    assert prediction.gap is not None
    assert prediction.sd is not None
    assert np.array_equal(np.asarray(expected.get_ydata()), prediction.gap)
    (band,) = figure.axes[1].collections
    heights = np.asarray(band.get_paths()[0].vertices)[:, 1]
    assert np.isin(prediction.gap + 2 * prediction.sd, heights).all()
    low = np.maximum(prediction.gap - 2 * prediction.sd, figure.axes[1].get_ylim()[0])
    assert np.isin(low, heights).all()
    assert heights.min() > 0
    assert np.mean((result.trace.gap >= low) & (result.trace.gap <= prediction.gap + 2 * prediction.sd)) > 0.8
    assert legend_of(figure.axes[1]) == ["measured", "expected ± 2 sd"]
    assert_texts_apart(figure)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "adam"},
        {"batch_size": 50, "optimizer": {"kind": "momentum"}},
        {"batch_size": 50, "shuffle": "once"},
        {"batch_size": 50, "schedule": "cosine"},
        {"epochs": 0},
    ],
)
def test_a_run_of_unknown_course_has_no_other_curve(changes: dict[str, Any]) -> None:
    figure = run_picture(run(**changes))
    assert len(figure.axes[1].get_lines()) == 1
    assert legend_of(figure.axes[1]) == []
    assert_texts_apart(figure)


def test_a_forecast_ends_with_its_run() -> None:
    result = run(stop={"gap": 0.05})
    assert 0 < result.epochs < 20
    for line in run_picture(result).axes[1].get_lines():
        assert len(np.asarray(line.get_ydata())) == result.epochs + 1
