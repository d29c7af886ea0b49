"""Calling the program as a script does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medviewer.cli import main

ROOT = Path(__file__).resolve().parent.parent


def call(*words: object) -> int:
    """Its exit status, run in this process."""
    return main([str(word) for word in words])


def shell(words: Sequence[object], **options: Any) -> subprocess.Popen[str]:
    """The program in a process of its own."""
    command = [sys.executable, "-m", "medviewer", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, **options)
