"""What a short-axis cine MR says of the left ventricle: the cavity's area on every picture, and what follows.

A film (one place over time) gives the greatest and the smallest area. A stack of parallel slices of one
phase gives a volume by Simpson's rule, the sum of areas times the distance of the slices. An ejection
fraction would need stacks of two phases of one heart: a series holds one, so there is none, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from medviewer.ai.card import Label
from medviewer.ai.findings import Finding, Measurement, Notice
from medviewer.ai.lung_density import finding_id
from medviewer.ai.picture_area import area_measurement, area_words
from medviewer.ai.picture_checks import check_picture
from medviewer.ai.pictures import Masks, PictureAnswer, read_pictures, stacked
from medviewer.ai.request import Network, Outcome, Request
from medviewer.ai.unsure import most_unsure
from medviewer.dicom.study import Series
from medviewer.imaging.measure import volume_ml
from medviewer.imaging.numbers import between, number
from medviewer.imaging.volume import Mask
from medviewer.tasks import TaskContext

CAVITY = "left_ventricle_cavity"
PLAUSIBLE = {CAVITY: (0.0005, 0.12)}
"""Part of the picture's area."""
VOLUME_ML = (15.0, 450.0)
"""Plausible volume of an adult's left ventricle at any phase."""
UNSURE = 0.15
"""A picture whose area varies by more than this part between slightly changed copies is warned of."""
_SAME_PLACE_MM = 0.1
_MOST_WARNINGS = 6


class Arrangement(StrEnum):
    """How the pictures of a series lie to each other."""

    SINGLE = "single picture"
    FILM = "film"
    STACK = "stack"
    UNKNOWN = "unknown"


def arrangement(series: Series) -> Arrangement:
    """By the positions in the headers; two pictures without positions are of unknown arrangement."""
    if len(series.instances) == 1:
        return Arrangement.SINGLE
    if series.is_volume:
        return Arrangement.STACK
    places = [instance.position for instance in series.instances]
    turns = {instance.orientation for instance in series.instances}
    known = [place for place in places if place is not None]
    if len(known) < len(places) or len(turns) != 1 or None in turns:
        return Arrangement.UNKNOWN
    apart = np.abs(np.asarray(known) - np.asarray(known[0])).max()
    return Arrangement.FILM if apart <= _SAME_PLACE_MM else Arrangement.UNKNOWN


def read(ask: Network, request: Request, context: TaskContext) -> Outcome:
    """The cavity on every picture of the series."""
    answers = read_pictures(ask, request, context)
    context.report(0.92, "Measuring")
    label = request.bundle.card.label(CAVITY)
    mask = stacked(answers, CAVITY, label.id, request.volume)
    if mask.voxel_count == 0:
        text = "No left ventricle was found in these images: there is no reliable result."
        return Outcome(failure=Notice("NO_RELIABLE_RESULT", text))
    kind = arrangement(request.series)
    found = [_area(answer, request) for answer in answers]
    own = [one for one in found if one.measurement.value > 0]
    doubts = _doubts(answers, label, kind)
    finding = _finding(mask, own, kind, request, label)
    return Outcome((finding,), (*doubts[:_MOST_WARNINGS], *_why_not(kind, request)))


@dataclass(frozen=True)
class _Area:
    """The cavity on one picture; ``spread`` None where it is not found in a changed copy."""

    index: int
    measurement: Measurement
    spread: tuple[float, float] | None

    @property
    def doubt(self) -> float:
        """How far the area varies, as a part of it."""
        return float("inf") if self.spread is None else self.spread[1] - self.spread[0]


def _area(answer: PictureAnswer, request: Request) -> _Area:
    spread = answer.spread(_pixels)
    pixels = int(np.count_nonzero(answer.masks[CAVITY]))
    return _Area(answer.index, area_measurement(request.volume, answer.index, pixels, spread=spread), spread)


def _pixels(masks: Masks) -> float:
    count = int(np.count_nonzero(masks[CAVITY]))
    return float(count) if count else float("nan")


def _doubts(answers: Sequence[PictureAnswer], label: Label, kind: Arrangement) -> list[Notice]:
    """Checks of each picture; above and below the ventricle a picture of a stack rightly shows none."""
    notices = [n for answer in answers for n in check_picture(answer, CAVITY, label.title, PLAUSIBLE)]
    if kind is Arrangement.FILM:
        return notices
    return [notice for notice in notices if notice.code != "EMPTY_MASK"]


def _unsure_notice(areas: Sequence[_Area], label: Label) -> list[Notice]:
    """How many pictures vary much; which are the worst stands in the finding's list."""
    bad = sum(area.doubt > UNSURE for area in areas)
    if not bad:
        return []
    images = "1 image" if bad == 1 else f"{bad} images"
    share = number(100 * UNSURE, "%")
    text = f"{label.title}: on {images} the area varies by more than {share} between slightly changed copies."
    return [Notice("UNSURE", text)]


