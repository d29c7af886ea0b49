"""Loading: the right value in every slice, nearest first, one allocation, failures kept apart."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEGLSLossless, RLELossless

from medviewer.dicom import load as loading
from medviewer.dicom.load import SeriesLoader, load_series, read_slice, thumbnail
from medviewer.dicom.scan import scan
from medviewer.errors import Cancelled, UnreadableImage
from medviewer.imaging.volume import Unit
from medviewer.tasks import TaskContext
from tests.dicom.scanned import one
from tests.factories import make_ct_series, make_instance, save


def test_every_slice_has_its_value_and_its_place(tmp_path: Path) -> None:
    volume = load_series(one(tmp_path))
    assert volume.voxels.dtype == np.int16
    assert volume.unit is Unit.HU
    expected = 100 + np.arange(10)[::-1] - 1024  # head first: the last file is the first slice
    np.testing.assert_array_equal(volume.voxels, np.broadcast_to(expected[:, None, None], (10, 16, 12)))
    assert volume.require_geometry().position((0, 0, 0)) == pytest.approx((-10.0, -20.0, -12.0))


def test_nearest_slices_come_first_and_a_new_wish_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_WORKERS", 1)
    loader = SeriesLoader(one(tmp_path, slices=30))
    order: list[int] = []

    def seen(index: int) -> None:
        order.append(index)
        if len(order) == 5:
            loader.prioritise(29)

    loader.load(first=10, on_slice=seen)
    assert sorted(order[:5]) == [8, 9, 10, 11, 12]
    assert order[0] == 10
    assert {29, 28, 27} <= set(order[5:10])
    assert sorted(order) == list(range(30))
    assert loader.complete


def test_the_volume_fills_while_it_is_shown(tmp_path: Path) -> None:
    loader = SeriesLoader(one(tmp_path))
    volume = loader.volume
    assert not volume.voxels.flags.writeable
    assert not loader.ready.any()
    assert np.shares_memory(loader.load().voxels, volume.voxels)
    assert loader.ready.all()


def test_a_slice_that_fails_is_told_and_the_rest_stays(tmp_path: Path) -> None:
    series = one(tmp_path)
    series.instances[4].path.unlink()
    loader = SeriesLoader(series)
    volume = loader.load()
    assert list(loader.failed) == [4]
    assert "could not be read" in loader.failed[4]
    assert loader.complete
    assert volume.voxels[4].max() == -1024
    assert volume.voxels[5, 0, 0] == 104 - 1024


def test_a_file_exchanged_after_the_scan_is_not_shown(tmp_path: Path) -> None:
    series = one(tmp_path)
    other = make_instance(7, pixels=np.full((16, 12), 5, np.int16))
    other.PatientID = "SOMEONE-ELSE-ENTIRELY"
    save(other, series.instances[2].path)
    loader = SeriesLoader(series)
    loader.load()
    assert list(loader.failed) == [2]
    assert "changed" in loader.failed[2]


def test_when_nothing_can_be_read_that_is_said(tmp_path: Path) -> None:
    series = one(tmp_path, slices=3)
    for instance in series.instances:
        instance.path.unlink()
    with pytest.raises(UnreadableImage):
        load_series(series)


def test_a_cancelled_load_stops_and_can_go_on(tmp_path: Path) -> None:
    loader = SeriesLoader(one(tmp_path, slices=200))
    context = TaskContext()
    with pytest.raises(Cancelled):
        loader.load(context, on_slice=lambda _: context.cancel())
    assert not loader.complete
    loader.load()
    assert loader.ready.all()


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    told: list[float] = []
    load_series(one(tmp_path), TaskContext(lambda fraction, _: told.append(fraction)))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_peak_memory_stays_near_the_voxels(tmp_path: Path) -> None:
    series = one(tmp_path, slices=40, rows=256, columns=256)
    tracemalloc.start()
    volume = load_series(series)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 1.3 * volume.voxels.nbytes


def test_read_slice_is_the_volumes_slice_in_its_place(tmp_path: Path) -> None:
    series = one(tmp_path)
    volume = load_series(series)
    for index in (0, 7):
        single = read_slice(series, index)
        np.testing.assert_array_equal(single.voxels[0], volume.voxels[index])
        where = single.require_geometry().position((0, 3, 4))
        np.testing.assert_allclose(where, volume.require_geometry().position((index, 3, 4)), atol=1e-6)


def test_a_slice_of_no_volume_still_has_millimetres_in_its_plane(tmp_path: Path) -> None:
    make_ct_series(tmp_path)[4].unlink()
    (series,) = scan([tmp_path]).all_series()
    assert series.geometry is None
    assert read_slice(series, 0).require_geometry().spacing_mm == pytest.approx((2.0, 0.8, 0.5))


def test_enhanced_frames_are_placed_by_their_own_groups(tmp_path: Path) -> None:
    frames = [3, 0, 2, 1]
    ds = make_instance(pixels=np.repeat(np.array(frames, np.int16), 16 * 12).reshape(64, 12))
    ds.Rows, ds.NumberOfFrames = 16, 4
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"):
        delattr(ds, keyword)
    ds.PerFrameFunctionalGroupsSequence = Sequence([_frame(k) for k in frames])
    ds.SharedFunctionalGroupsSequence = Sequence([_shared()])
    save(ds, tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    volume = load_series(series)
    assert volume.voxels[:, 0, 0].tolist() == [30 + 1, 20 + 1, 10 + 1, 0 + 1]
    assert volume.require_geometry().spacing_mm == pytest.approx((3.0, 0.7, 0.6))
    assert volume.require_geometry().position((0, 0, 0))[2] == pytest.approx(9.0)


def _frame(k: int) -> Dataset:
    place, frame = Dataset(), Dataset()
    place.ImagePositionPatient = [0, 0, 3.0 * k]
    frame.PlanePositionSequence = Sequence([place])
    return frame


def _shared() -> Dataset:
    turn, measures, transform, shared = Dataset(), Dataset(), Dataset(), Dataset()
    turn.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing, measures.SliceThickness = [0.7, 0.6], 3
    transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = 10, 1, "HU"
    shared.PlaneOrientationSequence = Sequence([turn])
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PixelValueTransformationSequence = Sequence([transform])
    return shared


def test_a_colour_film_opens_as_a_stack(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (5, 8, 6, 3), np.uint8)
    ds = make_instance(rows=8, columns=6)
    ds.Modality, ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = "US", 3, "RGB", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.NumberOfFrames, ds.PixelData = 5, pixels.tobytes()
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(ds, keyword)
    save(ds, tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    volume = load_series(series)
    assert volume.is_colour
    assert volume.geometry is None
    np.testing.assert_array_equal(volume.voxels, pixels)
    assert thumbnail(series, 4).shape == (4, 3, 3)


def test_a_damaged_value_table_fails_alone(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        table = Dataset()
        table.LUTDescriptor = [200, 0, 16]
        table.add_new("LUTData", "OW", bytes(400))
        if k == 1:
            del table.LUTDescriptor
        ds.ModalityLUTSequence = Sequence([table])

    series = one(tmp_path, tweak, slices=3)
    loader = SeriesLoader(series)
    volume = loader.load()
    assert loader.ready.tolist() == [True, False, True]
    assert volume.unread == loader.volume.unread == {1}
    assert load_series(series).unread == {1}
    assert "table" in loader.failed[1]
    with pytest.raises(UnreadableImage, match="table"):
        read_slice(series, 1)


def test_a_compressed_film_that_vanished_is_one_sentence(tmp_path: Path) -> None:
    ds = make_instance()
    ds.NumberOfFrames = 3
    ds.PixelData = encapsulate([b"12345678"] * 3)
    ds.file_meta.TransferSyntaxUID = RLELossless
    path = save(ds, tmp_path / "film.dcm")
    (series,) = scan([path]).all_series()
    path.unlink()
    with pytest.raises(UnreadableImage):
        load_series(series)


def test_a_film_larger_than_any_memory_is_one_sentence(tmp_path: Path) -> None:
    ds = make_instance()
    ds.NumberOfFrames, ds.Rows, ds.Columns = 200_000, 16_000, 16_000
    ds.PixelData = encapsulate([b"12345678"] * 3)
    ds.file_meta.TransferSyntaxUID = RLELossless
    (series,) = scan([save(ds, tmp_path / "film.dcm")]).all_series()
    with pytest.raises(UnreadableImage, match="memory"):
        SeriesLoader(series)


def test_a_damaged_code_fails_alone(tmp_path: Path) -> None:
    import imagecodecs

    def tweak(ds: Dataset, k: int) -> None:
        code = imagecodecs.jpegls_encode(np.full((16, 12), 100 + k, np.uint16))
        ds.file_meta.TransferSyntaxUID = JPEGLSLossless
        ds.PixelData = encapsulate([code if k != 6 else code[:20]])
        ds["PixelData"].VR = "OB"

    loader = SeriesLoader(one(tmp_path, tweak))
    volume = loader.load()
    assert list(loader.failed) == [3]
    assert volume.voxels[0, 0, 0] == 109 - 1024


def test_thumbnails_are_small_and_show_contrast(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        values = np.full((64, 32), 24, np.int16)
        values[:32] = 2000
        ds.Rows, ds.Columns, ds.PixelData = 64, 32, values.tobytes()

    picture = thumbnail(one(tmp_path, tweak), 16)
    assert picture.shape == (16, 8)
    assert (picture[0, 0], picture[-1, 0]) == (255, 0)
