"""Directories are replaced as a whole: one is there at every moment, and foreign files are never replaced."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from gdcli.errors import OutputError
from gdcli.output import swap, workspace
from gdcli.output.directories import replacing, write_summary
from gdcli.output.places import shown

LEFT = ".gdcli-0123456789abcdef"
CANNOT = {"nothing_missing": 0, "no_such_call": errno.ENOSYS, "not_on_this_file_system": errno.EINVAL}


@pytest.fixture(params=CANNOT.values(), ids=list(CANNOT))
def refusal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The error of the system when two names are exchanged."""
    if request.param:
        monkeypatch.setattr(swap, "exchange", lambda *_: request.param)
    return int(request.param)


def write(directory: Path, text: str = "new") -> None:
    with replacing(directory) as new:
        fill(new, text)


def fill(new: Path, text: str) -> None:
    (new / "curve.csv").write_text(text)
    (new / "summary.json").unlink(missing_ok=True)
    write_summary({}, new)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def text_of(directory: Path) -> str:
    assert names(directory) == ["curve.csv", "summary.json"]
    return (directory / "curve.csv").read_text()


# One in the place of another


@pytest.mark.skipif(sys.platform != "linux", reason="Linux can exchange two names")
def test_two_names_are_exchanged(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    refusal = swap.exchange(tmp_path / "one", tmp_path / "other")
    if refusal in (errno.ENOSYS, errno.EINVAL):
        pytest.skip("not on this file system")
    assert refusal == 0
    assert names(tmp_path / "one") == ["other"]
    assert swap.exchange(tmp_path / "one", tmp_path / "missing") == errno.ENOENT


@pytest.mark.usefixtures("refusal")
def test_a_directory_is_replaced_and_nothing_is_left(tmp_path: Path) -> None:
    for text in ("first", "second", "third"):
        write(tmp_path / "deep/x", text)
        assert text_of(tmp_path / "deep/x") == text
        assert names(tmp_path / "deep") == ["x"]


@pytest.mark.usefixtures("refusal")
def test_an_empty_directory_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    write(tmp_path / "x")
    assert text_of(tmp_path / "x") == "new"


@pytest.mark.usefixtures("refusal")
def test_a_file_added_while_the_result_is_written_is_kept(tmp_path: Path) -> None:
    def write_slowly() -> None:
        with replacing(tmp_path / "x") as new:
            write_summary({}, new)
            (tmp_path / "x/notes.txt").write_text("years of work")

    write(tmp_path / "x", "old")
    with pytest.raises(OutputError) as caught:
        write_slowly()
    reason = "holds notes.txt, which gdcli did not write; move it away, or choose another directory"
    assert str(caught.value) == f"{shown(tmp_path / 'x')}: {reason}"
    assert names(tmp_path / "x") == ["curve.csv", "notes.txt", "summary.json"]
    assert names(tmp_path) == ["x"]


@pytest.mark.usefixtures("refusal")
def test_a_result_that_another_process_writes_meanwhile_is_replaced(tmp_path: Path) -> None:
    with replacing(tmp_path / "x") as new:
        write(tmp_path / "x", "of the other")
        (new / "curve.csv").write_text("of the last one")
        write_summary({}, new)
    assert text_of(tmp_path / "x") == "of the last one"
    assert names(tmp_path) == ["x"]


def test_a_name_that_is_taken_between_two_renames_is_set_aside_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "x", "old")
    rename, others = Path.rename, iter(["of another", "of a third"])

    def late(self: Path, target: Path) -> Path:
        if self.name == "new" and (text := next(others, "")):
            shutil.copytree(self, target)
            fill(target, text)
        return rename(self, target)

    monkeypatch.setattr(swap, "exchange", lambda *_: errno.EINVAL)
    monkeypatch.setattr(Path, "rename", late)
    write(tmp_path / "x")
    assert text_of(tmp_path / "x") == "new"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.EIO, os.strerror(errno.EIO))])
def test_a_failure_between_two_renames_brings_the_old_result_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    write(tmp_path / "x", "old")

    def fail(*_: object) -> bool:
        assert not (tmp_path / "x").exists()
        raise error

    monkeypatch.setattr(swap, "exchange", lambda *_: errno.ENOSYS)
    monkeypatch.setattr(swap, "_rename", fail)
    with pytest.raises((KeyboardInterrupt, OutputError)):
        write(tmp_path / "x")
    assert text_of(tmp_path / "x") == "old"
    assert names(tmp_path) == ["x"]


