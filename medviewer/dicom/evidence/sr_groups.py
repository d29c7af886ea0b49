"""A finding as a measurement group by PS3.16 TID 1411 (outlined) or TID 1501 (not), of highdicom's parts."""

from __future__ import annotations

import math
from typing import Any

import highdicom as hd
from highdicom.sr import RelationshipTypeValues as Relation

from medviewer.dicom.evidence.concepts import (
    ANATOMY,
    ARTIFICIAL_INTELLIGENCE,
    COMMENT,
    LOWER,
    UPPER,
    code,
    same,
)
from medviewer.dicom.evidence.derived import SourceImage
from medviewer.dicom.evidence.facts import Algorithm, Concept, Observation, Quantity
from medviewer.errors import UsageError

SEG_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"


def group(
    observation: Observation,
    algorithm: Algorithm,
    images: dict[str, SourceImage],
    segment: tuple[str, int] | None,
    series_uid: str,
) -> Any:
    """The group's container. ``segment``: SOP instance UID of the segmentation and the segment's number.

    Raises :class:`UsageError` for a figure that is no number, or an image that is not among ``images``.
    """
    common = {
        "tracking_identifier": hd.sr.TrackingIdentifier(observation.tracking.uid, observation.tracking.id),
        "finding_type": code(observation.kind),
        "finding_category": None if observation.category is None else code(observation.category),
        "finding_sites": _sites(observation),
        "algorithm_id": None if observation.by_reader else _algorithm(algorithm),
        "measurements": [_measurement(quantity) for quantity in observation.quantities],
        "qualitative_evaluations": [
            hd.sr.QualitativeEvaluation(code(e.name), code(e.value)) for e in observation.evaluations
        ],
    }
    if segment is None:
        shown = [_image(images, uid, frame) for uid, frame in observation.images]
        made = hd.sr.MeasurementsAndQualitativeEvaluations(source_images=shown or None, **common)
    else:
        made = hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            referenced_segment=hd.sr.ReferencedSegment(
                SEG_STORAGE, *segment, source_series=hd.sr.SourceSeriesForSegmentation(series_uid)
            ),
            **common,
        )
    notes = [f"{q.name.meaning}: {q.note}" for q in observation.quantities if q.note]
    for text in (*observation.remarks, *notes, *_side(observation)):
        made[0].ContentSequence.append(hd.sr.TextContentItem(code(COMMENT), text, Relation.CONTAINS))
    return made


def site_of(observation: Observation) -> Concept | None:
    """Where a finding is: what is told, or the structure that it is about."""
    if observation.site is not None:
        return observation.site
    is_structure = observation.category is not None and same(observation.category, ANATOMY)
    return observation.kind if is_structure and observation.laterality is not None else None


def _sites(observation: Observation) -> list[Any] | None:
    site = site_of(observation)
    if site is None:
        return None
    side = None if observation.laterality is None else code(observation.laterality)
    return [hd.sr.FindingSite(code(site), side)]


def _side(observation: Observation) -> tuple[str, ...]:
    """The side in words, of a finding without a site that could carry it."""
    if observation.laterality is None or site_of(observation) is not None:
        return ()
    return (f"Side: {observation.laterality.meaning}",)


def _algorithm(algorithm: Algorithm) -> Any:
    return hd.sr.AlgorithmIdentification(
        algorithm.name,
        algorithm.version,
        parameters=[f"weights_sha256={algorithm.weights_sha256}"],
        family=code(ARTIFICIAL_INTELLIGENCE),
        manufacturer=algorithm.source,
    )


def _image(images: dict[str, SourceImage], uid: str, frame: int) -> Any:
    image = images.get(uid)
    if image is None or not 0 <= frame < image.frames:
        raise UsageError(
            "A finding refers to an image that is not among the files.", "Open the folder again."
        )
    frames = [frame + 1] if image.frames > 1 else None
    return hd.sr.SourceImageForMeasurementGroup(image.sop_class, uid, frames)


def _measurement(quantity: Quantity) -> Any:
    """TID 300; the ends of the range are told as uncertainty above and below (TID 310), in the same unit."""
    told = [x for x in (quantity.value, quantity.low, quantity.high) if x is not None]
    if not all(math.isfinite(x) for x in told):
        raise UsageError("A figure that is no number cannot be written into a report object.")
    made = hd.sr.Measurement(
        code(quantity.name),
        quantity.value,
        code(quantity.unit),
        derivation=None if quantity.derivation is None else code(quantity.derivation),
    )
    ends: list[tuple[Concept, float]] = []
    if quantity.high is not None:
        ends.append((UPPER, quantity.high - quantity.value))
    if quantity.low is not None:
        ends.append((LOWER, quantity.value - quantity.low))
    for name, width in ends:
        if width < 0:
            raise UsageError("A figure lies outside its own range, so it cannot be written.")
        item = hd.sr.NumContentItem(code(name), width, code(quantity.unit), None, Relation.HAS_PROPERTIES)
        if not hasattr(made[0], "ContentSequence"):
            made[0].ContentSequence = hd.sr.ContentSequence()
        made[0].ContentSequence.append(item)
    return made
