"""Overlay planes lie on the pixel the header names, whatever else it says."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian

from medviewer.dicom.elements import Broken
from medviewer.dicom.overlay_planes import plane_on, read_planes, union_on
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Instance
from medviewer.errors import UnreadableImage
from tests.dicom.presentations import add_plane, image_of, make_projection
from tests.factories import make_instance, save

ROWS, COLUMNS = 12, 20
BITS = np.random.default_rng(1).random((5, 7)) < 0.5


def shown(path: Path) -> np.ndarray:
    found = union_on(read_planes(path).planes, image_of(path))
    assert found is not None
    return found


def expected(
    bits: np.ndarray, origin: tuple[int, int], shape: tuple[int, int] = (ROWS, COLUMNS)
) -> np.ndarray:
    """Bit by bit: overlay pixel (i, j) from 0 lies on image pixel origin + (i, j), counted from 1."""
    out = np.zeros(shape, bool)
    for (i, j), value in np.ndenumerate(bits):
        row, column = origin[0] + i - 1, origin[1] + j - 1
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            out[row, column] = value
    return out


@pytest.mark.parametrize(
    "origin", [(1, 1), (4, 6), (-2, -3), (0, 0), (10, 17), (13, 1), (-40, 2), (1, 30), (-32768, 32767)]
)
def test_that_every_bit_lies_on_its_pixel(tmp_path, origin):
    path = save(add_plane(make_projection(), BITS, origin), tmp_path / "a.dcm")
    assert image_of(path).overlays
    np.testing.assert_array_equal(shown(path), expected(BITS, origin))


def test_that_a_plane_larger_than_the_image_is_cut(tmp_path):
    large = np.random.default_rng(2).random((40, 50)) < 0.5
    path = save(add_plane(make_projection(), large, (-5, -7)), tmp_path / "a.dcm")
    np.testing.assert_array_equal(shown(path), expected(large, (-5, -7)))


def test_that_what_a_plane_is_can_be_told(tmp_path):
    ds = add_plane(add_plane(make_projection(), BITS), BITS, group=0x6004, kind="R")
    planes = read_planes(save(ds, tmp_path / "a.dcm")).planes
    assert [plane.name for plane in planes] == [
        "Overlay 6000: graphics, Collimation",
        "Overlay 6004: ROI, Collimation",
    ]


def test_that_planes_are_joined(tmp_path):
    ds = add_plane(add_plane(make_projection(), BITS, (1, 1)), BITS, (3, 4), group=0x601E)
    path = save(ds, tmp_path / "a.dcm")
    np.testing.assert_array_equal(shown(path), expected(BITS, (1, 1)) | expected(BITS, (3, 4)))


def test_that_an_image_without_planes_has_none(tmp_path):
    path = save(make_projection(), tmp_path / "a.dcm")
    assert not image_of(path).overlays
    assert read_planes(path).planes == ()
    assert union_on((), image_of(path)) is None


def test_that_big_endian_words_are_read_in_order(tmp_path):
    ds = add_plane(make_projection(), BITS, (2, 3))
    pixels = np.frombuffer(ds.PixelData, "<u2")
    ds.PixelData = pixels.astype(">u2").tobytes()
    words = np.frombuffer(ds[0x6000, 0x3000].value, "<u2")
    ds[0x6000, 0x3000].value = words.astype(">u2").tobytes()
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    path = save(ds, tmp_path / "a.dcm")
    np.testing.assert_array_equal(shown(path), expected(BITS, (2, 3)))


class TestFrames:
    def multiframe(self, folder: Path, bits: np.ndarray, first_frame: int | None) -> list[Instance]:
        ds = make_projection()
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.12.1"
        ds.Modality, ds.NumberOfFrames = "XA", 4
        ds.PixelData = ds.PixelData * 4
        save(add_plane(ds, bits, first_frame=first_frame), folder / "a.dcm")
        return sorted(scan([folder]).all_series()[0].instances, key=lambda i: i.frame)

    def test_that_one_bitmap_lies_on_all_frames(self, tmp_path):
        frames = self.multiframe(tmp_path, BITS, None)
        (plane,) = read_planes(tmp_path / "a.dcm").planes
        for frame in frames:
            np.testing.assert_array_equal(plane_on(plane, frame), expected(BITS, (1, 1)))

    def test_that_bitmaps_lie_on_the_frames_they_are_counted_for(self, tmp_path):
        # 3 x 7 is no whole number of bytes: the second bitmap begins within one.
        bits = np.random.default_rng(3).random((2, 3, 7)) < 0.5
        frames = self.multiframe(tmp_path, bits, 2)
        (plane,) = read_planes(tmp_path / "a.dcm").planes
        found = [plane_on(plane, frame) for frame in frames]
        assert found[0] is None
        assert found[3] is None
        np.testing.assert_array_equal(found[1], expected(bits[0], (1, 1)))
        np.testing.assert_array_equal(found[2], expected(bits[1], (1, 1)))


class TestEmbedded:
    """Retired: the plane is one of the bits above those of the image."""

    def embedded(self, folder: Path, bit: int, **facts: object) -> tuple[Path, np.ndarray]:
        bits = np.random.default_rng(4).random((ROWS, COLUMNS)) < 0.5
        ds = add_plane(make_projection(), bits)
        del ds[0x6000, 0x3000]
        ds[0x6000, 0x0100].value, ds[0x6000, 0x0102].value = 16, bit
        pixels = np.frombuffer(ds.PixelData, "<u2").reshape(ROWS, COLUMNS)
        ds.PixelData = (pixels | (bits.astype("<u2") << bit)).tobytes()
        for keyword, value in facts.items():
            setattr(ds, keyword, value)
        return save(ds, folder / "a.dcm"), bits

    @pytest.mark.parametrize("bit", [12, 15])
    def test_that_it_is_read_from_the_stored_words(self, tmp_path, bit):
        path, bits = self.embedded(tmp_path, bit)
        np.testing.assert_array_equal(shown(path), bits)

    def test_that_a_bit_of_the_image_is_no_plane(self, tmp_path):
        path, _ = self.embedded(tmp_path, 11)
        assert union_on(read_planes(path).planes, image_of(path)) is None


def test_that_a_plane_cut_short_is_named_and_the_others_are_there(tmp_path):
    ds = add_plane(add_plane(make_projection(), BITS), BITS, group=0x6002)
    ds[0x6000, 0x3000].value = b"\1\2"
    path = save(ds, tmp_path / "a.dcm")
    found = read_planes(path)
    assert [plane.group for plane in found.planes] == [0x6002]
    assert found.left_out == ("Overlay plane 6000 is shorter than it says and is not shown.",)


@pytest.mark.parametrize(
    ("element", "vr", "value"),
    [
        (0x0010, "US", 0),
        (0x0011, "US", 0),
        (0x0015, "IS", "0"),
        (0x0015, "IS", "9999999"),
        (0x0010, "US", 65535),
    ],
)
def test_that_sizes_nobody_believes_are_refused(tmp_path, element, vr, value):
    ds = add_plane(make_projection(), BITS)
    ds.add_new((0x6000, element), vr, value)
    found = read_planes(save(ds, tmp_path / "a.dcm"))
    assert found.planes == ()
    assert len(found.left_out) == 1


@pytest.mark.parametrize("seed", range(40))
def test_that_damage_is_a_sentence_or_a_picture(tmp_path, seed):
    path = save(add_plane(make_projection(), BITS), tmp_path / "a.dcm")
    raw = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    place = raw.index(b"\x00\x60\x10\x00")
    for at in rng.integers(place, place + 160, 3):
        raw[at] = int(rng.integers(256))
    path.write_bytes(bytes(raw))
    instance = image_of(save(make_projection(), tmp_path / "whole" / "b.dcm"))
    with contextlib.suppress(Broken, UnreadableImage):
        found = union_on(read_planes(path).planes, instance)
        assert found is None or found.shape == (ROWS, COLUMNS)


@pytest.mark.skipif(shutil.which("dcm2pnm") is None, reason="dcmtk's dcm2pnm is not installed")
@pytest.mark.parametrize("origin", [(1, 1), (4, 6), (-1, -2), (9, 16)])
def test_that_dcmtk_puts_the_plane_on_the_same_pixels(tmp_path, origin):
    def blank(ds: Dataset) -> Dataset:
        ds.PixelData = bytes(len(ds.PixelData))
        return ds

    path = save(add_plane(blank(make_projection()), BITS, origin), tmp_path / "a.dcm")
    out = tmp_path / "a.pgm"
    command = ["dcm2pnm", "+Ww", "500", "1000", "+O", "0", "+Omr", "+op", str(path), str(out)]
    made = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    with Image.open(out) as picture:
        white = np.asarray(picture) > 128
    np.testing.assert_array_equal(white, shown(path))


def test_that_a_plane_of_a_ct_is_read_too(tmp_path):
    path = save(add_plane(make_instance(rows=ROWS, columns=COLUMNS), BITS, (2, 2)), tmp_path / "a.dcm")
    np.testing.assert_array_equal(shown(path), expected(BITS, (2, 2)))
