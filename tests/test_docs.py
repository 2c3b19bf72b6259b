"""The pages agree with the code."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from typer.testing import CliRunner

import gdcli
from gdcli.cli.app import app
from gdcli.engine.optimizers import OPTIMIZERS
from gdcli.engine.schedules import SCHEDULES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory like the repository, to write to."""
    (tmp_path / "experiments").mkdir()
    for spec in (ROOT / "experiments").glob("*.yaml"):
        (tmp_path / "experiments" / spec.name).write_bytes(spec.read_bytes())
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_reference_is_current() -> None:
    assert (ROOT / "docs/reference.md").read_text(encoding="utf-8") == generator().page(), "run python docs/generate.py"


def test_reference_names_every_kind() -> None:
    page = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    for kind in [*OPTIMIZERS, *SCHEDULES]:
        assert f"### `{kind}`\n" in page


def test_the_spec_of_the_readme_runs(home: Path) -> None:
    (home / "experiments/example.yaml").write_text(block("yaml"), encoding="utf-8")
    outcome = CliRunner().invoke(app, ["check", "experiments/example.yaml"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.stderr == ""


def test_the_python_of_the_readme_runs(home: Path) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", block("python")], check=True, cwd=home)
    assert (home / "results/mine/curve.csv").is_file()


def test_the_mistakes_of_the_readme_have_its_messages(home: Path) -> None:
    spec = (
        "dataset: ../data/abalone.csv\ncolumns:\n  features: [Lenght, Diameter]\n  target: Whole weight\n"
        "optimizer:\n  kind: sgd\n  lr: -0.1\n"
    )
    (home / "experiments/abalone.yaml").write_text(spec)
    outcome = CliRunner().invoke(app, ["run", "experiments/abalone.yaml"])
    assert outcome.exit_code == 2
    assert f"```\n{outcome.stderr}```" in README


def test_the_output_in_the_readme_is_real(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    outcome = CliRunner().invoke(app, ["run", "experiments/abalone_norm.yaml", "--no-plot", "--out", str(home / "out")])
    printed = [line.rstrip() for line in outcome.stdout.splitlines() if line.strip()]
    shown = README.split("## What comes out\n\n```\n")[1].split("\n```")[0].splitlines()
    timeless = [re.sub(r"in [\d.]+ m?s", "in <time>", line) for line in printed]
    assert [re.sub(r"in [\d.]+ m?s", "in <time>", line) for line in shown] == timeless[: len(shown)]


def test_every_kind_has_a_spec_of_its_own() -> None:
    for folder, registry, key in (("optimizers", OPTIMIZERS, "optimizer"), ("schedules", SCHEDULES, "schedule")):
        specs = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "experiments" / folder).glob("*.yaml")}
        assert set(registry) <= set(specs)
        for kind in registry:
            stated = specs[kind][key]
            assert (stated if isinstance(stated, str) else stated["kind"]) == kind
        assert all("expect" in spec for spec in specs.values())


def test_every_shipped_spec_has_an_expectation() -> None:
    for path in (ROOT / "experiments").rglob("*.yaml"):
        assert gdcli.run(path).plan.spec.expect is not None


def test_links_lead_somewhere() -> None:
    for page in ("README.md", "CONTRIBUTING.md", "data/README.md", "docs/reference.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith("http"):
                assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"
