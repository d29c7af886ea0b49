"""SUVbw of an enhanced PET image (PS3.3 C.8.22): its corrections stand in the root, its unit in each frame.

As with single images nothing is guessed: one tag missing, and there is no SUV.
"""

from __future__ import annotations

import re
from datetime import datetime

from pydicom.dataset import Dataset

from medviewer.dicom import values as v
from medviewer.dicom.suv import SuvFacts, instant, suv_per_bqml

TAGS = (
    "AttenuationCorrected",
    "DecayCorrected",
    "DecayCorrectionDateTime",
    "PatientWeight",
    "RadiopharmaceuticalInformationSequence",
)
"""What the root must tell."""
_ACTIVITY = frozenset({"Bq/ml", "Bq/mL"})
_UPTAKE = frozenset({"g/ml{SUVbw}", "g/mL{SUVbw}"})
_OFFSET = re.compile(r"[+-]\d{4}$")


def suv_of_activity(root: Dataset) -> float | None:
    """From Bq/mL to SUVbw by what the root says, or None where it does not say all of it."""
    tracers = root.get("RadiopharmaceuticalInformationSequence") or []
    if len(tracers) != 1 or {root.get("AttenuationCorrected"), root.get("DecayCorrected")} != {"YES"}:
        return None
    times = _times(root.get("DecayCorrectionDateTime"), tracers[0].get("RadiopharmaceuticalStartDateTime"))
    dose, half_life = (
        _positive(tracers[0].get(k)) for k in ("RadionuclideTotalDose", "RadionuclideHalfLife")
    )
    weight = _positive(root.get("PatientWeight"))
    if times is None or dose is None or half_life is None or weight is None or times[0] < times[1]:
        return None
    return suv_per_bqml(SuvFacts(dose, half_life, weight, *times))


def frame_factor(
    mapping: Dataset | None, slope: float, intercept: float, activity: float | None
) -> float | None:
    """What a frame's rescaled values are multiplied by to be SUVbw; None where they cannot be.

    ``mapping``: its Real World Value Mapping item, which names the unit; ``activity``: Bq/mL to SUVbw.
    """
    unit = _unit(mapping)
    one = activity if unit in _ACTIVITY else 1.0 if unit in _UPTAKE else None
    told = None if mapping is None else (_number(mapping, "Slope"), _number(mapping, "Intercept"))
    if one is None or told is None or told[0] is None or told[1] is None or told[0] <= 0:
        return None
    ratio = told[0] / slope
    return ratio * one if abs(intercept * ratio - told[1]) <= 1e-6 * max(1.0, abs(told[1])) else None


def _unit(mapping: Dataset | None) -> str:
    codes = (mapping.get("MeasurementUnitsCodeSequence") if mapping is not None else None) or []
    return str(codes[0].get("CodeValue", "")) if len(codes) == 1 else ""


def _number(mapping: Dataset, word: str) -> float | None:
    return v.number(str(mapping.get(f"RealWorldValue{word}")))


def _positive(value: object) -> float | None:
    found = v.number(str(value))
    return found if found is not None and found > 0 else None


def _times(scan: object, injection: object) -> tuple[datetime, datetime] | None:
    """Both on one clock: without an offset from UTC, or with the same."""
    texts = [str(value or "").strip() for value in (scan, injection)]
    offsets = [_OFFSET.findall(text) for text in texts]
    found = [instant(_OFFSET.sub("", text)) for text in texts]
    if offsets[0] != offsets[1] or found[0] is None or found[1] is None:
        return None
    return found[0], found[1]
