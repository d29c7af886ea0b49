"""Presentation states written: every point on the image point it was drawn at, however the picture lies."""

from __future__ import annotations

import math
import subprocess
from dataclasses import replace
from itertools import product
from pathlib import Path
from shutil import which

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from medviewer.dicom.evidence.derived import Origin, read_origin
from medviewer.dicom.evidence.presentation_back import check_presentation
from medviewer.dicom.evidence.presentation_object import presentation_object
from medviewer.dicom.objects.presentation import read_presentation
from medviewer.dicom.presentation_state import Drawing, For, ImageRef, Presentation
from medviewer.dicom.study import Instance
from medviewer.errors import UsageError
from medviewer.imaging.presented import Area, Graphic, from_picture, to_picture
from medviewer.imaging.render import apply_window
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.turn import Turn
from medviewer.imaging.window import VoiFunction, VoiLut, Window
from tests.dicom.evidence.written import ct_origin, errors_of, multiframe_origin, new, presentation, put, refs
from tests.dicom.presentations import make_projection
from tests.dicom.scanned import only
from tests.factories import make_instance, save

TURNS = [Turn(quarters, mirrored) for quarters, mirrored in product(range(4), (False, True))]


def written(origin: Origin, meant: Presentation, folder: Path, **how: object) -> Path:
    return put(presentation_object(origin, meant, new(), **how), folder / "out")  # type: ignore[arg-type]


def first_of(origin: Origin, folder: Path) -> Instance:
    """The image that things are drawn on, as the window knows it."""
    uid = origin.images[0].sop_uid
    return next(i for i in only(folder / "ct").instances if i.sop_uid == uid)


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_that_our_own_reader_shows_what_was_drawn(tmp_path: Path, turn: Turn) -> None:
    origin = ct_origin(tmp_path)
    meant = presentation(origin, turn)
    path = written(origin, meant, tmp_path, rescale_type="HU")
    check_presentation(path, origin, meant)
    found = read_presentation(path, "")
    assert (found.turn, found.label, found.description) == (turn, "READER", "What the reader drew")
    assert found.creator == "Тест Reader"
    assert found.left_out == ()
    assert [d.value.what.words for d in found.drawings if not isinstance(d.value.what, Graphic)] == [
        "23.4 mm",
        "dünn, κάτι, нечто, 結節\nbelow",
    ]


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_that_points_on_the_screen_are_back_where_they_were(tmp_path: Path, turn: Turn) -> None:
    """A point clicked on the turned picture, kept as image point, written, read, and put on the picture."""
    origin = ct_origin(tmp_path)
    view = PlaneView((3, 16, 12), None, turn=turn)
    clicked = [(0.2, 0.3), (5.5, 7.25), (view.shape[1] - 0.1, view.shape[0] - 0.1)]
    line = Graphic("POLYLINE", tuple(from_picture(view, point) for point in clicked))
    here = refs(origin)
    meant = Presentation(
        "", "", images=here, turn=turn, drawings=(For(here, Drawing(0, line)),), inverse=False
    )
    series = read_presentation(written(origin, meant, tmp_path), "")
    look = series.look_of(first_of(origin, tmp_path))
    shown = PlaneView((3, 16, 12), None, turn=look.turn)
    back = [to_picture(shown, point) for point in look.strokes[0].points]
    assert max(math.dist(a, b) for a, b in zip(clicked, back, strict=True)) < 0.01


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=st.lists(st.tuples(st.floats(0, 16_384), st.floats(0, 16_384)), min_size=2, max_size=9))
def test_that_points_of_the_largest_images_keep_a_hundredth_of_a_pixel(
    tmp_path: Path, points: list[tuple[float, float]]
) -> None:
    origin = ct_origin(tmp_path)
    here = refs(origin)
    things = (For(here, Drawing(0, Graphic("POLYLINE", tuple(points)))),)
    meant = Presentation("", "", images=here, drawings=things, inverse=False)
    check_presentation(written(origin, meant, tmp_path), origin, meant)


