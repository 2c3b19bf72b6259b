"""Pictures of extreme results, and of names that could act on a picture."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text

import gdcli
from gdcli.engine.problems.optimum import Optimum
from gdcli.engine.trace import Status, Trace
from gdcli.show import lettering
from gdcli.show.comparison_picture import comparison_picture
from gdcli.show.pictures import to_png
from gdcli.show.run_picture import run_picture

BASE = gdcli.run({"dataset": {"inline": {"x": [1.0, 2.0, 4.0], "y": [0.0, 1.0, 5.0]}}, "epochs": 1, "name": "base"})
EXTREMES = [0.0, 5e-324, 1e-310, 1e-300, 1e-20, 1.0, 1.0 + 1e-15, 7.5, 1e20, 1e290, 1e300, 1.7e308, np.inf, np.nan]
VALUES = st.one_of(st.sampled_from(EXTREMES), st.floats(0.0, 1e308))
STATUSES = st.sampled_from([Status.COMPLETED, Status.DIVERGED, Status.STALLED, Status.INTERRUPTED])


@st.composite
def results(draw: st.DrawFn) -> gdcli.Result:
    """A run of 0 to 4 epochs with any losses and any optimum."""
    epochs = draw(st.integers(0, 4))
    curve = st.lists(VALUES, min_size=epochs + 1, max_size=epochs + 1).map(np.array)
    constant = VALUES.map(lambda value: np.full(epochs + 1, value))
    mse, gap, val_mse = (draw(st.one_of(curve, constant)) for _ in range(3))
    trace = Trace(
        status=draw(STATUSES),
        mse=mse,
        gap=gap,
        val_mse=draw(st.sampled_from([None, val_mse])),
        weights=BASE.trace.weights,
    )
    floor = draw(VALUES)
    optimum = replace(BASE.plan.rows.objective.optimum, mse=floor, is_zero=floor == 0 or draw(st.booleans()))
    return replace(with_optimum(BASE, optimum), trace=trace)


def with_optimum(result: gdcli.Result, optimum: Optimum) -> gdcli.Result:
    rows = replace(result.plan.rows, objective=replace(result.plan.rows.objective, optimum=optimum))
    return replace(result, plan=replace(result.plan, rows=rows))


def assert_drawn(figure: Figure) -> None:
    for axis in figure.axes:
        low, high = axis.get_ylim()
        assert np.isfinite([low, high]).all()
        assert low < high
    assert to_png(figure).startswith(b"\x89PNG")


@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(results())
def test_any_run_can_be_drawn(result: gdcli.Result) -> None:
    assert_drawn(run_picture(result))


@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(st.lists(results(), min_size=1, max_size=4), st.booleans())
def test_any_runs_can_be_drawn_together(runs: list[gdcli.Result], seeds: bool) -> None:
    plans = [
        replace(run.plan, spec=replace(run.plan.spec, name=f"r{i % 2 if seeds else i}")) for i, run in enumerate(runs)
    ]
    assert_drawn(comparison_picture([replace(run, plan=plan) for run, plan in zip(runs, plans, strict=True)]))


@pytest.mark.parametrize(
    "spec",
    [
        {"dataset": {"inline": {"a": [0.0, 0.0], "y": [0.0, 1e149]}}, "split": {"validation": 0.5}},
        {
            "dataset": Path(__file__).parents[2] / "data/abalone.csv",
            "scaler": "zscore",
            "batch_size": 50,
            "optimizer": {"lr": 17.0},
            "columns": {"features": ["Length", "Diameter"], "target": "Whole weight"},
        },
    ],
)
def test_runs_that_once_could_not_be_drawn(spec: dict[str, Any]) -> None:
    assert_drawn(run_picture(gdcli.run(spec)))


def test_an_exact_fit_shows_its_optimum_at_zero() -> None:
    """An optimum of 1e-33 is rounding: the axis does not reach down to it."""
    exact = gdcli.run({"dataset": {"inline": {"x": [0.1, 0.7, 0.3], "y": [0.3, 0.1, 0.2]}}, "epochs": 20})
    optimum = replace(exact.plan.rows.objective.optimum, mse=1e-33, is_zero=True)
    left, _ = run_picture(with_optimum(exact, optimum)).axes
    assert left.get_ylim()[0] in (0.0, exact.curve["mse"].min() / 1.5)


def named(target: str) -> gdcli.Result:
    return gdcli.run({"dataset": {"inline": {"x": [1.0, 2.0, 4.0], target: [0.0, 1.0, 5.0]}}, "epochs": 3, "name": "n"})


@pytest.mark.parametrize("name", ["price_$_per_$", "t$$", "Revenue ($) / Cost ($)", r"a\$b$c$", "$\\frac{1}$", "x^2_3"])
def test_names_are_drawn_as_they_are(name: str) -> None:
    for figure in (run_picture(named(name)), comparison_picture([named(name)])):
        assert to_png(figure)
        assert figure.axes[0].get_ylabel() == f"MSE, squared units of {name}"
        assert not any(text.get_parse_math() for text in figure.findobj(Text) if "$" in text.get_text())


def test_names_cannot_act_on_a_picture() -> None:
    figure = run_picture(named("a\x1b]0;b\x07\u202ec"))
    assert to_png(figure)
    assert figure.axes[0].get_ylabel() == r"MSE, squared units of a\x1b]0;b\x07\u202ec"


def test_glyphs_that_no_font_has_are_boxes_and_one_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "FALLBACKS", ())
    figure = run_picture(named("体重 kg 🐌"))
    message = "no installed font has 体重🐌: the picture shows boxes instead; install Noto Sans CJK or the like"
    said: list[str] = []
    assert to_png(figure, warn=said.append)
    assert said == [message]
    assert figure.axes[0].get_ylabel() == "MSE, squared units of □□ kg □"


def test_another_font_is_used_for_missing_glyphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """STIX comes with Matplotlib, and has a script letter that DejaVu Sans lacks."""
    monkeypatch.setattr(lettering, "FALLBACKS", ("no such font", "STIXGeneral"))
    letter = "\u210a"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = run_picture(named(f"mass {letter}"))
        assert to_png(figure)
    assert figure.axes[0].yaxis.label.get_fontfamily() == ["sans-serif", "STIXGeneral"]
    assert figure.axes[0].get_ylabel().endswith(letter)


def test_ordinary_names_keep_the_font() -> None:
    figure = run_picture(named("Größe é Ωß"))
    assert figure.axes[0].yaxis.label.get_fontfamily() == ["sans-serif"]
    assert to_png(figure)
