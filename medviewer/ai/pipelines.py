"""Which way of reading belongs to a model: a table, so that a new kind of model is one more row.

There are two ways. A :class:`Pipeline` streams a volume slice by slice through the network and reads the
class map (the lungs). A :class:`Reader` is given the network as a function from arrays to arrays and does
the rest itself: single pictures, films, scores, and volumes that are computed whole. Neither knows torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medviewer.ai import brain, cardiac, chest, head_volume, lung, lung_input, lung_whole, pneumonia
from medviewer.ai.card import ModelCard
from medviewer.ai.looking import Looked
from medviewer.ai.request import Network, Outcome, Request
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
    """``prepare`` a volume for the network; ``finish`` a class map on the volume's grid into findings.

    ``looks_again``: some pictures are looked at in slightly changed copies too, and ``finish`` is given these
    second looks after the context.
    """

    prepare: Callable[[Volume], NetworkInput]
    finish: Callable[..., Outcome]
    """(volume, class map, series, card, context[, second looks])"""
    looks_again: bool = False


@dataclass(frozen=True)
class Reader:
    """``read`` asks the network and makes findings of its answers.

    ``exact``: in float32 always, because the numbers themselves are told (a calibrated probability).
    """

    read: Callable[[Network, Request, TaskContext], Outcome]
    exact: bool = False
    look: Callable[[Network, Request, int, TaskContext], Looked] | None = None
    """Where the network looked on a stored slice; None where the reading shows its places by itself."""


PIPELINES: dict[str, Pipeline | Reader] = {
    "lung_unet2d": Pipeline(lung_input.prepare, lung.finish, looks_again=True),
    "chest": Reader(chest.read),
    "heart": Reader(cardiac.read),
    "pneumonia": Reader(pneumonia.read, exact=True, look=pneumonia.where_it_looked),
    "lung_unet_small": Pipeline(lung_whole.prepare, lung_whole.finish),
    "meshnet": Pipeline(head_volume.prepare, head_volume.finish),
    "brain": Reader(brain.read),
}
"""By the card's ``reading``, or by the name of its network where the card names none."""

READS: dict[str, tuple[tuple[str, ...], str]] = {
    "lung_unet2d": (("CT",), "HU"),
    "lung_unet_small": (("CT",), "HU"),
    "meshnet": (("MR",), ""),
    "brain": (("MR",), ""),
    "chest": (("DX", "CR"), ""),
    "heart": (("MR",), ""),
    "pneumonia": (("DX", "CR"), ""),
}
"""(modalities, unit) that a preparation feeds its network: a card to be installed may not ask for others."""


def pipeline_for(card: ModelCard) -> Pipeline | Reader:
    """The pipeline of the card. Raises :class:`BundleError` for a reading this program lacks."""
    key = card.reading or card.network.name
    try:
        return PIPELINES[key]
    except KeyError:
        known = ", ".join(sorted(PIPELINES))
        message = f"Model {card.id!r} needs the network {key!r}; this program knows {known}."
        raise BundleError(message, "Update MedViewer.") from None


def can_look(card: ModelCard) -> bool:
    """Whether the model can show where it looked. Raises :class:`BundleError` as :func:`pipeline_for`."""
    pipeline = pipeline_for(card)
    return isinstance(pipeline, Reader) and pipeline.look is not None


def outward(source: NetworkInput, first_slice: int) -> list[int]:
    """All pictures of a source, by distance from the one that shows stored slice ``first_slice``."""
    indices = range(source.count)
    start = min(indices, key=lambda k: abs(source.native_slice(k) - first_slice))
    return sorted(indices, key=lambda k: abs(k - start))
