"""The real window at work: first picture, the longest time it did not listen, its memory.

In a process of its own (``python -m tests.bench.window CT DEMO``), because getting torch ready is part of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import QGraphicsView

from tests.bench.clock import Row
from tests.bench.opening import peak_bytes

_AIM_MS = 50.0
_BEAT_MS = 2
_PATIENCE_MS = 300_000


class Heartbeat(QObject):
    """Ticks as often as it may; the longest silence is the longest time the window did not listen."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._tick)
        self._last, self._worst = 0.0, 0.0

    def begin(self) -> None:
        """Forget what was."""
        self._last, self._worst = time.perf_counter(), 0.0
        self._timer.start()

    def end(self) -> float:
        """The longest silence in ms since ``begin``."""
        self._tick()
        self._timer.stop()
        return max(0.0, self._worst * 1e3 - _BEAT_MS)

    def _tick(self) -> None:
        now = time.perf_counter()
        self._worst = max(self._worst, now - self._last)
        self._last = now


class FirstPicture(QObject):
    """When the first loaded image was painted."""

    painted = Signal()

    def __init__(self, surface: QObject, painted: SignalInstance) -> None:
        super().__init__(surface)
        self.at: float | None = None
        self._armed = False
        painted.connect(self._arm)
        surface.installEventFilter(self)

    def _arm(self) -> None:
        self._armed = True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Only look: the first paint after an image was handed over shows it."""
        if self._armed and self.at is None and event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self._shown)
            self._armed = False
        return False

    def _shown(self) -> None:
        self.at = time.perf_counter()
        self.painted.emit()


def _until(*signals: SignalInstance) -> None:
    """Run the event loop until one of the signals comes. Raises TimeoutError."""
    loop = QEventLoop()
    for signal in signals:
        signal.connect(loop.quit)
    late = QTimer(singleShot=True, interval=_PATIENCE_MS)
    late.timeout.connect(lambda: loop.exit(1))
    late.start()
    if loop.exec():
        raise TimeoutError("the window did not answer")
    for signal in signals:
        signal.disconnect(loop.quit)


def _pause(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _until_idle(window: Any) -> None:
    while any(window.runner.busy(lane) for lane in ("open", "load", "thumbnails", "prepare", "export")):
        _pause(20)
    _pause(200)


def _load(window: Any, beat: Heartbeat, folder: Path) -> dict[str, float]:
    from medviewer.ui.app import Preparing
    from medviewer.ui.engine import Engine

    surface = window.planes.main.findChild(QGraphicsView).viewport()
    first = FirstPicture(surface, window.planes.slice_painted)
    before = peak_bytes()
    beat.begin()
    began = time.perf_counter()
    preparing = Preparing(window, Engine())
    window.opening.open_paths([folder])
    _until(window.opening.series_loaded)
    whole = time.perf_counter() - began
    grown = peak_bytes() - before
    load = beat.end()
    beat.begin()
    _until_idle(window)
    ready = beat.end()
    del preparing
    return {
        "first": (first.at or float("nan")) - began,
        "whole": whole,
        "load": load,
        "ready": ready,
        "grown": grown,
        "bytes": window.session.state.volume.voxels.nbytes,
    }


def _analyze(window: Any, beat: Heartbeat, folder: Path) -> float:
    window.opening.open_paths([folder])
    _until(window.opening.series_loaded)
    _until_idle(window)
    beat.begin()
    window.commands.analyze_with()
    _until(window.analyzing.ended)
    _pause(500)
    stall = beat.end()
    if window.session.state.result is None or not window.session.state.result.findings:
        raise AssertionError("the analysis found nothing, so its stalls mean nothing")
    return stall


def _export(window: Any, beat: Heartbeat, folder: Path) -> float:
    for finding in window.session.state.findings:
        window.session.accept(finding.id)
    beat.begin()
    window.reports.show()
    _until(window.exporting.built, window.exporting.problem)
    _pause(300)
    window.reports.write(folder, ("pdf", "html", "json"))
    _until(window.exporting.written, window.exporting.problem)
    _pause(300)
    stall = beat.end()
    if len(list(folder.iterdir())) < 3:
        raise AssertionError("the report was not written, so its stalls mean nothing")
    return stall


def _child(ct: Path, demo: Path) -> None:
    from medviewer.review.settings import Settings
    from medviewer.ui.app import make_window

    window = make_window(Settings(reader="Bench"))
    window.show()
    beat = Heartbeat()
    _pause(500)
    beat.begin()
    _pause(3000)
    said = {"idle": beat.end()}
    said |= _load(window, beat, ct)
    said["analyze"] = _analyze(window, beat, demo)
    said["export"] = _export(window, beat, demo.parent / "report")
    window.close()
    sys.stdout.write(json.dumps(said) + "\n")


def measure(ct: Path, demo: Path) -> list[Row]:
    """Rows of one run of the window."""
    command = [sys.executable, "-m", "tests.bench.window", str(ct), str(demo)]
    env = {**os.environ, "MEDVIEWER_HOME": str(ct.parent / "home")}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env, timeout=900)
    said = json.loads(done.stdout.strip().splitlines()[-1])
    note = f"idle {said['idle']:.1f} ms"
    stalls = [
        Row(f"longest stall: {name}", said[key], "ms", aim=_AIM_MS, note=note)
        for key, name in (
            ("load", "opening and loading 300 slices"),
            ("ready", "thumbnails and getting torch ready after that"),
            ("analyze", "analyzing the demo"),
            ("export", "report built, shown, written"),
        )
    ]
    first, whole = said["first"] * 1e3, said["whole"] * 1e3
    volume = "the volume's bytes"
    return [
        Row("open to first picture, in the window", first, "ms", "all 300 slices loaded", whole),
        *stalls,
        Row("peak memory of the window's loading", said["grown"] / 1e6, "MB", volume, said["bytes"] / 1e6),
    ]


if __name__ == "__main__":
    _child(Path(sys.argv[1]), Path(sys.argv[2]))
