from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gdcli"
FILES = sorted(PACKAGE.rglob("*.py"))
ENGINE, EXPERIMENT, SHOW, CLI = (
    sorted((PACKAGE / floor).rglob("*.py")) for floor in ("engine", "experiment", "show", "cli")
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relatively"
            assert node.module
            # `from gdcli import api` imports gdcli.api as much as `import gdcli.api` does.
            found.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return found


def is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def breaches(files: list[Path], forbidden: tuple[str, ...]) -> list[str]:
    return [f"{name_of(path)}: {m}" for path in files for m in sorted(imports_of(path)) if is_within(m, forbidden)]


# The floors


def test_there_are_files_on_every_floor() -> None:
    assert all((ENGINE, EXPERIMENT, SHOW, CLI))


def test_the_engine_knows_numpy_and_nothing_else() -> None:
    allowed = (*sys.stdlib_module_names, "numpy", "annotated_types", "gdcli.engine")
    compiler = {PACKAGE / "engine" / "compiled": ("numba", "llvmlite")}
    strangers = [
        f"{name_of(path)}: {m}"
        for path in ENGINE
        for m in imports_of(path)
        if not is_within(m, (*allowed, *compiler.get(path.parent, ())))
    ]
    assert strangers == []


def test_the_engine_knows_no_path_no_clock_and_no_terminal() -> None:
    assert breaches(ENGINE, ("pathlib", "os", "io", "sys", "time", "datetime", "subprocess", "logging", "shutil")) == []


def test_the_experiment_knows_no_terminal_and_no_picture() -> None:
    forbidden = ("typer", "click", "rich", "matplotlib", "gdcli.show", "gdcli.cli", "gdcli.api")
    assert breaches(EXPERIMENT, forbidden) == []


def test_the_show_knows_no_command() -> None:
    assert breaches(SHOW, ("typer", "click", "gdcli.cli", "gdcli.api")) == []


def test_the_library_knows_no_command() -> None:
    library = [PACKAGE / name for name in ("__init__.py", "_version.py", "api.py", "errors.py")]
    assert breaches(library, ("typer", "click", "rich", "gdcli.cli")) == []


def test_errors_are_the_ground_floor() -> None:
    assert breaches([PACKAGE / "errors.py", PACKAGE / "_version.py"], ("gdcli", "numpy", "pandas", "pydantic")) == []


# Who prints


def called_name(node: ast.Call) -> str:
    return ast.unparse(node.func)


def callers(functions: set[str], files: Iterable[Path]) -> list[str]:
    return [
        f"{name_of(path)}:{node.lineno}: {called_name(node)}"
        for path in files
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and (called_name(node) in functions or called_name(node).endswith(".Console"))
    ]


def test_only_the_command_line_prints() -> None:
    library = [path for path in FILES if path not in CLI]
    printing = {"print", "typer.echo", "click.echo", "Console", "sys.stdout.write", "sys.stderr.write"}
    assert callers(printing, library) == []
    # Python's way of telling a caller something is for what callers call.
    called = {PACKAGE / "api.py", PACKAGE / "experiment/result.py"}
    assert callers({"warnings.warn"}, [path for path in library if path not in called]) == []


def test_nobody_but_the_command_line_touches_the_standard_streams() -> None:
    streams = {"sys.stdout", "sys.stderr", "sys.stdin"}
    found = [
        f"{name_of(path)}:{node.lineno}: {ast.unparse(node)}"
        for path in FILES
        if path not in CLI
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in streams
    ]
    assert found == []


# What starting costs


def loaded_by(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HEAVY = {"numpy", "pandas", "matplotlib", "rich", "scipy", "pydantic", "yaml", "_hashlib", "multiprocessing"}


@pytest.mark.parametrize("statement", ["import gdcli", "import gdcli.cli.app", "import gdcli.errors"])
def test_starting_does_not_pay_for_the_heavy_packages(statement: str) -> None:
    assert loaded_by(statement) & HEAVY == set()


@pytest.mark.parametrize("statement", ["import gdcli", "import gdcli.cli"])
def test_importing_the_package_loads_only_the_package(statement: str) -> None:
    assert not loaded_by(statement) & {"typer", "click", "pydantic", "yaml"}


def test_running_a_spec_does_not_pay_for_a_picture_or_a_table() -> None:
    spec = '{"dataset": {"inline": {"x": [1, 2, 3], "y": [1, 2, 4]}}, "epochs": 3}'
    useless = {"matplotlib", "rich", "typer", "numba", "llvmlite", "multiprocessing"}
    assert not loaded_by(f"import gdcli; gdcli.run({spec})") & useless


def test_what_is_left_at_the_end_is_not_taken_apart() -> None:
    program = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 10_000)); "
    command = [sys.executable, "-c", program + "from gdcli.cli import main; main()", "--version"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"


# Docstrings

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public_definitions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, Definition]]:
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield f"{prefix}.{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body, f"{prefix}.{node.name}")


def test_every_module_says_what_it_is_for() -> None:
    empty = [path for path in FILES if path.read_text(encoding="utf-8").strip()]
    assert [name_of(path) for path in empty if not ast.get_docstring(tree_of(path))] == []


def test_every_public_function_and_class_has_a_docstring() -> None:
    silent = [
        name
        for path in FILES
        for name, node in public_definitions(tree_of(path).body, name_of(path))
        if not ast.get_docstring(node)
    ]
    assert silent == []
