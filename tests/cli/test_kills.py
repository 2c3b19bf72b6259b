"""`gdcli run` killed at any moment, and several writers of one result: nothing is lost or left over.

`GDCLI_KILLS=200 pytest tests/cli/test_kills.py` tries more moments.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

KILLS = int(os.environ.get("GDCLI_KILLS", "10"))
SPEC = "dataset: {inline: {x: [1, 2, 4], y: [3, 5, 10]}}\nepochs: 50\n"
RUN = ["run", "s.yaml", "--quiet", "--no-plot", "--set"]
# Runs gdcli, counts the lines that it executes in the modules that write, and kills itself before the n-th of them.
COUNT = """
import os, signal, sys
from pathlib import Path
from gdcli.cli import main, session
import gdcli
last, count = int(sys.argv.pop(1)), 0
home = str(Path(gdcli.__file__).parent)
writers = {os.path.join(home, "experiment", name) for name in ("result.py", os.path.join("files", "portable.py"))}
parts = ("directories", "manifest", "places", "single_file", "swap", "workspace")
writers |= {os.path.join(home, "output", f"{name}.py") for name in parts}
assert all(map(os.path.exists, writers))
def follow(frame, event, argument):
    global count
    if event == "line":
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
    return follow
def begin(*arguments, find=session.destinations, **options):
    sys.settrace(lambda frame, *_: follow if frame.f_code.co_filename in writers else None)
    return find(*arguments, **options)
session.destinations = begin
try:
    main()
finally:
    sys.settrace(None)
    print(count)
"""
# Writes a result over and over, a different one each time.
WRITE = """
import sys
import gdcli
for seed in range(int(sys.argv[1]), int(sys.argv[2])):
    gdcli.run({"dataset": {"inline": {"x": [1, 2, 4], "y": [3, 5, 10]}}, "seed": seed}).save("results/s", plot=False)
"""


def start(program: str, *arguments: str, home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate()
    assert err == ""
    return process.returncode, out


def seed_of_whole(result: Path) -> int:
    """The seed of a result, after checking that all its files are there and from the same run."""
    summary = json.loads((result / "summary.json").read_text())
    assert sorted(path.name for path in result.iterdir()) == list(summary["files"])
    seed = summary["spec"]["seed"]
    assert yaml.safe_load((result / "spec.yaml").read_text())["seed"] == seed
    for name, column in (("curve.csv", "mse"), ("summary.csv", "final_mse")):
        assert pd.read_csv(result / name)[column].iloc[-1] == summary["final_mse"]
    return int(seed)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a moment without a result can be seen")
def test_killed_at_random_moments(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SPEC)
    place = tmp_path / "results/s"
    assert finish(start(COUNT, "0", *RUN, "seed=0", home=tmp_path))[0] == 0  # the first write is a shorter one
    lines = int(finish(start(COUNT, "0", *RUN, "seed=0", home=tmp_path))[1])
    chance = random.Random(7)
    moments = [chance.randint(1, lines) for _ in range(KILLS)]
    before, most = 0, 0
    for seed, moment in enumerate(moments, start=1):
        process = start(COUNT, str(moment), *RUN, f"seed={seed}", home=tmp_path)
        while process.poll() is None:
            assert place.is_dir()
        # Clearing what an earlier kill has left takes lines too, so that every moment comes.
        assert finish(process) == (-signal.SIGKILL, "")
        assert seed_of_whole(place) in (before, seed)
        before = seed_of_whole(place)
        most = max(most, len(names(tmp_path / "results")))
    assert most > 1  # some kills came while there was something to leave
    assert finish(start(COUNT, "0", *RUN, "seed=77", home=tmp_path))[0] == 0
    assert seed_of_whole(place) == 77
    assert names(tmp_path / "results") == ["s"]


def test_killed_before_there_was_a_result(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SPEC)
    for moment in (30, 100, 150):
        assert finish(start(COUNT, str(moment), *RUN, "seed=1", home=tmp_path))[0] == -signal.SIGKILL
    assert finish(start(COUNT, "0", *RUN, "seed=2", home=tmp_path))[0] == 0
    assert seed_of_whole(tmp_path / "results/s") == 2
    assert names(tmp_path / "results") == ["s"]


def test_killed_while_the_picture_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SPEC)
    dying = (
        "import os; from gdcli.show import drawing; drawing.draw_run = lambda _: os.kill(os.getpid(), 9); "
        "from gdcli.cli import main; main()"
    )
    assert finish(start(dying, "run", "s.yaml", "--quiet", home=tmp_path))[0] == -signal.SIGKILL
    assert names(tmp_path / "results/s") == ["curve.csv", "spec.yaml", "summary.csv", "summary.json"]
    assert finish(start(COUNT, "0", "run", "s.yaml", "--quiet", home=tmp_path))[0] == 0
    assert seed_of_whole(tmp_path / "results/s") == 0
    assert "curve.png" in names(tmp_path / "results/s")
    assert names(tmp_path / "results") == ["s"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a moment without a result can be seen")
def test_several_writers_of_one_result(tmp_path: Path) -> None:
    place = tmp_path / "results/s"
    writers = [start(WRITE, str(first), str(first + 60), home=tmp_path) for first in (0, 100)]
    doomed = start(WRITE, "200", "1000000", home=tmp_path)
    try:
        while not place.exists():
            assert any(writer.poll() is None for writer in writers) or place.exists()
        while any(writer.poll() is None for writer in writers):
            assert place.is_dir()
        assert [finish(writer) for writer in writers] == [(0, ""), (0, "")]
    finally:
        doomed.kill()
        doomed.communicate()
    assert seed_of_whole(place) >= 200 or seed_of_whole(place) in (59, 159)
    assert finish(start(WRITE, "7", "8", home=tmp_path)) == (0, "")
    assert seed_of_whole(place) == 7
    assert names(tmp_path / "results") == ["s"]
