"""Which preparation and which reading belong to a network: a table, so that a new model is one more row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medviewer.ai import head_volume, lung, lung_input, lung_whole
from medviewer.ai.card import ModelCard
from medviewer.ai.request import Outcome
from medviewer.dicom.study import Series
from medviewer.errors import BundleError
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext


class View(Protocol):
    """How a network's pictures lie in the stored grid: a ``PlaneView``, or the volume as a whole."""

    @property
    def axes(self) -> tuple[int, int, int]:
        """The voxel axis that (picture, row, column) run along; a picture is a stored slice where 0 leads."""

    def extract(self, array: NDArray[Any], index: int) -> NDArray[Any]:
        """Picture ``index`` of an array on the stored grid, as a view that can be written to."""


class NetworkInput(Protocol):
    """A volume as pictures for a network, and the way back to the pictures of ``view``."""

    @property
    def view(self) -> View:
        """How the pictures lie in the stored grid."""

    @property
    def count(self) -> int:
        """Number of pictures."""

    def native_slice(self, index: int) -> int:
        """The stored slice that picture ``index`` shows."""

    def batch(self, indices: Sequence[int]) -> NDArray[np.float32]:
        """(n, channels, H, W)."""

    def restore(self, index: int, probabilities: NDArray[Any]) -> dict[int, NDArray[np.bool_]]:
        """Class -> mask on picture ``index``, from (classes, H, W)."""


@dataclass(frozen=True)
class Pipeline:
    """``prepare`` a volume for the network; ``finish`` a class map on the volume's grid into findings."""

    prepare: Callable[[Volume], NetworkInput]
    finish: Callable[[Volume, NDArray[np.uint8], Series, ModelCard, TaskContext], Outcome]


PIPELINES: dict[str, Pipeline] = {
    "lung_unet2d": Pipeline(lung_input.prepare, lung.finish),
    "lung_unet_small": Pipeline(lung_whole.prepare, lung_whole.finish),
    "meshnet": Pipeline(head_volume.prepare, head_volume.finish),
}

READS: dict[str, tuple[tuple[str, ...], str]] = {
    "lung_unet2d": (("CT",), "HU"),
    "lung_unet_small": (("CT",), "HU"),
    "meshnet": (("MR",), ""),
}
"""(modalities, unit) that a network's preparation feeds it: a card to be installed may not ask for others."""


def pipeline_for(card: ModelCard) -> Pipeline:
    """The pipeline of the card's network. Raises :class:`BundleError` for a network this program lacks."""
    try:
        return PIPELINES[card.network.name]
    except KeyError:
        known = ", ".join(sorted(PIPELINES))
        message = f"Model {card.id!r} needs the network {card.network.name!r}; this program knows {known}."
        raise BundleError(message, "Update MedViewer.") from None


def outward(source: NetworkInput, first_slice: int) -> list[int]:
    """All pictures of a source, by distance from the one that shows stored slice ``first_slice``."""
    indices = range(source.count)
    start = min(indices, key=lambda k: abs(source.native_slice(k) - first_slice))
    return sorted(indices, key=lambda k: abs(k - start))
