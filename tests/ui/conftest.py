"""What tests of the window share, and noise only a window makes: a job that still runs, one left open."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medviewer.imaging.window import Window
from medviewer.review import keys
from medviewer.ui import scanning
from medviewer.ui.main_window import MainWindow
from medviewer.ui.viewport import Viewport
from tests.ui.first_images import Gate
from tests.ui.viewports import geometry, numbered, shown
from tests.ui.windows import make_window

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


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring of whoever runs the tests is left alone."""
    monkeypatch.setattr(keys, "system_keyring", lambda: None)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """An empty window on screen."""
    made = make_window()
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.dispose()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Every scan of the test goes through it."""
    made = Gate()
    monkeypatch.setattr(scanning, "scan", made)
    yield made
    made.open.set()


@pytest.fixture
def view(qtbot: QtBot) -> Viewport:
    """Numbers 0 to 1385 in a window of 500 around 700."""
    made = shown(qtbot, numbered(geometry()))
    made.set_window(Window(700, 500))
    made.window_dragged.connect(made.set_window)
    return made
