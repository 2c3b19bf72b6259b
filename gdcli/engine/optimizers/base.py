"""The base class of optimizers: frozen hyperparameters and one pure, element-wise update rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeAlias

import numpy as np

from gdcli.engine.bounds import Positive

# A number, or an array of any shape: update rules work on both.
Value: TypeAlias = Any
Slots: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """Hyperparameters of an optimizer, with the rule that turns a gradient into a step.

    Each subclass is one optimizer: its fields are its hyperparameters (bounds as `Annotated` metadata), its
    docstring gives formula and source, and `update` is the rule. The rule is pure and element-wise. It takes

        w, g    weight and gradient
        slots   the optimizer's memory, `n_slots` values of the shape of w, zero before the first step
        lr      the learning rate of this step
        t       the step, counted from 1
        h       the hyperparameters except lr, in field order, pairs as two numbers, booleans as 0 and 1

    and returns the new weight and the new slots. The same function serves a (d, k) array and a single float, and
    the compiled kernel compiles it unchanged for floats. It may therefore use only arithmetic, NumPy's element-wise
    functions, and the `where` and `power` of this module.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
    n_slots: ClassVar[int] = 0

    kind: str
    lr: Positive

    @staticmethod
    @abstractmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Take one step.

        Args:
            w: Weights, any shape.
            g: Gradient at w, the shape of w.
            slots: The optimizer's memory, each of the shape of w.
            lr: Learning rate, broadcast against w.
            t: Step, counted from 1.
            h: Hyperparameters as `hyperparameters` lists them.

        Returns:
            The new weights and the new slots.
        """

    def hyperparameters(self) -> tuple[float, ...]:
        """Flatten the hyperparameters except `lr` into the tuple that `update` takes.

        Returns:
            The values in field order, pairs as two numbers, booleans as 0.0 and 1.0.
        """
        values: list[float] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("kind", "lr"):
                values.extend(map(float, value if isinstance(value, tuple) else (value,)))
        return tuple(values)


def where(condition: Value, yes: Value, no: Value) -> Value:
    """Choose element by element, as np.where does. Rules use this, because compiled code has its own version.

    Args:
        condition: Booleans, of any shape.
        yes: Taken where the condition holds.
        no: Taken where it does not.

    Returns:
        The choice, of their common shape.
    """
    return np.where(condition, yes, no)


def power(base: Value, exponent: Value) -> Value:
    """Raise a number, or each of several, to a power, as Python does; rules use this instead of `**`.

    NumPy's power of an array may differ from Python's in the last bit, and then k runs would differ from single runs.

    Args:
        base: A number or an array of shape (k,).
        exponent: A number or an array of shape (k,).

    Returns:
        The powers, of their common shape.
    """
    if isinstance(base, np.ndarray) or isinstance(exponent, np.ndarray):
        pairs = np.broadcast(base, exponent)
        return np.array([float(b) ** float(e) for b, e in pairs])
    return base**exponent


def stack_hyperparameters(optimizers: Sequence[Optimizer]) -> tuple[Value, ...]:
    """Stack the hyperparameters of k runs of one kind, for `update` on a (d, k) array.

    Args:
        optimizers: k optimizers of the same kind.

    Returns:
        One entry per hyperparameter: a float where the k runs agree, else an array of shape (k,).
    """
    columns = zip(*(optimizer.hyperparameters() for optimizer in optimizers), strict=True)
    return tuple(column[0] if len(set(column)) == 1 else np.array(column) for column in columns)
