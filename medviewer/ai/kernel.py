"""Soft or sharp? The reconstruction kernel decides whether emphysema figures mean anything.

One scan read with two kernels gave LAA-950 of 0.3 % and 13.6 % (Philips B and L) and of 1.8 % and 6.8 %
(Siemens B40f and B70f). So the figures are believed for a soft kernel, thin slices and no contrast only;
otherwise the number stands with its reason. The table holds makers' own kernel names; a name it does not
know is "unknown", never guessed.
"""

from __future__ import annotations

import re
from enum import StrEnum

from medviewer.dicom.study import Series

THIN_SLICE_MM = 3.0
"""Thicker slices average small low-attenuation areas away: the figures stay indicative."""


class Sharpness(StrEnum):
    """What a kernel does to noise and edges."""

    SOFT = "soft"
    SHARP = "sharp"
    UNKNOWN = "unknown"


_SOFT, _SHARP = Sharpness.SOFT, Sharpness.SHARP
_NAMES: tuple[tuple[str, str, Sharpness], ...] = (
    ("GE", r"STANDARD|SOFT|DETAIL|STND", _SOFT),
    ("GE", r"LUNG|BONE|BONEPLUS|EDGE|ULTRA|CHEST|HD LUNG|HD BONE", _SHARP),
    ("PHILIPS", r"A|B|IA|SA|XA|XB", _SOFT),
    ("PHILIPS", r"C|CC|D|E|F|L|YA|YB|YC|YD|EB|EC", _SHARP),
    ("TOSHIBA|CANON", r"FC0?\d|FC1[0-8]", _SOFT),
    ("TOSHIBA|CANON", r"FC[58]\d", _SHARP),
    ("MEDVIEWER", r"STANDARD|SOFT", _SOFT),
    ("MEDVIEWER", r"LUNG|SHARP", _SHARP),
)
"""(maker, kernel name, sharpness); both are whole-word patterns on upper-case text."""

_SIEMENS = re.compile(r"[A-Z]{1,2}(\d{2})[A-Z]*")
"""Siemens kernels tell their sharpness in the number: B30f, I31f, Br40d, Bl64, Qr44."""
_SIEMENS_SOFT_BELOW, _SIEMENS_SHARP_FROM = 46, 50


def sharpness(manufacturer: str, kernel: str) -> Sharpness:
    """The class of a Convolution Kernel (0018,1210) of this maker; UNKNOWN where the table is silent."""
    maker, name = manufacturer.upper(), kernel.upper().strip().split("\\")[0].strip()
    if "SIEMENS" in maker:
        match = _SIEMENS.fullmatch(name)
        value = int(match[1]) if match else 0
        if 10 <= value < _SIEMENS_SOFT_BELOW:
            return _SOFT
        return _SHARP if value >= _SIEMENS_SHARP_FROM else Sharpness.UNKNOWN
    for makers, names, answer in _NAMES:
        if re.search(rf"\b({makers})\b", maker) and re.fullmatch(names, name):
            return answer
    return Sharpness.UNKNOWN


def emphysema_gate(series: Series) -> tuple[str, ...]:
    """Why emphysema figures of this series are only indicative; empty where they may be believed."""
    made = series.acquisition
    reasons: list[str] = []
    answer = sharpness(made.manufacturer, made.kernel)
    if answer is Sharpness.SHARP:
        reasons.append(f"sharp kernel ({made.kernel})")
    elif answer is Sharpness.UNKNOWN:
        reasons.append(f"kernel {made.kernel} not known" if made.kernel else "kernel not told")
    spacing = series.geometry.spacing_mm[0] if series.geometry is not None else None
    thick = max((t for t in (made.slice_thickness_mm, spacing) if t is not None), default=None)
    if thick is None:
        reasons.append("slice thickness not told")
    elif thick > THIN_SLICE_MM + 1e-3:
        reasons.append(f"slices of {thick:.3g}\u2009mm")
    if made.contrast:
        reasons.append("contrast medium")
    return tuple(reasons)
