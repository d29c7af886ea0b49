"""Presentation states: read with care, each thing on its images, each point on its pixel."""

from __future__ import annotations

import contextlib
import math
import shutil
import subprocess
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from medviewer.dicom.elements import Broken
from medviewer.dicom.load import read_slice
from medviewer.dicom.objects.presentation import read_presentation
from medviewer.dicom.presentation_state import Presentation
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Instance
from medviewer.errors import UnreadableImage
from medviewer.imaging.lab import hex_of_lab
from medviewer.imaging.presented import (
    NEUTRAL,
    PLAIN,
    Area,
    Graphic,
    Sheet,
    Shutter,
    SizeMode,
    Units,
    from_picture,
    shown_box,
    to_picture,
)
from medviewer.imaging.render import apply_window, render
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.turn import RIGHT, Turn
from tests.dicom.presentations import (
    add_plane,
    annotation,
    area,
    drawing,
    item,
    make_presentation,
    make_projection,
    names,
    words,
    write_pair,
)
from tests.factories import make_instance, save

ROWS, COLUMNS = 12, 20


def read(path: Path) -> Presentation:
    (found,) = scan([path]).objects
    return read_presentation(path, found.patient.key)


def image_of(path: Path) -> Instance:
    return scan([path]).all_series()[0].instances[0]


def pair(
    folder: Path, facts: dict[str, object] | None = None, **twist: object
) -> tuple[Instance, Presentation]:
    image, state = write_pair(folder, facts or {}, **twist)
    return image_of(image), read(state)


class TestWho:
    def test_that_it_says_what_it_is_called_and_who_made_it(self, tmp_path):
        _, found = pair(tmp_path)
        assert (found.label, found.creator, found.date) == ("COLLIMATED", "Doe, Jane", "20240102")
        assert found.left_out == ()

    def test_that_it_speaks_of_its_images_alone(self, tmp_path):
        images = [make_projection(k) for k in range(2)]
        paths = [save(ds, tmp_path / f"{k}.dcm") for k, ds in enumerate(images)]
        found = read(save(make_presentation(images[:1], {"ImageRotation": 90}), tmp_path / "state.dcm"))
        assert found.look_of(image_of(paths[0])).turn == RIGHT
        assert found.look_of(image_of(paths[1])) is PLAIN
        assert found.window_of(image_of(paths[1])) is None

    def test_that_frames_are_told_apart(self, tmp_path):
        ds = make_projection()
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.12.1"
        ds.Modality, ds.NumberOfFrames, ds.PixelData = "XA", 3, ds.PixelData * 3
        path = save(ds, tmp_path / "image.dcm")
        state = make_presentation([ds])
        state.ReferencedSeriesSequence[0].ReferencedImageSequence = [names(ds, [2])]
        found = read(save(state, tmp_path / "state.dcm"))
        frames = sorted(scan([path]).all_series()[0].instances, key=lambda i: i.frame)
        assert [found.shows(frame) for frame in frames] == [False, True, False]

    def test_that_other_kinds_and_nonsense_are_refused_in_a_sentence(self, tmp_path):
        image = make_projection()
        blending = make_presentation([image])
        blending.SOPClassUID = blending.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.11.4"
        with pytest.raises(UnreadableImage, match="cannot be shown"):
            read(save(blending, tmp_path / "a.dcm"))
        empty = make_presentation([image], {"ReferencedSeriesSequence": []})
        with pytest.raises(UnreadableImage, match="names no image"):
            read(save(empty, tmp_path / "b.dcm"))


