"""Axes of a grid and their points."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from gdcli.errors import Place, SpecError
from gdcli.spec.grid import Axis, axes_of_block, axis_of_option, points

HERE = Place("s.yaml", 3, 1)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("scaler=none,zscore", ("none", "zscore")),
        ("batch_size=1,50,full", (1, 50, "full")),
        ("lr=1e-3,0.1", (0.001, 0.1)),
        ("lr=log:1e-4:1:5", (1e-4, 1e-3, 1e-2, 0.1, 1.0)),
        ("lr=linear:0:1:3", (0.0, 0.5, 1.0)),
        ("epochs=log:1:1000:4", (1, 10, 100, 1000)),
        ("lr=log:1:0.01:3", (1.0, 0.1, 0.01)),
        ("schedule={kind: step, every: 3},cosine", ({"kind": "step", "every": 3}, "cosine")),
        ("optimizer.betas=[0.9, 0.99],[0.5, 0.9]", ((0.9, 0.99), (0.5, 0.9))),
    ],
)
def test_options(text: str, values: tuple[Any, ...]) -> None:
    axis = axis_of_option(text)
    assert axis == Axis(text.partition("=")[0], values)
    assert list(map(type, axis.values)) == list(map(type, values))


def test_thirty_seven_rates_are_geometric() -> None:
    (axis,) = axes_of_block({"optimizer.lr": {"log": (1e-4, 1.0, 37)}}, lambda _: HERE)
    assert len(axis.values) == 37
    assert axis.values == pytest.approx(np.geomspace(1e-4, 1, 37), rel=1e-11)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr", "write KEY=VALUES, such as optimizer.lr=log:1e-4:1:9 or scaler=none,zscore"),
        ("lr=", "write KEY=VALUES, such as optimizer.lr=log:1e-4:1:9 or scaler=none,zscore"),
        ("lr=log:0:1:5", "log needs two different ends above 0"),
        ("lr=log:1:1:5", "log needs two different ends above 0"),
        ("lr=log:1e-4:1", "log needs [from, to, count], the count an integer from 2 to 100000"),
        ("lr=linear:a:1:5", "linear needs [from, to, count], the count an integer from 2 to 100000"),
        ("lr=linear:0:1:1", "linear needs [from, to, count], the count an integer from 2 to 100000"),
        ("lr=1,1", "has the same value twice"),
    ],
)
def test_options_that_are_not_an_axis(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=f"^{re.escape(f'--grid {text}: {message}')}$"):
        axis_of_option(text)


def test_all_faults_of_a_block_at_once() -> None:
    block = {"lr": {"lgo": (1, 2, 3)}, "seed": 3, "epochs": ()}
    with pytest.raises(SpecError) as caught:
        axes_of_block(block, lambda _: HERE)
    assert str(caught.value).splitlines() == [
        "s.yaml:3:1: sweep.epochs has no values",
        "s.yaml:3:1: sweep.lr must be a list, {log: [from, to, count]} or {linear: [from, to, count]}",
        "s.yaml:3:1: sweep.seed must be a list, or {log: [from, to, count]}, got 3",
    ]


def test_crossed_and_paired() -> None:
    axes = [Axis("a", (1, 2)), Axis("b", ("x", "y"))]
    crossed = [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"}]
    assert list(points(axes, paired=False)) == crossed
    assert list(points(axes, paired=True)) == [crossed[0], crossed[3]]


@pytest.mark.parametrize(
    ("axes", "paired", "message"),
    [
        ([Axis("a", (1,)), Axis("a", (2,))], False, "the axis a is given twice"),
        ([Axis("a", (1, 2)), Axis("b", (1,))], True, "paired axes must have the same number of values, got a 2, b 1"),
        ([Axis(k, tuple(range(100))) for k in "abc"], False, "the grid has 1e+06 points; at most 100000"),
    ],
)
def test_grids_that_are_invalid(axes: list[Axis], paired: bool, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        list(points(axes, paired=paired))
