"""The lines of findings in the report's pictures and in ``result.json``."""

from __future__ import annotations

import numpy as np

from medviewer.ai.findings import Line
from medviewer.imaging.draw import LETTER, Corners, Stroke, annotate
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.volume import Volume
from medviewer.review.report_figures import _strokes
from medviewer.review.result_json import _line

LINE = Line((1.0, 4.5, 2.0), (1.0, 4.5, 9.0), "heart")


def test_a_line_grows_with_the_figure() -> None:
    view = PlaneView.of(Volume(np.zeros((3, 10, 12), np.int16), None))
    assert _strokes(view, 0, (20, 24), [LINE]) == []
    assert _strokes(view, 1, (20, 24), [LINE]) == [Stroke((4.0, 9.0), (18.0, 9.0), "heart")]


def test_a_stroke_is_drawn_from_end_to_end() -> None:
    plain = np.zeros((60, 100, 3), np.uint8)
    drawn = annotate(plain, Corners(), None, None, strokes=(Stroke((10.0, 30.0), (80.0, 30.0), ""),))
    inked = (drawn == LETTER).all(axis=2)[30]
    assert np.flatnonzero(inked).min() == 10
    assert np.flatnonzero(inked).max() == 80


def test_the_file_names_both_ends() -> None:
    assert _line(LINE) == {"label": "heart", "start": [1.0, 4.5, 2.0], "end": [1.0, 4.5, 9.0]}
