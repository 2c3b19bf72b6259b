"""The choice of a kernel, which does not affect results."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gdcli
from gdcli.engine.kernels import choice as kernels
from gdcli.engine.kernels.choice import choose_kernel, numba_trouble, numpy_seconds
from gdcli.errors import SpecError

ROOT = Path(__file__).parents[2]
# Adadelta at lr 10 is chaos: a start that differs in its last bit ends 6 % away with NumPy alone.
SHIPPED = [
    path
    for folder in ("schedules", "optimizers")
    for path in sorted((ROOT / "experiments" / folder).glob("*.yaml"))
    if path.stem != "adadelta"
]
SPEC = {
    "dataset": {"synthetic": {"rows": 50, "weights": [1.0, 2.0], "noise": 1.0}},
    "batch_size": 7,
    "optimizer": "adam",
    "epochs": 5,
}
needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs Numba")


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)


@pytest.fixture
def with_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "numba_trouble", lambda: None)


@needs_numba
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_experiment_has_the_same_curve_with_either_kernel(path: Path) -> None:
    left, right = (gdcli.run(path, kernel=kernel) for kernel in ("numpy", "compiled"))
    assert (left.summary["kernel"], right.summary["kernel"]) == ("numpy", "compiled")
    assert left.status is right.status
    np.testing.assert_allclose(right.trace.mse, left.trace.mse, rtol=1e-10)
    np.testing.assert_allclose(right.trace.weights, left.trace.weights, rtol=1e-10)


@needs_numba
def test_the_compiled_kernel_writes_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        gdcli.run({**SPEC, "name": "x"}, kernel="compiled").save(tmp_path / name, plot=False)
    for file in ("curve.csv", "spec.yaml"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert json.loads((tmp_path / "a" / "summary.json").read_text())["kernel"] == "compiled"
    assert "kernel" not in (tmp_path / "a" / "spec.yaml").read_text()


@needs_numba
def test_a_comparison_runs_all_specs_with_the_kernel() -> None:
    results = gdcli.compare([{**SPEC, "name": "a"}, {**SPEC, "batch_size": "full"}], kernel="compiled")
    assert [result.summary["kernel"] for result in results] == ["compiled", "compiled"]


@pytest.mark.usefixtures("with_numba")
@pytest.mark.parametrize(
    ("run", "kernel"),
    [
        ({"steps": 84_000, "rows": 50, "d": 3}, "compiled"),
        ({"steps": 84_000 // 4, "rows": 50, "d": 3}, "numpy"),
        ({"steps": 0, "rows": 50, "d": 3}, "numpy"),
        ({"steps": 10_000, "rows": 3, "d": 3}, "numpy"),  # full batch
        ({"steps": 1_000_000, "rows": 3, "d": 3}, "compiled"),
        ({"steps": 1_000, "rows": 100_000, "d": 20}, "compiled"),
        ({"steps": 21_000, "rows": 50, "d": 3, "k": 1000}, "compiled"),
    ],
)
def test_auto_takes_the_compiled_kernel_where_numpy_would_take_longer_than_loading_it(
    run: dict[str, int], kernel: str
) -> None:
    assert choose_kernel("auto", numpy_seconds(**run)) == kernel


@pytest.mark.usefixtures("without_numba")
def test_without_numba_auto_is_numpy() -> None:
    assert choose_kernel("auto", 1e4) == "numpy"
    assert gdcli.run(SPEC).summary["kernel"] == "numpy"


def test_short_runs_do_not_import_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(kernels, "numba_trouble", asked)
    assert gdcli.run(SPEC).summary["kernel"] == "numpy"


@needs_numba
def test_long_runs_are_compiled() -> None:
    assert gdcli.run({**SPEC, "epochs": 12_000, "stop": {"gap": 1e3}}).summary["kernel"] == "compiled"


@pytest.mark.usefixtures("without_numba")
@pytest.mark.parametrize("call", [gdcli.run, lambda spec, **rest: gdcli.compare([spec, spec], **rest)])
def test_the_compiled_kernel_names_the_extra_it_needs(call: Any) -> None:
    with pytest.raises(SpecError) as caught:
        call(SPEC, kernel="compiled")
    assert str(caught.value) == "kernel compiled: needs Numba, which is not installed; pip install numba"
    with pytest.raises(SpecError) as caught:
        call(SPEC, kernel="compield")
    assert str(caught.value) == "kernel: must be one of auto, numpy, compiled, got 'compield'; did you mean 'compiled'?"


def test_a_numba_that_refuses_this_numpy_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(name: str) -> None:
        del name
        raise ImportError("Numba needs NumPy 2.3 or less. Got NumPy 2.4.")

    monkeypatch.setattr(kernels, "import_module", refusing)
    assert numba_trouble() == "cannot be imported: Numba needs NumPy 2.3 or less. Got NumPy 2.4."
    assert choose_kernel("auto", 1e4) == "numpy"
