"""From a folder to voxels: against SimpleITK's series reader and against reading the bytes alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 - the name its own documentation uses

from medviewer.dicom.load import load_series, read_slice
from medviewer.dicom.scan import scan
from medviewer.dicom.scan_cache import remembered
from tests.bench.clock import Row, in_turns
from tests.bench.peers import raw_bytes, simpleitk


def _ours(folder: Path) -> np.ndarray:
    remembered.forget()
    (series,) = scan([folder]).all_series()
    return load_series(series).voxels


def _scan(folder: Path) -> None:
    remembered.forget()
    scan([folder])


def _first(folder: Path) -> np.ndarray:
    remembered.forget()
    (series,) = scan([folder]).all_series()
    return read_slice(series, len(series.instances) // 2).voxels


def measure(folder: Path, repeats: int = 5) -> list[Row]:
    """Both readers are given the folder, both end with the whole volume in memory."""
    theirs = sitk.GetArrayFromImage(simpleitk(folder))
    if not np.array_equal(_ours(folder), theirs) and not np.array_equal(_ours(folder), theirs[::-1]):
        raise AssertionError("the two readers disagree, so their times mean nothing")
    del theirs
    taken = in_turns(
        {
            "ours": lambda: _ours(folder),
            "itk": lambda: simpleitk(folder),
            "bytes": lambda: raw_bytes(folder),
            "scan": lambda: _scan(folder),
            "first": lambda: _first(folder),
        },
        repeats,
    )
    ours, whole = taken["ours"], "open 300 slices, scan and load"
    return [
        Row(whole, ours, "s", "SimpleITK ImageSeriesReader", taken["itk"], 0.6),
        Row(whole, ours, "s", "reading the bytes", taken["bytes"]),
        Row("scan alone", taken["scan"], "s", "the whole opening", ours),
        Row("folder to first slice in memory", taken["first"], "s", "the whole opening", ours),
    ]


def peak_memory(folder: Path) -> Row:
    """Growth of a fresh process's peak resident memory by opening, over the volume's bytes."""
    grown, size = peak_growth(folder)
    return Row("peak memory of opening", grown / 1e6, "MB", "the volume's bytes", size / 1e6)


def peak_growth(folder: Path) -> tuple[int, int]:
    """(bytes a fresh process grew at its peak by opening, bytes of the voxels)."""
    command = [sys.executable, "-m", "tests.bench.opening", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
    grown, size = (int(part) for part in done.stdout.split())
    return grown, size


def peak_bytes() -> int:
    """The most resident memory this process has had (Linux; elsewhere what ``getrusage`` says)."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _child(folder: Path) -> None:
    before = peak_bytes()
    size = _ours(folder).nbytes
    sys.stdout.write(f"{peak_bytes() - before} {size}\n")


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
