"""Words on pictures, compared with pictures a person has looked at.

After a wanted change: ``python -m tests.imaging.test_draw`` writes ``tests/golden/draw_*.png`` anew; look at
them before committing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from medviewer.imaging.draw import Corners, LegendEntry, Mark, annotate, needs_fallback, runs
from medviewer.imaging.overlay import PALETTE, OverlayStyle, compose, overlay_rgba
from medviewer.imaging.reslice import Letters

GOLDEN = Path(__file__).parents[1] / "golden"
_TOLERANCE = 0.0005
"""Part of the pixels that may differ clearly: FreeType builds differ a little at the edges of letters."""


def base() -> NDArray[np.uint8]:
    """A smooth disc on black with two labels."""
    yy, xx = np.mgrid[:300, :400]
    disc = np.clip(220 - np.hypot(yy - 150, xx - 200), 0, 255).astype(np.uint8)
    right, left = np.hypot(yy - 150, xx - 140) < 45, np.hypot(yy - 150, xx - 260) < 45
    return compose(disc, overlay_rgba([(right, PALETTE[0]), (left, PALETTE[1])], OverlayStyle()))


def annotated(scale: float = 1.0) -> NDArray[np.uint8]:
    """Everything annotate can draw."""
    corners = Corners(
        ("Test^Tina 王小东 김희중", "F 54 y"),
        ("2024-01-02 10:15", "Maker · 2.0 mm"),
        ("Image 31 / 64", "W 1,500 L −600"),
        ("HU −842",),
    )
    legend = [LegendEntry(PALETTE[0], "A", "Right lung"), LegendEntry(PALETTE[1], "B", "Left lung")]
    marks = [Mark(140, 150, "A", PALETTE[0]), Mark(260, 150, "B", PALETTE[1])]
    letters = Letters("R", "L", "A", "P")
    return annotate(base(), corners, letters, 1.0, scale, legend=legend, marks=marks)


def difference(picture: NDArray[np.uint8], name: str) -> float:
    """Part of the pixels that are more than 64 levels away from the approved picture."""
    expected = np.asarray(Image.open(GOLDEN / f"{name}.png").convert("RGB")).astype(int)
    return float((np.abs(picture.astype(int) - expected).max(axis=2) > 64).mean())


@pytest.mark.parametrize(("name", "scale"), [("draw_plain", 1.0), ("draw_large", 1.6)])
def test_that_the_picture_looks_as_it_was_approved(name, scale):
    assert difference(annotated(scale), name) < _TOLERANCE


def test_that_one_missing_word_would_be_noticed():
    picture = annotated(1.0)
    picture[280:, 330:] = base()[280:, 330:]
    assert difference(picture, "draw_plain") > _TOLERANCE


def test_that_the_input_is_left_alone_and_nothing_is_drawn_unasked():
    picture = base()
    before = picture.copy()
    assert (annotate(picture, Corners(), None, None) == before).all()
    annotate(picture, Corners(("x",)), None, None)
    assert (picture == before).all()


def test_that_the_ruler_has_the_length_it_says():
    black = np.zeros((200, 500, 3), np.uint8)
    drawn = annotate(black, Corners(), None, 2.0)
    row = drawn[191, :, 0] > 200
    # 22 % of 500 px at 2 px per mm is 55 mm: the ruler says 5 cm and is 100 px long.
    assert np.count_nonzero(row) == pytest.approx(100, abs=2)


def test_that_letters_are_yellow_and_at_the_four_edges():
    drawn = annotate(np.zeros((100, 120, 3), np.uint8), Corners(), Letters("R", "L", "A", "P"), None)
    yellow = np.argwhere((drawn[..., 0] > 200) & (drawn[..., 2] < 120))
    for part in (
        yellow[:, 1] < 30,
        yellow[:, 1] > 90,
        (yellow[:, 0] < 30) & (abs(yellow[:, 1] - 60) < 10),
        (yellow[:, 0] > 70) & (abs(yellow[:, 1] - 60) < 10),
    ):
        assert part.any()


def test_that_long_lines_are_shortened_in_the_middle_and_stay_on_their_side():
    drawn = annotate(np.zeros((60, 200, 3), np.uint8), Corners(("very long line of text " * 9,)), None, None)
    assert drawn[:, 5:90].any()
    assert not drawn[:, 100:].any()


def test_that_chinese_japanese_and_korean_get_the_other_font():
    assert runs("Wang 王小东 x") == [(False, "Wang "), (True, "王小东"), (False, " x")]
    assert all(needs_fallback(c) for c in "王やマ김，")
    assert not any(needs_fallback(c) for c in "Łódź−Ω…Ж")


@pytest.mark.parametrize("name", ["王小东", "山田太郎", "김희중", "Łódź", "Жанна", "Ωμέγα"])
def test_that_every_character_of_a_name_has_its_own_shape(name):
    shapes = [annotate(np.zeros((40, 120, 3), np.uint8), Corners((c,)), None, None).tobytes() for c in name]
    assert len(set(shapes)) == len(set(name))


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    Image.fromarray(annotated(1.0)).save(GOLDEN / "draw_plain.png", optimize=True)
    Image.fromarray(annotated(1.6)).save(GOLDEN / "draw_large.png", optimize=True)
