"""What is known of a run before it runs: the document of `gdcli explain`, as frozen dataclasses.

All gaps are in squared units of the file, all curvatures and rates those of the columns as trained.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from gdcli.engine.arrays import Array

Kind: TypeAlias = Literal["exact", "expected", "none"]


@dataclass(frozen=True)
class Curvature:
    """Eigenvalues of the Hessian.

    Attributes:
        largest: L.
        smallest: μ, the smallest one that is not 0.
        condition_number: κ = L/μ.
        rank: Number of directions in which the loss is curved.
    """

    largest: float
    smallest: float
    condition_number: float
    rank: int


@dataclass(frozen=True)
class Rate:
    """The learning rate and what it could be.

    Attributes:
        lr: That of the spec, the base of its schedule.
        largest_stable: The constant rate beyond which full-batch descent grows; None where no limit is known.
        share: The largest rate in force divided by `largest_stable`.
        best: The constant rate with the fastest convergence in the limit, of full-batch sgd; of the heavy ball for
            momentum; None for other optimizers and for mini-batches.
        best_for_epochs: The constant rate with the smallest gap after the epochs of the run, expected for mini-batches.
        best_momentum: The momentum that goes with `best`; None for optimizers without momentum.
    """

    lr: float
    largest_stable: float | None
    share: float | None
    best: float | None
    best_for_epochs: float | None
    best_momentum: float | None = None


@dataclass(frozen=True)
class Alternative:
    """Full-batch sgd on columns that are scaled in another way, from the same initial weights.

    Attributes:
        scaler: Of the features.
        condition_number: κ of the columns so scaled.
        largest_stable: The largest stable constant rate.
        best: The best constant rate in the limit.
        epochs_to: Epochs at that rate until gap/optimum is at most the key; None where never.
    """

    scaler: str
    condition_number: float
    largest_stable: float
    best: float
    epochs_to: Mapping[str, int | None]


@dataclass(frozen=True)
class Mode:
    """A direction in which the loss is curved.

    Attributes:
        curvature: Its eigenvalue.
        start: Share of the starting gap in this direction.
        end: Share of the final gap; None where it is not known.
        columns: Components of the direction, of unit norm; the largest one is positive.
    """

    curvature: float
    start: float
    end: float | None
    columns: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Prediction:
    """The curve before the run.

    Attributes:
        kind: `exact`, `expected` over the draws of the batches, or `none`.
        gap: Gaps, shape (epochs + 1,), infinite where they overflow; None if nothing is known.
        sd: Their standard deviations; None where nothing is random or nothing is known.
        reason: Why nothing is known, or why the curve is approximate.
    """

    kind: Kind
    gap: Array | None = None
    sd: Array | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Noise:
    """What mini-batches cost.

    Attributes:
        largest_stable_mean_square: The rate beyond which the expected gap grows, if batches are drawn independently.
        floor: The expected gap that the constant rate `lr` tends to; infinite if there is none.
    """

    largest_stable_mean_square: float
    floor: float


@dataclass(frozen=True, eq=False)
class Bounds:
    """What no method built from gradients can beat.

    Attributes:
        krylov: Lower bounds of the gap after 0, 1, … full-batch gradients, NaN where they would take too long to
            compute; None for mini-batches.
        optimal_schedule: The rates of sgd that reach the last of them; None where rounding forbids it.
    """

    krylov: Array | None
    optimal_schedule: Array | None


@dataclass(frozen=True)
class Standing:
    """A finished run, measured against its prediction.

    Attributes:
        status: How it ended.
        epochs: Finished epochs.
        gap: The measured gap after them.
        gap_ratio: That gap divided by the optimum's MSE; None where the optimum is 0.
        predicted: The predicted gap after them; None where nothing is predicted.
        ratio: Measured divided by predicted.
        deviations: Their difference in predicted standard deviations; None where nothing is random.
    """

    status: str
    epochs: int
    gap: float
    gap_ratio: float | None
    predicted: float | None
    ratio: float | None
    deviations: float | None


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a run converges as it does.

    Attributes:
        name: Of the run.
        rows: Training and validation rows.
        training_rows: Training rows.
        weights: Number of weights.
        batches_per_epoch: Steps per epoch.
        last_batch: Rows in the last batch of an epoch.
        steps: Steps of the whole run.
        curvature: That of the loss.
        rate: The learning rate.
        scalers: Full-batch sgd with each scaler that can be told without reading the rows again.
        modes: At most 20 directions, those that matter most, by falling curvature.
        prediction: The curve before the run.
        noise: What mini-batches cost; None for full batches and other optimizers than sgd.
        bounds: What no method built from gradients can beat.
        epochs_to: Predicted epochs until gap/optimum is at most the key; None where never or not known.
        advice: Sentences: whether the run is stable, how fast it is and why, what to change first.
        standing: Where a finished run stands; None before it has run.
    """

    name: str
    rows: int
    training_rows: int
    weights: int
    batches_per_epoch: int
    last_batch: int
    steps: int
    curvature: Curvature
    rate: Rate
    scalers: tuple[Alternative, ...]
    modes: tuple[Mode, ...]
    prediction: Prediction
    noise: Noise | None
    bounds: Bounds
    epochs_to: Mapping[str, int | None]
    advice: tuple[str, ...] = ()
    standing: Standing | None = None

    def document(self) -> dict[str, Any]:
        """Return all of it as JSON has it.

        Returns:
            One key per attribute, None for numbers that are not finite; without `standing` before the run, and without
            `best_momentum` for optimizers without momentum.
        """
        document: dict[str, Any] = _plain(self)
        if self.standing is None:
            del document["standing"]
        if self.rate.best_momentum is None:
            del document["rate"]["best_momentum"]
        return document


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple | np.ndarray):
        return [_plain(part) for part in (value.tolist() if isinstance(value, np.ndarray) else value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
