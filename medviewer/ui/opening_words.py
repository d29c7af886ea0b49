"""What is said of a scan and of a load, one sentence each."""

from __future__ import annotations

from medviewer.dicom.load import SeriesLoader
from medviewer.dicom.study import ScanResult
from medviewer.imaging.numbers import number


def found_sentence(found: ScanResult) -> str:
    """ "240 images in 2 series; 1 file could not be opened"."""
    series = found.all_series()
    images = sum(len(s.instances) for s in series)
    counted = "1 image" if images == 1 else f"{number(images)} images"
    said = f"{counted} in {len(series)} series" if series else "No images"
    if len(found.patients) > 1:
        said += f" of {len(found.patients)} patients"
    said += f", other objects: {len(found.objects)}" if found.objects else ""
    left = len(found.unreadable)
    return said + (f"; {left} {'file' if left == 1 else 'files'} could not be opened" if left else "")


def nothing_sentence(found: ScanResult) -> str:
    """Why a scan that found nothing did."""
    left = len(found.unreadable)
    if left == 1:
        return f"No image could be opened: {found.unreadable[0].reason}"
    if left:
        return f"None of the {left} files is a readable DICOM image."
    return "There are no files there. Choose a folder with DICOM images."


def loaded_sentence(loader: SeriesLoader, seconds: float) -> str:
    """ "Loaded 240 images in 0.31 s"."""
    count = int(loader.ready.sum())
    said = f"Loaded {count} {'image' if count == 1 else 'images'} in {number(seconds, 's', 2)}"
    return f"{said} (more than the memory set aside: kept on the disk)" if loader.on_disk else said


def failed_slices_sentence(loader: SeriesLoader) -> str:
    """How many images of a series could not be read, and why the first."""
    count, reason = len(loader.failed), next(iter(loader.failed.values()))
    some = "1 image" if count == 1 else f"{count} images"
    return f"{some} of this series could not be read: {reason}"