class TestTurn:
    @pytest.mark.parametrize("degrees", [0, 90, 180, 270])
    @pytest.mark.parametrize("flip", ["N", "Y"])
    def test_that_the_image_is_rotated_first_and_flipped_after(self, tmp_path, degrees, flip):
        _, found = pair(tmp_path, {"ImageRotation": degrees, "ImageHorizontalFlip": flip})
        assert found.turn == Turn(degrees // 90, flip == "Y")
        stored = np.arange(ROWS * COLUMNS).reshape(1, ROWS, COLUMNS)
        view = PlaneView(stored.shape, None, turn=found.turn)
        expected = np.rot90(stored[0], -degrees // 90)
        np.testing.assert_array_equal(
            view.extract(stored, 0), np.fliplr(expected) if flip == "Y" else expected
        )

    def test_that_another_angle_is_left_out(self, tmp_path):
        _, found = pair(tmp_path, {"ImageRotation": 45})
        assert not found.turn
        assert found.left_out == ("Its rotation is by no right angle and is not applied.",)


class TestPoints:
    """0\\0 is the outer corner of the first pixel, 0.5\\0.5 its centre (PS3.3 C.10.5.1.2)."""

    @pytest.mark.parametrize("turn", [Turn(q, m) for q in range(4) for m in (False, True)])
    def test_that_pixel_units_follow_the_pixel_through_every_turn(self, turn):
        view = PlaneView((1, ROWS, COLUMNS), None, turn=turn)
        stored = np.arange(ROWS * COLUMNS).reshape(1, ROWS, COLUMNS)
        for row, column in [(0, 0), (ROWS - 1, COLUMNS - 1), (3, 7)]:
            x, y = to_picture(view, (column + 0.5, row + 0.5))
            assert view.extract(stored, 0)[int(y), int(x)] == stored[0, row, column]
            assert from_picture(view, (x, y)) == (column + 0.5, row + 0.5)

    @pytest.mark.parametrize(
        ("turn", "corner"),
        [(Turn(), (0, 0)), (Turn(1), (0, ROWS)), (Turn(2), (COLUMNS, ROWS)), (Turn(3), (COLUMNS, 0)),
         (Turn(0, True), (COLUMNS, 0)), (Turn(1, True), (0, 0))],
    )  # fmt: skip
    def test_that_display_units_count_from_the_corner_the_reader_sees(self, turn, corner):
        assert Sheet((ROWS, COLUMNS), turn).image_point((0.0, 0.0), Units.DISPLAY) == corner

    def test_that_display_units_are_parts_of_the_displayed_area(self):
        sheet = Sheet((ROWS, COLUMNS), area=Area((3, 2), (12, 6)))
        assert sheet.image_point((0.0, 0.0), Units.DISPLAY) == (2.0, 1.0)
        assert sheet.image_point((1.0, 1.0), Units.DISPLAY) == (12.0, 6.0)
        assert sheet.image_point((0.5, 0.5), Units.DISPLAY) == (7.0, 3.5)

    def test_that_a_displayed_area_holds_both_its_corner_pixels(self):
        straight, turned = (PlaneView((1, ROWS, COLUMNS), None, turn=t) for t in (Turn(), RIGHT))
        assert shown_box(straight, Area((1, 1), (COLUMNS, ROWS))) == ((0, 0), (COLUMNS, ROWS))
        assert shown_box(straight, Area((2, 3), (2, 3))) == ((1, 2), (2, 3))
        # After a turn to the right the upper left corner of the display is the lower left of the image.
        assert shown_box(turned, Area((1, ROWS), (COLUMNS, 1))) == ((0, 0), (ROWS, COLUMNS))


class TestStrokes:
    def test_that_a_circle_has_its_radius_everywhere(self):
        made = Sheet((ROWS, COLUMNS)).stroke(Graphic("CIRCLE", ((8.0, 5.0), (8.0, 9.0)))).points
        assert made[0] == made[-1]
        assert all(math.hypot(x - 8, y - 5) == pytest.approx(4) for x, y in made)

    def test_that_a_circle_is_round_in_millimetres(self):
        """Pixels twice as high as wide: the radius was drawn down, so across it holds twice as many."""
        made = Sheet((ROWS, COLUMNS), aspect=2.0).stroke(Graphic("CIRCLE", ((8.0, 5.0), (8.0, 7.0)))).points
        assert all(math.hypot(x - 8, 2 * (y - 5)) == pytest.approx(4) for x, y in made)

    def test_that_an_ellipse_lies_between_the_ends_of_its_axes(self):
        ends = ((2.0, 5.0), (14.0, 5.0), (8.0, 2.0), (8.0, 8.0))
        made = Sheet((ROWS, COLUMNS)).stroke(Graphic("ELLIPSE", ends)).points
        assert all(((x - 8) / 6) ** 2 + ((y - 5) / 3) ** 2 == pytest.approx(1) for x, y in made)

    def test_that_an_interpolated_line_goes_through_its_points(self):
        given = ((1.0, 1.0), (5.0, 3.0), (9.0, 1.0), (12.0, 8.0))
        made = np.array(Sheet((ROWS, COLUMNS)).stroke(Graphic("INTERPOLATED", given)).points)
        for point in given:
            assert np.hypot(*(made - point).T).min() < 1e-9
        steps = np.hypot(*np.diff(made, axis=0).T)
        assert steps.max() < 1.0

    def test_that_a_polyline_and_a_point_are_what_they_are(self):
        sheet = Sheet((ROWS, COLUMNS))
        line = ((1.0, 2.0), (3.0, 4.0))
        assert sheet.stroke(Graphic("POLYLINE", line)).points == line
        assert sheet.stroke(Graphic("POINT", line[:1])).points == line[:1]


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


@pytest.mark.parametrize(
    ("lab", "expected"),
    [((65535, 32896, 32896), "#FFFFFF"), ((0, 32896, 32896), "#000000"), ((35117, 32896, 32896), "#808080")],
)
def test_that_neutral_colours_are_neutral(lab, expected):
    assert hex_of_lab(lab) == expected


def test_that_a_colour_of_the_screen_is_found_again_through_cielab():
    """highdicom counts from the white of daylight (D65), the standard from D50: a few levels apart."""
    from highdicom.color import CIELabColor

    made = hex_of_lab(CIELabColor.from_rgb(200, 40, 60).value)
    assert all(abs(int(made[k : k + 2], 16) - v) <= 4 for k, v in ((1, 200), (3, 40), (5, 60)))


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


def levels(image: Path, window) -> np.ndarray:
    volume = read_slice(scan([image]).all_series()[0], 0)
    return apply_window(volume.voxels[0], window)


class TestGrey:
    def test_that_its_window_takes_the_place_of_the_image_s(self, tmp_path):
        voi = [item(WindowCenter=300, WindowWidth=200)]
        image, found = pair(tmp_path, {"SoftcopyVOILUTSequence": voi})
        window = found.window_of(image)
        assert (window.centre, window.width, window.invert) == (300, 200, False)

    def test_that_windows_belong_to_their_images(self, tmp_path):
        images = [make_projection(k) for k in range(2)]
        paths = [save(ds, tmp_path / f"{k}.dcm") for k, ds in enumerate(images)]
        voi = [item(WindowCenter=100 * (k + 1), WindowWidth=50, ReferencedImageSequence=[names(ds)])
               for k, ds in enumerate(images)]  # fmt: skip
        found = read(save(make_presentation(images, {"SoftcopyVOILUTSequence": voi}), tmp_path / "s.dcm"))
        assert [found.window_of(image_of(path)).centre for path in paths] == [100, 200]

    @pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
    def test_that_its_polarity_takes_the_place_of_the_image_s(self, tmp_path, photometric):
        image, found = pair(
            tmp_path, {"PresentationLUTShape": "INVERSE"}, PhotometricInterpretation=photometric
        )
        assert found.window_of(image).invert
        image, found = pair(tmp_path / "b", {}, PhotometricInterpretation=photometric)
        assert not found.window_of(image).invert

    def test_that_without_a_window_the_whole_range_is_shown(self, tmp_path):
        image, found = pair(tmp_path)
        window = found.window_of(image)
        assert (window.centre - window.width / 2, window.centre + window.width / 2) == (0, 4095)

    @pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (2, 10), (-1, 4095), (0.5, 0)])
    def test_that_a_window_in_other_units_shows_the_same_greys(self, tmp_path, slope, intercept):
        """The state brings its own rescale; the values of the image stay as they are."""
        voi = [item(WindowCenter=slope * 600 + intercept, WindowWidth=abs(slope) * 500)]
        facts = {"RescaleSlope": slope, "RescaleIntercept": intercept, "RescaleType": "US",
                 "SoftcopyVOILUTSequence": voi}  # fmt: skip
        image, state = write_pair(tmp_path, facts)
        window = read(state).window_of(image_of(image))
        stored = np.frombuffer(make_projection().PixelData, "<u2").reshape(ROWS, COLUMNS).astype(float)
        x, c, w = stored * slope + intercept, slope * 600 + intercept, abs(slope) * 500
        expected = np.clip(((x - (c - 0.5)) / (w - 1) + 0.5) * 255, 0, 255)
        assert np.abs(levels(image, window) - expected).max() <= 0.51

    def test_that_a_table_is_looked_up(self, tmp_path):
        table = np.linspace(65535, 0, 1200).astype("<u2")
        lut = item(LUTDescriptor=[1200, 0, 16])
        lut.add_new("LUTData", "OW", table.tobytes())
        voi = [item(VOILUTSequence=[lut])]
        image, state = write_pair(tmp_path, {"SoftcopyVOILUTSequence": voi})
        window = read(state).window_of(image_of(image))
        stored = np.frombuffer(make_projection().PixelData, "<u2").reshape(ROWS, COLUMNS)
        assert np.abs(levels(image, window) - table[stored] / 257.0).max() <= 0.51

    @pytest.mark.parametrize("width", [0, -5, float("inf")])
    def test_that_a_window_the_standard_forbids_is_left_out(self, tmp_path, width):
        value = width if math.isfinite(width) else "1e400"
        voi = item(WindowCenter=300)
        voi.add_new("WindowWidth", "DS", value)
        _, found = pair(tmp_path, {"SoftcopyVOILUTSequence": [voi]})
        assert found.windows == ()
        assert len(found.left_out) == 1

    @pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="dcmtk's dcmp2pgm is not installed")
    @pytest.mark.parametrize(("degrees", "flip"), [(0, "N"), (90, "N"), (180, "Y"), (270, "Y"), (90, "Y")])
    @pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE"])
    def test_that_dcmtk_renders_the_same_picture(self, tmp_path, degrees, flip, shape):
        facts = {
            "ImageRotation": degrees, "ImageHorizontalFlip": flip, "PresentationLUTShape": shape,
            "SoftcopyVOILUTSequence": [item(WindowCenter=600, WindowWidth=900)],
            "DisplayedAreaSelectionSequence": [area([1, 1], [COLUMNS, ROWS])],
        }  # fmt: skip
        image, state = write_pair(tmp_path, facts)
        out = tmp_path / "out.pgm"
        command = ["dcmp2pgm", "-p", str(state), str(image), str(out)]
        made = subprocess.run(command, capture_output=True, timeout=60, check=False)
        if made.returncode != 0 or not out.exists():
            pytest.skip(f"dcmtk refused: {made.stderr[-200:]!r}")
        with Image.open(out) as picture:
            theirs = np.asarray(picture).astype(int)
        found = read(state)
        volume = read_slice(scan([image]).all_series()[0], 0)
        view = PlaneView.of(volume, turn=found.turn)
        ours = render(volume, view, 0, found.window_of(image_of(image)))[..., 0].astype(int)
        assert theirs.shape == ours.shape
        assert np.abs(theirs - ours).max() <= 1


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


