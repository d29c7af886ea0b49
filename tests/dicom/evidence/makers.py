"""Evidence for any series: blobs drawn on its own images, figures and decisions, all known to the test."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from medviewer.dicom.evidence.concepts import (
    ACCEPTED,
    ANATOMY,
    ATTENUATION,
    DECISION,
    LEFT,
    MEAN,
    NOT_REVIEWED,
    RIGHT,
    VOLUME,
    unit,
)
from medviewer.dicom.evidence.derived import NewObject, Origin, read_origin
from medviewer.dicom.evidence.facts import (
    Algorithm,
    Concept,
    Evaluation,
    Evidence,
    Observation,
    Person,
    Quantity,
    Region,
    Tracking,
)
from medviewer.dicom.evidence.sr_writer import SR_STORAGE
from medviewer.dicom.evidence.written_segments import SEG_STORAGE
from medviewer.dicom.objects.ct import seeded_uid
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Mask

LUNG = Concept("39607008", "SCT", "Lung")
HEART = Concept("80891009", "SCT", "Heart")
WHEN = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
ALGORITHM = Algorithm("Lungs on chest CT", "1.0.0", "MedViewer", "ab" * 32, seeded_uid("test model"))


def origin_of(series: Series) -> Origin:
    """Its files."""
    return read_origin(instance.path for instance in series.instances)


def blobs(series: Series) -> tuple[Mask, ...]:
    """Two masks that touch corners, edges and odd columns, overlap, and leave a slice out if they can."""
    shape = (len(series.instances), *series.size)
    rng = np.random.default_rng(shape[0] + shape[2])
    slices, rows, columns = shape
    first = np.zeros(shape, bool)
    first[:, rows // 4 : rows // 2 + 1, columns // 3 : columns // 2 + 2] = True
    first[0, 0, 0] = first[-1, -1, -1] = first[0, 0, -1] = True
    second = np.zeros(shape, bool)
    k = slices // 2
    second[k, rows // 3 :, : columns // 2] = rng.random((rows - rows // 3, columns // 2)) < 0.3
    second[k, -1, 0] = True
    if slices > 4:
        first[slices // 3] = False
    return (
        Mask.from_full(1, "left_lung", first, series.geometry),
        Mask.from_full(2, "heart", second, series.geometry),
    )


def evidence_of(series: Series, *, observer: Person | None = None) -> Evidence:
    """Two regions and three findings of a series: one outlined each, one without a place."""
    masks = blobs(series)
    track = [Tracking(f"{name}", seeded_uid("test tracking", name)) for name in ("left lung", "heart", "x")]
    regions = (
        Region(track[0], "Left lung", ANATOMY, LUNG, masks[0], "#56B4E9", LEFT),
        Region(track[1], "Heart", ANATOMY, HEART, masks[1], "#E69F00", edited=True),
    )
    volume = Quantity(VOLUME, 1234.5678, unit("mL")[0], 1200.25, 1300.5)
    density = Quantity(ATTENUATION, -812.0, unit("HU")[0], derivation=MEAN, note="thick slices")
    yes, no = Evaluation(DECISION, ACCEPTED), Evaluation(DECISION, NOT_REVIEWED)
    image = series.instances[0]
    return Evidence(
        ALGORITHM,
        regions,
        (
            Observation(
                track[0], LUNG, ANATOMY, LEFT, region=track[0].uid, quantities=(volume, density),
                evaluations=(yes,), remarks=("Left lung of 1,235 mL.",),
            ),
            Observation(track[1], HEART, ANATOMY, region=track[1].uid, evaluations=(no,)),
            Observation(
                track[2], Concept("233604007", "SCT", "Pneumonia"), laterality=RIGHT,
                images=((image.sop_uid, image.frame),),
                quantities=(Quantity(Concept("122157", "DCM", "Probability"), 0.125, unit("")[0]),),
                evaluations=(no,), remarks=("Calibrated probability − of α.",),
            ),
        ),
        WHEN,
        observer,
    )  # fmt: skip


def new_seg(number: int = 901) -> NewObject:
    """A segmentation yet to be made, at a known time."""
    return NewObject(SEG_STORAGE, "SEG", number, "Outlines, AI", when=WHEN)


def new_sr(number: int = 902) -> NewObject:
    """A report yet to be made, at a known time."""
    return NewObject(SR_STORAGE, "SR", number, "Findings, AI", when=WHEN)


def without_geometry(evidence: Evidence) -> Evidence:
    """The same on masks that know no millimetre."""
    regions = tuple(replace(r, mask=replace(r.mask, geometry=None)) for r in evidence.regions)
    return replace(evidence, regions=regions)
