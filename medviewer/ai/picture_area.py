"""How large an outline on one picture is: in square centimetres where a scale is told, else in pixels."""

from __future__ import annotations

from medviewer.ai.findings import Measurement
from medviewer.imaging.numbers import number
from medviewer.imaging.volume import Volume


def pixel_mm2(volume: Volume, index: int) -> tuple[float, str] | None:
    """Square millimetres of a pixel of slice ``index`` and what these millimetres are; None without scale."""
    if volume.geometry is not None:
        spacing = volume.geometry.spacing_mm
        return spacing[1] * spacing[2], "mm"
    scale = volume.in_plane[index].scale if index < len(volume.in_plane) else None
    return None if scale is None else (scale.row_mm * scale.column_mm, scale.label)


def area_measurement(
    volume: Volume, index: int, pixels: float, name: str = "Area", spread: tuple[float, float] | None = None
) -> Measurement:
    """``pixels`` of slice ``index`` as an area; ``spread``: its range, as shares of it."""
    known = pixel_mm2(volume, index)
    factor, unit, decimals = (1.0, "px²", 0) if known is None else (known[0] / 100, _square(known[1]), 1)
    value = pixels * factor
    limits = None if spread is None else (value * spread[0], value * spread[1])
    return Measurement(name, value, unit, limits, decimals=decimals)


def area_words(area: Measurement) -> str:
    """The area as a sentence holds it."""
    return number(area.value, area.unit, area.decimals)


def _square(label: str) -> str:
    """ "cm² at detector" of "mm at detector"."""
    return "cm²" + label.removeprefix("mm")
