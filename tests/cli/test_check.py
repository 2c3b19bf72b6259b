"""`gdcli check`: the expectations of a spec, and the report for CI systems."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from workbench import Bench

from gdcli.experiment.execute import execute

D = "dataset: d.csv\nepochs: 0\ninit: zeros\n"  # final MSE 42.5, optimum 1/14, gap 42.43, ratio 594
FULL = (
    "{final_mse: 42.5, optimum_mse: 0.0714285714, gap: 42.4285714, gap_ratio: 594, status: completed, relative: 1.0e-9}"
)

# id → `expect`, exit code, and the line after the name
EXPECTATIONS: dict[str, tuple[str, int, str]] = {
    "all": (FULL, 0, "final_mse 42.5; optimum_mse 0.071428571; gap 42.428571; gap_ratio 594; status completed"),
    "relative": ("{final_mse: 42, relative: 0.012}", 0, "final_mse 42.5"),
    "relative_exceeded": (
        "{final_mse: 42, relative: 0.0119}",
        5,
        "final_mse is 42.5, expected 42.0: off by 0.5, more than the tolerance of 0.4998",
    ),
    "larger_of_both": ("{final_mse: 42, relative: 1.0e-9, tolerance: 0.5}", 0, "final_mse 42.5"),
    "tolerance_of_a_ratio": ("{gap_ratio: 593, tolerance: 1.5}", 0, "gap_ratio 594"),
    "bound": ("{gap: {at_most: 42.5}}", 0, "gap 42.428571"),
    "bound_is_strict": (
        "{gap: {at_most: 42}, tolerance: 10, relative: 10}",
        5,
        "gap is 42.42857142857143, expected at most 42.0",
    ),
    "status": ("{status: stalled, final_mse: 42.5}", 5, "final_mse 42.5; status is completed, expected stalled"),
}


@pytest.mark.parametrize(("expect", "code", "said"), EXPECTATIONS.values(), ids=EXPECTATIONS)
def test_expectations(bench: Bench, expect: str, code: int, said: str) -> None:
    bench.write("s.yaml", f"{D}expect: {expect}\n")
    outcome = bench.gd("check", "s.yaml")
    line, _, rest = outcome.out.partition("\n")
    assert line == f"{'failed ' if code else 'passed '} s: {said}"
    assert rest == ("0 passed, 1 failed\n" if code else "1 passed, 0 failed\n")
    assert (outcome.code, outcome.err) == (code, "")


WILD = "dataset: d.csv\noptimizer: {lr: 1}\n"


@pytest.mark.parametrize(
    ("expect", "code", "said"),
    [
        ("{status: diverged}", 0, "passed  s: status diverged"),
        ("{status: completed}", 5, "failed  s: diverged at epoch 3"),
        ("{gap: {at_most: 1.0e+300}}", 5, "failed  s: diverged at epoch 3"),
    ],
)
def test_a_run_that_diverges(bench: Bench, expect: str, code: int, said: str) -> None:
    bench.write("s.yaml", f"{WILD}expect: {expect}\n")
    outcome = bench.gd("check", "s.yaml")
    assert (outcome.out.splitlines()[0], outcome.code, outcome.err) == (said, code, "")


def test_remarks_beside_the_status(bench: Bench) -> None:
    bench.write("s.yaml", "dataset: d.csv\noptimizer: {lr: 0.058}\nepochs: 2\nexpect: {gap: {at_most: 50}}\n")
    limit = "0.05779, the largest stable rate of full-batch descent on these columns"
    advice = "lower optimizer.lr or scale the features"
    bench.runs("check", "s.yaml", warnings=f"warning: s: lr 0.058 is above {limit}; {advice}")
    assert bench.gd("check", "s.yaml", "--quiet").err == ""


def test_a_ratio_to_an_optimum_of_zero(bench: Bench) -> None:
    spec = "dataset: {inline: {x: [1, 2, 3], y: [1, 2, 3]}}\nexpect: {gap_ratio: 1}\n"
    bench.write("s.yaml", spec)
    outcome = bench.gd("check", "s.yaml")
    assert outcome.out.splitlines()[0] == "failed  s: gap_ratio does not exist: the optimum is 0"
    assert outcome.code == 5
    assert bench.gd("check", "s.yaml", "--json").code == 5


def test_the_resolved_spec_reads_back(bench: Bench) -> None:
    bench.write("s.yaml", f"{D}expect: {{gap: {{at_most: 50}}, status: completed, relative: 0.5}}\n")
    assert bench.gd("check", "s.yaml", "--out", "results", "--no-plot").code == 0
    assert bench.gd("check", "results/s/spec.yaml").code == 0


BAD = {
    "{gap: x}": "s.yaml:2:10: expect.gap must be a number, got 'x'",
    "{gap: -1}": "s.yaml:2:10: expect.gap must be at least 0, got -1",
    "{gap: {at_most: -1}}": "s.yaml:2:16: expect.gap.at_most must be at least 0, got -1",
    "{gap: {at_most: .inf}}": "s.yaml:2:16: expect.gap.at_most must be a finite number, got inf",
    "{gap: {}}": "s.yaml:2:10: expect.gap.at_most is required",
    "{gap: {at_most: 1, x: 1}}": "s.yaml:2:28: unknown key 'x' in expect.gap; known: at_most",
    "{gap_ratio: {at_most: 1}}": "s.yaml:2:10: expect.gap_ratio must be a number, got a mapping",
    "{relative: -1}": "s.yaml:2:10: expect.relative must be at least 0, got -1",
    "{status: dverged}": "s.yaml:2:10: expect.status must be one of completed, target_reached, stalled, diverged, "
    "got 'dverged'; did you mean 'diverged'?",
    "{relative: 1}": "s.yaml:2:1: expect needs at least one of final_mse, optimum_mse, gap, gap_ratio, status",
}


@pytest.mark.parametrize(("expect", "message"), BAD.items(), ids=BAD)
def test_bad_expectations(bench: Bench, expect: str, message: str) -> None:
    bench.refuses(2, message, "check", "s.yaml", spec=f"dataset: d.csv\nexpect: {expect}\n")


def test_junit(bench: Bench) -> None:
    bench.write("a.yaml", f"{D}expect: {{gap: {{at_most: 50}}}}\n")
    bench.write("b.yaml", f"{D}expect: {{final_mse: 1}}\n")
    bench.write("c.yaml", D)
    outcome = bench.gd("check", ".", "--junit", "report.xml")
    assert (outcome.code, outcome.err) == (5, "")
    root = ElementTree.parse("report.xml").getroot()
    (suite,) = root
    assert root.tag == "testsuites"
    for element in (root, suite):
        counts = {key: element.get(key) for key in ("name", "tests", "failures", "errors", "skipped")}
        assert counts == {"name": "gdcli check", "tests": "3", "failures": "1", "errors": "0", "skipped": "1"}
        assert float(element.get("time", "nan")) >= 0
    cases = {case.get("name"): case for case in suite}
    assert [(case.tag, case.get("classname")) for case in suite] == [("testcase", f"{n}.yaml") for n in "abc"]
    assert all(float(case.get("time", "nan")) >= 0 for case in suite)
    assert list(cases["a"]) == []
    (failure,), (skipped,) = cases["b"], cases["c"]
    said = "final_mse is 42.5, expected 1.0: off by 41.5, more than the tolerance of 5e-09"
    assert (failure.tag, failure.get("message")) == ("failure", said)
    assert (skipped.tag, skipped.get("message")) == ("skipped", "the spec has no `expect`")
    assert bench.gd("check", "a.yaml", "--junit", "report.xml", "--quiet").code == 0  # an earlier report is replaced
    assert len(ElementTree.parse("report.xml").getroot()[0]) == 1
    assert not list(Path().glob(".report*"))


def test_junit_of_specs_that_are_wrong(bench: Bench) -> None:
    """Nothing runs, the messages and the exit code are as without a report, and the report has them too."""
    bench.write("rows.csv", "x,z,y\n1,?,3\n2,1,4\n3,5,9\n")
    bench.write("sub/a.yaml", f"{D}expect: {{gap: {{at_most: 50}}}}\n")
    bench.write("sub/d.csv", (bench.home / "d.csv").read_bytes())
    bench.write("b.yaml", f"{D}columns: {{features: [x, w], target: v}}\n")
    bench.write("c.yaml", "dataset: rows.csv\n")
    bench.write("a.yaml", f"{D}expect: {{gap: {{at_most: 50}}}}\n")
    bench.write("d.yaml", f"{D}expect: {{gap: {{at_most: 50}}}}\n")
    missing = [
        "b.yaml:4:25: no column 'w' in d.csv; known: x, z, y",
        "b.yaml:4:29: no column 'v' in d.csv; known: x, z, y",
    ]
    cell = (
        "rows.csv:2: column 'z' has 1 cell that is not a number, the first on line 2; the first is '?', a mark of "
        "missing values; fill them in, or leave them blank and set dataset: {path: …, missing: drop}"
    )
    same = "sub/a.yaml: has the same name as a.yaml, 'a'; give one of them a `name` of its own"
    bench.refuses(2, "\n".join([*missing, cell, same]), "check", ".")
    outcome = bench.gd("check", ".", "--junit", "report.xml")
    assert (outcome.code, outcome.out, outcome.err) == (2, "", "\n".join([*missing, cell, same, ""]))
    root = ElementTree.parse("report.xml").getroot()
    counts = {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "0", "errors": "3", "skipped": "2"}
    skipped = ("skipped", "not run, because other specs are wrong")
    said = {case.get("classname"): (case[0].tag, case[0].get("message")) for case in root[0]}
    assert said == {
        "a.yaml": skipped,
        "b.yaml": ("error", "\n".join(missing)),
        "c.yaml": ("error", cell),
        "d.yaml": skipped,
        "sub/a.yaml": ("error", same),
    }


def test_specs_that_are_wrong_and_a_report_that_cannot_be_written(bench: Bench) -> None:
    message = "report.xml: exists, and is not a report of gdcli; move it away, or choose another --junit"
    bench.write("report.xml", "years of work")
    fault = "s.yaml:2:1: unknown key 'epoch'; did you mean 'epochs'?"
    bench.refuses(
        2, f"{message}\n{fault}", "check", "s.yaml", "--junit", "report.xml", spec="dataset: d.csv\nepoch: 3\n"
    )


def test_results_in_a_folder_are_no_specs(bench: Bench) -> None:
    bench.write("a.yaml", f"{D}expect: {{gap: {{at_most: 50}}}}\n")
    bench.runs("run", "a.yaml", "--no-plot")
    bench.runs("sweep", "a.yaml", "--grid", "epochs=1,2", "--no-plot", "--quiet")
    assert {"results/a/spec.yaml", "results/a-sweep/best.yaml"} <= bench.tree().keys()
    assert bench.runs("check", ".").out.splitlines() == ["passed  a: gap 42.428571", "1 passed, 0 failed"]
    bench.refuses(
        2,
        "results: no *.yaml in this folder besides the results of gdcli; name such a file to use it",
        "check",
        "results",
    )
    assert bench.runs("check", "results/a/spec.yaml").out.startswith("passed  a: ")
    bench.write("results/a/mine.yaml", "dataset: ../../d.csv\nname: mine\nepochs: 0\n")  # not a file of the result
    assert bench.runs("check", ".").out.splitlines()[1:] == [
        "skipped mine: the spec has no `expect`",
        "1 passed, 0 failed, 1 skipped",
    ]


def test_junit_is_valid_for_any_names(bench: Bench) -> None:
    bench.write("x\x1b<&\u202e/d.csv", (bench.home / "d.csv").read_bytes())
    bench.write("x\x1b<&\u202e/s.yaml", f"{D}expect: {{gap: {{at_most: 50}}}}\n")
    assert bench.gd("check", ".", "--junit", "report.xml").code == 0
    (case,) = ElementTree.parse("report.xml").getroot()[0]
    assert case.get("classname") == "x\\x1b<&\\u202e/s.yaml"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no/report.xml", "cannot write the report: No such file or directory; choose another --junit"),
        ("d.csv/report.xml", "cannot write the report: Not a directory; choose another --junit"),
        ("d.csv", "is a file that this command reads; choose another --junit"),
        ("s.yaml", "is a file that this command reads; choose another --junit"),
        ("hard.yaml", "is a file that this command reads; choose another --junit"),
        ("link.yaml", "is a file that this command reads; choose another --junit"),
        ("sub", "cannot write the report: Is a directory; choose another --junit"),
        ("pipe", "cannot write the report: it is not a regular file; choose another --junit"),
        ("other.xml", "exists, and is not a report of gdcli; move it away, or choose another --junit"),
        ("link.xml", "exists, and is not a report of gdcli; move it away, or choose another --junit"),
        ("empty.xml", "exists, and is not a report of gdcli; move it away, or choose another --junit"),
    ],
)
def test_a_report_that_cannot_be_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, path: str, message: str
) -> None:
    """This is reported before anything runs."""
    monkeypatch.setattr("gdcli.cli.session.execute", None)
    bench.write("sub/keep", "")
    bench.write("s.yaml", f"# for gdcli check\n{D}expect: {{gap: {{at_most: 50}}}}\n")
    bench.write("other.xml", "<?xml version='1.0' encoding='UTF-8'?>\n<notes>of gdcli check</notes>\n")
    bench.write("empty.xml", "")
    os.mkfifo("pipe")
    os.link("s.yaml", "hard.yaml")
    Path("link.yaml").symlink_to("s.yaml")
    Path("link.xml").symlink_to("other.xml")
    bench.refuses(2, f"{path}: {message}", "check", "s.yaml", "--junit", path)


def test_the_target_of_a_link_to_a_report_is_replaced(bench: Bench) -> None:
    bench.write("s.yaml", f"{D}expect: {{gap: {{at_most: 50}}}}\n")
    bench.write("far/keep", "")
    Path("report.xml").symlink_to("far/report.xml")
    for _ in range(2):
        bench.runs("check", "s.yaml", "--junit", "report.xml", "--quiet")
        assert Path("report.xml").is_symlink()
        assert ElementTree.parse("far/report.xml").getroot().get("tests") == "1"
    assert sorted(bench.tree()) == ["d.csv", "far/keep", "far/report.xml", "report.xml", "s.yaml"]


def test_a_file_that_appears_at_the_place_of_the_report_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def and_write(*arguments: Any, **options: Any) -> Any:
        bench.write("report.xml", "years of work")
        return execute(*arguments, **options)

    monkeypatch.setattr("gdcli.cli.session.execute", and_write)
    bench.write("s.yaml", f"{D}expect: {{gap: {{at_most: 50}}}}\n")
    outcome = bench.gd("check", "s.yaml", "--junit", "report.xml")
    message = "report.xml: exists, and is not a report of gdcli; move it away, or choose another --junit\n"
    assert (outcome.code, outcome.err) == (2, message)
    assert Path("report.xml").read_text() == "years of work"
    assert sorted(bench.tree()) == ["d.csv", "report.xml", "s.yaml"]
