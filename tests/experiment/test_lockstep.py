"""Many runs at once: how they are grouped, and how groups are spread over workers."""

from __future__ import annotations

import importlib.util
import threading
from typing import Any

import numpy as np
import pytest

from gdcli.engine.kernels.base import Kernel
from gdcli.engine.trace import Trace
from gdcli.experiment.plan import Plan
from gdcli.experiment.sweep import lockstep
from gdcli.experiment.sweep.grid import Axis
from gdcli.experiment.sweep.lockstep import MOST_COLUMNS, groups, kernel_for_runs, run_groups
from gdcli.experiment.sweep.plan import plan_sweep
from gdcli.spec.draft import read_draft

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="needs Numba")
SPEC: dict[str, Any] = {
    "name": "many",
    "dataset": {"synthetic": {"rows": 500, "weights": [1.0, -2.0], "noise": 1.0}},
    "batch_size": 5,
    "epochs": 20,
    "optimizer": {"kind": "adam", "lr": 0.01},
}


def plans(*axes: Axis, **changes: Any) -> list[Plan]:
    sweep = plan_sweep(read_draft({**SPEC, **changes}), axes, paired=False, seeds=1)
    return [point.plan for point in sweep.points]


def rates(count: int) -> Axis:
    return Axis("optimizer.lr", tuple(np.geomspace(1e-3, 1e3, count).tolist()))


def traces(planned: list[Plan], workers: int, kernel: Kernel) -> list[Trace]:
    found: dict[int, Trace] = {}
    for group, (some, seconds) in run_groups(planned, workers, kernel):
        assert seconds > 0
        found.update(zip(group, some, strict=True))
    return [found[i] for i in range(len(planned))]


@needs_numba
@pytest.mark.parametrize("stop", [{}, {"gap": 1e-3, "patience": 3}])
def test_compiled_runs_end_at_the_same_weights_to_the_last_digit_whatever_the_workers(stop: dict[str, Any]) -> None:
    more = {"stop": stop} if stop else {}
    planned = plans(rates(9), Axis("optimizer.kind", ("sgd", "adam")), Axis("shuffle", ("each_epoch", "once")), **more)
    assert len(groups(planned, 4, "compiled")) == 4 * 4
    one, many = traces(planned, 1, "compiled"), traces(planned, 4, "compiled")
    for a, b in zip(one, many, strict=True):
        assert a.status is b.status
        np.testing.assert_allclose(a.gap, b.gap, rtol=1e-10)
        np.testing.assert_array_equal(a.weights, b.weights)
    numpy = traces(planned, 1, "numpy")
    assert [trace.status for trace in numpy] == [trace.status for trace in one]


@pytest.mark.parametrize("kernel", ["numpy", "compiled"])
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 9, 64, 65, 130, 200])
def test_groups_are_of_like_size_and_go_round_all_workers(count: int, workers: int, kernel: Kernel) -> None:
    planned = plans(rates(count), epochs=3000)
    sizes = [len(group) for group in groups(planned, workers, kernel)]
    assert sum(sizes) == count
    assert max(sizes) <= MOST_COLUMNS
    assert len(sizes) % workers == 0 or len(sizes) == count
    assert max(sizes) - min(sizes) <= 1


def test_little_work_is_not_spread() -> None:
    planned = plans(rates(9), epochs=1)
    assert len(groups(planned, 4, "numpy")) == 1
    assert [group for group, _ in run_groups(planned, 4)] == [list(range(9))]


@needs_numba
def test_threads_end_when_nobody_waits_for_them() -> None:
    before = threading.active_count()
    planned = plans(Axis("epochs", (1, 2_000_000)), batch_size=500, shuffle="never")
    running = run_groups(planned, 2, "compiled")
    assert next(running)[0] == [0]
    assert threading.active_count() > before
    running.close()
    assert threading.active_count() == before


@needs_numba
def test_what_goes_wrong_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(lockstep, "run_group", broken)
    planned = plans(rates(4), epochs=1000)
    assert len(groups(planned, 2, "compiled")) == 2
    with pytest.raises(RuntimeError, match="broken"):
        list(run_groups(planned, 2, "compiled"))


@needs_numba
def test_auto_counts_what_runs_side_by_side_once() -> None:
    # Alone a run of these takes NumPy a third of a second; 20 of them in lockstep hardly more.
    planned = plans(rates(20), epochs=300)
    assert kernel_for_runs("auto", planned, 1) == "numpy"
    assert kernel_for_runs("auto", plans(rates(20), Axis("seed", tuple(range(4))), epochs=300), 1) == "compiled"
    assert kernel_for_runs("auto", plans(rates(20), Axis("seed", tuple(range(4))), epochs=300), 2) == "numpy"
    assert kernel_for_runs("compiled", planned, 1) == "compiled"
    assert kernel_for_runs("auto", [], 1) == "numpy"
