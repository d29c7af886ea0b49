"""Is a stack of images one regular volume? Order along the normal, gaps, tilt; the geometry if it is.

Display order: head to feet for axial images, anterior to posterior for coronal, right to left for sagittal
ones; never by InstanceNumber where positions exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.study import Instance, SeriesIssue
from medviewer.errors import NoGeometry
from medviewer.imaging.volume import Geometry

SAME_PLACE_MM = 0.01
"""Images closer than this along the normal share one position."""
_TILT = 1e-3
"""How far, as a fraction of the step, slices may slide sideways."""
_DISPLAY_SIGN = (1.0, 1.0, -1.0)
"""Along x: right to left; y: anterior to posterior; z: head to feet."""


@dataclass(frozen=True)
class Stack:
    """Instances in display order, the geometry where there is one, and what is wrong."""

    instances: tuple[Instance, ...]
    geometry: Geometry | None
    issues: frozenset[SeriesIssue]


def normal(instance: Instance) -> NDArray[np.float64] | None:
    """Unit LPS vector along which the stack is displayed, or None without orientation."""
    if instance.orientation is None:
        return None
    cosines = np.array(instance.orientation)
    vector = np.cross(cosines[:3], cosines[3:])
    main = int(np.argmax(np.abs(vector)))
    return np.asarray(vector * np.sign(vector[main]) * _DISPLAY_SIGN[main] / np.linalg.norm(vector))


def depth(instance: Instance, along: NDArray[np.float64]) -> float:
    """Position along the normal in mm."""
    return float(np.dot(instance.position or (0.0, 0.0, 0.0), along))


def file_order(instance: Instance) -> tuple[bool, int, str, tuple[int, ...], str, int]:
    """Sort key where positions say nothing: instance number, file or concatenation, dimensions, frame.

    The dimensions are in the order their image wants them shown in (PS3.3 C.7.6.17).
    """
    name = instance.path.name
    number = instance.number
    return number is None, number or 0, instance.group or name, instance.sequence, name, instance.frame


def stack(instances: Sequence[Instance], frame_of_reference_uid: str, thickness_mm: float | None) -> Stack:
    """Order images that share size, orientation and spacing, and find their geometry.

    A single image gets a geometry only where its slice thickness is known.
    """
    first = instances[0]
    along = normal(first)
    if along is None or any(i.position is None for i in instances):
        return Stack(tuple(sorted(instances, key=file_order)), None, frozenset())
    ordered = sorted(instances, key=lambda i: depth(i, along))
    if len(ordered) == 1:
        step = None if thickness_mm is None else along * thickness_mm
        return Stack(tuple(ordered), _geometry(ordered[0], step, frame_of_reference_uid), frozenset())
    depths = np.array([depth(i, along) for i in ordered])
    if np.ptp(depths) <= SAME_PLACE_MM:  # one place over time: a film, not a volume
        return Stack(tuple(sorted(instances, key=file_order)), None, frozenset())
    issues = _spacing_issues(np.diff(depths))
    places = np.array([i.position for i in ordered])
    step = (places[-1] - places[0]) / (len(places) - 1)
    if np.linalg.norm(step - (step @ along) * along) > _TILT * np.linalg.norm(step):
        issues |= {SeriesIssue.TILTED}
    if not issues and _wander(places, step) > max(SAME_PLACE_MM, 0.01 * float(np.linalg.norm(step))):
        issues = frozenset({SeriesIssue.IRREGULAR_SPACING})
    geometry = None if issues else _geometry(ordered[0], step, frame_of_reference_uid)
    return Stack(tuple(ordered), geometry, issues)


def _spacing_issues(gaps: NDArray[np.float64]) -> frozenset[SeriesIssue]:
    """Uniform if max|gap - median| <= max(0.01 mm, 1 %); missing if a gap is a multiple of it (10 %)."""
    median = float(np.median(gaps))
    if np.abs(gaps - median).max() <= max(SAME_PLACE_MM, 0.01 * median):
        return frozenset()
    unit = float(np.median(gaps[gaps <= 1.5 * gaps.min()])) if gaps.min() > SAME_PLACE_MM else median
    multiples = np.rint(gaps / unit)
    whole = np.abs(gaps - multiples * unit) <= 0.1 * unit
    if whole.all() and (multiples >= 2).any() and _mostly_single(multiples):
        return frozenset({SeriesIssue.MISSING_SLICES})
    return frozenset({SeriesIssue.IRREGULAR_SPACING})


def _mostly_single(multiples: NDArray[np.float64]) -> bool:
    """Missing slices leave the ordinary gap the commonest; else the spacing simply changes."""
    return bool(np.count_nonzero(multiples == 1) * 2 >= len(multiples))


def _wander(places: NDArray[np.float64], step: NDArray[np.float64]) -> float:
    """Largest distance in mm of an image from where an even stack would put it."""
    even = places[0] + np.arange(len(places))[:, None] * step
    return float(np.linalg.norm(places - even, axis=1).max())


def _geometry(
    first: Instance, step: NDArray[np.float64] | None, frame_of_reference_uid: str
) -> Geometry | None:
    if step is None or first.pixel_spacing is None or first.orientation is None or first.position is None:
        return None
    try:
        return Geometry.from_planes(
            first.position, first.orientation, first.pixel_spacing, step, frame_of_reference_uid
        )
    except NoGeometry:
        return None
