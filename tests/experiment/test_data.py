"""Rows: their sources, text columns, splits and scalers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gdcli

ROOT = Path(__file__).parents[2]
ABALONE = ROOT / "data/abalone.csv"
FRAME = pd.read_csv(ABALONE)
SPEC: dict[str, Any] = {
    "columns": {"features": ["Length", "Diameter"], "target": "Whole weight"},
    "batch_size": 100,
    "optimizer": {"lr": 0.05},
    "epochs": 3,
    "seed": 11,
}


def curve(**changes: Any) -> pd.DataFrame:
    return gdcli.run({"dataset": ABALONE, **SPEC, **changes}).curve


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.zip", ".csv.zst", ".csv.bz2", ".csv.xz", ".parquet"])
def test_every_format_gives_the_same_curve(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"abalone{suffix}"
    if suffix == ".parquet":
        FRAME.to_parquet(path)
    else:
        FRAME.to_csv(path, index=False)
    pd.testing.assert_frame_equal(curve(dataset=path), curve())


def test_a_frame_gives_the_same_curve() -> None:
    pd.testing.assert_frame_equal(gdcli.run(SPEC, data=FRAME).curve, curve())


def test_delimiter_and_decimal(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "german.csv", index=False, sep=";", decimal=",")
    dataset = {"path": tmp_path / "german.csv", "delimiter": ";", "decimal": ","}
    pd.testing.assert_frame_equal(curve(dataset=dataset), curve())


def test_blanks_after_the_delimiter_and_byte_order_mark(tmp_path: Path) -> None:
    text = ABALONE.read_text().replace(",", ", ").replace("\n", "\r\n")
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    pd.testing.assert_frame_equal(curve(dataset=tmp_path / "x.csv"), curve())


def test_default_columns_are_the_numeric_ones_and_the_last_is_the_target() -> None:
    fit = gdcli.optimum(ABALONE)
    assert fit.target == "Rings"
    assert fit.features == tuple(FRAME.columns[1:-1])


def test_true_and_false_are_text() -> None:
    frame = pd.DataFrame({"flag": [True, False, True, False], "x": [1.0, 2, 3, 5], "y": [3.0, 2, 5, 5]})
    assert gdcli.optimum(frame).features == ("x",)
    assert list(gdcli.optimum(frame, features=["flag", "x"]).weights) == ["flag_True", "x", "intercept"]


def test_one_hot_drops_the_first_level_beside_an_intercept_only() -> None:
    names = list(gdcli.optimum(ABALONE, features=["Sex"], target="Rings").weights)
    assert names == ["Sex_I", "Sex_M", "intercept"]
    without = gdcli.optimum(ABALONE, features=["Sex"], target="Rings", intercept=False)
    means = FRAME.groupby("Sex")["Rings"].mean()
    assert list(without.weights) == ["Sex_F", "Sex_I", "Sex_M"]
    assert list(without.weights.values()) == pytest.approx(list(means), rel=1e-13)


def test_split_takes_the_head_of_the_permutation_to_train() -> None:
    plan = gdcli.run({"dataset": ABALONE, **SPEC, "split": {"validation": 0.2}}).plan
    order = np.random.RandomState(11).permutation(4177)
    assert np.array_equal(plan.rows.training, order[:3341])
    assert np.array_equal(plan.rows.validating, order[3341:])


def test_split_without_shuffle_takes_the_last_rows() -> None:
    dataset = {"inline": {"x": list(range(100)), "y": list(range(100))}}
    spec = {"dataset": dataset, "split": {"validation": 0.07, "shuffle": False}, "epochs": 0}
    plan = gdcli.run(spec).plan
    assert plan.rows.validating.tolist() == list(range(93, 100))


def test_scaler_sees_the_training_rows_only() -> None:
    plan = gdcli.run({"dataset": ABALONE, **SPEC, "scaler": "zscore", "split": {"validation": 0.3}}).plan
    X, _ = plan.rows.scaling.trained(plan.rows.values[plan.rows.training])
    assert X[:, :2].mean(axis=0) == pytest.approx([0, 0], abs=1e-13)
    assert X[:, :2].std(axis=0) == pytest.approx([1, 1], rel=1e-13)
    held, _ = plan.rows.scaling.trained(plan.rows.values[plan.rows.validating])
    assert np.all(np.abs(held[:, :2].mean(axis=0)) > 1e-6)


@pytest.mark.parametrize("target", ["none", "zscore", "minmax", "maxabs", "robust"])
@pytest.mark.parametrize("features", ["none", "zscore", "minmax", "maxabs", "robust"])
def test_an_affine_scaler_leaves_the_optimum(features: str, target: str) -> None:
    scaler = {"features": features, "target": target}
    summary = gdcli.run({"dataset": ABALONE, **SPEC, "scaler": scaler, "epochs": 0}).summary
    X = np.column_stack([FRAME[["Length", "Diameter"]], np.ones(len(FRAME))])
    w, rss, *_ = np.linalg.lstsq(X, FRAME["Whole weight"].to_numpy(), rcond=None)
    assert summary["optimum_mse"] == pytest.approx(rss[0] / len(X), rel=1e-13)
    assert list(summary["optimum_weights_original"].values()) == pytest.approx(w, rel=1e-11)


def test_a_scaled_target_is_scaled_back_for_every_loss() -> None:
    result = gdcli.run({"dataset": ABALONE, **SPEC, "scaler": {"target": "zscore"}, "batch_size": "full"})
    deviation, mean = FRAME["Whole weight"].std(ddof=0), FRAME["Whole weight"].mean()
    X = np.column_stack([FRAME[["Length", "Diameter"]], np.ones(len(FRAME))])
    y = ((FRAME["Whole weight"] - mean) / deviation).to_numpy()
    w = np.random.RandomState(11).randn(3)
    losses = [np.mean((X @ w - y) ** 2) * deviation**2]
    for _ in range(3):
        w = w - 0.05 * 2 / len(y) * X.T @ (X @ w - y)
        losses.append(np.mean((X @ w - y) ** 2) * deviation**2)
    assert result.curve["mse"].to_numpy() == pytest.approx(losses, rel=1e-12)


def test_constant_columns_are_named_in_one_warning() -> None:
    frame = FRAME.assign(zero=0.0, tenth=0.1)
    spec = {**SPEC, "columns": {"features": ["Length", "zero", "tenth"], "target": "Rings"}, "scaler": "zscore"}
    result = gdcli.run(spec, data=frame)
    assert result.warnings == (
        "columns 'zero', 'tenth' have no spread in the training rows to divide by: shifted, not divided",
        "rank 2 of 4: 'zero' is zero; 'tenth' is zero. The optimum shown is the one of smallest norm.",
    )


def test_dependent_columns_are_named() -> None:
    frame = FRAME.assign(mm=FRAME["Length"] * 200, both=FRAME["Length"] + FRAME["Diameter"], five=5.0)
    fit = gdcli.optimum(frame, features=["Length", "Diameter", "mm", "both", "five"], target="Rings")
    assert fit.rank == 3
    assert fit.condition_number == np.inf
    assert fit.warnings == (
        "rank 3 of 6: 'mm' depends on 'Length'; 'both' depends on 'Length' and 'Diameter'; "
        "'five' depends on intercept. The optimum shown is the one of smallest norm.",
    )
    assert fit.mse == pytest.approx(
        gdcli.optimum(frame, features=["Length", "Diameter"], target="Rings").mse, rel=1e-13
    )


def test_fewer_rows_than_columns() -> None:
    fit = gdcli.optimum(FRAME[:5])
    X = np.column_stack([FRAME[list(fit.features)][:5], np.ones(5)])
    assert fit.rank == 5
    assert fit.mse == pytest.approx(0, abs=1e-25)
    assert list(fit.weights.values()) == pytest.approx(np.linalg.pinv(X) @ FRAME["Rings"][:5].to_numpy(), rel=1e-9)
    assert fit.warnings[0].startswith("rank 5 of 8: there are fewer training rows (5) than columns (8); ")


def test_duplicating_rows_changes_nothing() -> None:
    doubled = pd.concat([FRAME, FRAME], ignore_index=True)
    spec = {**SPEC, "batch_size": "full"}
    once, twice = gdcli.run(spec, data=FRAME), gdcli.run(spec, data=doubled)
    assert twice.curve["mse"].to_numpy() == pytest.approx(once.curve["mse"].to_numpy(), rel=1e-12)
    assert twice.summary["optimum_weights"] == pytest.approx(once.summary["optimum_weights"], rel=1e-10)


def test_permuting_columns_permutes_weights() -> None:
    one = gdcli.optimum(ABALONE, features=["Length", "Diameter", "Height"], target="Rings")
    other = gdcli.optimum(ABALONE, features=["Height", "Length", "Diameter"], target="Rings")
    assert other.weights == pytest.approx(one.weights, rel=1e-11)
    assert other.condition_number == pytest.approx(one.condition_number, rel=1e-11)


def test_r2_is_that_of_scikit_learn() -> None:
    fit = gdcli.optimum(ABALONE, features=["Length"], target="Rings", intercept=False)
    y, x = FRAME["Rings"].to_numpy(float), FRAME["Length"].to_numpy()
    residual = y - x * (x @ y) / (x @ x)
    assert fit.r2 == pytest.approx(1 - residual @ residual / np.sum((y - y.mean()) ** 2), rel=1e-12)
    assert gdcli.optimum(pd.DataFrame({"x": [1.0, 2, 3], "y": [2.0, 2, 2]})).r2 is None


def test_synthetic_rows_follow_the_recipe() -> None:
    recipe = {"rows": 50, "weights": [1.0, -2.0], "bias": 3.0, "noise": 0.5, "degree": 2, "features": "uniform"}
    spec = {"dataset": {"synthetic": {**recipe, "column_factors": [10.0, 0.1], "seed": 9}}, "epochs": 0}
    rows = gdcli.run(spec).plan.rows.values
    generator = np.random.RandomState(9)
    X = generator.rand(50, 2)
    y = X[:, 0] ** 2 - 2 * X[:, 1] ** 2 + 3 + 0.5 * generator.normal(size=50)
    assert np.allclose(rows, np.column_stack([X * [10.0, 0.1], y]), rtol=1e-15, atol=0)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("x,y\n1,2\n2,4\n3,7\n")
    first = gdcli.optimum(path)
    path.write_text("x,y\n1,2\n2,4\n3,8\n4,9\n")
    assert gdcli.optimum(path).rows == 4
    assert first.rows == 3


def test_numpy_values_in_a_mapping_are_plain_numbers() -> None:
    changes = {"epochs": np.int64(2), "optimizer": {"lr": np.float32(0.5)}, "init": np.zeros(3), "seed": np.uint8(1)}
    assert gdcli.run({"dataset": ABALONE, **SPEC, **changes}).summary["epochs"] == 2


def test_rows_and_dataset_exclude_each_other() -> None:
    with pytest.raises(gdcli.SpecError, match="the rows come from `data`: leave `dataset` out"):
        gdcli.run({"dataset": ABALONE, **SPEC}, data=FRAME)


def test_import_is_lazy() -> None:
    assert "gdcli" in sys.modules
    with pytest.raises(AttributeError, match="module 'gdcli' has no attribute 'nonsense'"):
        gdcli.nonsense  # noqa: B018