def test_a_kill_between_two_renames_is_repaired_at_the_next_write(tmp_path: Path) -> None:
    write(tmp_path / "x", "old")
    program = f"""
import errno, os, sys
from pathlib import Path
from gdcli.output import directories as output
from gdcli.output import swap
swap.exchange = lambda *_: errno.ENOSYS
swap._rename = lambda *_: os._exit(9)
with output.replacing(Path({str(tmp_path / "x")!r})) as new:
    output.write_summary({{}}, new)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert "x" not in names(tmp_path)
    write(tmp_path / "y")
    assert text_of(tmp_path / "x") == "old"
    assert names(tmp_path) == ["x", "y"]


def test_an_exchange_that_fails_otherwise_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "x", "old")
    monkeypatch.setattr(swap, "exchange", lambda *_: errno.EROFS)
    with pytest.raises(OutputError, match=f"cannot write the result: {os.strerror(errno.EROFS)}; what was there"):
        write(tmp_path / "x")
    assert text_of(tmp_path / "x") == "old"


# What may be replaced


def link_to_data(place: Path) -> None:
    (place.parent / "data.csv").write_text("x,y\n1,2\n")
    (place / "curve.csv").unlink()
    (place / "curve.csv").symlink_to("../data.csv")


def directory_of_that_name(place: Path) -> None:
    (place / "curve.csv").unlink()
    (place / "curve.csv").mkdir()
    (place / "curve.csv/thesis.tex").write_text("years of work")


def somebody_s_summary(text: str, place: Path) -> None:
    (place / "summary.json").write_text(text)


FOREIGN: dict[str, tuple[Callable[[Path], object], str]] = {
    "a_link": (link_to_data, "holds curve.csv, which gdcli did not write"),
    "a_directory": (directory_of_that_name, "holds curve.csv/, which gdcli did not write"),
    "own_notes": (lambda x: (x / "curve.csv").write_text("mine"), "holds curve.csv, changed since gdcli wrote it"),
    "data_of_somebody": (lambda x: (x / "data.csv").touch(), "holds data.csv, which gdcli did not write"),
    "no_summary": (lambda x: (x / "summary.json").unlink(), "holds curve.csv, which gdcli did not write"),
}
NO_LIST = ["{}", "[1]", "1", "null", '{"files": 1}', '{"files": {"curve.csv": null}}', "not JSON", "[" * 100_000]
NO_LIST += ['{"files": ["curve.csv", "summary.json"]}']
for text in NO_LIST:
    FOREIGN[text[:20]] = (
        partial(somebody_s_summary, text),
        "holds curve.csv, summary.json, and its summary.json does not list what gdcli wrote",
    )


@pytest.mark.parametrize(("change", "reason"), FOREIGN.values(), ids=FOREIGN)
def test_what_gdcli_did_not_write_is_not_replaced(
    tmp_path: Path, change: Callable[[Path], object], reason: str
) -> None:
    place = tmp_path / "x"
    write(place)
    change(place)
    before = sorted(map(str, tmp_path.rglob("*")))
    with pytest.raises(OutputError) as caught:
        write(place)
    assert str(caught.value) == f"{shown(place)}: {reason}; move it away, or choose another directory"
    assert sorted(map(str, tmp_path.rglob("*"))) == before


def test_a_result_that_lacks_files_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "x")
    (tmp_path / "x/curve.csv").unlink()
    write(tmp_path / "x")
    assert text_of(tmp_path / "x") == "new"


def test_a_pipe_called_summary_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    os.mkfifo(tmp_path / "x/summary.json")
    with pytest.raises(OutputError, match=r"holds summary\.json, and its summary\.json does not list"):
        write(tmp_path / "x")


# What dead processes leave


def test_only_the_workspaces_of_dead_processes_are_removed(tmp_path: Path) -> None:
    (tmp_path / LEFT / "new").mkdir(parents=True)
    (tmp_path / LEFT / "new/curve.csv").write_text("half")
    (tmp_path / ".gdcli-notes").mkdir()
    (tmp_path / LEFT.replace("0", "1")).write_text("a file")
    (tmp_path / LEFT.replace("0", "2")).symlink_to(tmp_path / ".gdcli-notes")
    (tmp_path / LEFT.replace("0", "3")).mkdir()
    (tmp_path / LEFT.replace("0", "3") / "thesis.tex").write_text("years of work")
    kept = set(names(tmp_path)) - {LEFT}
    write(tmp_path / "x")
    assert set(names(tmp_path)) == kept | {"x"}
    assert names(tmp_path / LEFT.replace("0", "3")) == ["thesis.tex"]


def test_the_workspace_of_a_living_process_is_kept(tmp_path: Path) -> None:
    with workspace.workspace(tmp_path) as space:
        write(tmp_path / "x")
        assert names(tmp_path) == [space.path.name, "x"]
        assert names(space.path) == ["new"]
    assert names(tmp_path) == ["x"]


def test_without_locks_nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    (tmp_path / LEFT).mkdir()
    write(tmp_path / "x")
    assert names(tmp_path) == [LEFT, "x"]


@pytest.mark.parametrize("error", [BlockingIOError, FileNotFoundError, None])
def test_a_workspace_that_is_removed_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError] | None
) -> None:
    lock, tries = workspace._lock, []

    def late(directory: Path) -> int | None:
        tries.append(directory)
        if len(tries) > 1:
            return lock(directory)
        descriptor = lock(directory)
        shutil.rmtree(directory)
        if error is None:
            return descriptor
        workspace._unlock(descriptor)
        raise error

    monkeypatch.setattr(workspace, "_lock", late)
    write(tmp_path / "x")
    assert len(tries) == 2
    assert names(tmp_path) == ["x"]


def test_a_directory_that_cannot_be_listed_can_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Path.iterdir

    def refuse(self: Path) -> Iterator[Path]:
        if self == tmp_path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return listed(self)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", refuse)
        write(tmp_path / "x")
    assert text_of(tmp_path / "x") == "new"


# What survives a loss of power


@contextmanager
def flushed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The inodes that are flushed, in order."""
    inodes: list[int] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        inodes.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", record)
        yield inodes


def inodes_of(*paths: Path) -> list[int]:
    return sorted(path.stat().st_ino for path in paths)


def test_files_are_flushed_then_the_directory_then_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with flushed(monkeypatch) as order:
        write(tmp_path / "deep/er/x")
    place = tmp_path / "deep/er/x"
    assert sorted(order[:2]) == inodes_of(tmp_path, tmp_path / "deep")
    assert sorted(order[2:4]) == inodes_of(*place.iterdir())
    assert order[4:] == [*inodes_of(place), *inodes_of(place.parent)]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_disk_that_is_full_when_flushed_keeps_the_old_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    write(tmp_path / "x", "old")

    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(OutputError, match=f"{os.strerror(code)}; what was there before is kept"):
            write(tmp_path / "x")
    assert text_of(tmp_path / "x") == "old"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_flush_is_not_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    write(tmp_path / "x")
    assert text_of(tmp_path / "x") == "new"
