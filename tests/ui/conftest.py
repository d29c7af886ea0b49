"""Noise that only a window can make: a job that still runs, a window nobody closed."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication

_JOB_PATIENCE_MS = 5000


_started: weakref.WeakSet[QThread] = weakref.WeakSet()
_start = QThread.start


def _remember(thread: QThread, *arguments: object) -> None:
    _started.add(thread)
    _start(thread, *arguments)


QThread.start = _remember  # every job of the program begins here


@pytest.fixture(autouse=True)
def no_running_jobs() -> Iterator[None]:
    """Fail when a QThread still runs after the test, naming it."""
    yield
    running = [thread for thread in _started if _runs(thread)]
    left = [thread.objectName() or repr(thread) for thread in running if not thread.wait(_JOB_PATIENCE_MS)]
    assert not left, f"QThreads left running: {', '.join(left)}"


def _runs(thread: QThread) -> bool:
    try:
        return thread.isRunning() and thread is not QThread.currentThread()
    except RuntimeError:  # the C++ side is gone, so it runs no more
        return False


@pytest.fixture(autouse=True)
def no_open_windows(qapp: QApplication) -> Iterator[None]:
    """Fail when a window opened by the test is still on screen after it, naming it."""
    before = set(map(id, qapp.topLevelWidgets()))
    yield
    left = [w for w in qapp.topLevelWidgets() if w.isVisible() and id(w) not in before]
    names = [f"{type(w).__name__} {w.objectName()!r}" for w in left]
    for widget in left:
        widget.close()
    assert not left, f"windows left open: {', '.join(names)}"
