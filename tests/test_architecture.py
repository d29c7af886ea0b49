"""The laws of the house, kept by a machine: who may import whom, what needs no Qt, how large a file is."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests import size_law

ROOT = size_law.ROOT
PACKAGE = ROOT / "medviewer"

BASE = {"numpy", "platformdirs"}
SEE = BASE | {"SimpleITK", "PIL"}
OPEN = SEE | {"pydicom", "highdicom", "imagecodecs"}
OUTSIDE: dict[str, set[str]] = {
    "": {"platformdirs"},
    "imaging": SEE,
    "dicom": OPEN,
    "ai": OPEN | {"torch", "safetensors"},
    "training": OPEN | {"torch", "safetensors", "monai"},
    "review": SEE | {"reportlab", "pypdfium2", "cryptography", "keyring"},
    "commands": SEE,
    "ui": BASE | {"PySide6", "shiboken6", "pyqtgraph"},
}
"""Room → packages from outside it may import. "" is the top: cli, errors, paths, tasks."""

INSIDE: dict[str, set[str]] = {
    "imaging": set(),
    "dicom": {"imaging"},
    "ai": {"imaging", "dicom"},
    "training": {"imaging", "dicom", "ai"},
    "review": {"imaging", "dicom", "ai"},
    "ui": {"imaging", "dicom", "ai", "review"},
    "commands": {"imaging", "dicom", "ai", "review", "training"},
}
"""Room → rooms it may import; everyone may import the foundation below."""

FOUNDATION = {
    f"medviewer{name}" for name in ("", ".errors", ".paths", ".tasks", ".redaction", ".scratch", ".logs")
}
TORCH_FILES = {
    f"medviewer.ai.{n}"
    for n in (
        "networks",
        "networks_volume",
        "brain_network",
        "known_networks",
        "foreign_weights",
        "devices",
        "asking",
        "slicewise",
        "runner",
    )
}
INTRODUCERS = {"medviewer.ui.main_window", "medviewer.ui.results_side", "medviewer.ui.app"}
"""The files of ui that put panels together."""


def modules() -> dict[str, Path]:
    """Dotted name → file, of every module of the program."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(tree: ast.AST) -> Iterator[str]:
    """Names a piece of code imports; "from a.b import c" gives a.b.c where that is a module, else a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


def at_start(name: str) -> set[str]:
    """What is imported the moment the module is: not in functions, not for the type checker alone."""

    class _Shell(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if ast.unparse(node.test).endswith("TYPE_CHECKING") else self.generic_visit(node)

    return set(imports(_Shell().visit(ast.parse(MODULES[name].read_text(encoding="utf-8")))))


def room(module: str) -> str:
    """The room a module lies in; "" for the top."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in INSIDE else ""


TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


@pytest.mark.parametrize("name", MODULES)
def test_that_a_module_imports_only_what_its_room_may(name: str) -> None:
    here = room(name)
    for target in imports(TREES[name]):
        top = target.split(".")[0]
        if top == "medviewer":
            if here:
                allowed = INSIDE[here] | {here}
                assert room(target) in allowed or target in FOUNDATION, f"{name} may not import {target}"
        elif top not in sys.stdlib_module_names:
            assert top in OUTSIDE[here], f"{name} may not import {target}"


def test_that_torch_is_imported_in_few_files_and_in_training_only() -> None:
    users = {
        n for n, tree in TREES.items() for t in imports(tree) if t.split(".")[0] in {"torch", "safetensors"}
    }
    assert {n for n in users if room(n) != "training"} <= TORCH_FILES


@pytest.mark.parametrize("name", MODULES)
def test_that_importing_a_module_starts_neither_torch_nor_qt_where_it_need_not(name: str) -> None:
    """The window is on screen before torch is loaded; the command line never loads Qt."""
    eager = at_start(name)
    if name not in TORCH_FILES and room(name) != "training":
        assert not TORCH_FILES & eager, name
    if room(name) != "ui":
        assert not any(target.startswith("medviewer.ui") for target in eager), name


def test_that_no_imports_run_in_a_circle() -> None:
    graph = {name: {t for t in at_start(name) if t in MODULES and t != name} for name in MODULES}
    TopologicalSorter(graph).prepare()


def test_that_on_windows_torch_comes_before_qt() -> None:
    """c10.dll may refuse to load after Qt (pytorch#166628): the window's first act decides the order."""
    body = TREES["medviewer.ui.app"].body
    lines = [ast.unparse(statement) for statement in body]
    decided = lines.index("torch_first_on_windows()")
    first_qt = next(k for k, line in enumerate(lines) if "PySide6" in line)
    assert decided < first_qt
    before = ast.Module(body[:decided], [])
    reached, found = set(), {t for t in imports(before) if t in MODULES} | {"medviewer.ui"}
    while new := found - reached:
        reached |= new
        found |= {t for name in new for t in at_start(name) if t in MODULES}
    assert not [name for name in reached for t in at_start(name) if t.startswith(("PySide6", "pyqtgraph"))]


def test_that_panels_do_not_know_each_other() -> None:
    """The window and the side that holds the result panels introduce them."""
    single = {"browser", "planes", "notice_bar", "status"}
    panels = {
        n for n, p in MODULES.items() if room(n) == "ui" and (p.stem in single or p.stem.endswith("_panel"))
    }
    assert len(panels) > len(single)
    for name in panels:
        others = {t for t in imports(TREES[name]) if t in panels | INTRODUCERS} - {name}
        assert not others, f"{name} may not know {others}"


@pytest.mark.parametrize("name", MODULES)
def test_that_every_module_says_what_it_is(name: str) -> None:
    assert ast.get_docstring(TREES[name]), f"{name} has no docstring"


def test_that_the_size_law_is_kept() -> None:
    assert not size_law.broken()


def test_that_the_size_law_sees_a_long_function_and_a_long_file() -> None:
    long = "def f():\n" + "    x = 1\n" * 51
    assert [what for what, _ in size_law.oversized("a.py", long)] == ["a.py::f"]
    assert [what for what, _ in size_law.oversized("a.py", "x = 1\n" * 301)] == ["a.py"]
    assert size_law.excused("## Larger than the law\n- `a.py`: a table\n- `b.py`\n## Next\n- `c.py`: x") == {
        "a.py"
    }


def in_new_python(code: str) -> str:
    """What a new interpreter prints; it fails the test when it stops with an error."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_that_everything_but_the_window_runs_without_qt() -> None:
    names = [name for name in MODULES if room(name) != "ui" and not name.endswith("__main__")]
    code = f"""
import importlib, sys
for name in ("PySide6", "shiboken6", "pyqtgraph"):
    sys.modules[name] = None
for name in {names!r}:
    importlib.import_module(name)
print("all")
"""
    assert in_new_python(code).strip() == "all"


def test_that_the_command_line_starts_without_torch_and_qt() -> None:
    code = "import sys, medviewer.cli; print(sorted({'torch', 'PySide6', 'pyqtgraph'} & set(sys.modules)))"
    assert in_new_python(code).strip() == "[]"
