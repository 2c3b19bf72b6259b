"""Numbers from one end of double precision to the other: correct figures, or a message that says why not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gdcli
from gdcli.errors import GdcliError

LARGEST = 1e150
NUMBERS = [0, 0, 1, -1, 3.7, 1e149, -1e149, LARGEST, -LARGEST, 1e75, 1e16, 2.0**60, 2.0**60 + 256]
SMALL = [5e-324, -5e-324, 1e-310, 1e-300, 1e-170, 3e-170, 1e-150, 1e-140, 2e-140, 1e-100]


def run(columns: dict[str, Any], /, **keys: Any) -> gdcli.Result:
    return gdcli.run({"name": "extreme", "epochs": 3, **keys}, data=pd.DataFrame(columns))


def refusal(columns: dict[str, Any], /, **keys: Any) -> str:
    with pytest.raises(GdcliError) as error:
        run(columns, **keys)
    return str(error.value)


FEW: list[float] = [1, 2, 3, 4, 5.5]


def test_a_target_too_small_for_its_squares_is_refused() -> None:
    message = refusal({"a": FEW, "y": [0, 0, 0, 1e-170, 1e-171]}, scaler={"target": "maxabs"})
    assert message == (
        "spec: the target 'y' is at most 1e-170 in size, and its squares are too small for double precision; "
        "give it in a smaller unit"
    )


@pytest.mark.parametrize(
    ("scaler", "y", "scale"),
    [("robust", [0, 0, 1e-170, 1e-170, 1e-22], "1e-170"), ("minmax", [1e-140, 1e-140, 1e-140 + 1e-154], "1e-154")],
)
def test_a_target_scale_too_small_for_its_square_is_refused(scaler: str, y: list[float], scale: str) -> None:
    message = refusal({"a": FEW[: len(y)], "y": y}, scaler={"target": scaler})
    assert message == (
        f"spec: the scaler divides the target 'y' by {scale}, whose square is too small for double precision; "
        "use another scaler for the target"
    )


def test_a_ratio_to_an_optimum_that_underflows_is_none() -> None:
    result = run({"a": FEW, "y": [1, 2, 3, 4, 6]})
    assert result.summary["gap_ratio"] == result.summary["gap"] / result.summary["optimum_mse"]
    rows = replace(result.plan.rows, objective=replace(result.plan.rows.objective, unit=1e-323))
    vanished = replace(result, plan=replace(result.plan, rows=rows))
    assert vanished.summary["optimum_mse"] == 0
    assert vanished.summary["gap_ratio"] is None


def test_validation_rows_that_a_scaler_takes_out_of_range_are_refused() -> None:
    columns = {"a": [0, 0, 1e-320, 3e-320, 1e100], "y": FEW}
    message = refusal(columns, scaler="zscore", split={"validation": 0.2, "shuffle": False})
    assert message == (
        "spec: column 'a' reaches 1e+100 in the validation rows, and the scaler, which divides it by 1.22e-320, takes "
        "that beyond ±1e+150; use another scaler or another split"
    )


@pytest.mark.parametrize("column", ["a", "y"])
def test_quartiles_that_almost_agree_are_not_divided_by(column: str) -> None:
    columns = {"a": FEW, "y": FEW, column: [0, 0, 0, 1e-300, 1e149]}
    result = run(columns, scaler={"features": "robust", "target": "robust"})
    assert result.plan.warnings == (
        f"column '{column}' has no spread in the training rows to divide by: shifted, not divided",
    )
    X = np.column_stack([np.array(columns["a"]) / 1e149, np.ones(5)]) if column == "a" else None
    expected = np.linalg.lstsq(X, FEW, rcond=None)[1][0] / 5 if X is not None else None
    if expected is not None:
        assert result.summary["optimum_mse"] == pytest.approx(expected, rel=1e-12)


def test_weights_beyond_the_largest_number_are_reported() -> None:
    fit = gdcli.optimum(pd.DataFrame({"a": np.array(FEW) * 1e-300, "y": [1e149, -1e149, 0, 1e149, 2e149]}))
    assert fit.warnings == (
        "the optimum's weight of 'a' is too large for double precision; "
        "give the columns in units that bring their values closer to the target's",
    )
    assert fit.rank == 2
    assert 0 < fit.mse < 1e299


def test_an_optimum_that_double_precision_cannot_represent_is_reported() -> None:
    random = np.random.RandomState(3)
    a, u = random.randn(50), random.randn(50)
    fit = gdcli.optimum(pd.DataFrame({"a": a, "b": a + 1e-13 * u, "y": u}))
    assert fit.rank == 3
    (warning,) = fit.warnings
    assert warning.startswith("the optimum's MSE is known only to ±")
    assert warning.endswith(
        ": some columns are so close to a combination of others that double precision cannot hold the weights; "
        "leave those columns out"
    )


def test_of_many_dependent_columns_the_first_four_are_named() -> None:
    random = np.random.RandomState(4)
    frame = pd.DataFrame(random.randn(4, 12), columns=[*"abcdefghijk", "y"])
    fit = gdcli.optimum(frame)
    assert fit.warnings == (
        "rank 4 of 12: there are fewer training rows (4) than columns (12); "
        "'d' depends on 'a', 'b', 'c' and intercept; "
        "'e' depends on 'a', 'b', 'c' and intercept; 'f' depends on 'a', 'b', 'c' and intercept; "
        "'g' depends on 'a', 'b', 'c' and intercept; 4 more columns are dependent too. "
        "The optimum shown is the one of smallest norm.",
    )


def test_large_whole_numbers_keep_the_loss_below_the_variance() -> None:
    y = 2.0**60 + 256 * np.array([0, 3, 1, 7, 2])
    fit = gdcli.optimum(pd.DataFrame({"a": y[::-1], "y": y}))
    assert fit.r2 is not None
    assert -1e-12 <= fit.r2 <= 1


def column(random: np.random.RandomState, n: int, numbers: list[float]) -> Any:
    drawn = np.array([numbers[random.randint(len(numbers))] for _ in range(n)], dtype=float)
    scaled = np.clip(random.randn(n) * 10.0 ** random.randint(-320 if 5e-324 in numbers else -100, 150), -1e150, 1e150)
    return [drawn, scaled, np.full(n, drawn[0]), 2.0**60 + 256 * random.randint(0, 9, n), random.randn(n)][
        random.randint(5)
    ]


@pytest.mark.parametrize("seed", range(250))
def test_every_number_within_bounds_is_accepted(seed: int) -> None:
    random = np.random.RandomState(seed)
    n = int(random.choice([1, 2, 3, 5, 8]))
    columns = {name: column(random, n, NUMBERS + SMALL) for name in "abc"[: random.randint(1, 4)]}
    columns["y"] = column(random, n, NUMBERS)
    scalers = ["none", "zscore", "minmax", "maxabs", "robust"]
    spec: dict[str, Any] = {
        "scaler": {"features": str(random.choice([*scalers, "sigmoid"])), "target": str(random.choice(scalers))},
        "columns": {"target": "y", "intercept": bool(random.rand() < 0.7)},
        "optimizer": str(random.choice(["sgd", "adam", "momentum", "adadelta"])),
        "batch_size": ["full", 1][random.randint(2)],
    }
    if n > 1 and random.rand() < 0.5:
        spec["split"] = {"validation": float(random.choice([0.2, 0.5]))}
    try:
        result = run(columns, **spec)
    except GdcliError as error:
        message = str(error)
        assert any(reason in message for reason in ("in the validation rows, and", "its squares are too small"))
        return
    summary = result.summary
    assert math.isfinite(summary["optimum_mse"])
    assert not result.curve[["mse", "gap"]].isna().any(axis=None)
    assert (result.largest_stable_lr or 1) > 0
    told = any("too large for double precision" in warning for warning in result.warnings)
    for weights in (summary["optimum_weights"], summary.get("optimum_weights_original", {})):
        assert told or all(map(math.isfinite, weights.values()))
    fit = gdcli.optimum(pd.DataFrame(columns), target="y")
    assert fit.r2 is None or -1e-9 <= fit.r2 <= 1
    assert math.isfinite(fit.condition_number) == (fit.rank == len(fit.weights))
