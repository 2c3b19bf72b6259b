"""The learning rates of a whole run, from the schedule of its spec."""

from __future__ import annotations

from collections.abc import Iterator

from gdcli.engine.arrays import Array
from gdcli.engine.schedules import Schedule, resolve, sequence_rates
from gdcli.engine.schedules.waves import OneCycle
from gdcli.errors import counted
from gdcli.spec.messages import Flaw, path_text
from gdcli.spec.strict_yaml import KeyPath


def run_length(schedules: tuple[Schedule, ...], epochs: int, steps: int) -> int:
    """Number of t in a run: its epochs, or all its steps, depending on the interval."""
    return epochs * steps if schedules[0].interval == "step" else epochs


def uncovered(schedules: tuple[Schedule, ...], length: int) -> Iterator[Flaw]:
    """Find parts of a run for which the schedule has no rate.

    Args:
        schedules: One schedule, or a sequence.
        length: Number of t in the run.

    Yields:
        Flaws: paths in the spec, and messages.
    """
    unit = schedules[0].interval
    if schedules[-1].length is not None and len(schedules) > 1:
        total = sum(schedule.length or 0 for schedule in schedules)
        if total < length:
            rest = f"{length - total} of the run's {length} without a rate"
            message = f"the schedule ends after {counted(total, unit)} and leaves {rest}"
            yield ("schedule",), f"{message}; leave out the length of its last element"
    for path, schedule, k in _elements(schedules, length):
        if isinstance(schedule, OneCycle) and schedule.total is not None and schedule.total < k:
            at = (*path, "total")
            rest = f"{k - schedule.total} of {counted(k, unit)} without a rate"
            yield at, f"{path_text(at)} is {schedule.total} and leaves {rest}; leave it out to span the run"


def resolved(schedules: tuple[Schedule, ...], length: int) -> tuple[Schedule, ...]:
    """The schedules with the defaults that depend on the length of the run."""
    return tuple(resolve(schedule, k) for _, schedule, k in _elements(schedules, length))


def remarks(schedules: tuple[Schedule, ...], length: int) -> list[str]:
    """Find schedules that are longer or shorter than the run.

    Args:
        schedules: Resolved schedules.
        length: Number of t in the run.

    Returns:
        Warnings.
    """
    unit = schedules[0].interval
    warnings = []
    if length and len(schedules) > 1:
        lengths = [schedule.length or 0 for schedule in schedules]
        if schedules[-1].length is None and sum(lengths) == length:
            last = f"schedule[{len(schedules) - 1}]"
            warnings.append(
                f"{last} never begins: the elements before it take up the whole run ({counted(length, unit)})"
            )
        elif sum(lengths) > length:
            warnings.append(
                f"the elements of the schedule take {counted(sum(lengths), unit)}, but the run has only {length}"
            )
    for path, schedule, k in _elements(schedules, length):
        span = schedule.span()
        if k and span:
            what, needed = f"{path_text((*path, span[0]))}", span[1]
            if needed > k:
                only = f"there {'is' if k == 1 else 'are'} only {k}"
                warnings.append(f"{what} extends to {unit} {needed}, but {only}")
            elif needed < k and schedule.afterwards:
                warnings.append(f"{what} ends at {unit} {needed} of {k}: {schedule.afterwards}")
    return warnings


def learning_rates(schedules: tuple[Schedule, ...], base: float, epochs: int, steps: int) -> Array:
    """The rates of a run as one array.

    Args:
        schedules: Resolved schedules that cover the run.
        base: The optimizer's learning rate.
        epochs: Epochs of the run.
        steps: Steps per epoch.

    Returns:
        Rates, shape (epochs, 1 or steps, 1).
    """
    length = run_length(schedules, epochs, steps)
    lengths = tuple(k for _, _, k in _elements(schedules, length))
    return sequence_rates(schedules, lengths, base).reshape(epochs, -1 if epochs else 1, 1)


def _elements(schedules: tuple[Schedule, ...], length: int) -> Iterator[tuple[KeyPath, Schedule, int]]:
    """Each schedule with its path in the spec and its length, cut at the end of the run."""
    rest = length
    for i, schedule in enumerate(schedules):
        single = len(schedules) == 1
        k = rest if single or schedule.length is None else min(schedule.length, rest)
        yield ("schedule",) if single else ("schedule", i), schedule, k
        rest -= k
