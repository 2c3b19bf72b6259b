"""The optimizers, by the `kind` that a spec names.

To add one, follow the steps in CONTRIBUTING.md.
"""

from __future__ import annotations

from gdcli.engine.optimizers.adam import Adam, Adamax, AdamW, NAdam, RAdam
from gdcli.engine.optimizers.adaptive import Adadelta, Adagrad, RMSprop
from gdcli.engine.optimizers.base import Optimizer, Slots, Value, stack_hyperparameters
from gdcli.engine.optimizers.plain import SGD, Lion, Momentum, Rprop

__all__ = ["OPTIMIZERS", "Optimizer", "Slots", "Value", "stack_hyperparameters"]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    cls.kind: cls for cls in (SGD, Momentum, Adagrad, RMSprop, Adam, AdamW, Adadelta, Adamax, NAdam, RAdam, Rprop, Lion)
}
