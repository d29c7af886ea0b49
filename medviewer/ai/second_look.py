"""A second look at some pictures of a volume: slightly changed copies, and how far the outlined area moves.

What follows is how much the answer hangs on trifles, not how right it is: an error that the copies share
stays unseen. At most :data:`MOST` pictures, evenly spread, are looked at again, so that the time stays small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.pictures import moved

MOST = 12
_WORTH = 0.1
"""Pictures with less than this part of the largest area are ends, which are unsure by nature."""
_SHIFT = 2
"""Pixels of the network's picture."""
_LIGHTER = 0.036
"""25 HU where 1,400 HU are mapped to -1..1."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class SecondLook:
    """Pixels by class on one stored slice: of the picture itself, and of each changed copy."""

    index: int
    own: dict[int, int]
    others: tuple[dict[int, int], ...]


def chosen(count: int) -> list[int]:
    """Which of ``count`` pictures are looked at again."""
    every = max(1, -(-count // MOST))
    return list(range((every - 1) // 2, count, every))


def changed(picture: Float32) -> Float32:
    """(2, channels, H, W): a picture (channels, H, W) moved and darker, moved back and brighter."""
    ways = ((_SHIFT, -_LIGHTER), (-_SHIFT, _LIGHTER))
    copies = [np.stack([moved(channel, shift) for channel in picture]) + step for shift, step in ways]
    return np.asarray(np.stack(copies), np.float32)


def areas(classes: NDArray[np.integer]) -> dict[int, int]:
    """Pixels of each class of a class map, background left out."""
    found, counts = np.unique(classes, return_counts=True)
    return {int(k): int(n) for k, n in zip(found, counts, strict=True) if k}


def spread(looks: Sequence[SecondLook], number: int) -> tuple[float, float] | None:
    """Least and greatest of the copies' whole area as a share of the pictures' own; None without an area."""
    own = sum(look.own.get(number, 0) for look in looks)
    if not own:
        return None
    copies = zip(*(look.others for look in looks), strict=True)
    shares = [sum(other.get(number, 0) for other in copy) / own for copy in copies]
    return min(1.0, *shares), max(1.0, *shares)


def doubts(looks: Sequence[SecondLook], number: int) -> list[tuple[int, float]]:
    """(stored slice, how far its area varies between the copies as a part of it), but for the ends."""
    most = max((look.own.get(number, 0) for look in looks), default=0)
    found = []
    for look in looks:
        own = look.own.get(number, 0)
        values = [own, *(other.get(number, 0) for other in look.others)]
        if own and max(values) >= _WORTH * most:
            found.append((look.index, (max(values) - min(values)) / own))
    return found
