"""The size law: no function past 50 lines, no file past 300, unless ARCHITECTURE.md says why.

``python -m tests.size_law`` prints what breaks it. Lines of a function count without its docstring.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_FILE, MAX_FUNCTION = 300, 50


def sources() -> list[Path]:
    """Every Python file of the project."""
    return [
        ROOT / "dev.py",
        *sorted((ROOT / "medviewer").rglob("*.py")),
        *sorted((ROOT / "tests").rglob("*.py")),
    ]


def excused(architecture: str) -> set[str]:
    """What a page excuses: list items of its section that begin with a name in backticks and a reason.

    ``- `medviewer/x.py`: reason`` for a file, ``- `medviewer/x.py::function`: reason`` for a function.
    """
    section = architecture.partition("## Larger than the law")[2].partition("\n## ")[0]
    return set(re.findall(r"^- `([^`]+)`: \S", section, flags=re.MULTILINE))


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = node.body[0]
    documented = ast.get_docstring(node, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def oversized(name: str, text: str) -> Iterator[tuple[str, str]]:
    """(what, complaint) for the file ``name`` and its functions."""
    lines = len(text.splitlines())
    if lines > MAX_FILE:
        yield name, f"{name}: {lines} lines, the law says {MAX_FILE}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and body_lines(node) > MAX_FUNCTION:
            what = f"{name}::{node.name}"
            yield what, f"{what}: {body_lines(node)} lines, the law says {MAX_FUNCTION}"


def broken() -> list[str]:
    """Every breach, and every excuse that excuses nothing (any more)."""
    found = dict(
        breach
        for path in sources()
        for breach in oversized(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    )
    page = ROOT / "ARCHITECTURE.md"
    excuses = excused(page.read_text(encoding="utf-8")) if page.exists() else set()
    idle = [f"{what}: excused in ARCHITECTURE.md without need" for what in sorted(excuses - found.keys())]
    return [text for what, text in found.items() if what not in excuses] + idle


if __name__ == "__main__":
    breaches = broken()
    sys.stdout.write(
        "\n".join([*breaches, f"size law: {len(breaches)} broken" if breaches else "size law: kept", ""])
    )
    raise SystemExit(bool(breaches))