class TestOverlays:
    def test_that_groups_are_active_only_where_it_says_so(self, tmp_path):
        image = add_plane(make_projection(), np.ones((2, 2), bool))
        state = make_presentation([image])
        state.add_new((0x6000, 0x1001), "CS", "LAYER")
        found = read(save(state, tmp_path / "a.dcm"))
        assert (found.active, found.planes) == ({0x6000}, ())
        assert read(save(make_presentation([image]), tmp_path / "b.dcm")).active == frozenset()

    def test_that_its_own_planes_are_read(self, tmp_path):
        state = add_plane(make_presentation([make_projection()]), np.ones((2, 3), bool), group=0x6002)
        found = read(save(state, tmp_path / "a.dcm"))
        assert [(p.group, p.rows, p.columns) for p in found.planes] == [(0x6002, 2, 3)]


def damaged(ds: Dataset, folder: Path, seed: int) -> Path:
    """A file with a few bytes changed somewhere after its first 400."""
    path = save(ds, folder / "whole.dcm")
    raw, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for at in rng.integers(400, len(raw), 4):
        raw[at] = int(rng.integers(256))
    other = folder / "damaged.dcm"
    other.write_bytes(bytes(raw))
    return other


@pytest.mark.parametrize("seed", range(60))
def test_that_damage_is_a_sentence_or_a_presentation(tmp_path, seed):
    notes = [annotation("L", [drawing("CIRCLE", [1, 2, 3, 4])], [words("hello", box=[1, 1, 5, 5])])]
    voi = [item(WindowCenter=1, WindowWidth=2)]
    facts = {"GraphicAnnotationSequence": notes, "SoftcopyVOILUTSequence": voi,
             "DisplayedAreaSelectionSequence": [area([1, 1], [9, 9])], "ShutterShape": "CIRCULAR",
             "CenterOfCircularShutter": [5, 5], "RadiusOfCircularShutter": 3}  # fmt: skip
    image = make_projection()
    instance = image_of(save(image, tmp_path / "image" / "a.dcm"))
    with contextlib.suppress(Broken, UnreadableImage):
        found = read_presentation(damaged(make_presentation([image], facts), tmp_path, seed), "key")
        found.look_of(instance)
        found.window_of(instance)


