"""A child process that may die: it opens one hostile file after another, and its death is only a finding.

The child writes one JSON line for every item. Where it dies, the item behind the last line killed it: that
is reported, and another child goes on behind it. A child that needs too long for one item is ended by its
own alarm, also inside native code.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_S = 5.0
"""Seconds one item may take before it counts as a hang."""
ADDRESS_SPACE = 2 << 30
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Report:
    """What became of one item. ``death`` is empty, or how the child ended: "SIGSEGV", "hang", …"""

    number: int
    seconds: float = 0.0
    answer: dict[str, Any] = field(default_factory=dict)
    peak_mb: float = 0.0
    death: str = ""
    last_words: str = ""


def serve(work: Callable[[int], dict[str, Any]], numbers: Iterable[int]) -> None:
    """In the child: do every item within limits and tell each."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in numbers:
        be_patient(PATIENCE_S)
        start = time.perf_counter()
        answer = work(number)
        seconds = time.perf_counter() - start
        be_patient(0)
        sys.stdout.write(json.dumps([number, seconds, answer, peak_mb()]) + "\n")
        sys.stdout.flush()


def be_patient(seconds: float) -> None:
    """End this process after so many seconds, wherever it is then; work that prepares may ask for more."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def peak_mb() -> float:
    """Most memory this process held; not ``ru_maxrss``, which begins with that of the parent."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def drive(module: str, numbers: range, arguments: Sequence[str] = ()) -> Iterator[Report]:
    """Run ``python -m module --worker FIRST STOP …`` until every number was tried."""
    while numbers:
        done, code, words = numbers.start - 1, 0, ""
        for report, code, words in _child(module, numbers, arguments):  # noqa: B007 - the last counts
            if report is not None:
                done = report.number
                yield report
        numbers = range(done + 1, numbers.stop)
        if numbers:
            yield Report(numbers.start, PATIENCE_S, death=_death(code), last_words=words)
            numbers = numbers[1:]


def _child(module: str, numbers: range, arguments: Sequence[str]) -> Iterator[tuple[Report | None, int, str]]:
    """Reports while the child lives; at its end its status and its last words."""
    command = [sys.executable, "-X", "faulthandler", "-W", "error", "-m", module, "--worker"]
    command += [str(numbers.start), str(numbers.stop), *arguments]
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=errors, text=True)
        with child:
            for line in child.stdout or ():
                if line.endswith("\n"):
                    number, seconds, answer, peak = json.loads(line)
                    yield Report(number, seconds, answer, peak), 0, ""
        errors.seek(0)
        yield None, child.returncode, errors.read().decode("utf-8", "replace")[-3000:]


def _death(code: int) -> str:
    if code == -signal.SIGALRM:
        return "hang"
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
