"""No command replaces, moves or deletes a file that it reads: results go to another directory."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from workbench import DATA, Bench

import gdcli

FRAME = pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [3.0, 5.0, 10.0]})


def beside(place: str, held: str, number: int = 2) -> str:
    return f"warning: {place} holds {held}, which this command reads: writing to {place}-{number}"


def below(directory: str) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path(directory).rglob("*") if path.is_file()}


def entries(directory: str) -> list[str]:
    return sorted(path.name for path in Path(directory).iterdir())


@pytest.mark.parametrize("name", ["data.csv", "curve.csv", "summary.csv", "summary.json", "spec.yaml", "notes.csv"])
def test_data_in_the_place_of_the_result(bench: Bench, name: str) -> None:
    bench.write(f"a/{name}", DATA)
    spec = bench.write("a/a.yaml" if name == "spec.yaml" else "a/spec.yaml", f"name: a\ndataset: {name}\n")
    before = below("a")
    for _ in range(2):
        bench.runs("run", str(spec.relative_to(bench.home)), "--out", ".", "--no-plot", warnings=beside("a", name))
    assert below("a") == before
    assert sorted(below("a-2")) == [f"a-2/{n}" for n in ("curve.csv", "spec.yaml", "summary.csv", "summary.json")]


def test_the_spec_alone_in_the_place_of_the_result(bench: Bench) -> None:
    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    before = below("results/s")
    again = ("run", "results/s/spec.yaml", "--no-plot")
    outcome = bench.runs(*again, warnings=beside("results/s", "spec.yaml"))
    assert outcome.out.endswith("written to results/s-2/\n\n")
    assert below("results/s") == before
    assert Path("results/s-2/curve.csv").read_bytes() == before["results/s/curve.csv"]


def test_running_a_written_spec_again_and_again(bench: Bench) -> None:
    gdcli.run({"name": "mine", "epochs": 3}, data=FRAME).save("results/mine")
    before = below("results/mine")
    for _ in range(3):
        bench.runs("run", "results/mine/spec.yaml", warnings=beside("results/mine", "data.csv"))
        assert below("results/mine") == before
        assert entries("results") == ["mine", "mine-2"]
    assert Path("results/mine-2/curve.csv").read_bytes() == before["results/mine/curve.csv"]
    resolved = json.loads(Path("results/mine-2/summary.json").read_text())["spec"]
    assert resolved["dataset"]["path"] == "../mine/data.csv"
    bench.runs("run", "results/mine-2/spec.yaml", "--no-plot", warnings=beside("results/mine", "data.csv", 3))


def test_a_numbered_directory_with_foreign_files_is_skipped(bench: Bench) -> None:
    gdcli.run({"name": "mine", "epochs": 3}, data=FRAME).save("results/mine", plot=False)
    bench.write("results/mine-2/notes.txt", "mine")
    bench.write("results/mine-3", "mine")
    bench.runs("run", "results/mine/spec.yaml", "--no-plot", warnings=beside("results/mine", "data.csv", 4))


def test_two_results_of_a_command_have_different_directories(bench: Bench) -> None:
    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    bench.write("s-2.yaml", "dataset: d.csv\nepochs: 3\n")
    warning = beside("results/s", "spec.yaml", 3)
    outcome = bench.runs("run", "results/s/spec.yaml", "s-2.yaml", "--no-plot", warnings=warning)
    assert [line for line in outcome.out.splitlines() if "written" in line] == [
        *("written to results/s-3/", "written to results/s-2/")
    ]
    for name, epochs in (("s-2", 3), ("s-3", 2)):
        assert json.loads(Path(f"results/{name}/summary.json").read_text())["epochs"] == epochs


def test_two_names_of_one_directory(bench: Bench) -> None:
    bench.write("t.yaml", "dataset: d.csv\nepochs: 3\n")
    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    Path("results/t").symlink_to("s")
    reason = "results/t is the place of another result of this command: writing to results/t-2"
    bench.runs("run", "s.yaml", "t.yaml", "--no-plot", warnings=f"warning: {reason}")
    assert json.loads(Path("results/s/summary.json").read_text())["epochs"] == 2


def test_an_input_of_another_spec_stays(bench: Bench) -> None:
    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    bench.write("t.yaml", "dataset: results/s/curve.csv\ncolumns: {features: [step], target: mse}\nepochs: 2\n")
    before = below("results/s")
    bench.runs("run", "s.yaml", "t.yaml", "--no-plot", warnings=beside("results/s", "curve.csv"))
    assert below("results/s") == before


def link(at: str, to: str) -> None:
    Path(at).symlink_to(to)


def test_an_input_reached_through_a_link(bench: Bench) -> None:
    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    before = below("results/s")
    link("spec.yaml", "results/s/spec.yaml")
    link("far", "results")
    bench.write("far.yaml", "name: s\ndataset: far/s/curve.csv\ncolumns: {features: [step]}\nepochs: 2\n")
    bench.write("again/d.csv", DATA)
    for command, held in (
        (("run", "spec.yaml", "--set", "dataset=d.csv", "--set", "name=s"), "spec.yaml"),
        (("run", "far.yaml"), "curve.csv"),
        (("run", "far/s/spec.yaml"), "spec.yaml"),
    ):
        bench.runs(*command, "--no-plot", warnings=beside("results/s", held))
        assert below("results/s") == before


@pytest.mark.parametrize("make", [os.link, os.symlink], ids=["hard", "symbolic"])
def test_a_link_to_an_input_in_the_place_of_the_result(bench: Bench, make: type) -> None:
    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    Path("results/s/curve.csv").unlink()
    make(bench.home / "d.csv", "results/s/curve.csv")
    bench.runs(warnings=beside("results/s", "curve.csv"))
    assert Path("results/s/curve.csv").read_text() == DATA


def test_a_result_behind_a_link_that_holds_an_input(bench: Bench) -> None:
    bench.write("far/data.csv", DATA)
    bench.write("far/spec.yaml", "name: s\ndataset: data.csv\n")
    Path("results").mkdir()
    link("results/s", "../far")
    before = below("far")
    bench.runs("run", "far/spec.yaml", "--no-plot", warnings=beside("results/s", "data.csv"))
    assert below("far") == before
    assert Path("results/s-2").is_dir()


def test_out_is_the_directory_of_the_data(bench: Bench) -> None:
    bench.write("data/d.csv", DATA)
    bench.runs("run", "s.yaml", "--no-plot", "--out", "data", spec="dataset: data/d.csv\n")
    assert entries("data") == ["d.csv", "s"]


def test_a_directory_called_like_a_file_of_gdcli(bench: Bench) -> None:
    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    Path("results/s/spec.yaml").unlink()
    bench.write("results/s/spec.yaml/thesis.tex", "years of work")
    message = "results/s: holds spec.yaml/, which gdcli did not write; move it away, or choose another --out"
    bench.refuses(2, message)


def test_a_result_of_an_older_version_is_not_replaced(bench: Bench) -> None:
    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    path = Path("results/s/summary.json")
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "files"}))
    bench.refuses(
        2,
        "results/s: holds curve.csv, spec.yaml, summary.csv and 1 more, and its summary.json does not list what "
        "gdcli wrote; "
        "move it away, or choose another --out",
    )


def test_a_comparison_whose_place_holds_an_input(bench: Bench) -> None:
    bench.write("results/s-vs-t/s.yaml", "dataset: ../../d.csv\n")
    bench.write("t.yaml", "dataset: d.csv\n")
    before = below("results")
    command = ("compare", "results/s-vs-t/s.yaml", "t.yaml", "--no-plot")
    outcome = bench.runs(*command, warnings=beside("results/s-vs-t", "s.yaml"))
    assert outcome.out.endswith("written to results/s-vs-t-2/\n")
    assert before.items() <= below("results").items()
    assert below("results/s-vs-t").keys() == before.keys()


def test_a_sweep_whose_place_holds_its_spec(bench: Bench) -> None:
    grid = ("--grid", "optimizer.lr=0.01,0.02", "--no-plot")
    bench.runs("sweep", "s.yaml", *grid, spec="dataset: d.csv\nepochs: 2\n")
    before = below("results")
    again = ("sweep", "results/s-sweep/best.yaml", "--set", "name=s", *grid)
    outcome = bench.runs(*again, warnings=beside("results/s-sweep", "best.yaml"))
    assert outcome.out.endswith("written to results/s-sweep-2/\n")
    run = ("run", "results/s-sweep/best.yaml", "--set", "name=s-sweep", "--no-plot")
    bench.runs(*run, warnings=beside("results/s-sweep", "best.yaml"))
    assert before.items() <= below("results").items()


def test_a_check_that_writes_beside_its_specs(bench: Bench) -> None:
    bench.runs(spec="dataset: d.csv\nepochs: 2\nexpect: {final_mse: 1, tolerance: 1.0e+9}\n")
    before = below("results")
    spec = "results/s/spec.yaml"
    bench.runs("check", spec, "--out", "results", "--no-plot", warnings=beside("results/s", "spec.yaml"))
    assert before.items() <= below("results").items()
    assert entries("results") == ["s", "s-2"]


def test_a_check_skips_results_that_are_being_written(bench: Bench) -> None:
    spec = "dataset: d.csv\nepochs: 2\nexpect: {final_mse: 1, tolerance: 1.0e+9}\n"
    bench.write("s.yaml", spec)
    bench.write(".gdcli-0123456789abcdef/new/spec.yaml", spec.replace("dataset", "name: s\ndataset"))
    assert bench.runs("check", ".").out.endswith("1 passed, 0 failed\n")


def test_the_place_is_known_before_anything_runs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it has run")

    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    bench.write("results/t/notes.txt", "mine")
    bench.write("t.yaml", "dataset: d.csv\n")
    monkeypatch.setattr("gdcli.cli.session.execute", never)
    message = "results/t: holds notes.txt, which gdcli did not write; move it away, or choose another --out"
    bench.refuses(2, message, "run", "results/s/spec.yaml", "t.yaml")


def test_json_and_quiet_also_write_beside(bench: Bench) -> None:
    bench.runs(spec="dataset: d.csv\nepochs: 2\n")
    before = below("results/s")
    again = ("run", "results/s/spec.yaml", "--no-plot")
    document = json.loads(bench.runs(*again, "--json", warnings=beside("results/s", "spec.yaml")).out)
    assert document["spec"]["dataset"]["path"] == "../../d.csv"
    assert bench.runs(*again, "--quiet").out == ""
    assert below("results/s") == before
