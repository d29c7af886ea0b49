"""A presentation state read again by the reader of the window: the same images, drawings, windows, turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from medviewer.dicom.evidence.derived import Origin
from medviewer.dicom.evidence.read_back import NotAsMeant, read_whose
from medviewer.dicom.objects.presentation import COLOUR, GREY, read_presentation
from medviewer.dicom.presentation_state import Drawing, For, ImageRef, Presentation
from medviewer.errors import UnreadableImage
from medviewer.imaging.presented import Graphic, Point, Text
from medviewer.imaging.window import Window

TOLERANCE_PX = 0.01
"""How far a point may come back from where it was drawn."""
_VALUES = 1e-6

T = TypeVar("T")


def check_presentation(path: Path, origin: Origin, presentation: Presentation) -> None:
    """Raises :class:`NotAsMeant` for whatever our own reader shows otherwise than it was meant."""
    read_whose(path, origin, COLOUR if presentation.inverse is None else GREY)
    try:
        found = read_presentation(path, presentation.patient_key)
    except UnreadableImage as error:
        raise _fail("it cannot be shown") from error
    for what, differs in _DIFFERENCES.items():
        if differs(presentation, found):
            raise _fail(f"{what} differ")


def _fail(what: str) -> NotAsMeant:
    return NotAsMeant(f"The presentation state is not as it was meant: {what}.", "It must not be used.")


def _other_images(meant: Presentation, found: Presentation) -> bool:
    return _refs(meant.images) != _refs(found.images)


def _refs(refs: Sequence[ImageRef]) -> list[tuple[str, tuple[int, ...]]]:
    return sorted((ref.sop_uid, tuple(sorted(ref.frames))) for ref in refs)


def _other_grey(meant: Presentation, found: Presentation) -> bool:
    lines = zip((meant.slope, meant.intercept), (found.slope, found.intercept), strict=True)
    known = meant.tabled or meant.inverse is None or all(_near(a, b) for a, b in lines)
    return not known or meant.inverse != found.inverse or meant.tabled != found.tabled


def _other_windows(meant: Presentation, found: Presentation) -> bool:
    return not _alike(meant.windows, found.windows, _same_window)


def _same_window(a: Window, b: Window) -> bool:
    if a.lut is not None or b.lut is not None:  # centre and width only say what span the table covers
        return a.lut == b.lut
    return a.function == b.function and _near(a.centre, b.centre) and _near(a.width, b.width)


def _other_drawings(meant: Presentation, found: Presentation) -> bool:
    """Graphics and words apart: a file lists them apart."""
    for kind in (Graphic, Text):
        pair = [[d for d in p.drawings if isinstance(d.value.what, kind)] for p in (meant, found)]
        if not _alike(pair[0], pair[1], _same_drawing):
            return True
    return len(meant.drawings) != len(found.drawings)


def _same_drawing(a: Drawing, b: Drawing) -> bool:
    if isinstance(a.what, Graphic) and isinstance(b.what, Graphic):
        kinds = (a.what.kind, a.what.units, a.what.filled) == (b.what.kind, b.what.units, b.what.filled)
        return kinds and _same_points(a.what.points, b.what.points)
    if isinstance(a.what, Text) and isinstance(b.what, Text):
        places = [tuple(p for p in (t.anchor, *(t.box or ())) if p is not None) for t in (a.what, b.what)]
        return _spoken(a.what) == _spoken(b.what) and _same_points(*places)
    return False


def _spoken(text: Text) -> str:
    """The words, all blanks alike: a reader may show a thin space as a common one."""
    return " ".join(text.words.split())


def _same_points(a: Sequence[Point], b: Sequence[Point]) -> bool:
    return len(a) == len(b) and all(math.dist(p, q) <= TOLERANCE_PX for p, q in zip(a, b, strict=True))


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_VALUES, abs_tol=_VALUES)


def _alike(meant: Sequence[For[T]], found: Sequence[For[T]], same: Callable[[T, T], bool]) -> bool:
    """The same things for the same images, in the same order for each of these."""
    key: Callable[[For[T]], list[tuple[str, tuple[int, ...]]]] = lambda part: _refs(part.images)  # noqa: E731
    pairs = zip(sorted(meant, key=key), sorted(found, key=key), strict=False)
    return len(meant) == len(found) and all(key(a) == key(b) and same(a.value, b.value) for a, b in pairs)


_DIFFERENCES: dict[str, Callable[[Presentation, Presentation], bool]] = {
    "its images": _other_images,
    "its grey levels": _other_grey,
    "its windows": _other_windows,
    "its drawings": _other_drawings,
    "turn or flip": lambda meant, found: meant.turn != found.turn,
    "parts that cannot be shown": lambda meant, found: bool(found.left_out) and not meant.tabled,
}
