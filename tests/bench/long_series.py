"""Three thousand images in the real window: to the first picture, scrolled while and after loading.

In a process of its own (``python -m tests.bench.long_series FOLDER MB``), whose memory then is that of the
series; a budget of 1 MB puts the voxels into the mapped file, 0 leaves it to the program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtWidgets import QApplication, QGraphicsView

from medviewer.dicom.objects.ct import CtFacts, write_ct_series
from medviewer.imaging.volume import Geometry, Unit, Volume
from tests.bench.clock import Row, percentile
from tests.bench.opening import peak_bytes
from tests.bench.scrolling import FRAME_S, PaintCounter
from tests.bench.window import FirstPicture, Heartbeat, _pause, _until_idle

COUNT, _SIDE = 3000, 512
_STEPS = 400
_PATIENCE_S = 300.0


def write_long(folder: Path, count: int = COUNT) -> None:
    """A body of noise in HU, every image another."""
    values = np.random.default_rng(0).integers(-1000, 400, (_SIDE, _SIDE), np.int16)
    voxels = np.empty((count, _SIDE, _SIDE), np.int16)
    for k in range(count):
        voxels[k] = np.roll(values, 37 * k, axis=1)
    space = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (0.7, 0.7), (0, 0, 0.3))
    write_ct_series(Volume(voxels, space, Unit.HU), folder, CtFacts(series_description="Long"))


class _Reader:
    """Scrolls at the pace of a screen and takes the time of every step until it is painted."""

    def __init__(self, window: Any) -> None:
        self._session = window.session
        self._painted = PaintCounter(window.planes.main.findChild(QGraphicsView).viewport())
        self._way = 1

    def step(self) -> float:
        """One image further, back at the ends; a frame's time at least."""
        app, count = QApplication.instance(), self._painted.count
        began = time.perf_counter()
        index, last = self._session.state.index, self._session.state.volume.shape[0] - 1
        self._way = -self._way if not 0 <= index + self._way <= last else self._way
        self._session.scroll(index + self._way)
        while self._painted.count == count:
            app.processEvents()  # type: ignore[union-attr]
        taken = time.perf_counter() - began
        while time.perf_counter() < began + FRAME_S:
            app.processEvents()  # type: ignore[union-attr]
        return taken


def _open(window: Any, folder: Path) -> dict[str, Any]:
    """Times of opening; scrolled all the while from the first picture on."""
    surface = window.planes.main.findChild(QGraphicsView).viewport()
    first, whole = FirstPicture(surface, window.planes.slice_painted), list[float]()
    window.opening.series_loaded.connect(lambda *_: whole.append(time.perf_counter()))
    before, reader, beat = peak_bytes(), _Reader(window), Heartbeat()
    beat.begin()
    began = time.perf_counter()
    window.opening.open_paths([folder])
    while first.at is None or window.session.state.volume is None:
        _pause(1)
    steps = []
    while not whole and time.perf_counter() < began + _PATIENCE_S:
        steps.append(reader.step())
    stall = beat.end()
    _until_idle(window)
    after = [reader.step() for _ in range(_STEPS)]
    return {
        "first": first.at - began,
        "whole": whole[0] - began,
        "stall": stall,
        "while": [percentile(steps, 0.99), percentile(steps, 0.5), len(steps)],
        "after": [percentile(after, 0.99), percentile(after, 0.5), len(after)],
        "grown": peak_bytes() - before,
        "bytes": window.session.state.volume.voxels.nbytes,
    }


def _child(folder: Path, memory_mb: int) -> None:
    from medviewer.review.settings import Settings
    from medviewer.ui.app import make_window

    window = make_window(Settings(reader="Bench", memory_mb=memory_mb))
    window.show()
    _pause(500)
    said = _open(window, folder)
    window.close()
    sys.stdout.write(json.dumps(said) + "\n")


def measure(place: Path) -> list[Row]:
    """Rows of a run with the voxels in memory and of one with them in the mapped file."""
    folder = place / "long"
    write_long(folder)
    return [*_rows(folder, "in memory", 0), *_rows(folder, "on disk", 1)]


def _rows(folder: Path, where: str, memory_mb: int) -> list[Row]:
    command = [sys.executable, "-m", "tests.bench.long_series", str(folder), str(memory_mb)]
    env = {**os.environ, "MEDVIEWER_HOME": str(folder.parent / "home")}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env, timeout=900)
    said = json.loads(done.stdout.strip().splitlines()[-1])
    about = f"{COUNT} images, {where}"
    rows = [
        Row(f"open to first picture, {about}", said["first"] * 1e3, "ms", aim=300.0),
        Row(f"loaded while being scrolled, {about}", said["whole"], "s"),
        Row(f"longest stall of opening and loading, {about}", said["stall"], "ms", aim=50.0),
    ]
    for key, words in (("while", "while loading"), ("after", "once loaded")):
        p99, middle, steps = said[key]
        note = f"median {middle * 1e3:.1f} ms, {steps} steps"
        name = f"scroll step {words}, {about}, p99"
        rows.append(Row(name, p99 * 1e3, "ms", "one frame at 60 per second", FRAME_S * 1e3, 1.0, note))
    volume = "the volume's bytes"
    rows.append(Row(f"peak memory, {about}", said["grown"] / 1e6, "MB", volume, said["bytes"] / 1e6))
    return rows


if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]))
