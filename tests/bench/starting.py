"""From the command to a window one can use, and to the first picture: whole processes, timed to their end.

As a program: ``python -m tests.bench.starting bare|ours [FOLDER]``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

from tests.bench.clock import Row, in_turns


class FirstPaint(QObject):
    """Ends the process once a main window is painted and the events behind that are handled."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._window: QMainWindow | None = None
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Only look."""
        if event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow):
            QTimer.singleShot(0, self.usable)
        return False

    def usable(self) -> None:
        """Nothing is tidied up: the clock outside waits for the end of the process."""
        os._exit(0)


def _bare() -> None:
    """What Qt for Python costs anyone."""
    app = QApplication([])
    watch = FirstPaint(app)
    window = QMainWindow()
    window.resize(1600, 960)
    window.show()
    app.exec()
    del watch


def _ours(paths: list[Path]) -> None:
    from medviewer.ui import app as medviewer

    app = medviewer.make_application()
    if paths:
        _end_with_first_picture(app)
    else:
        app.first_paint = FirstPaint(app)
    medviewer.run(paths)


def _end_with_first_picture(app: QApplication) -> None:
    from medviewer.ui.main_window import MainWindow

    class Picture(QObject):
        """Waits for the window, then for its first painted image."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Show and isinstance(watched, MainWindow):
                watched.planes.slice_painted.connect(self.shown)
            return False

        def shown(self) -> None:
            app.removeEventFilter(self)
            QTimer.singleShot(0, lambda: os._exit(0))

    app.picture = Picture(app)
    app.installEventFilter(app.picture)


def _run(*words: str, home: Path) -> None:
    command = [sys.executable, "-m", "tests.bench.starting", *words]
    env = {**os.environ, "MEDVIEWER_HOME": str(home)}
    subprocess.run(command, check=True, env=env, stderr=subprocess.DEVNULL, timeout=120)


def measure(folder: Path, repeats: int = 5) -> list[Row]:
    """Python's own start is part of both."""
    home = folder.parent / "home"
    taken = in_turns(
        {
            "bare": lambda: _run("bare", home=home),
            "ours": lambda: _run("ours", home=home),
            "picture": lambda: _run("ours", str(folder), home=home),
        },
        repeats,
    )
    bare = "an empty PySide6 window"
    return [
        Row("start to usable window", taken["ours"], "s", bare, taken["bare"]),
        Row("start to first picture of 300", taken["picture"], "s", bare, taken["bare"]),
    ]


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        _bare()
    else:
        _ours([Path(word) for word in sys.argv[2:]])
