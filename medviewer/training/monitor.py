"""What one sees of a training run while it runs: a line, a page, a table of rows and a TensorBoard log.

In the run's folder: ``metrics.jsonl`` (a row now and then), ``progress.html`` (curves and example pictures in
one file, reloading itself while the run goes on) and ``events.out.tfevents.*``. Nothing needs a network.
"""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from medviewer.errors import Cancelled, MedviewerError
from medviewer.training import charts, events
from medviewer.training.checkpoint import write_bytes

log = logging.getLogger(__name__)

ROWS, PAGE = "metrics.jsonl", "progress.html"
_PAGE_SECONDS = 5.0
"""The page is written no more often than this, but for validations and the end."""

Pictures = list[tuple[str, NDArray[np.uint8]]]


class Monitor:
    """Collects what the loop tells and writes it; a context manager, so that the end is written too."""

    def __init__(self, folder: Path, title: str, steps: int, step: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._title, self._steps, self._last = folder, title, steps, step
        self._every = max(1, min(50, steps // 200))
        self.rows = _kept_rows(folder / ROWS, step)
        self._open: list[dict[str, float]] = []
        self._pictures: Pictures = []
        self._written = 0.0
        self.state = "running"

    def __enter__(self) -> Self:
        content = "".join(json.dumps(row) + "\n" for row in self.rows)
        write_bytes(self._folder / ROWS, content.encode())
        self._log = (self._folder / ROWS).open("a", encoding="utf-8")
        self._events = events.EventWriter(self._folder)
        if self._last:
            log.info("%s: going on from step %d", self._title, self._last)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.state = _ending(error)
        self._log.close()
        self._events.close()
        self._write_page()

    def step(self, step: int, done: float, values: dict[str, float], rate: float, seconds: float) -> None:
        """One step was made: its loss and parts, the rate and how long it took."""
        self._open.append({**values, "rate": rate, "seconds": seconds})
        self._last = step
        if step % self._every and done < 1:
            return
        means = {key: float(np.mean([row[key] for row in self._open])) for key in self._open[0]}
        self._open.clear()
        self._row({"kind": "train", "step": step, "done": done, **means})
        if step % (self._every * 5) == 0 or done >= 1:
            log.info("%s", _line(self._title, step, self._steps, done, means))
        if time.monotonic() - self._written > _PAGE_SECONDS:
            self._write_page()

    def validated(self, step: int, figures: dict[str, float], better: bool, pictures: Pictures) -> None:
        """The validation figures after ``step``; ``better`` than ever before or not; pictures to look at."""
        self._row({"kind": "validation", "step": step, "best": better, **figures})
        self._pictures = pictures
        for caption, picture in pictures:
            self._events.picture(caption, charts.png(picture), picture.shape[:2], step)
        told = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        log.info("%s: validation at step %d  %s%s", self._title, step, told, "  (best)" if better else "")
        self._write_page()

    def _row(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        self._log.write(json.dumps(row) + "\n")
        self._log.flush()
        numbers = {k: v for k, v in row.items() if isinstance(v, float)}
        self._events.scalars({f"{row['kind']}/{k}": v for k, v in numbers.items()}, int(row["step"]))

    def _write_page(self) -> None:
        self._written = time.monotonic()
        write_bytes(self._folder / PAGE, self._page().encode())

    def _page(self) -> str:
        parts = [_facts(self.state, self._last, self._steps, self.rows)]
        for kind, title in (("train", "Training"), ("validation", "Validation")):
            curves = _curves([row for row in self.rows if row["kind"] == kind])
            parts.append(charts.grid(title, [charts.lines(name, {name: xy}) for name, xy in curves.items()]))
        parts.append(charts.gallery("Examples", self._pictures))
        return charts.page(f"Training {self._title}", parts, reload_s=5 if self.state == "running" else None)


def _kept_rows(path: Path, step: int) -> list[dict[str, Any]]:
    """The rows up to ``step`` of an earlier part of the run; a torn last line is left out."""
    rows: list[dict[str, Any]] = []
    lines = path.read_text(encoding="utf-8").splitlines() if step and path.exists() else []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            log.info("A torn line of %s is left out", path.name)
            continue
        if row["step"] <= step:
            rows.append(row)
    return rows


def _ending(error: BaseException | None) -> str:
    if error is None:
        return "finished"
    if isinstance(error, (Cancelled, KeyboardInterrupt)):
        return "stopped; go on with --resume"
    return error.sentence() if isinstance(error, MedviewerError) else "failed"


def _curves(rows: list[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """Name → points (step, value) of every number the rows hold."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        for key, value in row.items():
            if isinstance(value, float) and key not in ("done", "seconds"):
                found.setdefault(key, []).append((row["step"], value))
    return found


def _line(title: str, step: int, steps: int, done: float, means: dict[str, float]) -> str:
    shown = [f"{k} {v:.4f}" for k, v in means.items() if k not in ("rate", "seconds")]
    pace = f"{means['seconds']:.2f} s a step"
    return f"{title}: step {step} of {steps} ({100 * done:.0f} %)  {'  '.join(shown)}  {pace}"


def _facts(state: str, step: int, steps: int, rows: list[dict[str, Any]]) -> str:
    last: dict[str, Any] = next((row for row in reversed(rows) if row["kind"] == "train"), {})
    pace, done = float(last.get("seconds", 0)), float(last.get("done", 0))
    told = {"State": state, "Step": f"{step} of {steps}", "Done": f"{100 * done:.0f} %"}
    if pace:
        told["Pace"] = f"{pace:.2f} s a step"
    return charts.facts(told)
