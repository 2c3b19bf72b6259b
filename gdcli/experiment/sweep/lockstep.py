"""Many runs in lockstep: those that share rows and batches advance side by side, as one group."""

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

# Traces of a group, and the seconds that each of its runs took of the whole.
Ran: TypeAlias = tuple[tuple[Trace, ...], float]

MOST_COLUMNS = 64  # runs side by side: more gain little, and what an interruption loses grows
# Predicted seconds of work in NumPy below which another worker costs more than it saves. The compiled kernel is ten
# times as fast and waits for nobody, so that its workers are threads, which cost next to nothing.
WORTH_A_WORKER: Mapping[Kernel, float] = {"numpy": 0.2, "compiled": 0.01}


def kernel_for_runs(choice: KernelChoice, planned: Sequence[Plan], workers: int) -> Kernel:
    """Choose a kernel for many runs.

    Args:
        choice: What was asked for.
        planned: The runs.
        workers: How many groups of them will run at once.

    Returns:
        The kernel: with `auto`, the one that is done first.
    """
    together = [[planned[i] for i in group] for group in groups(planned, 1)]
    return choose_kernel(choice, sum(map(predicted_seconds, together)) / workers)


def groups(planned: Sequence[Plan], workers: int | None, kernel: Kernel = "numpy") -> list[list[int]]:
    """Put runs that can advance side by side together.

    Args:
        planned: The runs.
        workers: How many of the groups will run at once; None where nobody knows.
        kernel: What will step through the epochs.

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


def _parts(members: Sequence[Plan], workers: int | None, kernel: Kernel) -> int:
    """How many groups to make of runs that can all advance side by side."""
    fewest, seconds = -(-len(members) // MOST_COLUMNS), predicted_seconds(members)
    if seconds <= WORTH_A_WORKER[kernel]:
        return fewest
    if workers is None:
        # However many workers there are: so many parts are at most twice the work of a single part, and none of them
        # takes much more than twice as long as one run by itself.
        return max(fewest, int(seconds / predicted_seconds(members[:1])))
    return min(-(-fewest // workers) * workers, len(members))


def run_group(group: Sequence[Plan], kernel: Kernel, watch: Watch | None = None) -> Ran:
    """Run plans that share their rows and batches side by side.

    Args:
        group: One of those that `groups` gives.
        kernel: What steps through the epochs.
        watch: Told how far the runs have come.

    Returns:
        What came of it.

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
