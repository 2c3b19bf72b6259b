"""The kinds that a spec can name: optimizers, schedules, scalers and models, as their code describes them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.scalers import AFFINE_SCALERS, sigmoid
from gdcli.engine.schedules import SCHEDULES
from gdcli.spec.describe.words import Key, keys_of
from gdcli.spec.model import ScalerName


@dataclass(frozen=True)
class Kind:
    """One kind, as its docstring and its fields describe it. Backticks surround what a spec has literally.

    Attributes:
        kind: Its name in a spec.
        formula: The first paragraph of its docstring.
        notes: Further paragraphs.
        source: Where it comes from; empty where nothing is cited.
        keys: Its hyperparameters.
    """

    kind: str
    formula: str
    notes: tuple[str, ...] = ()
    source: str = ""
    keys: tuple[Key, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The kind as JSON, without backticks."""
        return {
            "kind": self.kind,
            "formula": _bare(self.formula),
            "notes": [_bare(note) for note in self.notes],
            "source": _bare(self.source),
            "keys": [key.document for key in self.keys],
        }


LINEAR = Kind(
    "linear",
    "Mean squared error of a linear fit: F(w) = (1/n) Σ (x_i·w − y_i)².",
    ("A last column of ones, the intercept, follows the features unless `columns.intercept` is false.",),
)


def described(kind: str, thing: Any, keys: tuple[Key, ...] = ()) -> Kind:
    """Describe a class or a function by its docstring.

    Args:
        kind: Its name in a spec.
        thing: The class or the function.
        keys: Its hyperparameters.

    Returns:
        The description. Sections such as `Attributes:` and `Raises:` are left out.
    """
    paragraphs = (inspect.getdoc(thing) or "").split("\n\n")
    text = "\n\n".join(part for part in paragraphs if not _is_section(part))
    body, _, source = text.partition("Source: ")
    first, *notes = [" ".join(part.split()) for part in body.strip().split("\n\n")]
    return Kind(kind, first, tuple(notes), " ".join(source.split()), keys)


def _is_section(paragraph: str) -> bool:
    return paragraph.partition("\n")[0] in ("Args:", "Attributes:", "Raises:", "Returns:", "Yields:")


def hyperparameters(cls: type) -> tuple[Key, ...]:
    """The hyperparameters of an optimizer or a schedule.

    Args:
        cls: Its class.

    Returns:
        Its keys except `kind`, and except `interval` and `length`, which every schedule has, where it only inherits
        them.
    """
    own = inspect.get_annotations(cls)
    hidden = {"kind"} | ({"interval", "length"} - own.keys())
    return tuple(key for key in keys_of(cls) if key.name not in hidden)


def scalers() -> Mapping[str, Any]:
    """The functions that define the scalers, by name, in the order of the reference."""
    return {name: sigmoid if name == "sigmoid" else AFFINE_SCALERS[name] for name in get_args(ScalerName)}


def kinds() -> dict[str, tuple[Kind, ...]]:
    """Describe every kind that a spec can name.

    Returns:
        Topic → its kinds, in the order of the reference.
    """
    return {
        "optimizers": tuple(described(kind, cls, hyperparameters(cls)) for kind, cls in OPTIMIZERS.items()),
        "schedules": tuple(described(kind, cls, hyperparameters(cls)) for kind, cls in SCHEDULES.items()),
        "scalers": tuple(described(kind, function) for kind, function in scalers().items()),
        "models": (LINEAR,),
    }


def _bare(text: str) -> str:
    return text.replace("`", "")
