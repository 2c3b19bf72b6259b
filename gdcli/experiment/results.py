"""The results of several runs as one sequence, with their table and the best of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, overload

from gdcli.experiment.comparison import Planned, comparison
from gdcli.experiment.summary import SUMMARY_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

R_co = TypeVar("R_co", bound=Planned, covariant=True)


@dataclass(frozen=True, eq=False)
class Results(Sequence[R_co]):
    """Finished runs, in order.

    Attributes:
        groups: The runs of each spec or setting, one per seed.
        settings: The setting of each group, axis key → value; empty mappings for a comparison.
    """

    groups: tuple[tuple[R_co, ...], ...]
    settings: tuple[Mapping[str, Any], ...]

    @cached_property
    def runs(self) -> tuple[R_co, ...]:
        """All runs."""
        return tuple(run for group in self.groups for run in group)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per run: the axes and, with several seeds, the seed; then the columns of `summary.csv`."""
        import pandas as pd

        with_seeds = any(len(group) > 1 for group in self.groups)
        rows = [
            {
                **setting,
                **({"seed": run.plan.spec.seed} if with_seeds else {}),
                **{key: run.summary[key] for key in SUMMARY_COLUMNS},
            }
            for setting, group in zip(self.settings, self.groups, strict=True)
            for run in group
        ]
        return pd.DataFrame(rows, columns=None if rows else list(SUMMARY_COLUMNS))

    @cached_property
    def best(self) -> R_co | None:
        """The best run, with several seeds the one nearest to their median; None if the runs cannot be compared."""
        rule = comparison(self.groups)
        return next((rule.nearest_to_median(self.groups[i]) for i in rule.best(self.groups)), None)

    def __len__(self) -> int:
        return len(self.runs)

    @overload
    def __getitem__(self, index: int) -> R_co: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[R_co, ...]: ...

    def __getitem__(self, index: int | slice) -> R_co | tuple[R_co, ...]:
        return self.runs[index]
