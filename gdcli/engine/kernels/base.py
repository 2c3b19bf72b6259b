"""The types of kernels. A kernel steps through epochs; kernels differ only in speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from gdcli.engine.arrays import Array
from gdcli.engine.optimizers import Slots, Value

Kernel: TypeAlias = Literal["numpy", "compiled"]
# Steps through the next epochs. Takes the weights (d, k), the slots, the rates (epochs, 1 or steps, 1 or k), the number
# of steps already made and the hyperparameters. Returns the weights after each epoch (epochs, d, k) and the slots after
# the last one. Its arguments are not changed.
Stepper: TypeAlias = Callable[[Array, Slots, Array, int, tuple[Value, ...]], tuple[Array, Slots]]
