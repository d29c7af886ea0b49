"""Millimetres that the reader gives an image: by a length known in it, or by the file's magnification.

A calibration names the images it holds for by SOP Instance UID, file and frame, in one series of one patient:
it reaches no other. The voxels and what the file says stay as they are; :func:`calibrated` lays it over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from medviewer.dicom.study import Instance, Series
from medviewer.errors import UsageError
from medviewer.imaging.inplane import InPlane, Scale
from medviewer.imaging.numbers import number
from medviewer.imaging.volume import Volume
from medviewer.review.report_words import moment
from medviewer.review.state import Calibration, ReaderMeasurement, State

AT_DETECTOR = "mm at detector"
BY_READER = "mm (calibrated by reader)"
_OPEN = frozenset({"px", AT_DETECTOR, "mm (calibration unknown)", "mm (nominal)"})
"""What is said of images whose millimetres nobody has validated (PS3.3 10.7)."""
LONGEST_MM = 2000.0
"""No object on an image is longer than a standing person."""
FEWEST_PX = 10.0
"""A shorter line is drawn with an error of more than a tenth."""
_PIXELS_MM = (0.001, 20.0)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(?:\s*mm)?", re.ASCII)


@dataclass(frozen=True)
class Known:
    """A drawn line of which the reader knows the length. ``points``: (slice, row, column) of its ends."""

    points: tuple[tuple[float, float, float], tuple[float, float, float]]
    length_mm: float


def read_length(text: str) -> float:
    """A length in mm as the reader wrote it: "100", "23.25", "100 mm".

    Raises :class:`UsageError` for what is no such number; a comma may part decimals or thousands, and is
    never guessed at.
    """
    words = text.strip()
    if "," in words:
        raise UsageError("A comma can be read in two ways.", "Write 12.5 with a point, 1000 with no sign.")
    found = _NUMBER.fullmatch(words)
    if found is None:
        raise UsageError("This is no length in millimetres.", "Write a number such as 100 or 23.25.")
    return checked_length(float(found[1]))


def checked_length(length_mm: float) -> float:
    """The length, if it is plausible. Raises :class:`UsageError`."""
    if not 0 < length_mm <= LONGEST_MM:  # no number is not either
        raise UsageError(f"The length must lie above 0 and up to {number(LONGEST_MM, 'mm')}.")
    return length_mm


def may_calibrate(series: Series | None, index: int) -> bool:
    """Whether the reader may give image ``index`` millimetres: it has no place in space, no ultrasound
    regions (they say themselves where lengths are), and no validated millimetres of its own."""
    if series is None or series.geometry is not None or not 0 <= index < len(series.instances):
        return False
    instance = series.instances[index]
    return not instance.regions and (instance.pixel_spacing is None or instance.spacing_label in _OPEN)


def may_correct(series: Series | None, index: int) -> bool:
    """Whether the only scale of image ``index`` is at the detector, and the file says a magnification."""
    if series is None or not may_calibrate(series, index):
        return False
    instance = series.instances[index]
    told = instance.pixel_spacing is not None and instance.spacing_label == AT_DETECTOR
    return told and instance.magnification is not None


def scale_of(instance: Instance, known: Known) -> tuple[float, float]:
    """(between rows, between columns) in mm, so that the line has its length.

    Pixels keep the shape that spacing or Pixel Aspect Ratio say, else they are square. Raises
    :class:`UsageError` where the line is too short for it, or pixels come out impossible.
    """
    checked_length(known.length_mm)
    down, across = (abs(known.points[0][k] - known.points[1][k]) for k in (1, 2))
    if math.hypot(down, across) < FEWEST_PX:
        raise UsageError("This line is too short to calibrate by.", "Draw it along a longer object.")
    height, width = instance.pixel_spacing or (instance.aspect, 1.0)
    factor = known.length_mm / math.hypot(down * height, across * width)
    pair = height * factor, width * factor
    if not _PIXELS_MM[0] <= min(pair) <= max(pair) <= _PIXELS_MM[1]:
        raise UsageError("Pixels of this size are implausible.", "Check the line and its length.")
    return pair


def magnification_of(instance: Instance, known: Known) -> float | None:
    """How much larger than the object its picture at the detector would be; None without that scale.

    Below 1 the object would be larger than its shadow. Raises :class:`UsageError` as :func:`scale_of`.
    """
    pair = scale_of(instance, known)
    if instance.pixel_spacing is None or instance.spacing_label != AT_DETECTOR:
        return None
    return instance.pixel_spacing[1] / pair[1]


def alike(series: Series, index: int) -> frozenset[tuple[str, int]]:
    """The images of the series that what is known of image ``index`` may hold for too: the same size, and
    the same said of their pixels and magnification."""
    one = series.instances[index]
    return frozenset(
        image_of(other)
        for k, other in enumerate(series.instances)
        if may_calibrate(series, k) and _said(other) == _said(one)
    )


def _said(instance: Instance) -> tuple[object, ...]:
    spacing = instance.pixel_spacing, instance.spacing_label
    return instance.rows, instance.columns, *spacing, instance.aspect, instance.magnification


def image_of(instance: Instance) -> tuple[str, int]:
    """What names an image in a calibration. The file counts too: damaged ones share a UID, or have none."""
    return f"{instance.sop_uid} {instance.path}", instance.frame


def by_length(known: Known, pair: tuple[float, float], reader: str, time: str) -> Scale:
    """The scale with its words."""
    said = number(known.length_mm, "mm", _decimals(known.length_mm))
    return Scale(*pair, BY_READER, f"mm, calibrated by reader: {_by(reader, time)}, known length {said}")


def by_magnification(instance: Instance, reader: str, time: str) -> Scale:
    """The scale at the detector divided by the magnification of the file. Raises :class:`UsageError`."""
    factor, pair = instance.magnification, instance.pixel_spacing
    if factor is None or pair is None:
        raise UsageError("The file says no magnification of this image.")
    label = f"mm, detector scale ÷ {factor_text(instance)} (file)"
    return Scale(pair[0] / factor, pair[1] / factor, label, f"{label}, confirmed by {_by(reader, time)}")


def factor_text(instance: Instance) -> str:
    """The magnification that the file says: "1.3"; empty where it says none."""
    factor = instance.magnification
    return "" if factor is None else number(factor, decimals=_decimals(factor))


def _by(reader: str, time: str) -> str:
    return f"{reader or 'a reader without name'}, {moment(time)}"


def _decimals(value: float) -> int:
    """As many as were written, up to three."""
    return next((d for d in range(3) if math.isclose(round(value, d), value, rel_tol=1e-9)), 3)


def of_image(state: State, index: int | None = None) -> Calibration | None:
    """What holds for an image of the series on screen (None: the image on screen)."""
    if state.series is None:
        return None
    instance = state.series.instances[state.index if index is None else index]
    return _found(state.series, instance, state.calibrations)


def _found(series: Series, instance: Instance, among: Iterable[Calibration]) -> Calibration | None:
    own = (series.key, series.patient_key)
    image = image_of(instance)
    return next((c for c in among if (c.series_key, c.patient_key) == own and image in c.images), None)


def calibrated(volume: Volume, series: Series, calibrations: Sequence[Calibration]) -> Volume:
    """The volume with the reader's millimetres on the images they hold for; the same one where none is.

    Voxels are shared. A volume with geometry is never touched.
    """
    if volume.geometry is not None or series.geometry is not None or not calibrations:
        return volume
    if volume.shape[0] != len(series.instances):
        return volume
    found = [_found(series, instance, calibrations) for instance in series.instances]
    if not any(found):
        return volume
    own = volume.in_plane or (InPlane(),) * volume.shape[0]
    told = (one if c is None else replace(one, scale=c.scale) for one, c in zip(own, found, strict=True))
    return replace(volume, in_plane=tuple(told))


def shown_volume(state: State) -> Volume | None:
    """The pixels on screen with the millimetres that hold for them."""
    if state.volume is None or state.series is None:
        return None
    return calibrated(state.volume, state.series, state.calibrations)


def lengths_here(state: State) -> tuple[ReaderMeasurement, ...]:
    """The lengths drawn on the image on screen, in order."""
    key = state.series.key if state.series is not None else None
    return tuple(
        m
        for m in state.measurements
        if (m.kind, m.series_key, m.plane, m.index) == ("length", key, "native", state.index)
    )