def _finding(
    mask: Mask, areas: Sequence[_Area], kind: Arrangement, request: Request, label: Label
) -> Finding:
    greatest = max(areas, key=lambda a: a.measurement.value)
    sentence, measurements = _said(areas, kind, request, mask, label)
    warnings = _unsure_notice(areas, label)
    if kind is Arrangement.STACK:
        warnings += _volume_range(mask, label)
    return Finding(
        id=finding_id(request.bundle.card, request.series, CAVITY),
        label=label.title,
        sentence=sentence,
        code=label.code,
        criterion="probability at least one half; range over slightly changed copies of each picture",
        mask=mask,
        measurements=tuple(measurements),
        slices=mask.slice_range,
        key_slice=greatest.index,
        warnings=tuple(warnings),
        colour=label.colour,
        unsure=most_unsure((area.index, area.doubt) for area in areas),
    )


def _said(
    areas: Sequence[_Area], kind: Arrangement, request: Request, mask: Mask, label: Label
) -> tuple[str, list[Measurement]]:
    """The sentence, and the figures it holds."""
    greatest = max(areas, key=lambda a: a.measurement.value)
    smallest = min(areas, key=lambda a: a.measurement.value)
    if kind is Arrangement.STACK:
        volume = _simpson(mask, areas, request)
        told = number(volume.value, "mL")
        if volume.range is not None:
            told += f" ({between(*volume.range, 'mL')} in slightly changed copies of the pictures)"
        largest = _named(greatest, "Greatest area")
        said = f"{label.title}: volume of this phase by Simpson's rule {told}"
        return f"{said}; greatest area {_words(greatest)}.", [volume, largest]
    if kind is Arrangement.SINGLE:
        return f"{label.title}: area {_words(greatest)}.", [greatest.measurement]
    both = [_named(greatest, "Greatest area"), _named(smallest, "Smallest area")]
    over = " over the film" if kind is Arrangement.FILM else ""
    said = f"{label.title}: greatest area{over} {_words(greatest)}, smallest {_words(smallest)}"
    if kind is Arrangement.FILM and greatest.measurement.value > 0:
        change = 100 * (1 - smallest.measurement.value / greatest.measurement.value)
        both.append(Measurement("Area change", change, "%", decimals=0))
        said += f", a change of {number(change, '%')}"
    return f"{said}.", both


def _words(area: _Area) -> str:
    return f"{area_words(area.measurement)} (image {area.index + 1})"


def _named(area: _Area, name: str) -> Measurement:
    m = area.measurement
    return Measurement(name, m.value, m.unit, m.range, decimals=m.decimals)


def _simpson(mask: Mask, areas: Sequence[_Area], request: Request) -> Measurement:
    """Sum of the areas times the distance of the slices: what the voxels hold."""
    value = volume_ml(mask)
    shares = [area.spread for area in areas]
    if not shares or any(share is None for share in shares) or not request.bundle.card.variations:
        return Measurement("Volume", value, "mL", decimals=0)
    counts = np.array([area.measurement.value for area in areas])
    low = float((counts * [s[0] for s in shares if s is not None]).sum() / counts.sum())
    high = float((counts * [s[1] for s in shares if s is not None]).sum() / counts.sum())
    return Measurement("Volume", value, "mL", (value * low, value * high), decimals=0)


def _volume_range(mask: Mask, label: Label) -> list[Notice]:
    volume = volume_ml(mask)
    if VOLUME_ML[0] <= volume <= VOLUME_ML[1]:
        return []
    usual = between(*VOLUME_ML, "mL")
    text = f"{label.title}: {number(volume, 'mL')} is outside the plausible range of {usual}."
    return [Notice("VOLUME_RANGE", text)]


def _why_not(kind: Arrangement, request: Request) -> list[Notice]:
    """What a reader may miss, and why it is not there."""
    if kind is Arrangement.STACK:
        text = "No ejection fraction: it needs the stacks of two phases, this series holds one."
    elif kind is Arrangement.UNKNOWN:
        text = "No volume and no cycle: the headers do not say how the pictures lie to each other."
    else:
        text = "No volume: it needs a stack of parallel slices, this series shows one place."
    notices = [Notice("NO_EJECTION_FRACTION" if kind is Arrangement.STACK else "NO_VOLUME", text)]
    if request.volume.geometry is None and not any(plane.scale for plane in request.volume.in_plane):
        notices.append(Notice("NO_SCALE", "The headers give no pixel spacing: areas are in pixels."))
    return notices
