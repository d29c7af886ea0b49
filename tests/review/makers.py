"""Small scans, volumes and results, built without any file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from medviewer.ai.findings import AnalysisResult, Code, Finding, Measurement, Notice, Provenance, ResultState
from medviewer.dicom.study import Acquisition, Instance, Patient, PixelFormat, ScanResult, Series, Study
from medviewer.imaging.volume import Geometry, Mask, Unit, Volume
from medviewer.imaging.window import Window
from medviewer.review.session import Session
from medviewer.review.state import Change

NOW = datetime(2026, 11, 21, 10, 14, tzinfo=UTC)
FIRST, SECOND = "1.2.3.1", "1.2.3.2"
SHAPE = (8, 40, 48)
SPACING = (5.0, 0.8, 0.8)


def clock() -> datetime:
    return NOW


def geometry() -> Geometry:
    return Geometry.from_planes(
        (-19.2, -16.0, 40.0), (1, 0, 0, 0, 1, 0), SPACING[1:], (0.0, 0.0, -SPACING[0]), "1.2.9"
    )


def make_series(uid: str = "1.2.3.1", *, patient: str = "P1", slices: int = SHAPE[0], **facts: Any) -> Series:
    pixels = PixelFormat(
        "1.2.840.10008.1.2.1", 16, 16, True, photometric=facts.pop("photometric", "MONOCHROME2")
    )
    windows = facts.pop("windows", (Window(-600, 1500),))
    sops = facts.pop("sops", None) or [f"{uid}.{k}" for k in range(slices)]
    instances = tuple(
        Instance(
            Path(f"/none/{k}.dcm"),
            sop,
            "1.2.840.10008.5.1.4.1.1.2",
            SHAPE[1],
            SHAPE[2],
            pixels,
            windows=windows,
        )
        for k, sop in enumerate(sops)
    )
    defaults: dict[str, Any] = {
        "number": 2,
        "modality": "CT",
        "body_part": "CHEST",
        "geometry": geometry(),
        "unit": Unit.HU,
        "acquisition": Acquisition("Philips", "Brilliance 16", "B", 120.0, 5.0),
    }
    return Series(uid, facts.pop("study", "1.2.3"), patient, instances=instances, **{**defaults, **facts})


def make_scan(*series: Series, patient: str = "P1", name: str = "Doe^Jane", **study: Any) -> ScanResult:
    series = series or (make_series(patient=patient), make_series("1.2.3.2", patient=patient, number=3))
    facts = {"date": "20070404", "description": "Chest", "patient_age": "058Y", **study}
    one = Study(series[0].study_uid, series, **facts)
    return ScanResult((Patient(patient, "ID-77", name, (one,), "19490101", "M"),))


def make_volume(slices: int = SHAPE[0]) -> Volume:
    rng = np.random.default_rng(1)
    voxels = rng.integers(-200, 100, (slices, *SHAPE[1:])).astype(np.int16)
    voxels[:, 10:30, 6:42] = -850
    return Volume(voxels, geometry(), Unit.HU)


def make_mask(label: int, name: str, columns: slice) -> Mask:
    full = np.zeros(SHAPE, bool)
    full[1:7, 12:28, columns] = True
    return Mask.from_full(label, name, full, geometry())


def provenance(**facts: Any) -> Provenance:
    values: dict[str, Any] = {
        "model_id": "lung-ct",
        "model_version": "1.0.0",
        "model_title": "Lungs on chest CT",
        "weights_sha256": "3f9c" + "0" * 58 + "a1",
        "intended_use": "Outlines both lungs on chest CT of adults. Not for diagnostic use.",
        "app_version": "0.1.0",
        "torch_version": "2.13.0",
        "device": "CPU",
        "dtype": "float32",
        "seconds": 4.2,
        "started": "2026-11-21T10:12:00+00:00",
        "study_uid": "1.2.3",
        "series_uid": "1.2.3.1",
        "instances_sha256": "ab" * 32,
    }
    return Provenance(**{**values, **facts})


def make_findings() -> tuple[Finding, ...]:
    right, left = make_mask(1, "right_lung", slice(8, 20)), make_mask(2, "left_lung", slice(28, 40))
    return (
        Finding(
            "laa",
            "Low attenuation (LAA-950)",
            "Low attenuation of 9.6 % of the lung volume, most in the right upper zone.",
            criterion="above 6 % of lung below −950 HU",
            measurements=(Measurement("LAA-950", 9.6, "%", (8.8, 10.3)),),
            slices=(1, 6),
            key_slice=3,
        ),
        Finding(
            "right",
            "Right lung",
            "Right lung 2,643 mL.",
            code=Code("SCT", "3341006", "Right lung"),
            mask=right,
            measurements=(Measurement("volume", 2643.4, "mL", (2611, 2675), decimals=0),),
            slices=(1, 6),
            key_slice=2,
            colour="#56B4E9",
        ),
        Finding(
            "left",
            "Left lung",
            "Left lung 2,204 mL.",
            mask=left,
            measurements=(
                Measurement("volume", 2204.0, "mL", (2170, 2238), decimals=0),
                Measurement("Perc15", -921.0, "HU", None, "kernel B, 5 mm", 0),
            ),
            slices=(1, 6),
            key_slice=2,
            warnings=(Notice("CUT", "The left lung is cut by the edge of the images."),),
            colour="#E69F00",
        ),
    )


def make_result(state: ResultState = ResultState.FINDINGS, **facts: Any) -> AnalysisResult:
    values: dict[str, Any] = {
        "series_key": "1.2.3.1",
        "patient_key": "P1",
        "provenance": provenance(),
        "findings": make_findings() if state is ResultState.FINDINGS else (),
        "checked": ("CT", "chest", "axial", "spacing 5 mm"),
        "complete_slices": SHAPE[0],
        "total_slices": SHAPE[0],
    }
    return AnalysisResult(state, **{**values, **facts})


class Ear:
    def __init__(self, session: Session) -> None:
        self.heard: list[Change] = []
        self.unsubscribe = session.subscribe(lambda state, change: self.heard.append(change))
