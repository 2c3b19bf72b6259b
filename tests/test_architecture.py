from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gdcli"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = (
    "engine",
    "spec",
    "theory",
    "data",
    "output",
    "experiment",
    "sweeps",
    "show",
    "api",
    "cli",
)  # from the ground up
ENGINE, SHOW, CLI = (sorted((PACKAGE / room).rglob("*.py")) for room in ("engine", "show", "cli"))
GROUND = ("gdcli.errors", "gdcli._version")  # what every room may import
# The packages that are not the standard library's, by the room that may import them.
PACKAGES = {
    "engine": {"numpy", "annotated_types", "threadpoolctl"},
    "spec": {"numpy", "annotated_types", "pydantic", "pydantic_core", "yaml"},
    "theory": {"numpy"},
    "data": {"numpy", "pandas", "pyarrow"},
    "output": {"numpy", "pandas"},
    "experiment": {"numpy", "pandas"},
    "sweeps": {"numpy", "pandas"},
    "show": {"numpy", "matplotlib", "rich"},
    "api": {"pandas"},
    "cli": {"typer", "click", "rich"},
}
COMPILER = {"numba", "llvmlite"}  # of engine/kernels/compiled alone
MOST_FILES = 16  # in a folder
MOST_LINES = 0.3  # of all, in a room


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


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


MODULES = {module_of(path): path for path in FILES}
ARROWS = {
    module: {name for name in imports_of(path) if name in MODULES and name not in (module, "gdcli")}
    for module, path in MODULES.items()
}


# The floors


def test_no_arrow_runs_up() -> None:
    floors = {room: floor for floor, room in enumerate(ROOMS)}
    assert {room_of(module) for module in MODULES} - {"", "errors", "_version", "__main__"} <= set(floors)
    up = [
        f"{module} -> {name}"
        for module, names in ARROWS.items()
        for name in names
        if room_of(module) in floors and room_of(name) in floors and floors[room_of(name)] > floors[room_of(module)]
    ]
    assert up == []


def test_data_and_theory_stand_side_by_side() -> None:
    assert breaches(sorted((PACKAGE / "data").rglob("*.py")), ("gdcli.theory",)) == []


def reached_from(module: str) -> set[str]:
    reached, ahead = set[str](), {module}
    while ahead:
        reached |= ahead
        ahead = {name for known in ahead for name in ARROWS[known]} - reached
    return reached


def test_the_picture_of_a_run_knows_nothing_of_several_runs() -> None:
    several = {"gdcli.experiment.comparison", "gdcli.experiment.quantiles", "gdcli.experiment.results"}
    assert several & reached_from("gdcli.show.run_picture") == set()


def test_there_is_no_circle_between_files() -> None:
    left = dict(ARROWS)
    while leaves := [module for module, names in left.items() if not names & left.keys()]:
        for module in leaves:
            del left[module]
    assert sorted(left) == []


def test_errors_are_the_ground_floor() -> None:
    assert breaches([MODULES[module] for module in GROUND], ("gdcli", "numpy", "pandas", "pydantic")) == []


def test_every_package_stays_in_its_room() -> None:
    strangers = []
    for module, path in MODULES.items():
        allowed = {*sys.stdlib_module_names, "gdcli", *PACKAGES.get(room_of(module), ())}
        if ".compiled" in module:
            allowed |= COMPILER
        strangers += [f"{module}: {name}" for name in imports_of(path) if name.partition(".")[0] not in allowed]
    assert strangers == []


def test_the_engine_uses_no_paths_clocks_or_terminals() -> None:
    # The environment says how many threads BLAS has; nothing else of the system is the engine's business.
    files = [path for path in ENGINE if path != PACKAGE / "engine/threads.py"]
    assert breaches(files, ("pathlib", "os", "io", "sys", "time", "datetime", "subprocess", "logging", "shutil")) == []


def test_no_room_is_too_large_and_no_folder_too_full() -> None:
    lines = Counter[str]()
    for module, path in MODULES.items():
        lines[room_of(module)] += len(path.read_text(encoding="utf-8").splitlines())
    assert {room: count for room, count in lines.items() if count > MOST_LINES * lines.total()} == {}
    files = Counter(path.parent for path in FILES if path.name != "__init__.py")
    assert {name_of(folder): count for folder, count in files.items() if count > MOST_FILES} == {}


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
    called = {PACKAGE / "api.py", PACKAGE / "experiment/result.py", PACKAGE / "show/drawing.py"}
    assert callers({"warnings.warn"}, [path for path in library if path not in called]) == []


def test_only_the_command_line_uses_the_standard_streams() -> None:
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


def test_running_a_spec_does_not_pay_for_what_compares_or_varies_runs(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("dataset: {inline: {x: [1, 2, 3], y: [1, 2, 4]}}\nepochs: 3\n")
    program = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules)); from gdcli.cli import main; "
        "sys.argv[1:] = ['run', 's.yaml', '--quiet']; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("gdcli.")}
    several = ("api", "experiment.comparison", "experiment.quantiles", "experiment.results", "sweeps")
    assert "gdcli.experiment.execute" in loaded
    assert [name for name in loaded if is_within(name, tuple(f"gdcli.{name}" for name in several))] == []


def test_no_clean_up_at_exit() -> None:
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


def test_every_module_has_a_docstring() -> None:
    empty = [path for path in FILES if path.read_text(encoding="utf-8").strip()]
    assert [name_of(path) for path in empty if not ast.get_docstring(tree_of(path))] == []


def test_every_public_function_and_class_has_a_docstring() -> None:
    silent = [
        name
        for path in FILES
        for name, node in public_definitions(tree_of(path).body, name_of(path))
        if not ast.get_docstring(node) and "overload" not in map(ast.unparse, node.decorator_list)
    ]
    assert silent == []
