"""What the figures of a finding are for another outline of it, told by the outline and the images alone.

The arithmetic is that of the runners. What hangs on more than one outline, on the network's answers or on its
slightly changed copies has no figure here: it stays the model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from medviewer.ai import attenuation
from medviewer.ai.findings import Finding, Measurement
from medviewer.ai.picture_area import area_measurement
from medviewer.imaging.measure import volume_ml
from medviewer.imaging.volume import Mask, Unit, Volume

Figure = Callable[[Mask, Volume], tuple[float, str] | None]


def remeasured(finding: Finding, mask: Mask, volume: Volume) -> tuple[Measurement, ...]:
    """Those figures of the finding that ``mask`` on the grid of ``volume`` has too, in their order.

    None has a range: how a model's answer varies says nothing of an outline that is no longer the model's.
    """
    found = []
    for old in finding.measurements:
        told = _FIGURES[old.name](mask, volume) if old.name in _FIGURES else None
        if told is not None and told[1] == old.unit:
            found.append(replace(old, value=told[0], range=None))
    return tuple(found)


def _volume(mask: Mask, _: Volume) -> tuple[float, str] | None:
    return None if mask.geometry is None else (volume_ml(mask), "mL")


def _largest_region(mask: Mask, _: Volume) -> tuple[float, str] | None:
    if mask.geometry is None:
        return None
    return attenuation.largest_piece(mask.box) * mask.geometry.voxel_ml, "mL"


def _mean_density(mask: Mask, volume: Volume) -> tuple[float, str] | None:
    if volume.unit is not Unit.HU:
        return None
    values = attenuation.lung_values(volume, mask)
    return (float(values.mean(dtype=np.float64)), "HU") if values.size else None


def _areas(mask: Mask, volume: Volume) -> list[Measurement]:
    """Of each slice that holds any of it; none where the slices don't tell the same millimetres."""
    counts = np.count_nonzero(mask.box, axis=(1, 2))
    slices = [(mask.origin[0] + k, int(n)) for k, n in enumerate(counts) if n]
    areas = [area_measurement(volume, index, pixels) for index, pixels in slices]
    return areas if len({area.unit for area in areas}) == 1 else []


def _greatest_area(mask: Mask, volume: Volume) -> tuple[float, str] | None:
    areas = _areas(mask, volume)
    return max(((a.value, a.unit) for a in areas), default=None)


def _smallest_area(mask: Mask, volume: Volume) -> tuple[float, str] | None:
    areas = _areas(mask, volume)
    return min(((a.value, a.unit) for a in areas), default=None)


def _area_change(mask: Mask, volume: Volume) -> tuple[float, str] | None:
    values = [area.value for area in _areas(mask, volume)]
    return (100 * (1 - min(values) / max(values)), "%") if values else None


_FIGURES: Mapping[str, Figure] = {
    "Volume": _volume,
    "High attenuation volume": _volume,
    "Largest region": _largest_region,
    "Mean density": _mean_density,
    "Area": _greatest_area,
    "Greatest area": _greatest_area,
    "Smallest area": _smallest_area,
    "Area change": _area_change,
}
"""By the names the runners give; the area of a single outline is that of the slice it is largest on."""
