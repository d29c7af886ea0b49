"""Run the bench: ``python -m tests.bench [--only PART]``. Prints a table, writes ``out/bench.json``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.clock import Row, markdown  # noqa: E402 - run by path, the root must come first

PARTS = ("opening", "picture", "window", "analysis")


def _parts(folder: Path) -> dict[str, Callable[[], list[Row]]]:
    """What can be measured, by name; imports happen when asked, so that one part needs no other."""

    def opening() -> list[Row]:
        from tests.bench import opening as part

        return [*part.measure(folder), part.peak_memory(folder)]

    return {"opening": opening}


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
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone")
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "out" / "bench.json")
    asked = parser.parse_args()
    machine = _machine()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="medviewer-bench-") as place:
        from tests.bench.material import write_study

        folder = Path(place) / "ct"
        write_study(folder)
        for name, measure in _parts(folder).items():
            if not asked.only or name in asked.only:
                sys.stderr.write(f"measuring: {name}\n")
                rows += measure()
    print(f"{machine['cores']} cores, load {machine['load']}, Python {machine['python']}\n")  # noqa: T201
    print(markdown(rows))  # noqa: T201
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps({"machine": machine, "rows": [r.as_json() for r in rows]}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
