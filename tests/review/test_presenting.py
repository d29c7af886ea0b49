"""Turning and presenting as acts of the reader: no picture lies as another series' did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.load import load_series
from medviewer.dicom.objects.presentation import read_presentation
from medviewer.dicom.presentation_state import Presentation
from medviewer.dicom.scan import scan
from medviewer.errors import UsageError
from medviewer.imaging.turn import FLIP_ACROSS, RIGHT, STRAIGHT, Turn
from medviewer.review.presenting import look_of, may_turn, series_of, turn_of
from medviewer.review.report_figures import figures
from medviewer.review.session import Session
from medviewer.review.state import Change
from tests.dicom.presentations import make_presentation, make_projection, names
from tests.dicom.test_multiframe import enhanced, frame
from tests.factories import item, make_ct_series, save


def session_on(folder: Path, *images: Dataset) -> Session:
    for k, ds in enumerate(images):
        save(ds, folder / f"{k}.dcm")
    session = Session()
    session.open(scan([folder]))
    session.show(session.state.scan.all_series()[0].key)
    return session


def presentation(folder: Path, images: list[Dataset], **facts: object) -> Presentation:
    path = save(make_presentation(images, facts), folder / "state" / "state.dcm")
    (found,) = scan([path]).objects
    return read_presentation(path, found.patient.key)


def windows(images: list[Dataset]) -> list[Dataset]:
    return [
        item(WindowCenter=100 * (k + 1), WindowWidth=50, ReferencedImageSequence=[names(ds)])
        for k, ds in enumerate(images)
    ]


def test_that_turns_add_up_and_are_taken_back(tmp_path):
    session = session_on(tmp_path, make_projection())
    told = []
    session.subscribe(lambda _, change: told.append(change))
    session.turn(RIGHT)
    session.turn(FLIP_ACROSS)
    assert session.state.turn == Turn(1, True)
    session.straighten()
    session.straighten()
    assert session.state.turn == STRAIGHT
    assert told == [Change.PRESENT] * 3


@pytest.mark.parametrize("modality", ["CT", "MR", "PT", "NM"])
def test_that_cross_sections_are_not_turned(tmp_path, modality):
    ds = make_projection()
    ds.Modality = modality
    session = session_on(tmp_path, ds)
    with pytest.raises(UsageError, match="projection"):
        session.turn(RIGHT)
    assert session.state.turn == STRAIGHT


@pytest.mark.parametrize("modality", ["CR", "DX", "MG", "XA", "RF", "US", "OT"])
def test_that_projections_are(tmp_path, modality):
    ds = make_projection()
    ds.Modality = modality
    assert may_turn(session_on(tmp_path, ds).state.series)


def test_that_what_has_a_place_in_the_patient_is_not_turned(tmp_path):
    def as_ultrasound(ds: Dataset, _: int) -> None:
        ds.Modality = "US"

    make_ct_series(tmp_path, slices=3, tweak=as_ultrasound)
    (series,) = scan([tmp_path]).all_series()
    assert series.geometry is not None
    assert not may_turn(series)


def test_that_each_series_keeps_its_own_turn(tmp_path):
    other = make_projection(5, seed=1)
    session = session_on(tmp_path, make_projection(), other)
    one, two = (series.key for series in session.state.scan.all_series())
    session.turn(RIGHT)
    told = []
    session.subscribe(lambda state, _: told.append((state.series.key, state.turn)))
    session.show(two)
    session.show(one)
    assert told == [(two, STRAIGHT), (one, RIGHT)], "nobody ever hears of one series with the other's turn"


def test_that_the_window_follows_the_images_until_the_reader_chooses_one(tmp_path):
    images = [make_projection(k) for k in range(3)]
    session = session_on(tmp_path, *images)
    own = session.state.window
    session.present(presentation(tmp_path, images[:2], SoftcopyVOILUTSequence=windows(images[:2])))
    assert (session.state.index, session.state.window.centre) == (0, 100)
    session.scroll(1)
    assert session.state.window.centre == 200
    session.scroll(2)
    assert session.state.window == own, "it says nothing of the third"
    session.scroll(0)
    assert session.state.window.centre == 100
    chosen = own
    session.set_window(chosen)
    session.scroll(1)
    assert session.state.window == chosen
    session.remove_presentation()
    assert session.state.window == chosen


def test_that_only_its_images_are_turned(tmp_path):
    images = [make_projection(k) for k in range(2)]
    session = session_on(tmp_path, *images)
    session.present(presentation(tmp_path, images[1:], ImageRotation=90))
    assert session.state.index == 1
    assert (turn_of(session.state), look_of(session.state).turn) == (RIGHT, RIGHT)
    session.turn(RIGHT)
    assert turn_of(session.state) == Turn(2)
    session.scroll(0)
    assert turn_of(session.state) == RIGHT, "the reader's own"


def test_that_another_series_ends_it(tmp_path):
    images = [make_projection(), make_projection(5, seed=1)]
    session = session_on(tmp_path, *images)
    own = session.state.window
    one, two = (series.key for series in session.state.scan.all_series())
    session.present(presentation(tmp_path, images[:1], SoftcopyVOILUTSequence=windows(images[:1])))
    session.show(two)
    assert session.state.presentation is None
    session.show(one)
    assert (session.state.presentation, session.state.window) == (None, own)


def test_that_one_of_other_images_or_of_another_patient_is_refused(tmp_path):
    images = [make_projection(0), make_projection(1)]
    session = session_on(tmp_path, images[0])
    other = presentation(tmp_path, images[1:])
    assert series_of(session.state.scan, other) is None
    with pytest.raises(UsageError, match="not open"):
        session.present(other)
    foreign = presentation(tmp_path, images[:1], PatientID="T2")
    assert series_of(session.state.scan, foreign) is None
    with pytest.raises(UsageError, match="not open"):
        session.present(foreign)


def test_that_a_key_image_is_in_the_report_as_it_was_seen(tmp_path):
    session = session_on(tmp_path, make_projection())
    session.turn(RIGHT)
    session.toggle_key_image()
    volume = load_series(session.state.series)
    (figure,) = figures(session.state, {session.state.series.key: volume})
    assert "rotated 90°" in figure.caption
    rows, columns = figure.rgb.shape[:2]
    assert rows / columns == pytest.approx(20 * 0.2 / (12 * 0.4), rel=0.02)
    # Values grow downwards in the image: after a turn to the right the bright side is the left one.
    grey = figure.rgb[rows // 3 : rows // 2].astype(int).sum(axis=(0, 2))
    assert np.median(grey[columns // 8 : columns // 4]) > np.median(grey[-columns // 4 : -columns // 8])


def test_that_hiding_planes_is_an_act_of_its_own(tmp_path):
    session = session_on(tmp_path, make_projection())
    session.hide_planes(True)
    assert session.state.planes_hidden
    session.hide_planes(False)
    assert not session.state.planes_hidden


@pytest.mark.parametrize(("number", "part"), [(2, 0), (5, 1)])
def test_that_frames_of_one_file_set_apart_are_each_found(tmp_path, number, part):
    """One file whose frames make two series: a state of either is shown on it, and is no error."""
    groups = [frame(3.0 * (k % 3), FrameContent=item(TemporalPositionIndex=k // 3 + 1)) for k in range(6)]
    image = enhanced(*groups)
    session = session_on(tmp_path, image)
    parts = session.state.scan.all_series()
    numbers = [sorted(i.frame + 1 for i in part.instances) for part in parts]
    assert numbers == [[1, 2, 3], [4, 5, 6]]
    path = save(
        make_presentation([image], {"ReferencedSeriesSequence": [item(
            SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[names(image, [number])]
        )]}),
        tmp_path / "state" / "state.dcm",
    )  # fmt: skip
    (found,) = scan([path]).objects
    state = read_presentation(path, found.patient.key)
    assert series_of(session.state.scan, state) is parts[part]
    session.show(parts[part].key)
    session.present(state)
    assert parts[part].instances[session.state.index].frame == number - 1
    session.show(parts[1 - part].key)
    with pytest.raises(UsageError, match="not open"):
        session.present(state)


def test_that_a_name_that_finds_nothing_does_not_hide_the_next(tmp_path):
    """The first image named is open, but not the frame: the second name is looked for."""
    images = [make_projection(0), make_projection(1)]
    session = session_on(tmp_path, *images)
    path = save(
        make_presentation(images, {"ReferencedSeriesSequence": [item(
            SeriesInstanceUID=images[0].SeriesInstanceUID,
            ReferencedImageSequence=[names(images[0], [7]), names(images[1])],
        )]}),
        tmp_path / "state" / "state.dcm",
    )  # fmt: skip
    (found,) = scan([path]).objects
    session.present(read_presentation(path, found.patient.key))
    assert session.state.series.instances[session.state.index].sop_uid == images[1].SOPInstanceUID
