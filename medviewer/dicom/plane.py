"""Where a plane lies, how large its pixels are, what its values and windows mean: validated or absent."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from medviewer.dicom import values as v
from medviewer.imaging.window import VoiFunction, Window

_UNIT_TOLERANCE = 1e-3
_SLIMMEST = 0.05
_LARGEST_FACTOR = 10.0


def rescale(slope: bytes, intercept: bytes) -> tuple[float, float, bool]:
    """(slope, intercept, told); a slope of zero or no number is not believed (PS3.3 C.11.1.1.2).

    ``told`` is False where either is missing: such values are stored values, of which nobody says a unit.
    """
    missing = [not raw.strip(b"\0 ") for raw in (slope, intercept)]
    m = 1.0 if missing[0] else v.number(slope)
    b = 0.0 if missing[1] else v.number(intercept)
    return (m, b, not any(missing)) if m and b is not None else (1.0, 0.0, False)


@lru_cache(maxsize=1024)
def rescale_is_invalid(slope: bytes, intercept: bytes) -> bool:
    """Whether a slope or intercept is there but cannot be used."""
    m, b = (1.0 if not raw.strip(b"\0 ") else v.number(raw) for raw in (slope, intercept))
    return not m or b is None


@lru_cache(maxsize=1024)
def position(raw: bytes) -> tuple[float, float, float] | None:
    """ImagePositionPatient, LPS mm."""
    xyz = v.numbers(raw)
    return (xyz[0], xyz[1], xyz[2]) if len(xyz) == 3 else None


@lru_cache(maxsize=1024)
def orientation(raw: bytes) -> tuple[float, float, float, float, float, float] | None:
    """ImageOrientationPatient, only where both cosines are unit vectors at right angles within 1e-3."""
    c = v.numbers(raw)
    if len(c) != 6:
        return None
    row, column = np.array(c[:3]), np.array(c[3:])
    off = (abs(np.linalg.norm(row) - 1), abs(np.linalg.norm(column) - 1), abs(row @ column))
    return (c[0], c[1], c[2], c[3], c[4], c[5]) if max(off) < _UNIT_TOLERANCE else None


@lru_cache(maxsize=1024)
def spacing(
    pixel: bytes, imager: bytes, nominal: bytes, calibration: bytes, *, projection: bool = False
) -> tuple[tuple[float, float] | None, str]:
    """Spacing (row, column) and what its millimetres are (PS3.3 10.7).

    ``projection``: a Pixel Spacing alone says millimetres, but not in which depth they hold.
    """
    own, detector = spacing_pair(pixel), spacing_pair(imager)
    kind = v.ascii_text(calibration)
    if own is not None:
        if kind or (detector is not None and not np.allclose(own, detector, rtol=1e-4)):
            return own, f"mm (calibrated: {kind})" if kind else "mm (calibrated)"
        if detector is not None:
            return own, "mm at detector"
        return own, "mm (calibration unknown)" if projection else "mm"
    if detector is not None and not pixel.strip(b"\0 "):
        return detector, "mm at detector"
    scanned = spacing_pair(nominal)
    if scanned is not None and not pixel.strip(b"\0 "):
        return scanned, "mm (nominal)"
    return None, "px"


def spacing_pair(raw: bytes) -> tuple[float, float] | None:
    """Two positive finite numbers, or None."""
    pair = v.numbers(raw)
    return (pair[0], pair[1]) if len(pair) == 2 and min(pair) > 0 and math.isfinite(sum(pair)) else None


def aspect(raw: bytes) -> float:
    """Height over width of a pixel by Pixel Aspect Ratio (PS3.3 C.7.6.3.1.7); 1 where it is not usable."""
    pair = spacing_pair(raw)
    return pair[0] / pair[1] if pair is not None and _SLIMMEST <= pair[0] / pair[1] <= 1 / _SLIMMEST else 1.0


def magnification(raw: bytes) -> float | None:
    """Estimated Radiographic Magnification Factor: detector over object distance, as far as it is possible.

    A factor of 1 or less corrects nothing, one of 10 and more is none of a patient before a tube.
    """
    factor = v.number(raw)
    return factor if factor is not None and 1.0 < factor < _LARGEST_FACTOR else None


@lru_cache(maxsize=1024)
def windows(centres: bytes, widths: bytes, names: bytes, function: bytes, invert: bool) -> tuple[Window, ...]:
    """The header's windows that the standard allows, in its order."""
    labels = v.text(names, b"").split("\\")
    pairs = zip(v.numbers(centres), v.numbers(widths), strict=False)
    found = []
    for k, (centre, width) in enumerate(pairs):
        label = labels[k].strip() if k < len(labels) else ""
        window = make_window(centre, width, v.ascii_text(function), label, invert)
        if window is not None:
            found.append(window)
    return tuple(found)


def make_window(centre: float, width: float, function: str, name: str, invert: bool) -> Window | None:
    """A window as the header gives it, or None where the standard forbids it (PS3.3 C.11.2.1.2)."""
    kind = VoiFunction(function) if function in set(VoiFunction) else VoiFunction.LINEAR
    try:
        return Window(centre, width, kind, invert, name)
    except ValueError:
        return None
