"""Starts the window: ``run`` for a person, ``snapshot`` for a picture without a screen."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from medviewer.ui.preload import torch_first_on_windows

torch_first_on_windows()

from PySide6.QtCore import QEventLoop, QObject, QTimer  # noqa: E402 - after torch on Windows
from PySide6.QtWidgets import QApplication  # noqa: E402

from medviewer import __version__  # noqa: E402
from medviewer.errors import MedviewerError, NothingReadable, UsageError, WriteError  # noqa: E402
from medviewer.imaging.presets import preset  # noqa: E402
from medviewer.imaging.render import OverlayStyle  # noqa: E402
from medviewer.review.audit import Audit, default_path  # noqa: E402
from medviewer.review.logbook import LogBook  # noqa: E402
from medviewer.review.logbook import default_path as logbook_path  # noqa: E402
from medviewer.review.session import Session  # noqa: E402
from medviewer.review.settings import Settings, load_settings  # noqa: E402
from medviewer.ui import crash, theme  # noqa: E402
from medviewer.ui.audit_queue import AuditQueue  # noqa: E402
from medviewer.ui.autosaving import Autosaving  # noqa: E402
from medviewer.ui.engine import Engine  # noqa: E402
from medviewer.ui.jobs import JobRunner  # noqa: E402
from medviewer.ui.main_window import MainWindow  # noqa: E402
from medviewer.ui.qt_messages import to_log  # noqa: E402

log = logging.getLogger(__name__)

_SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter while the window waits; Python's own 5 ms are felt."""


_NOTHING_OPENED_MS = 3000
_AFTER_PICTURE_MS = 200


def make_application() -> QApplication:
    """The one QApplication, with the look put on."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(["MedViewer"])
    app.setApplicationName("MedViewer")
    app.setApplicationVersion(__version__)
    sys.setswitchinterval(_SWITCH_SECONDS)
    return app


def read_settings() -> tuple[Settings, str]:
    """The reader's settings, and what was wrong with them (then the defaults are used)."""
    try:
        return load_settings(), ""
    except UsageError as error:
        return Settings(), error.sentence()


class Preparing(QObject):
    """Loads torch behind the window when the first picture and the thumbnails are there and nothing else
    wants the cores, or after a moment where none comes."""

    def __init__(self, window: MainWindow, engine: Engine) -> None:
        super().__init__(window)
        self._window = window
        self._engine = engine
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._begin)
        self._timer.start(_NOTHING_OPENED_MS)
        window.opening.series_loaded.connect(self._soon)

    def _soon(self) -> None:
        if self._timer.isActive():
            self._timer.start(_AFTER_PICTURE_MS)

    def _begin(self) -> None:
        if self._window.runner.is_closed:  # the timer may fire between the close and the end of the program
            return
        if any(self._window.runner.busy(lane) for lane in ("open", "load", "thumbnails")):
            self._timer.start(_AFTER_PICTURE_MS)
            return
        self._window.opening.series_loaded.disconnect(self._soon)
        device, engine = self._window.settings.device, self._engine
        job = self._window.runner.submit("prepare", lambda _: engine.device_line(device))
        job.succeeded.connect(self._window.status.set_device)
        job.failed.connect(self._failed)

    def _failed(self, error: MedviewerError) -> None:
        self._window.status.set_device(error.sentence())


def make_window(
    settings: Settings, engine: Engine | None = None, *, book: LogBook | None = None
) -> MainWindow:
    """A window with a session of its own. Without a log-book (a snapshot is no reading) nothing is kept of
    what models found, and none is held back."""
    theme.apply(make_application(), settings.theme)
    runner = JobRunner()
    audit = AuditQueue(Audit(default_path()), runner)
    session = Session(settings.reader, audit)
    style = OverlayStyle(settings.overlay_fill, settings.overlay_outline, settings.overlay_hatch)
    session.set_style(style)
    session.annotation_level(settings.annotations)
    window = MainWindow(session, settings, engine, runner, audit, logbook=book)
    audit.setParent(window)
    Autosaving(window)
    return window


def run(paths: Sequence[Path | str]) -> int:
    """Open the window on ``paths`` and stay until it is closed; the exit status."""
    app = make_application()
    with to_log():
        return _stay(app, paths)


def _stay(app: QApplication, paths: Sequence[Path | str]) -> int:
    settings, problem = read_settings()
    window = make_window(settings, book=LogBook(logbook_path()))
    before = sys.excepthook
    sys.excepthook = _Hook(window)
    preparing = Preparing(window, Engine())
    window.show()
    window.planes.main.setFocus()
    if problem:
        window.notices.problem(problem)
    if paths:
        window.opening.open_paths([Path(path) for path in paths])
    status = app.exec()
    del preparing
    sys.excepthook = before
    window.dispose()
    return status


class _Hook:
    """What nobody caught: logged without values, told in one sentence, the window stays."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        told = crash.tell(error.with_traceback(trace))
        self._window.notices.problem(told.sentence())


def snapshot(paths: Sequence[Path | str], output: Path, analyze: bool = True) -> Path:
    """A picture of the window after opening ``paths`` and, with ``analyze``, running the fitting model.

    Needs no screen (QT_QPA_PLATFORM=offscreen). Raises what stopped it: NothingReadable, NotSuitable's
    reasons stay visible in the window, :class:`~medviewer.errors.WriteError` for the picture.
    """
    make_application()
    settings, _ = read_settings()
    window = make_window(replace(settings, window_layout="", window_geometry=""))
    try:
        return _Photographer(window).take([Path(path) for path in paths], Path(output), analyze)
    finally:
        window.dispose()


class _Photographer(QObject):
    """Waits for a window to be done, then takes its picture."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._loop = QEventLoop(self)
        self._problem = ""

    def take(self, paths: list[Path], output: Path, analyze: bool) -> Path:
        """Open, wait, analyze, wait, photograph."""
        window = self._window
        window.resize(1600, 960)
        window.show()
        window.opening.series_loaded.connect(self._quit)
        window.opening.problem.connect(self._failed)
        window.opening.open_paths(paths)
        self._loop.exec()
        if window.session.state.volume is None:
            raise NothingReadable(self._problem or "No image could be opened.")
        series = window.session.state.series
        if series is not None and series.modality == "CT":
            window.session.set_window(preset("lung"))
        if series is not None and series.is_volume:
            window.planes.set_layout("mpr")
        if analyze and window.analyzing.offers():
            window.analyzing.ended.connect(self._quit)
            window.commands.analyze_with()
            self._loop.exec()
            window.session.next_finding()
        QTimer.singleShot(400, self._quit)
        self._loop.exec()
        if not window.grab().save(str(output)):
            raise WriteError("The picture of the window could not be written.", "Choose another folder.")
        return output

    def _failed(self, sentence: str) -> None:
        self._problem = sentence
        if self._window.session.state.volume is None:
            self._loop.quit()

    def _quit(self) -> None:
        self._loop.quit()
