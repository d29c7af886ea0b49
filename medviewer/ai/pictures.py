"""Single pictures through a network: prepared by the card's steps, answered, and put back on stored pixels.

Nothing here needs a geometry. A picture is what one slice of the volume shows; the masks of a card's outputs
may overlap (the heart lies on the lungs). Slightly changed copies of each picture are read too where the card
says so: how far their answers differ is the range told with every figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.ai import estimate
from medviewer.ai.card import ModelCard
from medviewer.ai.mask_cleanup import fill_slice_holes, main_pieces
from medviewer.ai.plausibility import empty_slices
from medviewer.ai.probabilities import sigmoid
from medviewer.ai.request import Network, Request
from medviewer.ai.step_back import undo
from medviewer.ai.steps import Shown, Step, apply_steps
from medviewer.dicom.study import Instance, Series
from medviewer.imaging.volume import Mask, Volume
from medviewer.tasks import TaskContext

Float32 = NDArray[np.float32]
Bool2 = NDArray[np.bool_]
Masks = Mapping[str, Bool2]
"""Output → mask of one picture."""

INSIDE = 0.5
_SHIFT = 2
"""Pixels of the network's picture."""
_GAMMAS = (0.85, 1.18)
_ISLAND, _HOLE = 0.49, 0.51
"""What a pixel of an island, or of a hole, is set to: just on the other side of :data:`INSIDE`."""


@dataclass(frozen=True, eq=False)
class PictureAnswer:
    """What the network outlines on one stored slice.

    ``masks`` lie on the stored pixels; ``small`` and ``varied`` (slightly changed copies) on the network's
    picture. ``dropped``: share of each output that lay in islands and was left out; ``filled``: holes, in
    proportion to what is left.
    """

    index: int
    masks: Masks
    small: Masks
    varied: tuple[Masks, ...]
    dropped: Mapping[str, float]
    filled: Mapping[str, float]

    def spread(self, measure: Callable[[Masks], float]) -> tuple[float, float] | None:
        """Least and greatest of ``measure`` over the copies, as shares of the picture's own; None where one
        of them cannot be measured."""
        own = measure(self.small)
        others = [measure(masks) for masks in self.varied]
        if not (np.isfinite([own, *others]).all() and own > 0):
            return None
        return min([1.0, *(v / own for v in others)]), max([1.0, *(v / own for v in others)])


def shown_as(instance: Instance) -> Shown:
    """How the image asks to be shown: its first window or table, which is inverted for MONOCHROME1."""
    window = instance.windows[0] if instance.windows else None
    return Shown(window, instance.pixels.photometric == "MONOCHROME1")


def wrong_view(card: ModelCard, instance: Instance) -> bool:
    """Whether the image says of itself that it is another view than those the model reads."""
    views = card.input.views
    return bool(views) and bool(instance.view) and instance.view.strip().upper() not in views


def readable(card: ModelCard, series: Series, volume: Volume) -> list[int]:
    """The stored slices that hold a picture of a view the model reads."""
    empty = set(empty_slices(volume))
    views = [k for k, one in enumerate(series.instances) if not wrong_view(card, one)]
    return [k for k in views if k not in empty]


def prepared(request: Request, index: int) -> Float32:
    """The network's picture of a stored slice."""
    instance = request.series.instances[index]
    steps = request.bundle.card.input.steps
    return apply_steps(request.volume.voxels[index], steps, shown_as(instance))


def read_pictures(ask: Network, request: Request, context: TaskContext) -> list[PictureAnswer]:
    """Every readable slice, the one on screen first, then outward; the answers in stored order.

    Raises what asking the network raises, and Cancelled.
    """
    card = request.bundle.card
    order = sorted(readable(card, request.series, request.volume), key=lambda k: abs(k - request.first_slice))
    answers = []
    for done, index in enumerate(order, start=1):
        context.check()
        answers.append(_answer(ask, request, index))
        if request.on_slice is not None:
            context.check()
            wanted = {label.id: np.asarray(answers[-1].masks[label.name]) for label in card.labels}
            request.on_slice(index, wanted)
        text = f"Picture {done} of {len(order)}"
        context.report(estimate.PICTURES_SHARE * done / len(order), text)
    return sorted(answers, key=lambda answer: answer.index)


