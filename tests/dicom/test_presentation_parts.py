"""Drawings, shutters and displayed areas: what makes sense is read, what does not is named."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.imaging.presented import (
    NEUTRAL,
    Shutter,
    SizeMode,
)
from tests.dicom.presentations import (
    annotation,
    area,
    drawing,
    pair,
    words,
)
from tests.factories import item

ROWS, COLUMNS = 12, 20


class TestDrawings:
    def test_that_layers_give_order_and_colour(self, tmp_path):
        layers = [
            item(GraphicLayer="TOP", GraphicLayerOrder=2,
                 GraphicLayerRecommendedDisplayGrayscaleValue=0x8080),
            item(GraphicLayer="BELOW", GraphicLayerOrder=1,
                 GraphicLayerRecommendedDisplayCIELabValue=[65535, 32896, 32896]),
        ]  # fmt: skip
        notes = [
            annotation("TOP", [drawing("POINT", [3.5, 4.5])]),
            annotation("BELOW", [drawing("POLYLINE", [0, 0, 20, 12])], [words("hello", anchor=[2, 3])]),
        ]
        image, found = pair(tmp_path, {"GraphicLayerSequence": layers, "GraphicAnnotationSequence": notes})
        look = found.look_of(image)
        assert [(s.points, s.colour) for s in look.strokes] == [
            (((0.0, 0.0), (20.0, 12.0)), "#FFFFFF"),
            (((3.5, 4.5),), "#808080"),
        ]
        assert [(n.words, n.anchor, n.anchored) for n in look.notes] == [("hello", (2.0, 3.0), True)]

    def test_that_what_makes_no_sense_is_left_out_and_named(self, tmp_path):
        bad = [
            drawing("CIRCLE", [1, 2, 3, 4, 5, 6]),
            drawing("SPIRAL", [1, 2]),
            drawing("POLYLINE", [1, 2, float("nan"), 4]),
            drawing("POLYLINE", [1, 2, 1e30, 4]),
            drawing("POLYLINE", [1, 2, 3]),
            drawing("POLYLINE", [1, 2, 3, 4], units="FURLONG"),
            drawing("POINT", [9, 9], units="DISPLAY"),
        ]
        good = drawing("POINT", [3, 4])
        texts = [words("no place"), words("", anchor=[1, 2])]
        notes = [annotation("L", [*bad, good], texts)]
        image, found = pair(tmp_path, {"GraphicAnnotationSequence": notes})
        look = found.look_of(image)
        assert [s.points for s in look.strokes] == [((3.0, 4.0),)]
        assert look.notes == ()
        assert len(found.left_out) >= 5

    def test_that_words_are_plain_text_in_their_lines(self, tmp_path):
        notes = [annotation("L", texts=[words("<b>one</b>\r\ntwo\x07", anchor=[1, 2])])]
        image, found = pair(tmp_path, {"GraphicAnnotationSequence": notes})
        assert found.look_of(image).notes[0].words == "<b>one</b>\ntwo"
        assert found.look_of(image).notes[0].colour == NEUTRAL


class TestShutter:
    def test_that_a_rectangle_keeps_its_edges(self, tmp_path):
        facts = {
            "ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 3, "ShutterRightVerticalEdge": 18,
            "ShutterUpperHorizontalEdge": 2, "ShutterLowerHorizontalEdge": 10,
            "ShutterPresentationValue": 0x8080,
        }  # fmt: skip
        image, found = pair(tmp_path, facts)
        shutter = found.look_of(image).shutter
        seen = np.zeros((ROWS, COLUMNS), bool)
        seen[1:10, 2:18] = True
        np.testing.assert_array_equal(shutter.hidden((ROWS, COLUMNS)), ~seen)
        assert shutter.level == pytest.approx(0.5, abs=0.01)

    def test_that_a_circle_is_told_by_the_distance_of_pixel_centres(self):
        hidden = Shutter(circle=(6, 10, 4)).hidden((ROWS, COLUMNS))
        rows, columns = np.mgrid[1 : ROWS + 1, 1 : COLUMNS + 1]
        np.testing.assert_array_equal(hidden, (rows - 6) ** 2 + (columns - 10) ** 2 > 16)

    def test_that_a_polygon_covers_what_lies_outside(self):
        """A right-angled triangle: pixel (row, column) is inside where its centre is."""
        hidden = Shutter(polygon=((1, 1), (1, 11), (11, 1))).hidden((ROWS, COLUMNS))
        rows, columns = np.mgrid[1 : ROWS + 1, 1 : COLUMNS + 1]
        np.testing.assert_array_equal(hidden, ~(rows + columns < 12))

    def test_that_several_shapes_all_cover(self):
        both = Shutter((3, 18, 2, 10), (6, 10, 4)).hidden((ROWS, COLUMNS))
        one, other = Shutter((3, 18, 2, 10)), Shutter(circle=(6, 10, 4))
        np.testing.assert_array_equal(both, one.hidden((ROWS, COLUMNS)) | other.hidden((ROWS, COLUMNS)))

    @pytest.mark.parametrize(
        "facts",
        [{"ShutterShape": "RECTANGULAR"},
         {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 2]},
         {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [1, 2]}],
    )  # fmt: skip
    def test_that_a_shutter_without_edges_is_none_and_said(self, tmp_path, facts):
        image, found = pair(tmp_path, facts)
        assert found.look_of(image).shutter is None
        assert len(found.left_out) == 1


class TestArea:
    def test_that_mode_and_spacing_are_read(self, tmp_path):
        chosen = area([1, 1], [10, 6], "TRUE SIZE", PresentationPixelSpacing=[0.4, 0.2])
        image, found = pair(tmp_path, {"DisplayedAreaSelectionSequence": [chosen]})
        shown = found.area_of(image)
        assert (shown.mode, shown.spacing, shown.box) == (SizeMode.TRUE, (0.4, 0.2), ((0, 0), (10, 6)))

    @pytest.mark.parametrize("spacing", [[0, 0.2], [-1, -1]])
    def test_that_no_millimetre_is_made_of_a_bad_spacing(self, tmp_path, spacing):
        image, found = pair(
            tmp_path,
            {"DisplayedAreaSelectionSequence": [area([1, 1], [9, 9], PresentationPixelSpacing=spacing)]},
        )
        assert found.area_of(image).spacing is None
