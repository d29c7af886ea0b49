"""A scan that waits after its first image, and what a window shows meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from pytestqt.qtbot import QtBot

from medviewer.dicom.likely import Look, likely
from medviewer.dicom.scan import scan
from medviewer.dicom.study import ScanResult
from medviewer.review.state import State
from medviewer.tasks import TaskContext
from medviewer.ui.main_window import MainWindow
from tests.ui.windows import PATIENCE


class Gate:
    """A scan that shows its first image, then waits until the test lets it go on."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.then: Callable[..., ScanResult] = scan

    def __call__(self, paths: Sequence[Path], context: TaskContext, *, glimpse: Look) -> ScanResult:
        glimpse.look(likely(paths))
        while not self.open.wait(0.005):
            context.check()
        return self.then(paths, context, glimpse=glimpse)


def show_first(qtbot: QtBot, window: MainWindow, folder: Path) -> None:
    """Open a folder; its first image is painted, its scan waits at the gate."""
    with qtbot.waitSignal(window.planes.slice_painted, timeout=PATIENCE):
        window.opening.open_paths([folder])


def finish(qtbot: QtBot, window: MainWindow, gate: Gate) -> State:
    """Let the scan go on until the series is loaded."""
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        gate.open.set()
    return window.session.state


def words(window: MainWindow) -> str:
    """All corner texts of the main view."""
    shown = window.planes.main._front.notes.corners
    return "\n".join((*shown.top_left, *shown.top_right, *shown.bottom_left, *shown.bottom_right))


def value(window: MainWindow) -> int:
    """The value of the picture on screen, constant in the factories' series."""
    picture = window.planes.main.picture
    assert picture is not None
    assert picture.is_ready(window.planes.main.index)
    return int(picture.volume.voxels[window.planes.main.index, 0, 0])


def assert_empty(window: MainWindow) -> None:
    """As if nothing had ever been opened."""
    assert window.planes.main.picture is None
    assert words(window).strip() == ""
    assert "Ctrl+O" in window.planes.main._front.notes.message
    assert window.session.state.series is None
    assert not window.planes.planes_shown
