"""Acts are written in order beside the window, and none is lost when it closes."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from medviewer.errors import WriteError
from medviewer.review.audit import Audit
from medviewer.review.audit_check import verify
from medviewer.ui.audit_queue import AuditQueue
from medviewer.ui.jobs import JobRunner

PATIENCE = 10_000


class SlowAudit(Audit):
    """A disk that takes its time: it waits for the test."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = threading.Event()
        self.threads: set[int] = set()

    def append(self, action: str, **facts: Any) -> str:
        self.threads.add(threading.get_ident())
        self.gate.wait(10)
        return super().append(action, **facts)


class FullDisk(Audit):
    """Refuses every line."""

    def append(self, action: str, **facts: Any) -> str:
        raise WriteError("The disk is full: nothing was written.")


def actions(path: Path) -> list[str]:
    return [json.loads(line)["action"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_that_the_window_never_waits_for_the_disk(qtbot: QtBot, tmp_path: Path) -> None:
    runner, audit = JobRunner(), SlowAudit(tmp_path / "audit.jsonl")
    queue = AuditQueue(audit, runner)
    for k in range(5):
        queue.append(f"act {k}", number=k)
    audit.gate.set()
    qtbot.waitUntil(lambda: not runner.busy("audit"), timeout=PATIENCE)
    assert actions(tmp_path / "audit.jsonl") == [f"act {k}" for k in range(5)]
    assert threading.get_ident() not in audit.threads
    assert verify(tmp_path / "audit.jsonl").ok
    runner.shutdown()


def test_that_what_is_left_is_written_when_the_window_closes(qtbot: QtBot, tmp_path: Path) -> None:
    runner, audit = JobRunner(), SlowAudit(tmp_path / "audit.jsonl")
    queue = AuditQueue(audit, runner)
    for k in range(5):
        queue.append(f"act {k}")
    audit.gate.set()
    runner.shutdown()
    assert queue.flush()
    assert actions(tmp_path / "audit.jsonl") == [f"act {k}" for k in range(5)]


def test_that_a_disk_that_refuses_is_told_once_and_stops_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    runner = JobRunner()
    queue = AuditQueue(FullDisk(tmp_path / "audit.jsonl"), runner)
    told: list[str] = []
    queue.problem.connect(told.append)
    with qtbot.waitSignal(queue.problem, timeout=PATIENCE):
        queue.append("first")
    queue.append("second")
    qtbot.waitUntil(lambda: not runner.busy("audit"), timeout=PATIENCE)
    runner.shutdown()
    assert not queue.flush()
    assert len(told) == 1
    assert "The disk is full" in told[0]
