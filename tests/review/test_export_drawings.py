"""From drawings to presentation states: opened again, they lie where they were drawn."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.derived import NewObject, file_bytes, read_origin
from medviewer.dicom.evidence.modality_lut import read_modality_lut
from medviewer.dicom.evidence.presentation_back import check_presentation
from medviewer.dicom.evidence.presentation_object import presentation_object
from medviewer.dicom.objects.presentation import read_presentation
from medviewer.dicom.presentation_state import Presentation
from medviewer.dicom.scan import scan
from medviewer.errors import UnreadableImage
from medviewer.imaging.presented import Graphic, Text, from_picture, to_picture
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.imaging.window import Window
from medviewer.review.export_drawings import ACROSS, NO_PALETTE, drawing_of, presentations_of
from medviewer.review.figures import to_voxels
from medviewer.review.presenting import look_of, turn_of
from medviewer.review.session import Session
from medviewer.review.state import ReaderMeasurement
from tests.dicom.presentations import make_projection
from tests.factories import item, make_instance, save
from tests.review.exports import ELLIPSE, LENGTH, key_image, measurement, worked
from tests.review.makers import FIRST, clock


def session_on(folder: Path, *images: Dataset) -> Session:
    for k, ds in enumerate(images):
        save(ds, folder / f"{k}.dcm")
    session = Session("Tarō 山田", clock=clock)
    session.open(scan([folder]))
    (series,) = session.state.scan.all_series()  # type: ignore[union-attr]
    session.show(series.key)
    return session


def draw(session: Session, kind: str, view: PlaneView, *clicked: tuple[float, float], text: str = "") -> None:
    state = session.state
    assert state.series is not None
    points = to_voxels(view, state.index, clicked)
    session.add_measurement(
        ReaderMeasurement("", kind, state.series.key, Plane.NATIVE, state.index, points, text)
    )


def written(session: Session, folder: Path) -> list[Path]:
    state = session.state
    assert state.series is not None
    origin = read_origin(dict.fromkeys(i.path for i in state.series.instances))
    paths = []
    for k, drawn in enumerate(presentations_of(state).made):
        meant, table = drawn.presentation, read_modality_lut(drawn.table) if drawn.table else ()
        new = NewObject("", "", 904, "Drawn", k + 1)
        ds = presentation_object(origin, meant, new, rescale_type=drawn.unit, modality_lut=table)
        paths.append(folder / f"pr{k}.dcm")
        folder.mkdir(exist_ok=True)
        paths[-1].write_bytes(file_bytes(ds))
        check_presentation(paths[-1], origin, meant)
    return paths


def again(session: Session, path: Path) -> Presentation:
    assert session.state.patient is not None
    found = read_presentation(path, session.state.patient.key)
    session.present(found)
    return found


@pytest.mark.parametrize("turn", [Turn(q, m) for q, m in product(range(4), (False, True))], ids=str)
def test_that_what_was_drawn_on_a_turned_projection_lies_there_again(tmp_path: Path, turn: Turn) -> None:
    """Drawn on the turned picture, written, read and presented: the same points of the screen."""
    session = session_on(tmp_path / "in", make_projection())
    session.turn(turn)
    session.set_window(Window(600, 1200))
    view = PlaneView((1, 12, 20), None, turn=turn)
    line = ((1.25, 2.5), (7.125, 9.0))
    draw(session, "length", view, *line, text="2.7\u2009mm")
    draw(session, "ellipse", view, (5.0, 6.0), (8.5, 6.0), (5.0, 10.0), text="9 mm²")
    (path,) = written(session, tmp_path / "out")
    fresh = session_on(tmp_path / "in")
    again(fresh, path)
    assert turn_of(fresh.state) == turn
    shown = PlaneView((1, 12, 20), None, turn=turn_of(fresh.state))
    look = look_of(fresh.state)
    back = [to_picture(shown, p) for p in look.strokes[0].points]
    assert max(math.dist(a, b) for a, b in zip(line, back, strict=True)) < 0.01
    ellipse = [to_picture(shown, p) for p in look.strokes[1].points]
    reach = [math.hypot((x - 5) / 3.5, (y - 6) / 4) for x, y in ellipse]
    assert max(abs(r - 1) for r in reach) < 0.01 / 3.5
    assert [note.words for note in look.notes] == ["2.7 mm", "9 mm²"]
    assert fresh.state.window is not None
    assert (fresh.state.window.centre, fresh.state.window.width) == (600, 1200)


def test_that_drawings_come_back_on_their_own_frame(tmp_path: Path) -> None:
    ds = make_projection()
    ds.NumberOfFrames, ds.PixelData = 3, ds.PixelData * 3
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7.3"
    session = session_on(tmp_path / "in", ds)
    assert len(session.state.series.instances) == 3  # type: ignore[union-attr]
    session.scroll(2)
    draw(session, "length", PlaneView((3, 12, 20), None), (1.0, 2.0), (3.5, 4.5), text="x")
    (path,) = written(session, tmp_path / "out")
    fresh = session_on(tmp_path / "in")
    again(fresh, path)
    assert fresh.state.index == 2
    assert look_of(fresh.state).strokes[0].points == ((1.0, 2.0), (3.5, 4.5))
    fresh.scroll(0)
    assert look_of(fresh.state).strokes == ()


def test_that_an_inverted_image_stays_so(tmp_path: Path) -> None:
    ds = make_projection()
    ds.PhotometricInterpretation = "MONOCHROME1"
    session = session_on(tmp_path / "in", ds)
    for invert in (True, False):
        session.set_window(Window(600, 1200, invert=invert))
        session.toggle_key_image()
        (path,) = written(session, tmp_path / "out")
        fresh = session_on(tmp_path / "in")
        again(fresh, path)
        assert fresh.state.window is not None
        assert fresh.state.window.invert is invert
        session.toggle_key_image()


def test_that_hounsfield_units_keep_their_window(tmp_path: Path) -> None:
    session = session_on(tmp_path / "in", *(make_instance(k) for k in range(3)))
    session.scroll(1)
    session.set_window(Window(-600, 1500, name="lung"))
    session.toggle_key_image()
    (made,) = presentations_of(session.state).made
    assert (made.unit, made.presentation.intercept) == ("HU", -1024.0)
    (path,) = written(session, tmp_path / "out")
    fresh = session_on(tmp_path / "in")
    found = again(fresh, path)
    assert fresh.state.index == 1
    assert found.creator == "Tarō 山田"
    assert fresh.state.window is not None
    assert (fresh.state.window.centre, fresh.state.window.width) == (-600, 1500)


@pytest.mark.parametrize("first", [0, 40_000])
def test_that_a_table_of_values_goes_along(tmp_path: Path, first: int) -> None:
    """What would be lost: a state without it would show stored values."""
    ds = make_projection()
    table = np.arange(4096, dtype="<u2")[::-1].tobytes()
    del ds.RescaleSlope, ds.RescaleIntercept
    ds.ModalityLUTSequence = [item(ModalityLUTType="OD")]
    ds.ModalityLUTSequence[0].add_new("LUTDescriptor", "US", [4096, first, 12])
    ds.ModalityLUTSequence[0].add_new("LUTData", "OW", table)
    session = session_on(tmp_path / "in", ds)
    session.set_window(Window(2000, 900))
    session.toggle_key_image()
    (path,) = written(session, tmp_path / "out")
    (copied,) = pydicom.dcmread(path).ModalityLUTSequence
    assert (list(copied.LUTDescriptor), copied.LUTData, copied.ModalityLUTType) == (
        [4096, first, 12],
        table,
        "OD",
    )
    assert "RescaleSlope" not in pydicom.dcmread(path)
    assert pydicom.dcmread(path).SoftcopyVOILUTSequence[0].WindowCenter == 2000


def test_that_a_table_that_is_too_short_is_refused(tmp_path: Path) -> None:
    ds = make_projection()
    ds.ModalityLUTSequence = [item(ModalityLUTType="OD")]
    ds.ModalityLUTSequence[0].add_new("LUTDescriptor", "US", [4096, 0, 12])
    ds.ModalityLUTSequence[0].add_new("LUTData", "OW", bytes(100))
    for path in (save(ds, tmp_path / "short.dcm"), save(make_projection(), tmp_path / "none.dcm")):
        with pytest.raises(UnreadableImage):
            read_modality_lut(path)


def test_that_images_that_lay_differently_make_several_states() -> None:
    session = worked()
    session.add_key_image(key_image(1))
    session.add_key_image(key_image(4, turn=Turn(1)))
    session.add_key_image(key_image(5, window=Window(40, 400, invert=True)))
    made = [one.presentation for one in presentations_of(session.state).made]
    assert {(one.turn, one.inverse) for one in made} == {
        (STRAIGHT, False),
        (Turn(1), False),
        (STRAIGHT, True),
    }
    assert sum(len(one.images) for one in made) == 4


def test_that_what_cannot_be_said_is_told() -> None:
    session = worked()
    session.add_measurement(measurement("length", "1", LENGTH, plane=Plane.CORONAL, index=3))
    session.add_measurement(measurement("length", "1", LENGTH, plane=Plane.AXIAL, index=2))
    session.add_key_image(key_image(1, window=replace(Window(-600, 1500), colours="viridis")))
    states = presentations_of(session.state)
    assert states.left_out == (ACROSS, NO_PALETTE)
    on_second = {ref.sop_uid for one in states.made for d in one.presentation.drawings for ref in d.images}
    assert on_second == {"1.2.3.1.2"}


def test_that_nothing_drawn_is_no_state_and_other_series_stay_out() -> None:
    session = Session("r", clock=clock)
    assert presentations_of(session.state).made == ()
    session = worked()
    for m in session.state.measurements:
        session.remove_measurement(m.id)
    session.add_measurement(measurement("length", "1", LENGTH, series_key="9.9"))
    assert presentations_of(session.state).made == ()


def test_that_shapes_are_those_of_the_standard() -> None:
    (ellipse, said) = drawing_of(measurement("ellipse", "x", ELLIPSE))
    assert isinstance(ellipse, Graphic)
    assert ellipse.kind == "ELLIPSE"
    assert ellipse.points == ((20.0, 26.75), (20.0, 13.25), (15.5, 20.0), (24.5, 20.0))
    assert isinstance(said, Text)
    (line,) = drawing_of(measurement("length", "", LENGTH))
    assert isinstance(line, Graphic)
    assert line.points == ((6.5, 5.25), (30.125, 9.75))
    noted = drawing_of(measurement("length", "5 mm", LENGTH, note="mm, calibrated by reader: A"))[1]
    assert isinstance(noted, Text)
    assert noted.words == "5 mm\nmm, calibrated by reader: A"
    assert from_picture(PlaneView((1, 9, 9), None), (1.0, 1.0)) == (1.0, 1.0)
    assert FIRST == "1.2.3.1"
