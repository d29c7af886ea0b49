"""Standardised uptake values by body weight, and what other values are called: as the header says.

SUVbw follows the pseudo-code of QIBA; where one tag is missing, empty or zero there is no SUV: a wrong one
looks as true as a right one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from medviewer.dicom import values as v
from medviewer.dicom.header import Facts
from medviewer.dicom.study import Instance, SeriesIssue
from medviewer.dicom.tags import TAG
from medviewer.dicom.walk import Header
from medviewer.imaging.window import VoiFunction, Window

_GE_SCAN_TIME, _PHILIPS_FACTOR = 0x0009100D, 0x70531000
_GE_OWNER, _PHILIPS_OWNER = (0x00090010, "GEMS_PETD_01"), (0x70530010, "Philips PET Private Group")
_TAGS: tuple[str | int, ...] = (
    "CorrectedImage",
    "DecayCorrection",
    "Units",
    "SUVType",
    "PatientWeight",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "RadiopharmaceuticalInformationSequence",
    _GE_OWNER[0],
    _GE_SCAN_TIME,
    _PHILIPS_OWNER[0],
    _PHILIPS_FACTOR,
)
_NAMES = {"BQML": "Bq/mL", "CNTS": "counts", "CPS": "counts/s", "GML": "g/mL", "PCNT": "%", "MGML": "mg/mL"}
_UNSAID = frozenset({"", "US", "HU", "NONE"})


@dataclass(frozen=True)
class SuvFacts:
    """What SUVbw needs. ``scan`` and ``injection`` are local times of one clock."""

    dose_bq: float
    half_life_s: float
    weight_kg: float
    scan: datetime
    injection: datetime
    to_injection: bool = False
    """Whether the image was decay corrected to the injection (ADMIN), not to the start of the scan."""


def suv_per_bqml(facts: SuvFacts) -> float:
    """The factor from Bq/mL to SUVbw (g/mL): body weight in g over the dose that is left."""
    delay = 0.0 if facts.to_injection else (facts.scan - facts.injection).total_seconds()
    return facts.weight_kg * 1000.0 / (facts.dose_bq * math.exp2(-delay / facts.half_life_s))


def with_unit(facts: Facts, header: Header) -> Facts:
    """The facts with the factor to SUV where all of it is told, and with the name of their unit."""
    raw = header.values
    said = v.ascii_text(raw.get(TAG["Units"], b"")) or v.ascii_text(raw.get(TAG["RescaleType"], b""))
    told = all(raw.get(TAG[k], b"").strip(b"\0 ") for k in ("RescaleSlope", "RescaleIntercept"))
    if not told or SeriesIssue.CONTRADICTORY_PIXELS in facts.flaws or facts.instance.modality_lut:
        return facts
    framed = TAG["PerFrameFunctionalGroupsSequence"] in header.present
    factor = _factor_of(facts.instance.path) if facts.common.modality == "PT" and not framed else None
    return replace(facts, suv=factor, unit_label="" if said in _UNSAID else _NAMES.get(said, v.plain(said)))


def in_suv(instance: Instance, factor: float) -> Instance:
    """The image with its values, and the windows for them, in SUV."""
    windows = tuple(scaled for w in instance.windows if (scaled := _scaled(w, factor)) is not None)
    slope, intercept = instance.slope * factor, instance.intercept * factor
    return replace(instance, slope=slope, intercept=intercept, windows=windows)


def _scaled(window: Window, factor: float) -> Window | None:
    """The window that gives the same greys to values times ``factor``; a table has none."""
    centre, width = window.centre, window.width
    if window.function is VoiFunction.LINEAR:  # exactly this much is a LINEAR window in terms of an exact one
        centre, width = centre - 0.5, width - 1
    if window.lut is not None or width <= 0:
        return None
    kind = VoiFunction.LINEAR_EXACT if window.function is VoiFunction.LINEAR else window.function
    return replace(window, centre=centre * factor, width=width * factor, function=kind)


def _factor_of(path: Path) -> float | None:
    try:
        return suv_factor(
            pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[int(Tag(tag)) for tag in _TAGS])
        )
    except Exception:  # noqa: BLE001 - whatever a damaged header makes of pydicom: then there is no SUV
        return None


def suv_factor(ds: Dataset) -> float | None:
    """From rescaled values to SUVbw; None where any needed tag is missing, empty, zero or contradictory."""
    corrected = {str(word) for word in _list(ds.get("CorrectedImage"))}
    if "ATTN" not in corrected or not corrected & {"DECY", "DECAY"}:
        return None
    if ds.get("DecayCorrection") not in ("START", "ADMIN") or ds.get("SUVType") not in (None, "", "BW"):
        return None
    units = ds.get("Units")
    if units == "GML":
        return 1.0
    if units == "CNTS":
        return _positive(_private(ds, _PHILIPS_FACTOR, _PHILIPS_OWNER))
    facts = _facts(ds) if units == "BQML" else None
    return None if facts is None else suv_per_bqml(facts)


def _facts(ds: Dataset) -> SuvFacts | None:
    sequence = ds.get("RadiopharmaceuticalInformationSequence")
    scan = _scan_time(ds)
    if not sequence or len(sequence) != 1 or scan is None:  # of several tracers none is the one
        return None
    dose = _positive(sequence[0].get("RadionuclideTotalDose"))
    half_life = _positive(sequence[0].get("RadionuclideHalfLife"))
    weight, injection = _positive(ds.get("PatientWeight")), _injection(sequence[0], scan)
    if dose is None or half_life is None or weight is None or injection is None or injection > scan:
        return None
    return SuvFacts(dose, half_life, weight, scan, injection, ds.DecayCorrection == "ADMIN")


def _scan_time(ds: Dataset) -> datetime | None:
    """The series' time; where it lies after the acquisition (a derived series), GE's own, else nothing."""
    series = _moment(ds.get("SeriesDate"), ds.get("SeriesTime"))
    acquired = _moment(ds.get("AcquisitionDate"), ds.get("AcquisitionTime"))
    if series is None or acquired is None:
        return None
    if series <= acquired:
        return series
    return instant(_private(ds, _GE_SCAN_TIME, _GE_OWNER))


def _injection(tracer: Dataset, scan: datetime) -> datetime | None:
    """Its date and time where told, else its time on the day of the scan, or the day before."""
    if tracer.get("RadiopharmaceuticalStartDateTime"):
        return instant(tracer.RadiopharmaceuticalStartDateTime)
    found = _moment(scan.strftime("%Y%m%d"), tracer.get("RadiopharmaceuticalStartTime"))
    if found is None:
        return None
    return found - timedelta(days=1) if found > scan else found


def _moment(date: object, time: object) -> datetime | None:
    """A DA and a TM as one; None where either is missing or wrong."""
    day, clock = str(date or "").strip(), str(time or "").strip()
    return instant(day + clock) if len(day) == 8 and len(clock.partition(".")[0]) >= 4 else None


def instant(value: object) -> datetime | None:
    """A DT without an offset from UTC, down to the minute at least."""
    text = str(value or "").strip()
    whole, _, fraction = text.partition(".")
    if not whole.isdecimal() or len(whole) not in (12, 14) or (fraction and not fraction.isdecimal()):
        return None
    try:
        found = datetime.strptime(whole.ljust(14, "0"), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return found + timedelta(seconds=float(f"0.{fraction}")) if fraction else found


def _private(ds: Dataset, tag: int, owner: tuple[int, str]) -> object:
    """A private element, only where its block is its owner's (PS3.5 7.8.1)."""
    if tag not in ds or str(ds[owner[0]].value if owner[0] in ds else "").strip() != owner[1]:
        return None
    value = ds[tag].value
    return value.decode("ascii", "replace").strip("\0 ") if isinstance(value, bytes) else value


def _positive(value: object) -> float | None:
    found = v.number(str(value)) if value is not None else None
    return found if found is not None and found > 0 else None


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, pydicom.multival.MultiValue)) else [value]
