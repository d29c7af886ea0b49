"""Fit before run: does this series suit this model? Yes, yes with warnings, or no with reasons.

Only header facts are read here (the values themselves are checked by the runner). Each reason is a sentence
for the clinician. The kernel is no reason to refuse: it gates the emphysema figures in ``lung``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from medviewer.ai.age import age_of, age_years
from medviewer.ai.card import ModelCard
from medviewer.ai.picture_suitability import PICTURE_CHECKS
from medviewer.ai.regions import REGIONS, names
from medviewer.ai.verdict import Collected, Fit
from medviewer.dicom.study import ISSUE_TEXT, Series, SeriesIssue
from medviewer.imaging.volume import Geometry

__all__ = ["REGIONS", "Fit", "age_of", "age_years", "fit", "plane_of"]

_THIN = "\u2009"
_PLANE_OF_AXIS = ("sagittal", "coronal", "axial")
_AXIS_COSINE = 0.9
"""An array axis counts as along a body axis within about 25 degrees."""

_DIGITAL = ("1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1.1")
"""Digital X-ray, for presentation and for processing."""
_IMAGE_CLASSES = {
    "CT": ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"),
    "MR": ("1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.4.4"),
    "CR": ("1.2.840.10008.5.1.4.1.1.1", *_DIGITAL),
    "DX": ("1.2.840.10008.5.1.4.1.1.1", *_DIGITAL),
}
"""SOP classes (PS3.4 B.5) that hold the modality's own images, not screen captures of them."""

_NOT_ORIGINAL = {"LOCALIZER": "a localizer", "SCOUT": "a localizer", "MIP": "a projection (MIP)"}
_NOT_ORIGINAL |= {"MINIP": "a projection (MinIP)", "PROJECTION IMAGE": "a projection"}

_UNVOLUME = (
    SeriesIssue.NO_POSITION,
    SeriesIssue.TILTED,
    SeriesIssue.MISSING_SLICES,
    SeriesIssue.IRREGULAR_SPACING,
    SeriesIssue.DUPLICATE_POSITION,
    SeriesIssue.NO_SPACING,
    SeriesIssue.MIXED_ORIENTATION,
    SeriesIssue.MIXED_SIZE,
    SeriesIssue.MIXED_SPACING,
    SeriesIssue.MIXED_UNIT,
    SeriesIssue.MIXED_FRAME_OF_REFERENCE,
)
_WARNED = (
    SeriesIssue.NO_PATIENT_ID,
    SeriesIssue.LOSSY,
    SeriesIssue.UNREADABLE_FILE,
    SeriesIssue.MIXED_PATIENT,
    SeriesIssue.DUPLICATE_INSTANCE,
    SeriesIssue.CONTRADICTORY_PIXELS,
    SeriesIssue.INVALID_RESCALE,
    SeriesIssue.IRREGULAR_FILE,
    SeriesIssue.TWO_IDENTIFIERS,
    SeriesIssue.UNKNOWN_CHARACTERS,
    SeriesIssue.BURNED_IN,
    SeriesIssue.REPAIRED,
    SeriesIssue.INCOMPLETE_CONCATENATION,
)


def fit(card: ModelCard, series: Series, patient_age: str = "") -> Fit:
    """Whether the model of ``card`` may run on ``series``; ``patient_age`` as DICOM writes it ("058Y").

    The first group of checks (is it this kind of image at all) ends the questioning when it refuses: the
    rest would only repeat it in other words.
    """
    verdict = Collected()
    for check in _FIRST:
        check(card, series, verdict)
        if verdict.reasons:
            return Fit(False, tuple(verdict.reasons))
    for check in _CHECKS:
        check(card, series, verdict)
    _age(card, patient_age, verdict)
    return Fit(not verdict.reasons, tuple(verdict.reasons), tuple(verdict.checked), tuple(verdict.warnings))


