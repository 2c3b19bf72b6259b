"""The contents of a spec, as frozen dataclasses: every key, type, bound and default."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from annotated_types import Ge, Gt, Len, Lt

from gdcli.engine.batches import Shuffle
from gdcli.engine.bounds import Count, NonNegative, Whole
from gdcli.engine.optimizers import OPTIMIZERS, Optimizer
from gdcli.engine.scalers import AFFINE_SCALERS
from gdcli.engine.schedules import SCHEDULES, Schedule
from gdcli.engine.trace import Stopping

_SCALERS = [*AFFINE_SCALERS]
_SCALERS.insert(3, "sigmoid")  # the one scaler that is not affine
if TYPE_CHECKING:
    ScalerName: TypeAlias = str
else:
    ScalerName = Literal[tuple(_SCALERS)]
Seed = Annotated[int, Ge(0), Lt(2**32)]


EXPECTED = ("final_mse", "optimum_mse", "gap", "gap_ratio", "status")  # the figures that `expect` may have


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a spec. Unknown keys, values of another type and numbers that are not finite are faults."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


@dataclass(frozen=True, kw_only=True)
class Synthetic(Section):
    """Rows drawn from `RandomState(seed)`: the features first, then the noise.

    target = Σ w·x^degree + bias + noise·normal; the factors multiply the columns afterwards. The columns are called
    x1 … xp and y.

    Attributes:
        rows: Number of rows.
        weights: One per feature.
        bias: Added to every target.
        noise: Standard deviation of the noise.
        degree: Power that each feature is raised to in the target.
        features: Distribution of the features, `normal` (0, 1) or `uniform` [0, 1).
        column_factors: One per feature; 1 by default.
        seed: Seeds the generator of these rows; the spec's `seed` does not affect them.
    """

    rows: Count
    weights: Annotated[tuple[float, ...], Len(1)]
    bias: float = 0.0
    noise: NonNegative = 0.0
    degree: Count = 1
    features: Literal["normal", "uniform"] = "normal"
    column_factors: tuple[float, ...] | None = None
    seed: Seed = 0


@dataclass(frozen=True, kw_only=True)
class Dataset(Section):
    """Where the rows come from: exactly one of `path`, `synthetic` and `inline`.

    Attributes:
        path: A CSV or Parquet file, relative to the spec; or several with the same columns, as a list or a pattern such
            as `part-*.csv`. Files beyond 16 MB, and several of them, are read in chunks and not kept in
            memory, unless mini-batches, the robust scaler or a split need the rows.
        delimiter: The character between the cells of a CSV file.
        decimal: The decimal mark of a CSV file.
        thousands: The mark between groups of digits in a CSV file, such as the comma of `"435,944.33"`.
        encoding: The text encoding of a CSV file, by its name in Python, such as `latin-1`, `cp1252` or `utf-16`.
        missing: What happens to rows with a blank or NaN cell in a column that is used: `error` refuses them, `drop`
            leaves them out and says how many.
        synthetic: How to generate the rows.
        inline: The columns themselves, as a mapping of names to values.
    """

    path: str | tuple[str, ...] | None = None
    delimiter: Annotated[str, Len(1, 1)] = ","
    decimal: Literal[".", ","] = "."
    thousands: Annotated[str, Len(1, 1)] | None = None
    encoding: str = "utf-8"
    missing: Literal["error", "drop"] = "error"
    synthetic: Synthetic | None = None
    inline: dict[str, tuple[float | str, ...]] | None = None


@dataclass(frozen=True, kw_only=True)
class Columns(Section):
    """Which columns make up the design.

    Attributes:
        features: Column names; every numeric column except the target by default. A text column is one-hot encoded.
        target: Column name; the last numeric column by default.
        intercept: Whether a column of ones follows the features.
    """

    features: Annotated[tuple[str, ...], Len(1)] | None = None
    target: str | None = None
    intercept: bool = True


@dataclass(frozen=True, kw_only=True)
class Scaler(Section):
    """How columns are scaled, fitted on the training rows.

    Attributes:
        features: The features' scaler.
        target: The target's scaler. Not `sigmoid`: its inverse does not exist for every prediction.
    """

    features: ScalerName = "none"
    target: ScalerName = "none"


@dataclass(frozen=True, kw_only=True)
class Split(Section):
    """Rows held back from training.

    Attributes:
        validation: Their fraction, rounded up to whole rows.
        shuffle: Whether the rows are permuted first; otherwise the last rows validate.
    """

    validation: Annotated[float, Gt(0), Lt(1)]
    shuffle: bool = True


@dataclass(frozen=True, kw_only=True)
class Stop(Section):
    """When a run ends before its last epoch.

    Attributes:
        gap: The run ends with `target_reached` at the first epoch with a gap of at most this.
        patience: The run ends with `stalled` when the loss has not improved by `min_delta` for this many epochs. The
            loss is that of the validation rows, if there are any.
        min_delta: The smallest decrease that counts as an improvement, in squared units of the target.
    """

    gap: NonNegative | None = None
    patience: Count | None = None
    min_delta: NonNegative = 0.0

    def stopping(self) -> Stopping:
        """These settings as the engine takes them."""
        return Stopping(gap=self.gap, patience=self.patience, min_delta=self.min_delta)


@dataclass(frozen=True, kw_only=True)
class AtMost(Section):
    """An upper bound instead of a figure.

    Attributes:
        at_most: The bound, in the units of the figure.
    """

    at_most: NonNegative


@dataclass(frozen=True, kw_only=True)
class Expect(Section):
    """The figures that `gdcli check` compares a run with.

    A figure x holds when the result differs from it by at most the larger of `tolerance` and `relative`·|x|. A run
    that diverges fails unless `status: diverged` is expected.

    Attributes:
        final_mse: Loss after the last epoch.
        optimum_mse: Loss of the exact optimum.
        gap: Final gap, or `{at_most: x}` for any gap up to x.
        gap_ratio: Final gap / optimum.
        status: How the run ends.
        tolerance: Largest allowed difference, in the units of the figure.
        relative: Largest allowed difference, relative to the expected figure.
    """

    final_mse: NonNegative | None = None
    optimum_mse: NonNegative | None = None
    gap: NonNegative | AtMost | None = None
    gap_ratio: NonNegative | None = None
    status: Literal["completed", "target_reached", "stalled", "diverged"] | None = None
    tolerance: NonNegative = 5e-9
    relative: NonNegative = 0.0


@dataclass(frozen=True, kw_only=True)
class Spec(Section):
    """One experiment, every default written out.

    Attributes:
        name: Name of the run and its directory: letters, digits, `.`, `_`, `-`, at most 64, not starting with a dot.
        dataset: Where the rows come from.
        columns: Which columns make up the design.
        scaler: How they are scaled: one name for the features, or `{features: …, target: …}`.
        split: Rows held back for validation.
        batch_size: `full`, or an integer from 1 to the number of training rows.
        shuffle: When the rows are permuted: `each_epoch`, `once`, `never`.
        optimizer: A kind by name, or `{kind: …, lr: …}`.
        schedule: A kind by name, `{kind: …}`, or a list of them.
        epochs: Passes over the training rows.
        init: `normal`, `zeros`, or the initial weights in column order, the intercept last.
        seed: Seeds the split, the initial weights and the batches, each with its own generator.
        stop: When to end early.
        expect: The figures that `gdcli check` compares the run with.
    """

    name: str
    dataset: Dataset
    columns: Columns = field(default_factory=Columns)
    scaler: Scaler = field(default_factory=Scaler)
    split: Split | None = None
    batch_size: Literal["full"] | Count = "full"
    shuffle: Shuffle = "each_epoch"
    optimizer: Optimizer = field(default_factory=lambda: OPTIMIZERS["sgd"](lr=0.01, kind="sgd"))
    schedule: tuple[Schedule, ...] = field(default_factory=lambda: (SCHEDULES["constant"](kind="constant"),))
    epochs: Whole = 100
    init: Literal["normal", "zeros"] | tuple[float, ...] = "normal"
    seed: Seed = 0
    stop: Stop | None = None
    expect: Expect | None = None


def plain(value: Any) -> Any:
    """Turn a spec, or a part of one, into dicts, lists and scalars, without keys that are None.

    Args:
        value: A dataclass of a spec, or any value in it.

    Returns:
        The value in the types of YAML and JSON; reading it again gives the same spec.
    """
    if is_dataclass(value):
        values = {f.name: getattr(value, f.name) for f in fields(value)}
        if isinstance(value, Dataset) and value.path is None:
            rows = {key: values[key] for key in ("synthetic", "inline")}
            values = rows if value.missing == "error" else {**rows, "missing": value.missing}
        if isinstance(value, Spec) and len(value.schedule) == 1:
            values["schedule"] = value.schedule[0]
        return {key: plain(part) for key, part in values.items() if part is not None}
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, tuple) else value
