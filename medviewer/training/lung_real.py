"""The real scans ``lung-ct`` learns from: silver masks, in the slices of the scanner and in thicker ones.

What a reader has boxed as a tumour teaches nothing: the silver masks cut a mass at the mediastinum, and a
network that learned this would cut it too.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.training.lung_data import Case, to_case
from medviewer.training.silver import silver_lungs
from medviewer.training.slabs import thicken

THICKER_MM = ((8.0, 1.0),)
"""(thickness, offset of the first slab) of the thicker copies of a scan. Their silver masks are their own, as
those of a scan of such slices are: the majority of thinner masks lies 1 % further in at 8 mm."""
_AROUND_MM = 8.0
"""How far around a tumour's box nothing is taught."""

Bool = NDArray[np.bool_]
Boxes = dict[float, tuple[int, int, int, int]]
"""Height of a slice (mm) to the box (rows from, to, columns from, to) drawn on it."""


def real_cases(study: Path) -> list[Case]:
    """Every CT volume of a study with its silver masks, and its thicker copies."""
    cases = []
    for series, boxes in boxed_scans(study):
        volume = load_series(series)
        masks = silver_lungs(volume)
        masks["untold"] = untold(series, volume.shape, boxes)
        name = f"{study.name} series {series.number}"
        cases.append(to_case(name, volume, masks))
        for thick, offset in THICKER_MM:
            if thick > volume.require_geometry().spacing_mm[0]:
                slabs, made = thicken(volume, {"untold": masks["untold"]}, thick, offset)
                cases.append(to_case(f"{name}, {thick:g} mm", slabs, {**silver_lungs(slabs), **made}))
    return cases


def ct_volumes(folder: Path) -> list[Series]:
    """The CT series under ``folder`` that are one regular volume."""
    return [s for s in scan([folder]).all_series() if s.modality == "CT" and s.is_volume]


def boxed_scans(study: Path) -> list[tuple[Series, Boxes]]:
    """The CT volumes of a study, each with the tumour boxes drawn on any of them, by height."""
    found = ct_volumes(study)
    boxes: Boxes = {}
    for series in found:
        boxes.update(_boxes_by_height(series, study / "annotations_voc"))
    return [(series, boxes) for series in found]


def _boxes_by_height(series: Series, folder: Path) -> Boxes:
    out = {}
    for instance in series.instances:
        path = folder / f"{instance.sop_uid}.xml"
        if instance.position is None or not path.is_file():
            continue
        for box in ElementTree.parse(path).iter("bndbox"):
            at = [int(box.findtext(corner, "0")) for corner in ("ymin", "ymax", "xmin", "xmax")]
            out[round(instance.position[2], 1)] = (at[0], at[1], at[2], at[3])
    return out


def untold(series: Series, shape: tuple[int, int, int], boxes: Boxes) -> Bool:
    """What lies within the boxes and :data:`_AROUND_MM` around them, on the grid of the series."""
    out = np.zeros(shape, bool)
    for k, instance in enumerate(series.instances):
        z = instance.position[2] if instance.position is not None else float("nan")
        for height, (top, bottom, left, right) in boxes.items():
            if abs(height - z) > _AROUND_MM or instance.pixel_spacing is None:
                continue
            more = round(_AROUND_MM / instance.pixel_spacing[0])
            out[k, max(0, top - more) : bottom + more, max(0, left - more) : right + more] = True
    return out
