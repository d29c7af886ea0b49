"""Pictures for the router out of DICOM series and volumes, read with the program's own loader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 - the name its own documentation uses
from numpy.typing import NDArray

from medviewer.dicom.load import load_series, read_slice
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.volume import Unit, Volume
from medviewer.training import phantom, pngs, router_kinds
from medviewer.training.router_kinds import Shot, kept
from medviewer.training.scene import Variation

BRAIN_PLANES = {
    router_kinds.BRAIN_AXIAL: Plane.AXIAL,
    router_kinds.BRAIN_CORONAL: Plane.CORONAL,
    router_kinds.BRAIN_SAGITTAL: Plane.SAGITTAL,
}
_LUNG_SHARE = 0.06
"""A slice with less lung in its middle than this could as well be of the abdomen or the neck."""


def all_series(path: Path) -> list[Series]:
    """Every series under a path. Raises :class:`~medviewer.training.pngs.BadData` where there is none."""
    if not path.exists():
        raise pngs.BadData(f"The study {path.name!r} is not there.", "Put the data beside the checkout.")
    found = scan([path]).all_series()
    if not found:
        raise pngs.BadData(f"The study {path.name!r} holds no images.", "Fetch it again.")
    return found


def chest_shots(volume: Volume, patient: str, step: int = 1) -> list[Shot]:
    """Every ``step``-th axial slice that holds lung, upright, in HU."""
    slices = PlaneView.of(volume, Plane.AXIAL).oriented(volume.voxels)
    shots = [kept(one, router_kinds.CHEST_CT, patient, hu=True) for one in slices[::step]]
    return [shot for shot in shots if has_lung(shot)]


def has_lung(shot: Shot) -> bool:
    """Whether the middle of a slice in HU holds enough lung to be called chest."""
    rows, columns = shot.values.shape
    middle = shot.values[rows // 5 : -rows // 5, columns // 6 : -columns // 6].astype(np.float32)
    return float(((middle > -975) & (middle < -500)).mean()) >= _LUNG_SHARE


def reformats(volume: Volume, patient: str, count: int) -> list[Shot]:
    """Coronal and sagittal pictures of a chest CT: another kind than the axial ones."""
    out = []
    for plane in (Plane.CORONAL, Plane.SAGITTAL):
        view = PlaneView.of(volume, plane)
        pictures = view.oriented(volume.voxels)
        height, width = view.pixel_mm or (1.0, 1.0)
        for index in np.linspace(0.3, 0.7, count) * view.count:
            out.append(kept(pictures[int(index)], router_kinds.OTHER, patient, True, height / width))
    return out


def brain_shots(
    volume: Volume, patient: str, reach: dict[str, tuple[float, float]], count: int
) -> list[Shot]:
    """``count`` pictures of each plane; ``reach`` says for each kind from where to where (shares)."""
    out = []
    for kind, (low, high) in reach.items():
        view = PlaneView.of(volume, BRAIN_PLANES[kind])
        pictures = view.oriented(volume.voxels)
        height, width = view.pixel_mm or (1.0, 1.0)
        for index in np.unique((np.linspace(low, high, count) * view.count).astype(int)):
            out.append(kept(pictures[index], kind, patient, tall=height / width))
    return out


def template_shots(path: Path, patient: str, count: int) -> list[Shot]:
    """A NIfTI head in three planes, from 25 to 75 % of each axis."""
    try:
        image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    except RuntimeError as error:
        raise pngs.BadData(f"The volume {path.name!r} cannot be read.", "Fetch it again.") from error
    whole = sitk.GetArrayFromImage(image).astype(np.float32)
    out = []
    for kind, axis in zip(BRAIN_PLANES, (0, 1, 2), strict=True):
        for index in (np.linspace(0.25, 0.75, count) * whole.shape[axis]).astype(int):
            picture = whole.take(index, axis)
            out.append(kept(picture if axis == 0 else picture[::-1], kind, patient))
    return out


def stored(path: Path, kind: str, patient: str, most: int = 8) -> list[Shot]:
    """Up to ``most`` pictures of the files as they are stored and shown: colours as greys."""
    out = []
    for series in all_series(path):
        last = len(series.instances) - 1
        for index in np.unique(np.linspace(0.15 * last, 0.9 * last, most).round().astype(int)):
            volume = read_slice(series, int(index))
            out.append(kept(_grey(volume, series, int(index)), kind, patient, volume.unit is Unit.HU))
    return out


def _grey(volume: Volume, series: Series, index: int) -> NDArray[Any]:
    picture = volume.voxels[0].astype(np.float32)
    if volume.is_colour:
        return np.asarray(picture @ np.array([0.299, 0.587, 0.114], np.float32))
    turned = series.instances[index].pixels.photometric == "MONOCHROME1"
    return np.asarray(-picture if turned else picture)


def volumes(path: Path, folders: Sequence[str]) -> list[Volume]:
    """The volumes of the series in these folders."""
    return [load_series(series) for name in folders for series in all_series(path / name)]


def phantom_shots(seed: int, slices: int = 14, size: int = 160) -> list[Shot]:
    """A synthetic chest: slices of any thickness, 20 mm apart, and four reformats."""
    rng = np.random.default_rng([seed, 11])
    pixel = float(rng.uniform(1.9, 2.9))
    variation = Variation(
        contrast=None, kernel=None, couch=bool(rng.random() < 0.8), lesions=None,
        top_mm=float(rng.uniform(70, 110)), thickness_mm=float(rng.choice([2.0, 5.0, 8.0])),
        centre_mm=(float(rng.uniform(-12, 12)), float(rng.uniform(-12, 20))),
    )  # fmt: skip
    spacing = (20.0, pixel, pixel)
    drawn = phantom.make_phantom(
        seed, slices=slices, size=size, spacing_mm=spacing, variation=variation, workers=1
    )
    name = f"phantom {seed}"
    return [*chest_shots(drawn.volume, name), *reformats(drawn.volume, name, 2)]
