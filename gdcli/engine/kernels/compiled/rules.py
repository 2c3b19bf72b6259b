"""Update rules in compiled code: the `update` methods of the optimizers, unchanged.

Compiled code is cached on disk. Numba finds a function in its cache by the source file, the bytecode and the variables
that the function closes over. A loop that closes over its rule would never be found by another process, so the loop
closes over a string: the name of the rule with a hash of the sources. The rule is looked up by that name during
compilation. An edit of a rule, or of anything else that is compiled into the loop, changes the name.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numba
from numba.extending import overload
from numba.np.unsafe.ndarray import to_fixed_tuple

from gdcli.engine.kernels.compiled import gradients, options, permutations
from gdcli.engine.kernels.compiled.options import SEMANTICS
from gdcli.engine.optimizers import Optimizer
from gdcli.engine.optimizers.base import power, where

_rules: dict[str, tuple[Callable[..., Any], int, int]] = {}


@cache
def register(optimizer: type[Optimizer]) -> str:
    """Compile a rule.

    Args:
        optimizer: The optimizer whose rule to compile.

    Returns:
        The name to call it by in `update`.
    """
    modules = {import_module(cls.__module__) for cls in optimizer.__mro__ if cls is not object}
    compiled = (import_module(__name__), options, gradients, permutations)
    sources = sorted(inspect.getsource(module) for module in (*modules, *compiled))
    name = f"{optimizer.__qualname__} {hashlib.sha256(''.join(sources).encode()).hexdigest()}"
    by_default: Callable[[], Optimizer] = optimizer
    settings = len(by_default().hyperparameters())
    _rules[name] = numba.njit(forceinline=True, **SEMANTICS)(optimizer.update), optimizer.n_slots, settings
    return name


def update(
    rule: str, weights: Any, g: Any, c: int, scale: float, memory: Any, lr: float, t: float, settings: Any
) -> None:
    """Update row c of the weights (k, d) by the gradient scale·g, in place.

    Args:
        rule: Name of the rule, as `register` gives it.
        weights: Shape (k, d).
        g: The gradient divided by `scale`, likewise.
        c: Index of the run.
        scale: Factor of g.
        memory: Slots, shape (k, d, slots).
        lr: Learning rate.
        t: Step, counted from 1.
        settings: Hyperparameters, shape (k, hyperparameters).

    Raises:
        NotImplementedError: Always in Python; the function exists in compiled code only.
    """
    raise NotImplementedError


def _update_by_rule(
    rule: Any, weights: Any, g: Any, c: Any, scale: Any, memory: Any, lr: Any, t: Any, settings: Any
) -> Any:
    """Generate `update` for the rule of a name."""
    step, n_slots, n_settings = _rules[rule.literal_value]

    def without_memory(
        rule: Any, weights: Any, g: Any, c: Any, scale: Any, memory: Any, lr: Any, t: Any, settings: Any
    ) -> None:
        h = to_fixed_tuple(settings[c], n_settings)
        for j in range(weights.shape[1]):
            weights[c, j], _ = step(weights[c, j], scale * g[c, j], (), lr, t, h)

    def with_memory(
        rule: Any, weights: Any, g: Any, c: Any, scale: Any, memory: Any, lr: Any, t: Any, settings: Any
    ) -> None:
        h = to_fixed_tuple(settings[c], n_settings)
        for j in range(weights.shape[1]):
            slots = to_fixed_tuple(memory[c, j], n_slots)
            weights[c, j], slots = step(weights[c, j], scale * g[c, j], slots, lr, t, h)
            for i in range(n_slots):
                memory[c, j, i] = slots[i]

    return with_memory if n_slots else without_memory


# Inlined, because a call would spend 20 ns on counting references to the arrays.
overload(update, prefer_literal=True, jit_options={"forceinline": True, **SEMANTICS})(_update_by_rule)


def _where_of_numbers(condition: Any, yes: Any, no: Any) -> Any:
    """Generate `where` for numbers, because Numba's np.where makes an array of each choice."""

    def choose(condition: Any, yes: Any, no: Any) -> Any:
        return yes if condition else no

    return choose


overload(where, jit_options=SEMANTICS)(_where_of_numbers)


def _power_of_numbers(base: Any, exponent: Any) -> Any:
    """Generate `power` for numbers."""

    def raised(base: Any, exponent: Any) -> Any:
        return base**exponent

    return raised


overload(power, jit_options=SEMANTICS)(_power_of_numbers)
