"""``medviewer scan``: what lies under the paths, for a person or (``--json``) for a program."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from medviewer.commands.console import Console, printable
from medviewer.dicom.captions import display_date, display_name
from medviewer.dicom.scan import scan
from medviewer.dicom.study import ISSUE_TEXT, DicomObject, Instance, Patient, ScanResult, Series, Study
from medviewer.errors import NothingReadable

SCHEMA = "medviewer.scan/1"


def run(arguments: argparse.Namespace, console: Console) -> None:
    """List; then raise :class:`NothingReadable` where there was no image at all."""
    found = scan(arguments.paths, console.context)
    if arguments.json:
        console.result(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    else:
        console.result("\n".join(as_text(found)))
    if not found.patients:
        raise NothingReadable("No DICOM image was found here.", "Choose a file or folder with DICOM images.")


def as_json(found: ScanResult) -> dict[str, Any]:
    """The schema ``medviewer.scan/1``."""
    return {
        "schema": SCHEMA,
        "patients": [_patient(patient) for patient in found.patients],
        "unreadable": [{"path": str(u.path), "reason": u.reason} for u in found.unreadable],
        "objects": [_object(other) for other in found.objects],
    }


def _object(other: DicomObject) -> dict[str, Any]:
    return {
        "path": str(other.path),
        "code": other.kind.code,
        "kind": other.kind.name,
        "description": other.description,
        "number": other.number,
        "sop_class": other.sop_class,
        "sop_uid": other.sop_uid,
        "series_uid": other.series_uid,
        "study_uid": other.study.uid,
        "patient_id": other.patient.id,
    }


def _patient(patient: Patient) -> dict[str, Any]:
    return {
        "id": patient.id,
        "name": patient.name,
        "birth_date": patient.birth_date,
        "sex": patient.sex,
        "studies": [_study(study) for study in patient.studies],
    }


def _study(study: Study) -> dict[str, Any]:
    return {
        "uid": study.uid,
        "date": study.date,
        "description": study.description,
        "accession": study.accession,
        "series": [_series(series) for series in study.series],
    }


def _series(series: Series) -> dict[str, Any]:
    rows, columns = series.size
    return {
        "uid": series.uid,
        "part": series.part or None,
        "number": series.number,
        "modality": series.modality,
        "description": series.description,
        "body_part": series.body_part,
        "instances": len({instance.sop_uid for instance in series.instances}),
        "frames": len(series.instances),
        "rows": rows,
        "columns": columns,
        "spacing_mm": None if series.geometry is None else list(series.geometry.spacing_mm),
        "volume": series.is_volume,
        "transfer_syntaxes": sorted({instance.pixels.transfer_syntax for instance in series.instances}),
        "issues": sorted(issue.value for issue in series.issues),
        "sop_class": series.instances[0].sop_class,
    }


def _pair(instance: Instance) -> list[float] | None:
    """Pixel spacing of the whole picture; ultrasound regions have each their own."""
    return None if instance.pixel_spacing is None or instance.regions else list(instance.pixel_spacing)


def as_text(found: ScanResult) -> Iterator[str]:
    """Lines for a person."""
    for patient in found.patients:
        who = (display_name(patient.name), patient.id, display_date(patient.birth_date), patient.sex)
        yield printable("  ".join(fact for fact in who if fact) or "no name, no patient ID")
        for study in patient.studies:
            what = (display_date(study.date), study.description, study.accession)
            yield printable("  Study  " + "  ".join(fact for fact in what if fact))
            for series in study.series:
                yield from _series_lines(series)
    if found.objects:
        yield "Other objects:"
        for other in found.objects:
            words = " · ".join(part for part in (other.kind.name, other.description) if part)
            yield printable(f"  {other.path}: {words}")
    if found.unreadable:
        yield "Not read:"
        yield from (printable(f"  {u.path}: {u.reason}") for u in found.unreadable)


def _series_lines(series: Series) -> Iterator[str]:
    rows, columns = series.size
    number = "-" if series.number is None else str(series.number)
    spacing = ""
    if series.geometry is not None:
        spacing = ", " + " × ".join(f"{mm:.4g}" for mm in series.geometry.spacing_mm) + " mm"
    elif (pair := _pair(series.instances[0])) is not None:
        spacing = ", " + " × ".join(f"{mm:.4g}" for mm in pair) + f" {series.instances[0].spacing_label}"
    size = f"{len(series.instances)} of {rows} × {columns}{spacing}"
    yield printable(f"    {number:>3}  {series.modality}  {series.description or 'no description'}  {size}")
    yield printable(f"         {series.key}")
    yield from (f"         ! {issue.value}: {ISSUE_TEXT[issue]}" for issue in sorted(series.issues))
