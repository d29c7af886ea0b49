"""Presentation states: read with care, each thing on its images, each point on its pixel."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.elements import Broken
from medviewer.dicom.objects.presentation import read_presentation
from medviewer.dicom.scan import scan
from medviewer.errors import UnreadableImage
from medviewer.imaging.presented import (
    PLAIN,
)
from medviewer.imaging.reslice import PlaneView
from medviewer.imaging.turn import RIGHT, Turn
from tests.dicom.presentations import (
    add_plane,
    annotation,
    area,
    drawing,
    image_of,
    make_presentation,
    make_projection,
    names,
    pair,
    read,
    words,
)
from tests.factories import item, save

ROWS, COLUMNS = 12, 20


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
