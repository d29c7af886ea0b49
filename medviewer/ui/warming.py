"""What the next step will likely need is made while the reader looks: the pictures beside the one on screen,
and the finer and coarser blocks that zooming begins from. No Qt.

It is only ever put where the picture itself keeps what it made, under keys that tell picture, part and masks
apart, so nothing made here can be shown in another's place. What is not loaded is not touched.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

from medviewer.imaging.part import Part
from medviewer.imaging.render import OverlayStyle
from medviewer.imaging.shrink import block_of
from medviewer.ui.mask_parts import key_of, mask_parts
from medviewer.ui.picture import Picture

Task = Callable[[], object]

_BESIDE = (1, 2, -1)
"""Pictures to have ready, counted in the direction of scrolling."""
_REST_S = 0.2
"""Blocks for zooming are large, and neighbours at a zoom that is passed through are of no use: these are made
when the reader rests on a picture."""


class Warming:
    """Works on one thread at most, which lives only while there is something to do."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._soon: deque[Task] = deque()
        self._later: deque[Task] = deque()
        self._thread: threading.Thread | None = None
        self._index, self._way = 0, 1

    def around(self, picture: Picture, index: int, part: Part | None, style: OverlayStyle | None) -> None:
        """The picture on screen is ``index``; ``style``: of its overlay, None where hidden. What an earlier
        call wanted and was not begun is forgotten."""
        scrolled = index != self._index
        if scrolled:
            self._way = 1 if index > self._index else -1
            self._index = index
        part = part or Part.whole(picture.view.shape)
        beside = _neighbours(picture, index, self._way, part, style)
        zoomed = _zoomed(picture, index, part)
        self._want(*((beside, zoomed) if scrolled else ((), chain(zoomed, beside))))

    def drop(self) -> None:
        """Want nothing any more; what was begun ends by itself."""
        self._want((), ())

    def join(self) -> None:
        """Wait until all that is wanted is made."""
        with self._news:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _want(self, soon: Iterable[Task], later: Iterable[Task]) -> None:
        first, rest = deque(soon), deque(later)
        with self._news:
            self._soon, self._later = first, rest
            if (first or rest) and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="warming")
                self._thread.start()
            self._news.notify()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except MemoryError:  # nothing the reader asked for; where it is, the window meets it itself
                self.drop()

    def _next(self) -> Task | None:
        with self._news:
            while True:
                if self._soon:
                    return self._soon.popleft()
                if not self._later:
                    self._thread = None
                    return None
                if self._news.wait(_REST_S):
                    continue
                self._soon, self._later = self._later, deque()


def _neighbours(
    picture: Picture, index: int, way: int, part: Part, style: OverlayStyle | None
) -> Iterator[Task]:
    """The nearest first. Of a picture the masks come first, because the window begins with the values: both
    then are at work."""
    for step in _BESIDE:
        beside = index + way * step
        if not 0 <= beside < picture.view.count or not picture.is_ready(beside):
            continue
        if style is not None and key_of(picture, beside, style, part) not in picture.kept:
            yield partial(mask_parts, picture, beside, style, part)
        if not part.exact and (beside, part) not in picture.kept:
            yield partial(picture.prepare, beside, part)


def _zoomed(picture: Picture, index: int, part: Part) -> Iterator[Task]:
    """Blocks that the next steps of zooming in and out are made of."""
    rows, columns = block_of(part)
    for block in ((rows // 2, columns // 2), (rows * 2, columns * 2)):
        if not part.exact and min(block) > 1 and (index, block) not in picture.kept:
            yield partial(picture.prepare, index, block)
