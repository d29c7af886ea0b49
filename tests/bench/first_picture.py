"""The first picture in the real window: from the paths to the paint, however many files there are.

In a process of its own (``python -m tests.bench.first_picture FOLDER...``), each folder by turns, nothing
remembered of it. Every time the window is closed again while it still reads.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QGraphicsView

from medviewer.dicom.scan_cache import remembered
from tests.bench.clock import Row
from tests.bench.window import FirstPicture

_AIM_S = 0.3
_SAME = 1.5
"""What may lie between the largest folder and the smallest, with all that else goes on in a machine."""
_REPEATS = 7
_PATIENCE_MS = 60_000


def _open(window: Any, folder: Path) -> float:
    """Seconds until the first image was painted; then everything is closed."""
    remembered.forget()
    surface = window.planes.main.findChild(QGraphicsView).viewport()
    first = FirstPicture(surface, window.planes.slice_painted)
    loop = QEventLoop()
    first.painted.connect(loop.quit)
    late = QTimer(singleShot=True, interval=_PATIENCE_MS)
    late.timeout.connect(lambda: loop.exit(1))
    late.start()
    began = time.perf_counter()
    window.opening.open_paths([folder])
    if loop.exec() or first.at is None:
        raise TimeoutError("no picture came")
    taken = first.at - began
    surface.removeEventFilter(first)
    window.opening.forget()
    window.session.close()
    while any(window.runner.busy(lane) for lane in ("open", "load", "thumbnails")):
        QTimer.singleShot(10, loop.quit)
        loop.exec()
    return taken


def _child(folders: list[Path]) -> None:
    from medviewer.review.settings import Settings
    from medviewer.ui.app import make_window

    window = make_window(Settings(reader="Bench"))
    window.show()
    for folder in folders:
        _open(window, folder)
    taken: dict[str, list[float]] = {str(folder): [] for folder in folders}
    for _ in range(_REPEATS):
        for folder in folders:
            taken[str(folder)].append(_open(window, folder))
    window.close()
    sys.stdout.write(json.dumps({name: statistics.median(times) for name, times in taken.items()}) + "\n")


def measure(folders: dict[int, Path]) -> list[Row]:
    """``folders``: number of files → folder, the smallest first. Each against the aim and the smallest."""
    command = [sys.executable, "-m", "tests.bench.first_picture", *map(str, folders.values())]
    env = {**os.environ, "MEDVIEWER_HOME": str(next(iter(folders.values())).parent / "home")}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env, timeout=600)
    said = json.loads(done.stdout.strip().splitlines()[-1])
    taken = {count: said[str(folder)] for count, folder in folders.items()}
    smallest = min(taken)
    rows = []
    for count, seconds in taken.items():
        name = f"open to first picture painted, {count:,} files"
        rows.append(Row(name, seconds, "s", aim=_AIM_S))
        if count != smallest:
            rows.append(Row(name, seconds, "s", f"{smallest} files", taken[smallest], _SAME))
    return rows


if __name__ == "__main__":
    _child([Path(word) for word in sys.argv[1:]])
