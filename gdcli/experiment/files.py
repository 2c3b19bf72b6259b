"""Results as files: written beside their place and moved there whole, so that nothing is ever half-written."""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gdcli.errors import OutputError
from gdcli.experiment.markup import dump
from gdcli.experiment.spec import plain
from gdcli.experiment.stream import Stream

if TYPE_CHECKING:
    import pandas as pd

    from gdcli.experiment.plan import Plan
    from gdcli.experiment.result import Result

# Draws several results as the bytes of one PNG.
DrawTogether: TypeAlias = Callable[[Sequence["Result"]], bytes]

# What gdcli writes into a directory of its own; a directory that holds anything else is not replaced.
FILES = frozenset(
    (
        *("curve.csv", "curve.png", "summary.csv", "summary.json", "spec.yaml", "data.csv"),
        *("curves.csv", "curves.png"),
        *("sweep.png", "best.yaml", "runs.jsonl"),
    )
)


def write_run(result: Result, directory: Path, *, plot: bool = True) -> Path:
    """Write the files of one run, replacing a result that is there already.

    Args:
        result: The run.
        directory: Where the files go.
        plot: Whether to draw `curve.png`.

    Returns:
        The directory.

    Raises:
        OutputError: It cannot be written, or holds what gdcli did not write.
    """
    picture = result.draw(result) if plot else None
    with replacing(directory) as new:
        write_csv(result.curve, new / "curve.csv")
        write_csv(summary_table([result]), new / "summary.csv")
        write_json(document(result, directory), new / "summary.json")
        (new / "spec.yaml").write_text(dump(portable_spec(result.plan, directory)), encoding="utf-8")
        if _needs_data(result.plan):
            write_csv(_training_data(result), new / "data.csv")
        if picture:
            (new / "curve.png").write_bytes(picture)
    return directory


def write_comparison(results: Sequence[Result], directory: Path, *, draw: DrawTogether | None) -> Path:
    """Write the files of several runs side by side.

    Args:
        results: The runs, of different names.
        directory: Where the files go.
        draw: Makes `curves.png`; None to leave it out.

    Returns:
        The directory.

    Raises:
        OutputError: As `write_run`.
    """
    import pandas as pd

    picture = draw(results) if draw else None
    with replacing(directory) as new:
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
        write_json(comparison_document(results, directory), new / "summary.json")
        if picture:
            (new / "curves.png").write_bytes(picture)
    return directory


def summary_table(results: Sequence[Result]) -> pd.DataFrame:
    """The summaries of runs, one row each, in the columns of `summary.csv`."""
    import pandas as pd

    from gdcli.experiment.result import SUMMARY_COLUMNS

    rows = [{key: result.summary[key] for key in SUMMARY_COLUMNS} for result in results]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS), dtype=object)


def document(result: Result, directory: Path) -> dict[str, Any]:
    """A run's summary as JSON knows it, its dataset's path relative to where the summary lies.

    Args:
        result: The run.
        directory: Where the summary lies, or would.

    Returns:
        The keys of `summary.json`; what is not finite is None.
    """
    portable: dict[str, Any] = finite({**result.summary, "spec": portable_spec(result.plan, directory)})
    return portable


def comparison_document(results: Sequence[Result], directory: Path) -> dict[str, Any]:
    """Several runs as JSON knows them: their summaries and, with seeds, the medians and ranges of each name."""
    from gdcli.experiment.quantiles import summed_up
    from gdcli.experiment.result import by_name

    groups = by_name(results)
    seeds = {"medians": {name: summed_up(runs) for name, runs in groups.items()}} if len(groups) < len(results) else {}
    runs = {"runs": [document(result, directory) for result in results]}
    together: dict[str, Any] = finite({**runs, **seeds})
    return together


def check_writable(out: Path, names: Sequence[str]) -> None:
    """Find out before anything runs whether its results can be written.

    Args:
        out: Directory of all results, made where it does not exist.
        names: Of the results in it.

    Raises:
        OutputError: A file cannot be made there, or a result's place is taken by something else.
    """
    with _explained(out):
        out.mkdir(parents=True, exist_ok=True)
        probe = out / f".probe-{secrets.token_hex(4)}"
        probe.touch(exist_ok=False)
        probe.unlink()
    for name in names:
        _check_replaceable(out / name)


def portable_spec(planned: Plan, directory: Path) -> dict[str, Any]:
    """The resolved spec, its dataset's path relative to the directory that it is written to."""
    spec: dict[str, Any] = plain(planned.spec)
    path = planned.spec.dataset.path
    if path is not None:
        start = directory.resolve()
        portable = _portable(path, start) if isinstance(path, str) else [_portable(part, start) for part in path]
        spec["dataset"] = {**spec["dataset"], "path": portable}
    elif _needs_data(planned):
        spec["dataset"] = {"path": "data.csv"}
    return spec


def _portable(path: str, start: Path) -> str:
    """A path relative to a directory, with slashes everywhere."""
    with suppress(ValueError):  # on another drive there is no relative path
        return Path(os.path.relpath(path, start)).as_posix()
    return path


def _needs_data(planned: Plan) -> bool:
    """Whether the rows came from a DataFrame, so that the spec alone cannot bring them back."""
    dataset = planned.spec.dataset
    return dataset.path is None and dataset.synthetic is None and dataset.inline is None


def _training_data(result: Result) -> pd.DataFrame:
    """The columns of the spec as a table that reads back to the same numbers."""
    import pandas as pd

    table, columns = result.plan.table, result.plan.spec.columns
    assert not isinstance(table, Stream)  # a DataFrame is held, whatever its size
    names = [*(columns.features or ()), str(columns.target)]
    return pd.DataFrame({name: table.text(name) if table.is_text(name) else table.numeric(name) for name in names})


def finite(value: Any) -> Any:
    """Replace numbers that JSON has no word for by None."""
    if isinstance(value, Mapping):
        return {key: finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table, numbers in their shortest form that reads back the same."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_json(value: Any, path: Path) -> None:
    """Write a document that has no numbers but finite ones."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


@contextmanager
def replacing(directory: Path) -> Iterator[Path]:
    """Give a new directory to write to, and put it in the place of `directory` once all is written."""
    place = directory.resolve()
    token = secrets.token_hex(4)
    new, old = (place.with_name(f".{place.name}.{token}.{word}") for word in ("new", "old"))
    with _explained(directory):
        _check_replaceable(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            new.mkdir()
            yield new
            if place.exists():
                place.rename(old)
            new.rename(place)
        except BaseException:
            if old.exists() and not place.exists():
                old.rename(place)
            raise
        finally:
            shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _check_replaceable(directory: Path) -> None:
    """Refuse to replace what gdcli did not write."""
    if directory.is_dir():
        foreign = sorted(entry.name for entry in directory.iterdir() if entry.name not in FILES)
        if foreign:
            listed = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
            raise OutputError(
                f"{_shown(directory)}: holds {listed}, which gdcli did not write; move it away, or choose another --out"
            )
    elif directory.exists():
        raise OutputError(f"{_shown(directory)}: is a file; remove it, or choose another --out")


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """Turn the system's refusals into ours."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{_shown(directory)}: cannot write the result: {reason}; what was there before is kept"
        ) from error


def _shown(directory: Path) -> str:
    """The directory relative to the working directory, where that is shorter."""
    with suppress(ValueError, OSError):
        relative = os.path.relpath(directory)
        return relative if len(relative) < len(str(directory)) else str(directory)
    return str(directory)
