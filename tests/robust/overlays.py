"""Damaged segmentations and structure sets, each read as an overlay of a good series:
``python -m tests.robust.overlays``."""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from medviewer.dicom.load import load_series
from medviewer.dicom.objects.contour_placing import place_structures
from medviewer.dicom.objects.rtstruct import read_structures
from medviewer.dicom.objects.seg import Algorithm, read_seg, write_seg
from medviewer.dicom.objects.seg_file import read_segmentation
from medviewer.dicom.objects.seg_placing import place_segments, plan
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.errors import MedviewerError
from medviewer.imaging.volume import Mask
from tests.dicom.foreign_makers import contour, write_structures
from tests.factories import make_ct_series
from tests.robust.fuzz import BUG
from tests.robust.harness import Report, be_patient, drive, serve
from tests.robust.mutate import damaged
from tests.robust.seeds import Seed

_PREPARATION_S = 60.0


def good(folder: Path) -> tuple[Series, Seed, Seed]:
    """A series of four slices, a segmentation and a structure set of it."""
    paths = make_ct_series(folder, slices=4)
    (series,) = scan([folder]).all_series()
    volume = load_series(series)
    inside = np.zeros(volume.shape[:3], bool)
    inside[1:3, 4:9, 3:8] = True
    mask = Mask.from_full(1, "nodule", inside, volume.geometry)
    data = write_seg([mask], paths, folder / "seg", Algorithm("truth", "1", seed="robust")).read_bytes()
    (folder / "seg").unlink()
    square = series.instances[1].position + np.array([[0, 0, 0], [3, 0, 0], [3, 3, 0], [0, 3, 0]])
    lines = [contour(square), contour(square[:1], "POINT"), contour(square + np.array([0, 0, 2.0]))]
    drawn = write_structures(folder / "rt", [("GTV", lines)], series).read_bytes()
    (folder / "rt").unlink()
    pixels = data.rfind(b"\xe0\x7f\x10\x00")
    return series, Seed("segmentation", data, pixels), Seed("structures", drawn, len(drawn))


def _laid_over(path: Path, series: Series) -> list[Mask]:
    """As the window reads it."""
    seg = read_segmentation(path)
    return [mask for _, mask in place_segments(seg, series, plan(seg, series)).segments]


def _drawn_over(path: Path, series: Series) -> list[Mask]:
    """As the window reads contours: none of them outside the series, no number that is none."""
    placed = place_structures(read_structures(path), series)
    for roi in placed.rois:
        for index, lines in roi.lines.items():
            assert 0 <= index < len(series.instances)
            assert all(np.isfinite(line.points).all() for line in lines)
    return []


def _answer(read: Callable[[Path, Series], list[Mask]], path: Path, series: Series) -> dict[str, Any]:
    try:
        masks = read(path, series)
    except MedviewerError as error:
        return {"outcome": "refused" if error.message else BUG}
    except Exception as error:  # noqa: BLE001 - that is what we look for
        return {"outcome": BUG, "why": f"{type(error).__name__}: {error}"}
    fits = all(mask.shape == (4, *series.size) for mask in masks)
    return {"outcome": "opened" if fits else BUG}


def worker(first: int, stop: int) -> None:
    """The child."""
    with tempfile.TemporaryDirectory(prefix="medviewer-overlays-") as folder:
        series, seed, drawn = good(Path(folder, "ct"))

        def work(number: int) -> dict[str, Any]:
            path = Path(folder, "seg.dcm")
            if number % 4 == 3:
                path.write_bytes(damaged(drawn, random.Random(f"contours/{number}")))
                return _answer(_drawn_over, path, series)
            path.write_bytes(damaged(seed, random.Random(f"overlay/{number}")))
            answers = [_answer(read, path, series) for read in (read_seg, _laid_over)]
            return next((a for a in answers if a["outcome"] == BUG), answers[number % 2])

        be_patient(_PREPARATION_S)
        serve(work, range(first, stop))


def run(files: int) -> list[Report]:
    """One report for every file."""
    return list(drive("tests.robust.overlays", range(files)))


def main() -> int:
    """Entry point of ``python -m tests.robust.overlays [FILES]``."""
    if sys.argv[1:2] == ["--worker"]:
        worker(int(sys.argv[2]), int(sys.argv[3]))
        return 0
    reports = run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    bad = [r for r in reports if r.death or r.answer["outcome"] == BUG]
    counts = Counter(r.death or r.answer["outcome"] for r in reports)
    slowest, peak = max(r.seconds for r in reports), max(r.peak_mb for r in reports)
    lines = [f"{r.number}: {r.death or r.answer} {r.last_words}" for r in bad]
    lines.append(f"{len(reports)} objects: {dict(counts)}, slowest {slowest:.2f} s, {peak:.0f} MB")
    sys.stdout.write("\n".join([*lines, ""]))
    return int(bool(bad))


if __name__ == "__main__":
    raise SystemExit(main())
