"""Which preparation and which reading belong to a network: a table, so that a new model is one more row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medviewer.ai import lung, lung_input
from medviewer.ai.card import ModelCard
from medviewer.ai.request import Outcome
from medviewer.dicom.study import Series
from medviewer.errors import BundleError
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.volume import Volume
from medviewer.tasks import TaskContext


class NetworkInput(Protocol):
    """A volume as pictures for a network, and the way back to the pictures of ``view``."""

    view: PlaneView

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


PIPELINES: dict[str, Pipeline] = {"lung_unet2d": Pipeline(lung_input.prepare, lung.finish)}


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