def test_that_drawings_stay_on_their_frame(tmp_path: Path) -> None:
    origin = multiframe_origin(tmp_path)
    meant = replace(presentation(origin, frames=(3,)), images=refs(origin, 1, 3))
    path = written(origin, meant, tmp_path)
    check_presentation(path, origin, meant)
    found = read_presentation(path, "")
    assert {ref.frames for drawing in found.drawings for ref in drawing.images} == {(3,)}
    assert found.images == refs(origin, 1, 3)


def test_that_each_image_keeps_its_own_drawings_and_window(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    first, second = refs(origin, k=0), refs(origin, k=2)
    lines = [Graphic("POLYLINE", ((k, k), (k + 5.5, k + 1))) for k in (1.0, 2.0)]
    meant = Presentation(
        "",
        "",
        images=(*first, *second),
        drawings=(For(first, Drawing(0, lines[0])), For(second, Drawing(0, lines[1]))),
        windows=(For(first, Window(40, 400)), For(second, Window(-600, 1500))),
        intercept=-1024.0,
        inverse=False,
    )
    path = written(origin, meant, tmp_path)
    check_presentation(path, origin, meant)
    instances = only(tmp_path / "ct").instances
    found = read_presentation(path, "")
    by_uid = {i.sop_uid: i for i in instances}
    for ref, line, centre in ((first[0], lines[0], 40), (second[0], lines[1], -600)):
        instance = by_uid[ref.sop_uid]
        assert [s.points for s in found.look_of(instance).strokes] == [line.points]
        window = found.window_of(instance)
        assert window is not None
        assert window.centre == centre
    assert found.look_of(by_uid[origin.images[1].sop_uid]).strokes == ()


@pytest.mark.parametrize(
    "window",
    [
        Window(40, 400, name="soft tissue"),
        Window(40.25, 0.5, VoiFunction.LINEAR_EXACT),
        Window(-0.123456, 12.5, VoiFunction.SIGMOID),
        Window(1.5, 3, lut=VoiLut(-1000, 12, np.array([5, 9, 4095], "<u2").tobytes())),
        Window(1.5, 3, lut=VoiLut(7, 16, np.array([5, 9, 65535], "<u2").tobytes())),
    ],
    ids=["linear", "exact", "sigmoid", "table below zero", "table"],
)
@pytest.mark.parametrize("inverse", [False, True])
def test_that_grey_levels_are_those_that_were_seen(tmp_path: Path, window: Window, inverse: bool) -> None:
    origin = ct_origin(tmp_path)
    here = refs(origin)
    meant = Presentation(
        "", "", images=here, windows=(For(here, window),), intercept=-1024.0, inverse=inverse
    )
    path = written(origin, meant, tmp_path, rescale_type="HU")
    check_presentation(path, origin, meant)
    found = read_presentation(path, "").window_of(first_of(origin, tmp_path))
    assert found is not None
    values = np.linspace(-1100, 500, 333)
    seen = apply_window(values, replace(window, invert=inverse))
    np.testing.assert_array_equal(apply_window(values, found), seen)


def test_that_the_displayed_corners_are_those_on_the_screen(tmp_path: Path) -> None:
    """PS3.3 C.10.4: top left is the pixel in the top left corner once the picture is turned."""
    origin = ct_origin(tmp_path)
    corners = {}
    for turn in (Turn(), Turn(1), Turn(2), Turn(0, True)):
        ds = presentation_object(origin, presentation(origin, turn), new())
        (area,) = ds.DisplayedAreaSelectionSequence
        first, last = area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner
        corners[turn] = (list(first), list(last))
    assert corners == {
        Turn(): ([1, 1], [12, 16]),
        Turn(1): ([1, 16], [12, 1]),
        Turn(2): ([12, 16], [1, 1]),
        Turn(0, True): ([12, 1], [1, 16]),
    }


def test_that_pixels_that_are_not_square_stay_so(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    here = refs(origin)
    area = Area((1, 1), (12, 16), aspect=0.8 / 0.5)
    meant = replace(presentation(origin), areas=(For(here, area),))
    ds = presentation_object(origin, meant, new())
    assert list(ds.DisplayedAreaSelectionSequence[0].PresentationPixelAspectRatio) == [8, 5]
    assert read_presentation(put(ds, tmp_path / "out"), "").areas[0].value.aspect == 1.6


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_that_dcmtk_turns_and_windows_the_image_the_same_way(tmp_path: Path, turn: Turn) -> None:
    """A peer renders image and state: its picture is our picture, pixel for pixel."""
    if which("dcmp2pgm") is None:
        pytest.skip("dcmp2pgm (dcmtk) is not on this machine")
    ds = make_projection()
    source = save(ds, tmp_path / "in" / "image.dcm")
    origin = read_origin([source])
    here = refs(origin)
    window = Window(600.0, 1200.0, VoiFunction.LINEAR)
    meant = Presentation("", "", images=here, turn=turn, windows=(For(here, window),), inverse=False)
    path, out = written(origin, meant, tmp_path), tmp_path / "out.pgm"
    subprocess.run(["dcmp2pgm", "-p", str(path), str(source), str(out)], check=True, capture_output=True)
    stored = np.asarray(ds.pixel_array)
    ours = PlaneView((1, *stored.shape), None, turn=turn).placed(apply_window(stored, window))
    theirs = np.asarray(Image.open(out)).astype(int)
    assert theirs.shape == ours.shape
    assert np.abs(theirs - ours).max() <= 1


def test_that_colour_pictures_get_a_state_in_colour(tmp_path: Path) -> None:
    ds = make_instance(0)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = np.zeros((16, 12, 3), np.uint8).tobytes()
    origin = read_origin([save(ds, tmp_path / "rgb.dcm")])
    meant = replace(presentation(origin, Turn(1)), inverse=None, windows=(), slope=1.0, intercept=0.0)
    path = written(origin, meant, tmp_path)
    check_presentation(path, origin, meant)
    assert pydicom.dcmread(path).SOPClassUID == "1.2.840.10008.5.1.4.1.1.11.2"
    assert errors_of(path) == []


def test_that_drawings_on_images_that_are_not_presented_are_refused(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    good = presentation(origin)
    stray = For((ImageRef(origin.images[1].sop_uid),), Drawing(0, Graphic("POINT", ((1.0, 1.0),))))
    for wrong in (
        replace(good, drawings=(*good.drawings, stray)),
        replace(good, images=()),
        replace(good, images=(ImageRef("1.2.3"),)),
    ):
        with pytest.raises(UsageError):
            presentation_object(origin, wrong, new())


def test_that_the_validator_has_nothing_against_it(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    for turn in (Turn(), Turn(1, True)):
        path = written(origin, presentation(origin, turn), tmp_path, rescale_type="HU")
        assert errors_of(path) == []


@pytest.mark.parametrize("turn", [Turn(), Turn(3, True)], ids=str)
def test_that_dcmtk_finds_the_state_sound_in_itself(tmp_path: Path, turn: Turn) -> None:
    """Its checker knows no UTF-8, so it is shown plain words."""
    if which("dcmpschk") is None:
        pytest.skip("dcmpschk (dcmtk) is not on this machine")
    origin = ct_origin(tmp_path)
    meant = presentation(origin, turn)
    graphics = tuple(d for d in meant.drawings if isinstance(d.value.what, Graphic))
    path = written(origin, replace(meant, drawings=graphics, creator="Reader"), tmp_path)
    told = subprocess.run(["dcmpschk", "-v", str(path)], capture_output=True, text=True, check=True)
    assert "Semantic Check" in told.stdout + told.stderr
    assert [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("E:")] == []
