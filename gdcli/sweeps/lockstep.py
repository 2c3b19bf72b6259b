"""Runs in lockstep: those that share rows and batches advance together, as one group."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from gdcli.engine.descent import Watch, descend
from gdcli.engine.kernels.base import Kernel
from gdcli.engine.kernels.choice import KernelChoice, choose_kernel
from gdcli.engine.trace import Trace
from gdcli.experiment.execute import predicted_seconds
from gdcli.experiment.plan import Plan

# The traces of a group, and the seconds per run.
Ran: TypeAlias = tuple[tuple[Trace, ...], float]

MOST_COLUMNS = 64  # runs per group: more runs gain little, and an interrupt loses more
# Predicted seconds of work in NumPy below which another worker costs more than it saves. The compiled kernel is ten
# times as fast and releases the GIL, so its workers are threads, which cost little.
WORTH_A_WORKER: Mapping[Kernel, float] = {"numpy": 0.2, "compiled": 0.01}
SPEED: Mapping[Kernel, float] = {"numpy": 1, "compiled": 10}  # as a multiple of NumPy's


def kernel_for_runs(choice: KernelChoice, planned: Sequence[Plan], workers: int) -> Kernel:
    """Choose a kernel for many runs.

    Args:
        choice: The user's choice.
        planned: The runs.
        workers: Number of groups that run at once.

    Returns:
        The kernel; with `auto`, the faster one.
    """
    together = [[planned[i] for i in group] for group in groups(planned, 1)]
    return choose_kernel(choice, sum(map(predicted_seconds, together)) / workers)


def groups(planned: Sequence[Plan], workers: int | None, kernel: Kernel = "numpy") -> list[list[int]]:
    """Put runs that can advance in lockstep into groups.

    Args:
        planned: The runs.
        workers: Number of groups that run at once; None if unknown.
        kernel: The kernel that steps through the epochs.

    Returns:
        Indices, one list per group, in the order of the runs.
    """
    together: dict[Hashable, list[int]] = {}
    for i, run in enumerate(planned):
        shape = (run.spec.epochs, run.rates.shape[1])
        key = (run.rows, run.batching, run.spec.optimizer.kind, shape, run.spec.stop)
        together.setdefault(key, []).append(i)
    cut: list[list[int]] = []
    for members in together.values():
        parts = _parts([planned[i] for i in members], workers, kernel)
        cut.extend(part.tolist() for part in np.array_split(members, parts))
    return cut


def predicted_time(planned: Sequence[Plan], workers: int, kernel: Kernel) -> float:
    """Predict how long runs take in lockstep, spread over workers.

    Args:
        planned: The runs.
        workers: Number of groups that run at once.
        kernel: The kernel that steps through the epochs.

    Returns:
        The time in seconds: that of all groups divided by the workers, and at least that of the longest group.
    """
    cut = groups(planned, workers, kernel)
    seconds = [predicted_seconds([planned[i] for i in group]) / SPEED[kernel] for group in cut]
    return max(sum(seconds) / workers, max(seconds, default=0.0))


def _parts(members: Sequence[Plan], workers: int | None, kernel: Kernel) -> int:
    """Number of groups for runs that can all advance in lockstep."""
    fewest, seconds = -(-len(members) // MOST_COLUMNS), predicted_seconds(members)
    if seconds <= WORTH_A_WORKER[kernel]:
        return fewest
    if workers is None:
        # For any number of workers: this many parts take at most twice the work of a single part, and no part takes
        # much more than twice as long as one run by itself.
        return max(fewest, int(seconds / predicted_seconds(members[:1])))
    return min(-(-fewest // workers) * workers, len(members))


def run_group(group: Sequence[Plan], kernel: Kernel, watch: Watch | None = None) -> Ran:
    """Run plans that share rows and batches in lockstep.

    Args:
        group: A group made by `groups`.
        kernel: The kernel that steps through the epochs.
        watch: Called with the progress of the runs.

    Returns:
        The traces, and the seconds per run.

    Raises:
        ImportError: The kernel is the compiled one, and Numba cannot be imported.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    first, began = group[0], time.perf_counter()
    traces = descend(
        np.column_stack([run.start for run in group]),
        first.batches(),
        optimizers=[run.spec.optimizer for run in group],
        rates=np.concatenate([run.rates for run in group], axis=2),
        objective=first.rows.objective,
        validation=first.rows.validation,
        stopping=first.spec.stop.stopping() if first.spec.stop else None,
        watch=watch,
        kernel=kernel,
    )
    return traces, (time.perf_counter() - began) / len(group)