def _modality(card: ModelCard, series: Series, verdict: Collected) -> None:
    wanted = " or ".join(card.input.modalities)
    if series.modality not in card.input.modalities:
        said = series.modality or "of no told modality"
        verdict.refuse("MODALITY", f"The images are {said}; this model reads {wanted} only.")
        return
    classes = _IMAGE_CLASSES.get(series.modality, ())
    if classes and any(instance.sop_class not in classes for instance in series.instances):
        verdict.refuse("SOP_CLASS", f"These are no original {wanted} images but captures or derived objects.")
        return
    verdict.checked.append(series.modality)


def _species(_: ModelCard, series: Series, verdict: Collected) -> None:
    """Anatomical Orientation Type (0010,2210): no model here learned from an animal."""
    if any(instance.quadruped for instance in series.instances):
        verdict.refuse("ANIMAL", "The images are of an animal; the models here learned from people only.")


def _pixels(card: ModelCard, series: Series, verdict: Collected) -> None:
    unit = card.input.intensity.unit
    if any(instance.pixels.samples > 1 for instance in series.instances):
        verdict.refuse("COLOUR", "The images are in colour; this model reads greyscale images only.")
    elif series.unit.value != unit:
        verdict.refuse("UNIT", f"The pixel values are not told in {unit}, which this model needs.")


def _image_type(_: ModelCard, series: Series, verdict: Collected) -> None:
    words = {word.upper() for instance in series.instances for word in instance.image_type}
    for word, name in _NOT_ORIGINAL.items():
        if word in words:
            verdict.refuse("IMAGE_TYPE", f"The series holds {name}, not plain slices.")
            return
    if "DERIVED" in words:
        verdict.warn("DERIVED", "The images were derived from others, not taken directly by the scanner.")


def _volume(card: ModelCard, series: Series, verdict: Collected) -> None:
    if series.is_volume or not card.input.planes:  # a model of single pictures needs no volume
        return
    issues = [issue for issue in _UNVOLUME if issue in series.issues]
    for issue in issues:
        verdict.refuse(issue.value, ISSUE_TEXT[issue])
    if not issues and len(series.instances) > 1:
        verdict.refuse("NOT_A_VOLUME", "The images do not form one regular volume.")


def _slices(card: ModelCard, series: Series, verdict: Collected) -> None:
    count, needed = len(series.instances), card.input.slices_min
    if count < needed:
        plural = "slice" if count == 1 else "slices"
        verdict.refuse("FEW_SLICES", f"The series has {count} {plural}; this model needs at least {needed}.")
    else:
        pictures = "picture" if count == 1 else "pictures"
        verdict.checked.append(f"{count} slices" if card.input.planes else f"{count} {pictures}")


def plane_of(geometry: Geometry) -> str:
    """ "axial", "coronal", "sagittal", or "oblique" where an array axis is far from every body axis."""
    cosines = np.abs(geometry.directions)
    if (cosines.max(axis=0) < _AXIS_COSINE).any():
        return "oblique"
    return _PLANE_OF_AXIS[int(cosines[:, 0].argmax())]


def _plane(card: ModelCard, series: Series, verdict: Collected) -> None:
    if series.geometry is None or not card.input.planes:
        return
    plane = plane_of(series.geometry)
    if plane in card.input.planes:
        verdict.checked.append(plane)
    else:
        wanted = " or ".join(card.input.planes)
        verdict.refuse("PLANE", f"The slices are {plane}; this model reads {wanted} slices.")


def _spacing(card: ModelCard, series: Series, verdict: Collected) -> None:
    if series.geometry is None:
        return
    step, *pixel = series.geometry.spacing_mm
    for code, what, values, limits in (
        ("SLICE_SPACING", "The slices lie", [step], card.input.slice_spacing_mm),
        ("PIXEL_SPACING", "The pixels lie", pixel, card.input.pixel_spacing_mm),
    ):
        if limits is None:
            continue
        low, high = limits
        if any(not low - 1e-3 <= value <= high + 1e-3 for value in values):
            said = f"{max(values):.3g}{_THIN}mm apart; this model was made for {low:g} to {high:g}{_THIN}mm"
            verdict.refuse(code, f"{what} {said}.")
        elif code == "SLICE_SPACING":
            verdict.checked.append(f"{step:.3g}{_THIN}mm")


