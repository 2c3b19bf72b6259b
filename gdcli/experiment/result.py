"""The result of a run: its curve and its summary, as data."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gdcli.data.sources import from_frame
from gdcli.engine.arrays import Array
from gdcli.engine.kernels.base import Kernel
from gdcli.engine.trace import Status, Trace
from gdcli.errors import GdcliWarning
from gdcli.experiment.ending import Remark, remarks_on
from gdcli.experiment.files.portable import needs_data, portable_spec, training_data
from gdcli.experiment.plan import Plan
from gdcli.experiment.prediction.new_rows import predict
from gdcli.experiment.prediction.predictor import Predictor
from gdcli.experiment.summary import SUMMARY_COLUMNS, brief, summarise
from gdcli.output.directories import add_picture, finite, replacing, write_csv, write_summary
from gdcli.spec.strict_yaml import dump
from gdcli.theory.stability import largest_stable_rate

if TYPE_CHECKING:
    import pandas as pd

    from gdcli.experiment.explain.explanation import Explanation
    from gdcli.experiment.explain.run.forecast import Forecast

# Draws a result and returns the bytes of a PNG; passed in, because this package must not import Matplotlib.
Draw: TypeAlias = Callable[["Result"], bytes]


@dataclass(frozen=True)
class Result:
    """The result of a run.

    Attributes:
        plan: The plan of the run.
        trace: Losses, gaps and final weights; entry e of each curve is the value after epoch e.
        seconds: Wall time of the descent.
        draw: Draws `curve.png`.
        kernel: The kernel that stepped through the epochs.
    """

    plan: Plan
    trace: Trace
    seconds: float
    draw: Draw
    kernel: Kernel = "numpy"

    def __repr__(self) -> str:
        return f"Result({brief(self.summary)})"

    @property
    def name(self) -> str:
        """The run's name."""
        return self.plan.spec.name

    @property
    def status(self) -> Status:
        """How the run ended."""
        return self.trace.status

    @property
    def epochs(self) -> int:
        """Number of finished epochs."""
        return len(self.trace.gap) - 1

    @property
    def warnings(self) -> tuple[str, ...]:
        """All warnings about the data, the spec and how the run ended."""
        return (*self.plan.warnings, *(remark.sentence for remark in self.remarks))

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """Remarks beyond the status, for example that the run ended above its start."""
        return tuple(remarks_on(self.plan, self.trace))

    @cached_property
    def curve(self) -> pd.DataFrame:
        """The loss after every epoch, with the start in row 0: epoch, step, lr, mse, gap and, with a split, val_mse."""
        import pandas as pd

        epoch = np.arange(self.epochs + 1)
        last_rates = self.plan.rates[: self.epochs, -1, 0]
        columns = {
            "epoch": epoch,
            "step": epoch * self.plan.steps,
            "lr": np.concatenate([[np.nan], last_rates]),
            "mse": self.trace.mse,
            "gap": self.trace.gap,
        }
        if self.trace.val_mse is not None:
            columns["val_mse"] = self.trace.val_mse
        return pd.DataFrame(columns)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of the run, as in `summary.json`."""
        return {**self.figures, "explanation": list(self.explanation)}

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The summary without the explanation, which takes longer than all the rest."""
        warnings = list(self.warnings)
        return summarise(self.plan, self.trace, kernel=self.kernel, seconds=self.seconds, warnings=warnings)

    def predict(self, frame: pd.DataFrame) -> Array:
        """Predict new rows with the final weights.

        Args:
            frame: The rows, n of them, with all features of the run by name.

        Returns:
            Predictions of the target in units of the data, shape (n,), in the order of the rows.

        Raises:
            DataError: A feature is missing or has unusable cells; or the run diverged.
        """
        return predict(Predictor.of(self.plan.rows, self.trace.weights), from_frame(frame)).values

    @cached_property
    def explanation(self) -> tuple[str, ...]:
        """Sentences: what `auto` became, whether the rate was stable, and the ending."""
        from gdcli.experiment.explain.run.outlook import outlook  # not for the runs of a sweep

        before = outlook(self.plan)
        return tuple(
            sentence for sentence in (*self.plan.explanation, before and before.sentence, self.ending) if sentence
        )

    @cached_property
    def ending(self) -> str | None:
        """A sentence on why the run ended, and what it would have needed; None for a run of no epochs."""
        from gdcli.experiment.explain.run.ending import ending

        return ending(self.plan, self.trace)

    @cached_property
    def forecast(self) -> Forecast:
        """The predicted curve and the bound that the picture of the run shows."""
        from gdcli.experiment.explain.run.forecast import forecast

        return forecast(self.plan)

    @property
    def largest_stable_lr(self) -> float | None:
        """The rate beyond which full-batch descent grows, with or without momentum; None for other optimizers."""
        return largest_stable_rate(self.plan.spec.optimizer, self.plan.rows.spectrum.largest)

    def explain(self) -> Explanation:
        """Explain why the run converged as it did, and where it stands, measured against predicted."""
        from gdcli.experiment.explain.explain import explain_run  # a run alone has no use for it

        return explain_run(self.plan, str(self.status), self.trace.gap)

    def document(self, directory: Path) -> dict[str, Any]:
        """The summary as a JSON document, with the path of the dataset relative to a directory.

        Args:
            directory: The directory of the summary, which need not exist.

        Returns:
            The content of `summary.json`; numbers that are not finite are None.
        """
        portable: dict[str, Any] = finite({**self.summary, "spec": portable_spec(self.plan, directory)})
        return portable

    def write(self, directory: Path, *, plot: bool = True) -> list[str]:
        """Write the run's files, replacing an earlier result; the picture comes last.

        Args:
            directory: Where the files go.
            plot: Whether to draw `curve.png`.

        Returns:
            A list with a warning if the picture could not be drawn, otherwise an empty list.

        Raises:
            OutputError: As for `save`.
        """
        picture = "curve.png"
        with replacing(directory, inputs=self.plan.inputs) as new:
            write_csv(self.curve, new / "curve.csv")
            write_csv(summary_table([self]), new / "summary.csv")
            (new / "spec.yaml").write_text(dump(portable_spec(self.plan, directory)), encoding="utf-8")
            if needs_data(self.plan):
                write_csv(training_data(self.plan), new / "data.csv")
            write_summary(self.document(directory), new, later=[picture] if plot else [])
            status = new.stat()
        return add_picture(directory, picture, lambda: self.draw(self), to=status) if plot else []

    def save(self, directory: str | PathLike[str], *, plot: bool = True) -> Path:
        """Write the run's files: curve.csv, curve.png, summary.csv, summary.json, spec.yaml.

        Args:
            directory: Where the files go; an earlier result is replaced as a whole.
            plot: Whether to draw `curve.png`. A picture that cannot be drawn is left out, with a warning.

        Returns:
            The directory.

        Raises:
            OutputError: The directory cannot be written, or it holds a file that the run reads or that gdcli did not
                write.
        """
        for warning in self.write(Path(directory), plot=plot):
            warnings.warn(warning, GdcliWarning, stacklevel=2)
        return Path(directory)


def by_name(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Group runs by name; runs with the same name differ in their seeds."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.name, []).append(result)
    return groups


def summary_table(results: Sequence[Result]) -> pd.DataFrame:
    """The summaries of runs, one row per run, with the columns of `summary.csv`."""
    import pandas as pd

    rows = [{key: result.summary[key] for key in SUMMARY_COLUMNS} for result in results]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS), dtype=object)