def test_that_a_state_made_by_highdicom_is_read(tmp_path):
    image = make_projection()
    path = save(image, tmp_path / "image.dcm")
    layer = hd.pr.GraphicLayer("LAYER1", 1, display_color=None)
    circle = hd.pr.GraphicObject(
        hd.pr.GraphicTypeValues.CIRCLE,
        np.array([[10.0, 6.0], [13.0, 6.0]]),
        hd.pr.AnnotationUnitsValues.PIXEL,
    )
    text = hd.pr.TextObject("Here", hd.pr.AnnotationUnitsValues.DISPLAY, anchor_point=(0.5, 0.5))
    note = hd.pr.GraphicAnnotation([image], layer, graphic_objects=[circle], text_objects=[text])
    made = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[image],
        series_instance_uid=hd.UID(),
        series_number=7,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="Maker",
        manufacturer_model_name="Model",
        software_versions="1",
        device_serial_number="1",
        content_label="HIGHDICOM",
        content_creator_name="Doe^Jane",
        graphic_layers=[layer],
        graphic_annotations=[note],
        voi_lut_transformations=[hd.pr.SoftcopyVOILUTTransformation(window_center=300, window_width=200)],
    )
    made.save_as(tmp_path / "state.dcm")
    found = read(tmp_path / "state.dcm")
    look = found.look_of(image_of(path))
    assert (found.label, found.window_of(image_of(path)).centre) == ("HIGHDICOM", 300)
    assert all(math.hypot(x - 10, (y - 6) * 2) == pytest.approx(3) for x, y in look.strokes[0].points)
    assert [(n.words, n.anchor) for n in look.notes] == [("Here", (COLUMNS / 2, ROWS / 2))]


def test_that_a_ct_is_presented_in_its_own_units(tmp_path):
    """A CT of intercept -1024 and a state with the same rescale: the window is in HU."""
    image = make_instance()
    path = save(image, tmp_path / "image.dcm")
    facts = {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU",
             "SoftcopyVOILUTSequence": [item(WindowCenter=40, WindowWidth=400)]}  # fmt: skip
    found = read(save(make_presentation([image], facts), tmp_path / "state.dcm"))
    assert (found.window_of(image_of(path)).centre, found.window_of(image_of(path)).width) == (40, 400)
