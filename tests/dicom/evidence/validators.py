"""Other people's validators, run where they are installed; a test is skipped with a reason where not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine (Debian: dicom3tools, dcmtk)")
    return found


def iod_errors(path: Path) -> list[str]:
    """What ``dciodvfy -new`` calls an error."""
    run = subprocess.run(
        [_tool("dciodvfy"), "-new", str(path)], capture_output=True, check=False, text=True, errors="replace"
    )
    lines = (run.stderr + run.stdout).splitlines()
    assert len(lines) > 0, "dciodvfy names at least the kind of object"
    return [line for line in lines if line.startswith("Error")]


def entity_errors(paths: list[Path]) -> list[str]:
    """What ``dcentvfy`` finds different between objects of one patient and study."""
    run = subprocess.run(
        [_tool("dcentvfy"), *map(str, paths)], capture_output=True, check=False, text=True, errors="replace"
    )
    return [line for line in (run.stderr + run.stdout).splitlines() if line.startswith("Error")]


def document(path: Path) -> str:
    """The content tree as ``dsrdump`` prints it; fails on what it calls an error."""
    run = subprocess.run(
        [_tool("dsrdump"), "+Pl", "+Pu", str(path)],
        capture_output=True,
        check=False,
        text=True,
        errors="replace",
    )
    assert run.returncode == 0
    wrong = [line for line in (run.stderr + run.stdout).splitlines() if line.startswith(("E:", "F:"))]
    assert wrong == []
    return run.stdout
