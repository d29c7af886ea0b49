"""Paths to patients: one header read a file and once, a bad file is listed and never fatal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medviewer.dicom.discretion import learn
from medviewer.dicom.elements import Broken
from medviewer.dicom.header import Facts
from medviewer.dicom.likely import Look
from medviewer.dicom.order import arrange
from medviewer.dicom.other_objects import OtherObject
from medviewer.dicom.scan_cache import remembered
from medviewer.dicom.sources import open_sources
from medviewer.dicom.study import DicomObject, ScanResult, Unreadable
from medviewer.errors import Cancelled, NothingReadable
from medviewer.imaging.numbers import counted
from medviewer.tasks import TaskContext

_REPORT_EVERY = 32


def scan(
    paths: Sequence[Path],
    context: TaskContext | None = None,
    *,
    require: bool = False,
    glimpse: Look | None = None,
) -> ScanResult:
    """What DICOM images lie under files, folders, zip files and DICOMDIRs.

    What is no image but belongs to a study (segmentations, reports) is in ``objects``; every other file is in
    ``unreadable`` with one sentence. With ``require`` raises
    :class:`NothingReadable` where not a single image was found. ``glimpse`` is shown likely files before all
    others, for a first picture. Raises :class:`Cancelled`.
    """
    context = context or TaskContext()
    sources = open_sources(paths, context, glimpse)
    facts: list[Facts] = []
    unreadable = list(sources.unreadable)
    broken: list[str] = []
    objects: list[DicomObject] = []
    for k, path in enumerate(sources.files):
        if k % _REPORT_EVERY == 0:
            context.check()
            context.report(k / len(sources.files), f"Reading headers: {k} of {len(sources.files)}")
        try:
            facts += remembered.facts(path)
            if glimpse is not None and glimpse.wanted:
                glimpse.look([path])
        except Cancelled:
            raise
        except OtherObject as error:
            objects.append(error.found)
            learn([error.found.patient], [error.found.study])
        except Broken as error:
            unreadable.append(Unreadable(path, str(error)))
            broken.append(error.series_uid)
        except Exception:  # noqa: BLE001 - one file never stops the others, whatever it makes of a parser
            unreadable.append(Unreadable(path, "The file could not be read."))
    context.check()
    arranged = arrange(facts, (uid for uid in broken if uid))
    context.report(1.0, f"{counted(len(facts), 'image')} found")
    if require and not arranged.patients:
        raise NothingReadable(*_nothing(unreadable, objects))
    return ScanResult(arranged.patients, (*unreadable, *arranged.conflicts), tuple(objects))


def _nothing(unreadable: list[Unreadable], objects: list[DicomObject]) -> tuple[str, str]:
    if objects:
        kinds = ", ".join(sorted({found.kind.name for found in objects}))
        return f"There are no images here, only other objects: {kinds}.", "Choose a folder with DICOM images."
    if not unreadable:
        return "There are no files here.", "Choose a folder with DICOM images."
    if len(unreadable) == 1:
        reason = unreadable[0].reason.rstrip(".")
        begin = reason[:1].lower() if reason[1:2].islower() else reason[:1]
        return f"No image could be read: {begin}{reason[1:]}.", "Choose a DICOM file or folder."
    return f"None of the {len(unreadable)} files is a readable DICOM image.", "Choose another folder."
