"""Find the values of a grid that are impossible by themselves, not only in combination."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gdcli.errors import DataError, Fault, FaultsError, Place, SpecError
from gdcli.spec.grid import Axis
from gdcli.sweeps.points import Setting


def refuse_impossible(
    axes: Sequence[Axis],
    runnable: Sequence[Setting],
    failures: Sequence[tuple[Setting, FaultsError]],
    attempt: Callable[[Setting], FaultsError | None],
) -> None:
    """Raise the faults of a grid, unless only combinations of its values are impossible.

    Args:
        axes: The axes of the grid.
        runnable: The settings that can be run.
        failures: The other settings, at least one, each with its error.
        attempt: Returns the error of a setting of some of the axes, or None; {} is the base spec alone.

    Raises:
        SpecError: A value fails by itself and in every setting, or no setting can be run.
        DataError: The same, because of the data.
    """
    base = attempt({})
    known = set(base.faults) if base else set()
    blamed = list(_blamed(axes, runnable, failures, attempt, known))
    if not runnable and base:
        shared = [fault for fault in base.faults if all(fault in error.faults for _, error in failures)]
        blamed += [(fault, base) for fault in (shared if blamed or shared else base.faults)]
    if blamed:
        kind = SpecError if any(isinstance(error, SpecError) for _, error in blamed) else DataError
        raise kind(fault for fault, _ in blamed)
    if not runnable:
        raise failures[0][1]


def _blamed(
    axes: Sequence[Axis],
    runnable: Sequence[Setting],
    failures: Sequence[tuple[Setting, FaultsError]],
    attempt: Callable[[Setting], FaultsError | None],
    known: set[Fault],
) -> Iterator[tuple[Fault, FaultsError]]:
    """Find the values that fail by themselves and in every setting, each with its fault."""
    possible = {(key, repr(value)) for setting in runnable for key, value in setting.items()}
    errors: dict[tuple[str, str], list[FaultsError]] = {}
    for setting, error in failures:
        for key, value in setting.items():
            errors.setdefault((key, repr(value)), []).append(error)
    for axis in axes:
        by_message: dict[str, tuple[Fault, FaultsError]] = {}  # an unknown key is reported once, not per value
        for i, value in enumerate(axis.values):
            name = axis.key, repr(value)
            if name not in possible and name in errors and attempt({axis.key: value}):
                for fault, error in _worst(axis.place(i), errors[name], known):
                    by_message.setdefault(fault.message, (fault, error))
        yield from by_message.values()


def _worst(place: Place, errors: Sequence[FaultsError], known: set[Fault]) -> Iterator[tuple[Fault, FaultsError]]:
    """The fault that says most about a value, of all faults of its settings."""
    new = [(fault, error) for error in errors for fault in error.faults if fault not in known]
    own = [(fault, error) for fault, error in new if fault.place == place] or new
    # With one kind the key may be unknown, and with another its value wrong: the wrong value is what to correct.
    for fault, error in sorted(own, key=lambda one: one[0].message.startswith("unknown key"))[:1]:
        yield Fault(place, fault.message), error
