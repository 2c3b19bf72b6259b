"""Random cases, each with its own seed, that must all end as specified.

GDCLI_FUZZ_CASES sets how many there are, GDCLI_FUZZ_ONLY=KIND:SEED replays a single one.
"""

from __future__ import annotations

import os
import random
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from extremes import extreme_case
from parquets import parquet_case
from specs import command_case, spec_case
from texts import bytes_case, csv_case
from trial import HangError, Trial, folder

CASES = int(os.environ.get("GDCLI_FUZZ_CASES", "2000"))
ONLY = os.environ.get("GDCLI_FUZZ_ONLY", "")
CHUNKS = 10  # per kind, so that several processes share the work

# kind → a case, and its share of all of them
KINDS: dict[str, tuple[Callable[[Trial], None], float]] = {
    "spec": (spec_case, 0.3),
    "command": (command_case, 0.15),
    "csv": (csv_case, 0.2),
    "bytes": (bytes_case, 0.15),
    "parquet": (parquet_case, 0.1),
    "extreme": (extreme_case, 0.1),
}


@pytest.mark.skipif(bool(ONLY), reason="a single case is replayed")
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("kind", KINDS)
def test_chunk(tmp_path: Path, kind: str, chunk: int) -> None:
    seeds = range(chunk, round(CASES * KINDS[kind][1]), CHUNKS)
    reports = [report for seed in seeds if (report := failure(tmp_path, kind, seed))]
    assert not reports, f"{len(reports)} of {len(seeds)} cases fail:\n\n" + "\n\n".join(reports[:5])


@pytest.mark.skipif(not ONLY, reason="no case is replayed")
def test_replay(tmp_path: Path) -> None:
    kind, seed = ONLY.split(":")
    report = failure(tmp_path, kind, int(seed))
    assert not report, report


def failure(parent: Path, kind: str, seed: int) -> str:
    """What is wrong with a case and how to replay it, or nothing."""
    name = f"{kind}:{seed}"
    with folder(parent, name) as home:
        trial = Trial(home, random.Random(name))
        try:
            KINDS[kind][0](trial)
        except (Exception, HangError) as error:
            inputs = "\n".join(f"{key}: {content[:1500]!r}" for key, content in trial.inputs.items())
            where = "" if isinstance(error, AssertionError) else traceback.format_exc()
            return f"GDCLI_FUZZ_ONLY={name} pytest -n 0 tests/fuzz\n{error}\n{where}{inputs}"
    return ""
