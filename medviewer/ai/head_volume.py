"""A head as one volume for networks that look at it whole: 1 mm voxels, conformed, and the way back.

MeshNet was trained on images conformed as FreeSurfer does: 1 mm, the first axis to the patient's left, the
second to the feet, the third to the front (LIA), values from 0 (the least) to 1 (the greatest). The picture
may be smaller than 256³: air beyond the head adds nothing. The strongest class of the nearest 1 mm voxel
goes to each stored voxel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from medviewer.ai.card import Label, ModelCard
from medviewer.ai.findings import Finding, Measurement, Notice
from medviewer.ai.lung_density import finding_id
from medviewer.ai.plausibility import is_padding
from medviewer.ai.request import Outcome
from medviewer.dicom.study import Series
from medviewer.imaging.measure import volume_ml
from medviewer.imaging.numbers import number
from medviewer.imaging.volume import Geometry, Mask, Volume
from medviewer.tasks import TaskContext

GRID_MM = 1.0
LONGEST = 256
"""Voxels of the conformed grid along an axis; what lies beyond is cut off."""
BRAIN_ML = (700.0, 2200.0)
"""Plausible volume of everything outlined in an adult's brain."""


@dataclass(frozen=True)
class WholeVolume:
    """The one "picture" that is the whole stored grid."""

    axes: tuple[int, int, int] = (-1, -1, -1)

    def extract(self, array: NDArray[Any], index: int) -> NDArray[Any]:
        """All of it."""
        del index
        return array


class HeadInput:
    """One volume as one picture (1, 1, D, H, W) for the network."""

    def __init__(self, volume: Volume) -> None:
        """Raises :class:`~medviewer.errors.NoGeometry` for a volume without geometry."""
        self.view = WholeVolume()
        geometry = volume.require_geometry()
        self._stored = _image(np.zeros(volume.shape, np.uint8), geometry)
        self._grid = conformed_grid(volume.shape, geometry)
        values = np.asarray(volume.voxels, np.float32)
        values = np.where(is_padding(values, volume.padding), values.min(), values)
        even = SimpleITK.Resample(_image(values, geometry), self._grid, SimpleITK.Transform(),
                                  SimpleITK.sitkLinear, float(values.min()))  # fmt: skip
        # SimpleITK's arrays count backwards: (third axis, second, first).
        self._picture = _zero_to_one(SimpleITK.GetArrayFromImage(even)).transpose(2, 1, 0)

    @property
    def count(self) -> int:
        """One picture."""
        return 1

    def native_slice(self, index: int) -> int:
        """No stored slice comes first."""
        return index

    def batch(self, indices: Sequence[int]) -> NDArray[np.float32]:
        """(1, 1, D, H, W), values from 0 to 1."""
        del indices
        return np.ascontiguousarray(self._picture[None, None])

    def restore(self, index: int, probabilities: NDArray[Any]) -> dict[int, NDArray[np.bool_]]:
        """Class -> mask on the stored grid, from (classes, D, H, W)."""
        del index
        best = probabilities.argmax(axis=0).astype(np.uint8).transpose(2, 1, 0)
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(best))
        image.CopyInformation(self._grid)
        nearest = SimpleITK.Resample(image, self._stored, SimpleITK.Transform(),
                                     SimpleITK.sitkNearestNeighbor, 0)  # fmt: skip
        classes = SimpleITK.GetArrayFromImage(nearest)
        return {k: classes == k for k in range(1, probabilities.shape[0])}


def conformed_grid(shape: tuple[int, int, int], geometry: Geometry) -> SimpleITK.Image:
    """An empty image of 1 mm voxels along L, I, A around the stored volume, at most 256 along an axis."""
    corners = [[a, b, c] for a in (0, shape[0] - 1) for b in (0, shape[1] - 1) for c in (0, shape[2] - 1)]
    lps = geometry.position(np.asarray(corners, np.float64))
    low, high = lps.min(axis=0), lps.max(axis=0)
    counts = np.minimum(np.ceil((high - low) / GRID_MM).astype(int) + 1, LONGEST)
    centre, half = (low + high) / 2, (counts - 1) / 2 * GRID_MM
    axes = np.array([[1, 0, 0], [0, 0, -1], [0, -1, 0]], np.float64)  # L, I, A in LPS
    size = [int(counts[0]), int(counts[2]), int(counts[1])]
    grid = SimpleITK.Image(size, SimpleITK.sitkUInt8)
    grid.SetSpacing((GRID_MM,) * 3)
    grid.SetDirection(axes.T.ravel().tolist())
    grid.SetOrigin((centre + np.array([-half[0], half[1], half[2]])).tolist())
    return grid


def _image(array: NDArray[Any], geometry: Geometry) -> SimpleITK.Image:
    """A (slice, row, column) array in its place; SimpleITK counts (column, row, slice)."""
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing([float(mm) for mm in geometry.spacing_mm[::-1]])
    image.SetDirection(geometry.directions[:, ::-1].ravel().tolist())
    image.SetOrigin(np.asarray(geometry.position([0, 0, 0])).tolist())
    return image


def _zero_to_one(values: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros_like(values)
    return np.asarray((values - low) / (high - low), np.float32)


def prepare(volume: Volume) -> HeadInput:
    """A head ready for the network. Raises :class:`~medviewer.errors.NoGeometry`."""
    return HeadInput(volume)


def finish(
    volume: Volume, classes: NDArray[np.uint8], series: Series, card: ModelCard, context: TaskContext
) -> Outcome:
    """One finding with a volume for each label that was found; failed where no brain can be that size."""
    context.report(0.91, "Measuring")
    total = float(np.count_nonzero(classes)) * volume.require_geometry().voxel_ml
    if not BRAIN_ML[0] <= total <= BRAIN_ML[1]:
        text = f"The brain would hold {number(total, 'mL')}, which none does: there is no reliable result."
        return Outcome(failure=Notice("NO_RELIABLE_RESULT", text))
    findings, missing = [], []
    for label in card.labels:
        context.check()
        mask = Mask.from_full(label.id, label.name, classes == label.id, volume.geometry)
        if mask.voxel_count:
            findings.append(_finding(label, mask, series, card))
        else:
            missing.append(Notice("EMPTY_MASK", f"{label.title}: not found; the model may have missed it."))
    return Outcome(tuple(findings), tuple(missing))


def _finding(label: Label, mask: Mask, series: Series, card: ModelCard) -> Finding:
    millilitres = volume_ml(mask)
    decimals = 0 if millilitres >= 20 else 1
    return Finding(
        id=finding_id(card, series, label.name),
        label=label.title,
        sentence=f"{label.title}: volume {number(millilitres, 'mL', decimals)} (indicative).",
        code=label.code,
        mask=mask,
        measurements=(
            Measurement("Volume", millilitres, "mL", indicative="third-party model", decimals=decimals),
        ),
        slices=mask.slice_range,
        key_slice=mask.largest_slice,
        colour=label.colour,
    )
