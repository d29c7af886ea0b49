"""The others, each used as its own documentation shows: from a folder to every voxel of its one series."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813 - the name its own documentation uses
from numpy.typing import NDArray

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "studies"
"""Real studies beside the repository; without them the generated ones are measured alone."""
_PICTURES = 10


def simpleitk(folder: Path) -> sitk.Image:
    """SimpleITK's series reader (GDCM), which finds and orders the files itself."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def pydicom_alone(folder: Path) -> NDArray[np.float32]:
    """pydicom with its plug-ins, one file after the other, sorted along the normal, rescaled."""
    files = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]
    x, y = (np.array(files[0].ImageOrientationPatient[k : k + 3], float) for k in (0, 3))
    normal = np.cross(x, y)
    files.sort(key=lambda f: float(normal @ np.array(f.ImagePositionPatient, float)))
    pictures = []
    for file in files:
        slope, intercept = file.get("RescaleSlope", 1), file.get("RescaleIntercept", 0)
        pictures.append(file.pixel_array * np.float32(slope) + np.float32(intercept))
    return np.stack(pictures)


def raw_bytes(folder: Path) -> int:
    """Every file read, nothing done with it: the floor."""
    return sum(len(path.read_bytes()) for path in sorted(folder.glob("*.dcm")))


def dcm2pnm(folder: Path) -> tuple[Callable[[], None], int] | None:
    """Pictures by dcmtk's dcm2pnm, a process for each as its users run it; None where it is absent or cannot.

    Returns the work and how many pictures it makes.
    """
    program = shutil.which("dcm2pnm")
    paths = sorted(folder.glob("*.dcm"))[:_PICTURES]

    def work() -> None:
        with tempfile.TemporaryDirectory(prefix="medviewer-bench-") as place:
            for path in paths:
                command = [str(program), "+Wm", str(path), str(Path(place, "picture.pgm"))]
                subprocess.run(command, check=True, capture_output=True)

    if program is None:
        return None
    try:
        work()
    except subprocess.CalledProcessError:  # a transfer syntax dcm2pnm was not built for
        return None
    return work, len(paths)