def _answer(ask: Network, request: Request, index: int) -> PictureAnswer:
    card = request.bundle.card
    outputs = card.network.outputs
    picture = prepared(request, index)
    changes = list(_changes())[: card.variations]
    batch = np.stack([picture, *(change(picture) for change, _ in changes)])[:, None]
    chances = sigmoid(ask(batch))
    if chances.shape[1] != len(outputs):
        raise ValueError("the network has not the outputs its card lists")
    tidied, full = outlined(chances[0], request.volume.shape[1:], card.input.steps)
    varied = []
    for (_, back), chance in zip(changes, chances[1:], strict=True):
        varied.append(_named(outputs, [tidy(back(one)).chance >= INSIDE for one in chance]))
    small = _named(outputs, [one.chance >= INSIDE for one in tidied])
    dropped = {name: one.dropped for name, one in zip(outputs, tidied, strict=True)}
    filled = {name: one.filled for name, one in zip(outputs, tidied, strict=True)}
    return PictureAnswer(index, _named(outputs, full), small, tuple(varied), dropped, filled)


def outlined(
    chances: Float32, shape: tuple[int, ...], steps: Sequence[Step]
) -> tuple[list[Tidied], NDArray[np.bool_]]:
    """Tidied probabilities (outputs, H, W), and the masks (outputs, rows, columns) on the stored picture."""
    tidied = [tidy(chance) for chance in chances]
    rows, columns = shape
    full = undo(np.stack([one.chance for one in tidied]), (rows, columns), steps) >= INSIDE
    return tidied, full


def _named(outputs: Sequence[str], masks: Sequence[Bool2] | Bool2) -> dict[str, Bool2]:
    return dict(zip(outputs, masks, strict=True))


@dataclass(frozen=True, eq=False)
class Tidied:
    """Probabilities without islands and holes, and how much of the mask these were."""

    chance: Float32
    dropped: float = 0.0
    filled: float = 0.0


def tidy(chance: Float32) -> Tidied:
    """One output's probabilities with its main piece only, and without holes.

    Only whole islands and whole holes change sides, so the edge of the main piece stays where it was.
    """
    inside = chance >= INSIDE
    count = int(inside.sum())
    if not count:
        return Tidied(chance)
    main = main_pieces(inside[None].copy())[0]
    whole = fill_slice_holes(main[None], np.zeros((1, *main.shape), bool), None)[0]
    out = np.where(inside & ~main, np.minimum(chance, _ISLAND), chance)
    out = np.where(whole & ~inside, np.maximum(out, _HOLE), out)
    kept = int(main.sum())
    return Tidied(np.asarray(out, np.float32), 1.0 - kept / count, int(whole.sum()) / kept - 1.0)


def stacked(answers: Sequence[PictureAnswer], name: str, number: int, volume: Volume) -> Mask:
    """One output of all pictures as a mask on the volume's grid."""
    full = np.zeros(volume.shape, bool)
    for answer in answers:
        full[answer.index] = answer.masks[name]
    return Mask.from_full(number, name, full, volume.geometry)


_Change = Callable[[Float32], Float32]


def _changes() -> Iterator[tuple[_Change, _Change]]:
    """Slight changes of a picture, each with the way back: moved both ways, darker, brighter."""
    for step in (_SHIFT, -_SHIFT):
        yield lambda p, s=step: moved(p, s), lambda p, s=step: moved(p, -s)  # type: ignore[misc]
    for gamma in _GAMMAS:
        yield lambda p, g=gamma: np.clip(p, 0, 1) ** np.float32(g), lambda p: p  # type: ignore[misc]


def moved(picture: Float32, step: int) -> Float32:
    """The picture ``step`` pixels further down and to the right, its edge repeated."""
    size = abs(step)
    wide = np.pad(picture, size, mode="edge")
    start = size - step
    return np.ascontiguousarray(wide[start : start + picture.shape[0], start : start + picture.shape[1]])