def _extent(card: ModelCard, series: Series, verdict: Collected) -> None:
    least, geometry = card.input.extent_min_mm, series.geometry
    if least is None or geometry is None:
        return
    extents = np.array([len(series.instances), *series.size]) * geometry.spacing_mm
    if extents.min() < least:
        said = f"{extents.min():.0f}{_THIN}mm in one direction; this model needs {least:g}{_THIN}mm"
        verdict.refuse("EXTENT", f"The images cover {said}.")


def _thickness(card: ModelCard, series: Series, verdict: Collected) -> None:
    thickness, limit = series.acquisition.slice_thickness_mm, card.input.thickness_max_mm
    if thickness is None or limit is None:
        return
    if thickness > limit + 1e-3:
        limits = f"this model was made for up to {limit:g}{_THIN}mm"
        verdict.refuse("THICKNESS", f"The slices are {thickness:.3g}{_THIN}mm thick; {limits}.")
    elif series.geometry is not None and series.geometry.spacing_mm[0] > 1.5 * thickness:
        verdict.warn("GAPS", "There are gaps between the slices: volumes are interpolated across them.")


def _body_part(card: ModelCard, series: Series, verdict: Collected) -> None:
    wanted = [r for r in REGIONS if any(names(part, r) for part in card.input.body_parts)]
    description = f"{series.description} {series.acquisition.protocol}"
    tag_regions = [r for r in REGIONS if names(series.body_part, r)]
    told_regions = [r for r in REGIONS if names(description, r)]
    named = [r for r in wanted if r in tag_regions]
    described = [r for r in wanted if r in told_regions]
    name = " or ".join(wanted) or " or ".join(card.input.body_parts).lower()
    if named or (described and not tag_regions):
        verdict.checked.append((named or described)[0])
    elif described:
        verdict.warn("BODY_PART", f"The header calls the body part {tag_regions[0]}, its description {name}.")
    elif tag_regions or told_regions:
        other = (tag_regions or told_regions)[0]
        verdict.refuse("BODY_PART", f"The images show the {other}; this model reads the {name}.")
    else:
        verdict.warn("BODY_PART", f"The header does not name the body part; this model reads the {name}.")


def _issues(_: ModelCard, series: Series, verdict: Collected) -> None:
    for issue in _WARNED:
        if issue in series.issues:
            verdict.warn(issue.value, ISSUE_TEXT[issue])
    if series.lossy and SeriesIssue.LOSSY not in series.issues:
        verdict.warn(SeriesIssue.LOSSY.value, ISSUE_TEXT[SeriesIssue.LOSSY])


def _age(card: ModelCard, patient_age: str, verdict: Collected) -> None:
    limit, most, age = card.input.age_min_years, card.input.age_max_years, age_years(patient_age)
    if most is not None:
        if age is None:
            verdict.warn("AGE_UNKNOWN", "The patient's age is not told; this model is for children.")
        elif age >= most:
            verdict.refuse("AGE", f"The patient is {most} years or older; this model was made for children.")
    if limit is None:
        return
    if age is None:
        verdict.warn(
            "AGE_UNKNOWN", f"The patient's age is not told; this model is for {limit} years and over."
        )
    elif age < limit:
        verdict.refuse("AGE", f"The patient is under {limit}; this model was not made for children.")
    else:
        verdict.checked.append("adult" if limit >= 18 else f"{limit} years and over")


_Check = Callable[[ModelCard, Series, Collected], None]
_FIRST: tuple[_Check, ...] = (_modality, _species, _pixels)
_CHECKS: tuple[_Check, ...] = (
    _image_type,
    _volume,
    _body_part,
    _plane,
    *PICTURE_CHECKS,
    _slices,
    _spacing,
    _extent,
    _thickness,
    _issues,
)
