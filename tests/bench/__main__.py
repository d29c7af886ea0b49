"""Run the bench: ``python -m tests.bench [--only PART]``.

Prints a table; writes it as ``out/bench.md``, all facts as ``out/bench.json``, ratios as ``out/bench.png``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.clock import Row, markdown  # noqa: E402 - run by path, the root must come first

PARTS = ("opening", "formats", "folders", "starting", "scrolling", "large", "window", "analysis", "models")
ASKED = ("long",)
"""Parts that take minutes: measured only when named."""


class _Bench:
    """The parts by name. Each imports what it needs when asked, so that one part needs no other."""

    def __init__(self, place: Path) -> None:
        from tests.bench.material import write_study

        self._place = place
        self._ct = place / "ct"
        self._masks = write_study(self._ct)

    def opening(self) -> list[Row]:
        """Folder to voxels."""
        from tests.bench import opening

        return [*opening.measure(self._ct), opening.peak_memory(self._ct)]

    def formats(self) -> list[Row]:
        """Every way pixels are stored."""
        from tests.bench import formats

        return formats.measure(self._ct, self._place)

    def folders(self) -> list[Row]:
        """Many files, much junk."""
        from tests.bench import folders

        return folders.measure(self._ct, self._place)

    def starting(self) -> list[Row]:
        """Command to window."""
        from tests.bench import starting

        return starting.measure(self._ct)

    def scrolling(self) -> list[Row]:
        """Wheel to picture."""
        from tests.bench import scrolling

        return scrolling.measure(_app(), self._ct, self._masks)

    def large(self) -> list[Row]:
        """Very large pictures, very long series."""
        from tests.bench import large

        return large.measure(_app())

    def long(self) -> list[Row]:
        """Three thousand images in the whole window."""
        from tests.bench import long_series

        return long_series.measure(self._place)

    def window(self) -> list[Row]:
        """The whole window at work."""
        from medviewer.training.demo import write_demo
        from tests.bench import window

        demo = write_demo(self._place / "demo")
        return window.measure(self._ct, demo.series_folder)

    def analysis(self) -> list[Row]:
        """Model to findings."""
        from tests.bench import analysis

        return analysis.measure(self._place / "thin demo")

    def models(self) -> list[Row]:
        """Every model on the shelf against its network alone."""
        from tests.bench import models

        return models.measure(self._place / "thin demo of models")


def _app() -> QApplication:
    """The one application of this process."""
    from PySide6.QtWidgets import QApplication

    instance = QApplication.instance()
    return instance if isinstance(instance, QApplication) else QApplication(["bench"])


def _machine() -> dict[str, object]:
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
    }


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS + ASKED, action="append", help="measure this part alone")
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "out" / "bench.json")
    asked = parser.parse_args()
    machine = _machine()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false;qt.qpa.*=false")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="medviewer-bench-") as place:
        bench = _Bench(Path(place))
        for name in asked.only or PARTS:
            sys.stderr.write(f"measuring: {name}\n")
            rows += getattr(bench, name)()
    _write(asked.out, machine, rows)
    return 0


def _write(out: Path, machine: dict[str, object], rows: list[Row]) -> None:
    """The same rows for a reader, for a program, and as a picture; the table to the terminal too."""
    from tests.bench.plot import draw

    where = f"{machine['cores']} cores, load {machine['load']}, Python {machine['python']}"
    text = f"{where}\n\n{markdown(rows)}\n"
    print(text, end="")  # noqa: T201
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".md").write_text(f"{machine['when']}, {machine['system']}, {text}", encoding="utf-8")
    out.write_text(json.dumps({"machine": machine, "rows": [r.as_json() for r in rows]}, indent=1))
    caption = f"Ratios in one run, left of 1 is faster than what it is against ({where})"
    draw(rows, out.with_suffix(".png"), caption)


if __name__ == "__main__":
    sys.exit(main())
