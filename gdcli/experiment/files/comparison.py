"""The files of a comparison of several runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from gdcli.experiment.files.portable import inputs_of
from gdcli.experiment.plan import Plan
from gdcli.experiment.quantiles import summed_up
from gdcli.experiment.result import Result, by_name, summary_table
from gdcli.output.directories import add_picture, finite, replacing, write_csv, write_summary

# Draws several results and returns the bytes of one PNG.
DrawTogether: TypeAlias = Callable[[Sequence[Result]], bytes]


def comparison_name(plans: Sequence[Plan]) -> str:
    """Name the directory of a comparison: by its runs where there are few, by their number and a hash otherwise.

    Args:
        plans: Of the runs; with several seeds, of each.

    Returns:
        `a-vs-b`, or `compare-12-0a1b2c3d`.
    """
    names = list(dict.fromkeys(plan.spec.name for plan in plans))
    if len(names) <= 3:
        return "-vs-".join(names)
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    return f"compare-{len(names)}-{digest[:8]}"


def write_comparison(results: Sequence[Result], directory: Path, *, draw: DrawTogether | None) -> list[str]:
    """Write the files of a comparison; the picture comes last.

    Args:
        results: The runs; those with the same name differ in their seed.
        directory: Where the files go.
        draw: Draws `curves.png`; None to leave it out.

    Returns:
        A warning if the picture could not be drawn, otherwise nothing.

    Raises:
        OutputError: The directory cannot be written, or it holds a file that a run reads or that gdcli did not write.
    """
    import pandas as pd

    picture = "curves.png"
    with replacing(directory, inputs=inputs_of(result.plan for result in results)) as new:
        curves = [result.curve.assign(name=result.name, seed=result.plan.spec.seed) for result in results]
        together = pd.concat(curves, ignore_index=True)
        table = summary_table(results)
        front = ["name"]
        if len({result.name for result in results}) < len(results):
            front = ["name", "seed"]
            table.insert(1, "seed", [result.plan.spec.seed for result in results])
        columns = [*front, *[name for name in together.columns if name not in ("name", "seed")]]
        write_csv(together[columns], new / "curves.csv")
        write_csv(table, new / "summary.csv")
        write_summary(comparison_document(results, directory), new, later=[picture] if draw else [])
        status = new.stat()
    return add_picture(directory, picture, lambda: draw(results), to=status) if draw else []


def comparison_document(results: Sequence[Result], directory: Path) -> dict[str, Any]:
    """Several runs as a JSON document: their summaries and, with seeds, the medians and ranges per name."""
    groups = by_name(results)
    runs = {"runs": [result.document(directory) for result in results]}
    if len(groups) == len(results):
        return runs
    return {**runs, "medians": finite({name: summed_up(runs) for name, runs in groups.items()})}
