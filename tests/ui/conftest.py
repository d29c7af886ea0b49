"""What tests of the window share, and noise only a window makes: a job that still runs, one left open."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medviewer.imaging.volume import Geometry
from medviewer.imaging.window import Window
from medviewer.review import keys
from medviewer.ui import scanning, theme
from medviewer.ui.editing import Editing
from medviewer.ui.main_window import MainWindow
from medviewer.ui.notice_bar import NoticeBar
from medviewer.ui.pictures import shown_masks
from medviewer.ui.planes import PlanesView
from medviewer.ui.viewport import Viewport
from tests.review.edited import session_with
from tests.review.makers import FIRST, make_volume
from tests.ui.edit_desk import PIXEL, Desk
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


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    """A lung that a model outlined, on pixels that are not square."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app)
    where = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), PIXEL, (0, 0, 5.0))
    volume = replace(make_volume(), geometry=where)
    session = session_with()
    session.set_volume(FIRST, volume)
    planes = PlanesView()
    qtbot.addWidget(planes)
    planes.resize(900, 500)
    planes.set_layout("mpr")
    planes.set_volume(volume, None)
    planes.show()
    qtbot.waitExposed(planes)
    notices = NoticeBar(planes)
    loading: set[str] = set()
    editing = Editing(session, planes, notices, lambda key: key not in loading)

    def changed(state: object, change: object) -> None:
        planes.set_index(session.state.index)
        editing.apply(session.state, change)  # type: ignore[arg-type]

    session.subscribe(changed)  # type: ignore[arg-type]
    session.select_finding("right")
    planes.set_masks(shown_masks(session.state))
    made = Desk(session, planes, editing, notices, loading)
    yield made
    editing.cancel()
