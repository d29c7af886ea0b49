"""Thousands of damaged files, each opened as the window does: nothing may crash, hang or lie.

``python -m tests.robust.fuzz --files 100000 --seed 1`` prints what became of them. A file that kills the
process, hangs, or raises what is no error of ours is saved (``--keep FOLDER``) under its number.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import math
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medviewer.dicom.load import load_series, thumbnail
from medviewer.dicom.repair import guess, write_repaired
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.errors import MedviewerError
from medviewer.scratch import cleanup
from tests.robust.harness import Report, drive, serve
from tests.robust.mutate import mutated
from tests.robust.seeds import seeds

BUG = "bug"
_FILLED = 1 << 22
"""Pixels up to which memory is filled: beyond, the filling itself would be what takes the memory."""


@dataclass
class Tally:
    """What became of a run of files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    decoded: Counter[str] = field(default_factory=Counter)
    deaths: list[Report] = field(default_factory=list)
    bugs: list[Report] = field(default_factory=list)
    slowest: Report = field(default_factory=lambda: Report(-1))
    peak_mb: float = 0.0

    def add(self, report: Report) -> None:
        """Count one file."""
        if report.death:
            self.deaths.append(report)
            return
        outcome = report.answer["outcome"]
        self.outcomes[outcome] += 1
        if outcome == "opened":
            self.decoded[report.answer["seed"]] += 1
        if outcome == BUG:
            self.bugs.append(report)
        self.slowest = max(self.slowest, report, key=lambda r: r.seconds)
        self.peak_mb = max(self.peak_mb, report.peak_mb)


def open_file(path: Path, *, again: bool = False) -> dict[str, Any]:
    """Open one file as the window does and tell what it came to; every broken promise is a ``bug``.

    A file that is refused and can be repaired is opened ``again`` as its repaired copy.
    """
    try:
        result = scan([path])
        if not result.patients:
            told = [u.reason for u in result.unreadable]
            repair = None if again else guess(path)
            if repair is not None and not result.objects:
                return {**open_file(write_repaired(path, repair), again=True), "repaired": True}
            return {"outcome": "refused"} if told and all(told) else {"outcome": BUG, "why": "silent"}
        failed = 0
        for series in result.all_series():
            try:
                failed += load_twice(series)
                thumbnail(series, 64)
            except MedviewerError as error:
                if not error.message:
                    return {"outcome": BUG, "why": "an error without a sentence"}
                failed += 1
    except Exception as error:  # noqa: BLE001 - that is what we look for
        return {"outcome": BUG, "why": f"{type(error).__name__}: {error}"}
    finally:
        cleanup()
    return {"outcome": "pixels refused" if failed else "opened"}


def load_twice(series: Series) -> bool:
    """Whether slices are missing from the volume, which is the same whatever lay in memory before.

    A decoder that leaves pixels unset is found out. Raises AssertionError where it is not the same, or has
    another size than its header says.
    """
    digests = []
    size = len(series.instances) * math.prod(series.size)
    for filling in (0x5A, 0xA5) if size < _FILLED else (0,):
        fill_new_memory(filling)
        volume = load_series(series)
        fill_new_memory(0)
        assert volume.voxels.shape[:3] == (len(series.instances), *series.size), "another size"
        digests.append(hashlib.blake2b(volume.voxels).digest())
        unread = bool(volume.unread)
        del volume
    assert digests[0] == digests[-1], "pixels are what lay in memory before"
    return unread


def fill_new_memory(value: int) -> None:
    """Have the C library fill what it hands out (M_PERTURB); elsewhere than on glibc this does nothing."""
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        change(-6, value)


def run(files: int, seed: int, keep: Path, streams: bool = False) -> Tally:
    """Open files of a seed in child processes; what went wrong is kept in ``keep``."""
    tally = Tally()
    for report in drive("tests.robust.fuzz", range(files), [str(seed), str(int(streams))]):
        tally.add(report)
        if report.death or report.answer["outcome"] == BUG:
            keep.mkdir(parents=True, exist_ok=True)
            keep.joinpath(f"{seed}-{report.number}.dcm").write_bytes(mutated(seed, report.number, streams)[1])
    return tally


def worker(first: int, stop: int, seed: int, streams: int) -> None:
    """The child: one fresh file name for every file, for caches are keyed by name and time."""
    with tempfile.TemporaryDirectory(prefix="medviewer-fuzz-") as folder:

        def work(number: int) -> dict[str, Any]:
            name, data = mutated(seed, number, bool(streams))
            room = Path(folder, str(number))
            room.mkdir()
            path = room / ("DICOMDIR" if name == "dicomdir" else "a.dcm")
            path.write_bytes(data)
            if name == "dicomdir":
                (room / "IMAGE").write_bytes(seeds()[0].data)
            answer = open_file(path)
            shutil.rmtree(room)
            return {**answer, "seed": name}

        serve(work, range(first, stop))


def told(tally: Tally, seconds: float) -> list[str]:
    """The result as lines."""
    files = sum(tally.outcomes.values()) + len(tally.deaths)
    slow = tally.slowest
    return [
        f"{files} files in {seconds:.0f} s ({1000 * seconds / max(1, files):.2f} ms a file)",
        *(f"  {name}: {count}" for name, count in sorted(tally.outcomes.items())),
        f"processes killed: {len(tally.deaths)}",
        *(f"  file {d.number}, {mutated_name(d)}: {d.death}\n{d.last_words}" for d in tally.deaths),
        f"errors that are none of ours: {len(tally.bugs)}",
        *(f"  file {b.number}, {b.answer['seed']}: {b.answer['why']}" for b in tally.bugs),
        f"slowest: file {slow.number}, {slow.answer.get('seed')}, {slow.seconds:.3f} s",
        f"most memory: {tally.peak_mb:.0f} MB",
        "opened: " + ", ".join(f"{name} {count}" for name, count in sorted(tally.decoded.items())),
    ]


def mutated_name(report: Report) -> str:
    """Where the saved file's name begins; the seed is known to the caller."""
    return f"saved as *-{report.number}.dcm"


def main() -> int:
    """Entry point of ``python -m tests.robust.fuzz``."""
    if sys.argv[1:2] == ["--worker"]:
        worker(*(int(word) for word in sys.argv[2:6]))
        return 0
    parser = argparse.ArgumentParser(prog="python -m tests.robust.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--streams", action="store_true", help="damage compressed pixels only")
    parser.add_argument("--keep", type=Path, default=Path("out", "fuzz"))
    options = parser.parse_args()
    start = time.perf_counter()
    tally = run(options.files, options.seed, options.keep, options.streams)
    sys.stdout.write("\n".join([*told(tally, time.perf_counter() - start), ""]))
    return int(bool(tally.deaths or tally.bugs))


if __name__ == "__main__":
    raise SystemExit(main())
