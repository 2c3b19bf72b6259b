"""Specs at unusual paths: pipes, devices, circular links, folders that cannot be listed, names that are not UTF-8."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from workbench import DATA, Bench

import gdcli
from gdcli.errors import SpecError

NO_FILE = "cannot read this spec: not a regular file; pipe a spec to /dev/stdin instead"
DENIED = os.strerror(errno.EACCES)


def separately(*arguments: str, cwd: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gdcli", *arguments]
    return subprocess.run(command, cwd=cwd, input=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["run", "check", "sweep"])
def test_pipe_without_a_writer(bench: Bench, command: str) -> None:
    os.mkfifo("pipe.yaml")
    bench.refuses(2, f"pipe.yaml: {NO_FILE}", command, "pipe.yaml")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_device(bench: Bench, device: str) -> None:
    bench.refuses(2, f"{device}: {NO_FILE}", "run", device)


def test_standard_input(bench: Bench) -> None:
    process = separately("run", "/dev/stdin", "--no-plot", cwd=bench.home, given="dataset: d.csv\n")
    assert (process.returncode, process.stderr) == (0, "")
    assert bench.results() == [
        "stdin",
        *(f"stdin/{name}" for name in ("curve.csv", "spec.yaml", "summary.csv", "summary.json")),
    ]


def test_link_to_itself(bench: Bench) -> None:
    Path("s.yaml").symlink_to("s.yaml")
    bench.refuses(2, f"s.yaml: cannot read this spec: {os.strerror(errno.ELOOP)}")


def test_name_with_nul() -> None:
    with pytest.raises(SpecError, match=r"^a.x00b: no file can have this name$"):
        gdcli.run("a\0b")


def test_missing_spec_in_a_folder_that_cannot_be_listed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, DENIED, "folder")

    monkeypatch.setattr(Path, "glob", refuse)
    bench.refuses(2, "s.yaml: there is no such spec")


def test_folder_that_cannot_be_listed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write("specs/closed/s.yaml", "dataset: d.csv\n")
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, DENIED, path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    bench.refuses(2, f"specs/closed: cannot list this folder: {DENIED}", "check", "specs")


def test_folder_that_vanishes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write("specs/s.yaml", "dataset: ../d.csv\nexpect: {optimum_mse: 0.07142857143}\n")
    (bench.home / "specs" / "gone").mkdir()
    scandir = os.scandir

    def vanish(path: Any) -> Any:
        if Path(path).name == "gone":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", vanish)
    bench.runs("check", "specs")


def test_folder_that_contains_itself(bench: Bench) -> None:
    bench.write("specs/s.yaml", "dataset: ../d.csv\nexpect: {optimum_mse: 0.07142857143}\n")
    Path("specs/again").symlink_to(".")
    assert bench.runs("check", "specs").out.splitlines()[-1] == "1 passed, 0 failed"


def test_working_directory_is_gone(bench: Bench) -> None:
    (bench.home / "gone").mkdir()
    script = "import os, sys; os.rmdir('../gone'); from gdcli.cli import main; sys.argv[1:] = ['run', 's.yaml']; main()"
    command = [sys.executable, "-c", script]
    process = subprocess.run(command, cwd=bench.home / "gone", capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (2, "s.yaml: there is no such spec\n")


def test_folder_whose_name_is_not_utf_8(bench: Bench) -> None:
    folder = Path(os.fsdecode(b"b\xff"))
    folder.mkdir()
    (folder / "d.csv").write_text(DATA)
    (folder / "s.yaml").write_text("dataset: d.csv\n")
    process = separately("run", str(folder / "s.yaml"), "--no-plot", cwd=bench.home)
    assert (process.returncode, process.stderr) == (3, "b\\udcff/d.csv: this path is not UTF-8 text; rename it\n")
    for spec in ("s.yaml", "results/s/spec.yaml"):  # from within, nothing that is written names the folder
        process = separately("run", spec, "--no-plot", "--quiet", cwd=folder)
        assert (process.returncode, process.stderr) == (0, "")


def test_spec_whose_name_is_not_utf_8(bench: Bench) -> None:
    name = os.fsdecode(b"b\xff.yaml")
    Path(name).write_text("dataset: d.csv\n")
    message = (
        "b\\udcff.yaml: name must be letters, digits, '.', '_', '-', at most 64 and not starting with a dot, "
        "got 'b\\udcff'; set `name:` in the spec"
    )
    bench.refuses(2, message, "run", name)


def test_data_file_whose_name_is_not_utf_8(bench: Bench) -> None:
    name = os.fsdecode(b"b\xff.csv")
    Path(name).write_text(DATA)
    bench.refuses(3, "b\\udcff.csv: this path is not UTF-8 text; rename it", "optimum", name)


def test_help_that_cannot_be_printed(bench: Bench) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "gdcli", "--help"]
        process = subprocess.run(command, cwd=bench.home, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert process.stderr == f"stdout: cannot write: {os.strerror(errno.ENOSPC)}\n"
    assert process.returncode == 2


def test_system_that_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    bench.write("s.yaml", "dataset: d.csv\n")
    monkeypatch.setattr("gdcli.experiment.planner.Planner.plan", refuse)
    bench.refuses(2, f"the system refuses: {os.strerror(errno.EMFILE)}")
