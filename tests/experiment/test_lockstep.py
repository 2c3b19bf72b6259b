"""Many runs at once: how they are grouped, and how groups are spread over workers."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import pickle
import threading
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np
import pytest

from gdcli.engine.kernels.base import Kernel
from gdcli.engine.trace import Trace
from gdcli.experiment.plan import Plan
from gdcli.spec.draft import read_draft
from gdcli.spec.grid import Axis
from gdcli.sweeps import pools
from gdcli.sweeps.lockstep import MOST_COLUMNS, groups, kernel_for_runs, run_group
from gdcli.sweeps.plan import plan_sweep
from gdcli.sweeps.pools import without_cells
from gdcli.sweeps.workers import run_groups

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


def test_runs_advance_side_by_side_only_on_the_same_rows_object() -> None:
    scalers = plans(rates(2), Axis("scaler", ("none", "zscore")))
    assert len({run.rows for run in scalers}) == 2
    assert sorted(map(len, groups(scalers, 1))) == [2, 2]
    alike = [*plans(rates(2)), *plans(rates(2))]
    assert sorted(map(len, groups(alike, 1))) == [2, 2]


def test_runs_sent_to_another_process_leave_the_cells_and_still_share_their_rows() -> None:
    group = plans(rates(3), seed=1)
    sent = pickle.loads(pickle.dumps(without_cells([group])))
    assert len({run.rows for run in sent[0]}) == 1
    assert len(sent[0][0].rows.data.frame) == 0
    assert sent[0][0].rows.data.names == ["x1", "x2", "y"]
    (ours, _), (theirs, _) = run_group(group, "numpy"), run_group(sent[0], "numpy")
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.gap, b.gap)


def test_a_batch_of_all_rows_is_the_full_batch() -> None:
    planned = plans(Axis("batch_size", ("full", 500, 499)), Axis("seed", (0, 1)))
    assert groups(planned, 1) == [[0, 1, 2, 3], [4], [5]]


@needs_numba
def test_threads_end_with_their_generator() -> None:
    before = threading.active_count()
    planned = plans(Axis("epochs", (1, 2_000_000)), batch_size=500, shuffle="never")
    running = run_groups(planned, 2, "compiled")
    assert next(running)[0] == [0]
    assert threading.active_count() > before
    running.close()
    assert threading.active_count() == before


def other(told: Connection) -> None:
    told.recv_bytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")
def test_only_the_workers_end_with_their_generator() -> None:
    """Other processes of the caller continue."""
    read, write = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=other, args=(read,))
    child.start()
    try:
        # The second run makes 10⁹ steps, and does not end by itself within the limit below on any machine.
        running = run_groups(plans(Axis("epochs", (1, 2_000_000)), batch_size=1), 2, "numpy")
        assert next(running)[0] == [0]
        workers = [process for process in multiprocessing.active_children() if process is not child]
        assert workers
        running.close()
        for worker in workers:  # the pool takes their exit codes
            assert wait([worker.sentinel], timeout=600)
        write.send_bytes(b"go home")
        child.join()
        assert child.exitcode == 0
    finally:
        child.kill()


@needs_numba
def test_an_error_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(pools, "run_group", broken)
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
