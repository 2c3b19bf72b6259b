"""BLAS uses one thread while rows are factored, and afterwards as many as before."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from problems import ROOT, factor_of, objective_of, regression
from threadpoolctl import threadpool_info, threadpool_limits

from gdcli.engine.problems import factor, least_squares
from gdcli.engine.threads import one_blas_thread
from gdcli.theory.spectrum import Spectrum

VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
ROWS = regression(n=40, p=3)


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip("this BLAS does not take two threads")
        yield


@pytest.mark.parametrize(
    ("module", "name", "work"),
    [
        (factor, "triangle", lambda: factor.factor_rows(*ROWS)),
        (factor, "triangle", lambda: factor_of(*ROWS)),
        (least_squares, "solve", lambda: objective_of(*ROWS)),
        (np.linalg, "svd", lambda: Spectrum(objective_of(*ROWS)).directions),
    ],
    ids=["rows", "scaled rows", "optimum", "spectrum"],
)
def test_a_factorisation_has_one_thread(
    module: Any, name: str, work: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = getattr(module, name), []

    def watched(*arguments: Any, **keywords: Any) -> Any:
        seen.append(blas_threads())
        return real(*arguments, **keywords)

    monkeypatch.setattr(module, name, watched)
    work()
    assert seen
    assert all(threads == {1} for threads in seen)
    assert blas_threads() == {2}


def test_an_error_restores_the_threads() -> None:
    with pytest.raises(ValueError, match="inside"), one_blas_thread:
        raise ValueError("inside")
    assert blas_threads() == {2}


def test_the_last_factorisation_restores_the_threads() -> None:
    # Two Python threads that overlap: the first one in is not the last one out.
    one_blas_thread.__enter__()
    one_blas_thread.__enter__()
    one_blas_thread.__exit__()
    assert blas_threads() == {1}
    one_blas_thread.__exit__()
    assert blas_threads() == {2}


@pytest.mark.parametrize(
    ("environment", "loaded"),
    [
        ({}, True),
        ({"OMP_NUM_THREADS": "1"}, False),
        ({"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}, False),
        ({"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "1"}, True),
    ],
)
def test_an_environment_with_one_thread_is_enough(environment: dict[str, str], loaded: bool) -> None:
    program = (
        "import sys, numpy as np; from gdcli.engine.problems.factor import factor_rows; "
        "factor_rows(np.ones((3, 1)), np.ones(3)); print('threadpoolctl' in sys.modules)"
    )
    rest = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env={**rest, **environment}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(loaded)
