"""Compressed files: read to the end, or refused, wherever they are cut."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

import gdcli
from gdcli.data import sources
from gdcli.data.csv import blocks
from gdcli.data.csv.packed import unpacked

ROWS = [f"{i},{i * i % 7},{i**3 % 11}" for i in range(60)]
TEXT = ("a,b,y\n" + "\n".join(ROWS) + "\n").encode()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def zipped(*names: str, data: bytes = TEXT) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(*names: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(TEXT)
            archive.addfile(member, io.BytesIO(TEXT))
    return stream.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_a_cut_file_is_refused_wherever_it_is_cut(ending: str) -> None:
    packed = PACKERS[ending](TEXT)
    assert unpacked(io.BytesIO(packed), f"d.csv{ending}").read() == TEXT
    for end in range(1, len(packed)):
        with pytest.raises(EOFError, match="ends too early"):
            unpacked(io.BytesIO(packed[:end]), f"d.csv{ending}").read()


@pytest.mark.parametrize("ending", PACKERS)
def test_frames_follow_each_other(ending: str) -> None:
    first, second = PACKERS[ending](TEXT[:200]), PACKERS[ending](TEXT[200:])
    for between in (b"", b"\0" * 8):
        assert unpacked(io.BytesIO(first + between + second), f"d.csv{ending}").read() == TEXT
    for end in range(len(first) + 1, len(first + second)):
        with pytest.raises(EOFError, match="ends too early"):
            unpacked(io.BytesIO((first + second)[:end]), f"d.csv{ending}").read()
    with pytest.raises(Exception, match=r"incorrect header|[Ii]nvalid|not supported|[Uu]nknown frame"):
        unpacked(io.BytesIO(first + b"garbage" + second), f"d.csv{ending}").read()


@pytest.mark.parametrize("ending", ["", *PACKERS])
def test_a_cut_tar_archive_is_refused_wherever_it_is_cut(ending: str) -> None:
    whole = tarred("d.csv")[:2048]  # as some programs write it: no more zeros than needed
    packed = PACKERS.get(ending, bytes)(whole)
    name = f"d.tar{ending}"
    assert unpacked(io.BytesIO(packed), name).read() == TEXT
    for end in range(1, len(packed) if ending else 1025):
        with pytest.raises((EOFError, tarfile.TarError)):
            unpacked(io.BytesIO(packed[:end]), name).read()


@pytest.mark.parametrize("cut", range(1, 60))
@pytest.mark.parametrize("whole", [True, False])
def test_a_cut_zstd_file_is_refused(cut: int, whole: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not whole:
        monkeypatch.setattr(sources, "WHOLE", 0)
        monkeypatch.setattr(blocks, "BLOCK_BYTES", 100)
    packed = zstd(TEXT[:300]) + zstd(TEXT[300:])
    path = tmp_path / "d.csv.zst"
    path.write_bytes(packed)
    assert gdcli.optimum(path).rows == 60
    path.write_bytes(packed[:-cut])
    message = "cannot read this data file: the compressed file ends too early; it was cut short$"
    with pytest.raises(gdcli.DataError, match=message):
        gdcli.optimum(path)


ARCHIVES = {
    "two": (zipped("a.csv", "b.csv"), ".zip", "holds 2 files (a.csv, b.csv) instead of one"),
    "none": (zipped(), ".zip", "holds 0 files instead of one"),
    "two_tarred": (tarred("a.csv", "b.csv"), ".tar", "holds 2 files (a.csv, b.csv) instead of one"),
    "none_tarred": (tarred(), ".tar", "holds 0 files instead of one"),
}


@pytest.mark.parametrize(("data", "ending", "message"), ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_holds_one_file(data: bytes, ending: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / f"d{ending}"
    path.write_bytes(data)
    with pytest.raises(gdcli.DataError) as error:
        gdcli.optimum(path)
    advice = "; unpack it, and name its files"
    assert str(error.value) == f"{path}: cannot read this data file: the archive {message}{advice}"


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".zip"])
def test_archives_are_read(ending: str, whole: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not whole:
        monkeypatch.setattr(sources, "WHOLE", 0)
    packer = PACKERS.get({".tgz": ".gz"}.get(ending, ending.removeprefix(".tar")), bytes)
    path = tmp_path / f"d{ending}"
    path.write_bytes(zipped("d/", "d/d.csv", "__MACOSX/d.csv") if ending == ".zip" else packer(tarred("d.csv")))
    assert gdcli.optimum(path).rows == 60
    broken = TEXT.replace(b"30,", b"30,x", 1)
    if ending == ".zip":
        path.write_bytes(zipped("d.csv", data=broken))
        with pytest.raises(
            gdcli.DataError, match=r"d\.zip:32: column 'b' has 1 cell that is not a number, the first on"
        ):
            gdcli.optimum(path)
