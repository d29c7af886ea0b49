"""Both lungs as one mask, for networks that do not tell right from left: preparation and reading.

The network was trained on whole axial pictures of 512 x 512 pixels holding HU + 1000. Other sizes are brought
to that size edge to edge, so that nothing shifts, and the answers are brought back the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.ai import attenuation, checks
from medviewer.ai.card import ModelCard
from medviewer.ai.findings import Finding, Measurement, Notice
from medviewer.ai.lung import IMPLAUSIBLE_ML
from medviewer.ai.lung_density import finding_id
from medviewer.ai.mask_cleanup import clean
from medviewer.ai.plausibility import is_padding
from medviewer.ai.request import Outcome
from medviewer.ai.steps import resize_matrix
from medviewer.dicom.study import Series
from medviewer.imaging.measure import volume_ml
from medviewer.imaging.numbers import between, number
from medviewer.imaging.reslice import PlaneView, canonical_axial
from medviewer.imaging.volume import Mask, Volume
from medviewer.tasks import TaskContext

SIDE = 512
OFFSET_HU = 1000.0
"""Added to HU: the network was trained on stored values, which begin near 0 in air."""
HIGHEST = 4095.0
BOTH_LUNGS_ML = (1000.0, 10_000.0)
"""Plausible volume of both lungs of an adult."""

Float32 = NDArray[np.float32]


class WholeLungInput:
    """One HU volume as axial pictures of 512 x 512; ``index`` counts the pictures of ``view``."""

    def __init__(self, volume: Volume) -> None:
        """Raises :class:`~medviewer.errors.NoGeometry` for a volume without geometry."""
        self._volume = volume
        self.view: PlaneView = canonical_axial(volume.shape, volume.require_geometry())
        rows, columns = self.view.shape
        self._down = (resize_matrix(rows, SIDE), resize_matrix(columns, SIDE))
        self._up = (resize_matrix(SIDE, rows), resize_matrix(SIDE, columns))

    @property
    def count(self) -> int:
        """Number of axial pictures."""
        return self.view.count

    def native_slice(self, index: int) -> int:
        """Where picture ``index`` lies along the volume's own axis that runs head-foot."""
        return self.view.stored_index(index)

    def batch(self, indices: Sequence[int]) -> Float32:
        """(n, 1, 512, 512): HU + 1000, from 0 to 4095; padding counts as air."""
        return np.stack([self._picture(index)[None] for index in indices])

    def restore(self, index: int, probabilities: NDArray[Any]) -> dict[int, NDArray[np.bool_]]:
        """{1: lungs} on picture ``index``, from (2, 512, 512)."""
        del index  # all pictures share one grid
        lungs = _both_ways(self._up, np.asarray(probabilities[1], np.float32), self.view.shape)
        return {1: lungs > 0.5}

    def _picture(self, index: int) -> Float32:
        values = self.view.extract(self._volume.voxels, index)
        picture = np.clip(np.asarray(values, np.float32) + OFFSET_HU, 0.0, HIGHEST)
        picture[is_padding(values, self._volume.padding)] = 0.0
        return _both_ways(self._down, picture, (SIDE, SIDE))


def _both_ways(maps: tuple[Float32, Float32], picture: Float32, shape: tuple[int, int]) -> Float32:
    if picture.shape == shape:
        return picture
    return np.ascontiguousarray(maps[0] @ picture @ maps[1].T, np.float32)


def prepare(volume: Volume) -> WholeLungInput:
    """A HU volume ready for the network. Raises :class:`~medviewer.errors.NoGeometry`."""
    return WholeLungInput(volume)


def finish(
    volume: Volume, classes: NDArray[np.uint8], series: Series, card: ModelCard, context: TaskContext
) -> Outcome:
    """The cleaned mask as one finding with volume and mean density, and what is doubtful about it."""
    context.report(0.91, "Cleaning the masks")
    label = card.labels[0]
    cleaned = clean(classes, [(label.id, label.name)], volume.geometry, context)[label.name]
    mask = cleaned.mask
    millilitres = volume_ml(mask)
    values = attenuation.lung_values(volume, mask)
    if not values.size:
        text = "No lung was found in these images: there is no reliable result."
        return Outcome(failure=Notice("NO_RELIABLE_RESULT", text))
    if millilitres > IMPLAUSIBLE_ML:
        told = number(millilitres, "mL")
        text = f"The lungs would hold {told}, which no body does: there is no reliable result."
        return Outcome(failure=Notice("NO_RELIABLE_RESULT", text))
    context.report(0.95, "Measuring")
    context.check()
    finding = _finding(volume, mask, float(values.mean(dtype=np.float64)), series, card)
    return Outcome((finding,), tuple(_dropped(cleaned.dropped)))


def _finding(volume: Volume, mask: Mask, mean: float, series: Series, card: ModelCard) -> Finding:
    label = card.labels[0]
    warnings = [n for n in checks.check_mask(mask, volume, label.title) if n.code != "VOLUME_RANGE"]
    millilitres, limits = volume_ml(mask), attenuation.half_voxel_range(mask)
    if not BOTH_LUNGS_ML[0] <= millilitres <= BOTH_LUNGS_ML[1]:
        usual = between(*BOTH_LUNGS_ML, "mL")
        told = f"{number(millilitres, 'mL')} is outside the plausible range of {usual} for an adult"
        warnings.append(Notice("VOLUME_RANGE", f"{label.title}: {told}."))
    at_least = "at least " if any(w.code.startswith("CUT_BY") for w in warnings) else ""
    said = f"{label.title}, right and left as one: volume {at_least}{number(millilitres, 'mL')} "
    said += f"({between(*limits, 'mL')} for half a voxel at the outline), mean density {number(mean, 'HU')}."
    return Finding(
        id=finding_id(card, series, label.name),
        label=label.title,
        sentence=said,
        code=label.code,
        criterion="outline ± half a voxel",
        mask=mask,
        measurements=(
            Measurement("Volume", millilitres, "mL", limits, decimals=0),
            Measurement("Mean density", mean, "HU", decimals=0),
        ),
        slices=mask.slice_range,
        key_slice=mask.largest_slice,
        warnings=tuple(warnings),
        colour=label.colour,
    )


def _dropped(share: float) -> list[Notice]:
    if share < checks.DROPPED_SHARE:
        return []
    told = number(100 * share, "%")
    return [Notice("ISLANDS_DROPPED", f"{told} of what the model marked lay in islands and was left out.")]
