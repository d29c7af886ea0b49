"""Calling the program as a script does."""

from __future__ import annotations

import os
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
    env = dict(options.pop("env", os.environ))
    env.pop("PYTHONUNBUFFERED", None)  # a shell of a user does not have it, and it hides what a buffer keeps
    return subprocess.Popen(command, cwd=ROOT, env=env, text=True, stderr=subprocess.PIPE, **options)
