"""The whole suite, a pytest on every core: each takes the next room, those that last longest first.

``python -m tests.at_once`` prints what pytest says of a room when it is through, and the sum at the end. It
ends with 1 where anything failed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent
LONGEST = ("training", "ui", "ai", "dicom", "review", "robust", "commands")
"""Rooms in the order they are begun; one that is not listed comes before the files beside the rooms."""

Job = tuple[Path, ...]
"""What one pytest is given."""


class Told(NamedTuple):
    """How a job ended: pytest's exit status, and all it printed."""

    job: Job
    code: int
    output: str


def jobs(folder: Path = TESTS) -> list[Job]:
    """Every room that holds tests, then the test files that lie in no room."""
    rooms = {folder / path.relative_to(folder).parts[0] for path in folder.glob("*/**/test_*.py")}
    order = {name: place for place, name in enumerate(LONGEST)}
    dealt = sorted(rooms, key=lambda room: (order.get(room.name, len(order)), room.name))
    loose = tuple(sorted(folder.glob("test_*.py")))
    return [*((room,) for room in dealt), *([loose] if loose else [])]


def run(todo: Sequence[Job], cores: int) -> int:
    """Run them, ``cores`` at a time; the exit status."""
    began, total, code = time.monotonic(), Counter[str](), 0
    with ThreadPoolExecutor(cores) as pool:
        try:
            for future in as_completed([pool.submit(_pytest, job) for job in todo]):
                told = future.result()
                _say(f"{'=' * 20} {' '.join(path.name for path in told.job)}\n{told.output.rstrip()}")
                total += counts(told.output)
                code = code or int(told.code != 0)
        except KeyboardInterrupt:  # the children heard it too
            pool.shutdown(cancel_futures=True)
            raise
    said = ", ".join(f"{number} {what}" for what, number in sorted(total.items()))
    _say(f"{said or 'no tests'} in {time.monotonic() - began:.0f} s")
    return code


def counts(output: str) -> Counter[str]:
    """The numbers in pytest's last line: "3 passed, 1 skipped in 2.00s"."""
    last = output.strip().rpartition("\n")[2]
    return Counter({what: int(number) for number, what in re.findall(r"(\d+) ([a-z]+)(?=,| in )", last)})


def _pytest(job: Job) -> Told:
    """On one core: two that share the cores would wait for each other's threads."""
    command = [sys.executable, "-m", "pytest", "-q", *map(str, job)]
    done = subprocess.run(
        command,
        env={"OMP_NUM_THREADS": "1", **os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
        check=False,
    )
    return Told(job, done.returncode, done.stdout)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(run(jobs(), os.cpu_count() or 1))
