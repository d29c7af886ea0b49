"""The first image: found among junk, told once, and everything about it from its own file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.first_image import FirstImage, Glimpse, read_first
from medviewer.dicom.load import SeriesLoader, load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.scan_cache import remembered
from medviewer.errors import Cancelled
from medviewer.scratch import cleanup
from medviewer.tasks import TaskContext
from tests.dicom.test_sources import directory
from tests.factories import make_ct_series


def first_of(*paths: Path) -> list[FirstImage]:
    """What a scan of the paths tells before it ends."""
    told: list[FirstImage] = []
    scan(list(paths), glimpse=Glimpse(TaskContext(), told.append))
    return told


def test_that_patient_study_and_pixels_are_those_of_the_one_file(tmp_path: Path) -> None:
    path = make_ct_series(tmp_path, slices=10)[3]
    image = read_first(path)
    assert (image.patient.id, image.patient.name, image.study.description) == ("T1", "Test^Tina", "Chest")
    assert [i.path for i in image.series.instances] == [path]
    assert image.volume.shape == (1, 16, 12)
    assert set(np.unique(image.volume.voxels)) == {103 - 1024}


def test_that_a_scan_tells_one_image_before_it_has_read_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ct_series(tmp_path, slices=30)
    read: list[Path] = []
    facts = remembered.facts
    monkeypatch.setattr(remembered, "facts", lambda path: (read.append(path), facts(path))[1])
    before: list[int] = []
    found = scan([tmp_path], glimpse=Glimpse(TaskContext(), lambda _: before.append(len(read))))
    assert before == [1]
    assert len(found.all_series()[0].instances) == 30


def test_that_the_middle_of_the_largest_folder_is_told(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "a", seed=1, slices=2)
    paths = make_ct_series(tmp_path / "b", seed=2, slices=9)
    (image,) = first_of(tmp_path)
    assert image.instance.path == paths[4]


def localizer(ds: Dataset, k: int) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]


def test_that_junk_broken_images_and_localizers_are_passed_over(tmp_path: Path) -> None:
    paths = make_ct_series(tmp_path, slices=9)
    make_ct_series(tmp_path / "scout", seed=5, slices=1, tweak=localizer)[0].replace(paths[4])
    paths[1].write_bytes(paths[1].read_bytes()[:600])  # the quarter: cut within its header
    paths[6].write_text("no image")  # three quarters
    (image,) = first_of(tmp_path)
    assert "LOCALIZER" not in image.instance.image_type


def test_that_a_localizer_is_told_where_there_is_nothing_else(tmp_path: Path) -> None:
    make_ct_series(tmp_path, slices=2, tweak=localizer)
    assert len(first_of(tmp_path)) == 1


def test_that_an_image_hidden_among_junk_is_told_by_the_scan(tmp_path: Path) -> None:
    for k in range(200):
        (tmp_path / f"note-{k:03d}").write_text("no image")
    make_ct_series(tmp_path / "z" / "deep", slices=1)
    (tmp_path / "z" / "deep" / "000-0000.dcm").rename(tmp_path / "note-003x")
    (image,) = first_of(tmp_path)
    assert image.patient.id == "T1"


def test_that_nothing_is_told_where_there_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no image")
    assert first_of(tmp_path) == []
    assert first_of(tmp_path / "absent") == []


def test_that_zip_dicomdir_and_plain_files_tell_one_too(tmp_path: Path) -> None:
    paths = make_ct_series(tmp_path / "disc", slices=3)
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in paths:
            packed.write(path, f"s/{path.name}")
    for k, path in enumerate(paths):
        path.rename(path.with_name(f"IM{k}"))
    media = directory(tmp_path / "disc", [["IM0"], ["IM1"], ["IM2"]])
    try:
        for source in ([archive], [media], [tmp_path / "disc" / f"IM{k}" for k in range(3)]):
            (image,) = first_of(*source)
            assert set(np.unique(image.volume.voxels)) == {101 - 1024}
    finally:
        cleanup()


def test_that_a_zip_lists_its_images_in_its_own_order_though_one_went_first(tmp_path: Path) -> None:
    paths = make_ct_series(tmp_path / "in", slices=5)
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in paths:
            packed.write(path, path.name)
    try:
        told: list[FirstImage] = []
        found = scan([archive], glimpse=Glimpse(TaskContext(), told.append))
        numbers = [i.number for i in found.all_series()[0].instances]
        assert sorted(numbers, key=lambda n: n or 0) == [1, 2, 3, 4, 5]
        assert told[0].instance in found.all_series()[0].instances
    finally:
        cleanup()


def test_that_a_cancel_is_heard_between_two_tries(tmp_path: Path) -> None:
    make_ct_series(tmp_path, slices=2)
    context = TaskContext()
    context.cancel()
    with pytest.raises(Cancelled):
        Glimpse(context, lambda _: None).look(tmp_path.iterdir())


# --- the loader takes it over


def test_that_a_loader_adopts_the_image_of_its_series_and_reads_the_others(tmp_path: Path) -> None:
    make_ct_series(tmp_path, slices=5)
    (image,) = first_of(tmp_path)
    (series,) = scan([tmp_path]).all_series()
    loader = SeriesLoader(series)
    assert loader.adopt(image.instance, image.volume)
    assert loader.ready.sum() == 1
    assert not loader.adopt(image.instance, image.volume)  # once
    asked: list[int] = []
    volume = loader.load(on_slice=asked.append)
    assert len(asked) == 4
    np.testing.assert_array_equal(volume.voxels, load_series(series).voxels)


def test_that_an_image_of_other_values_or_of_another_file_is_not_adopted(tmp_path: Path) -> None:
    one = make_ct_series(tmp_path / "one", slices=1)[0]
    make_ct_series(tmp_path / "other", slices=1)  # the same image in another file
    image = read_first(one)
    (other,) = scan([tmp_path / "other"]).all_series()
    assert not SeriesLoader(other).adopt(image.instance, image.volume)
    make_ct_series(tmp_path / "scaled", slices=2, tweak=_half_slope)
    (scaled,) = scan([tmp_path / "scaled"]).all_series()
    loader = SeriesLoader(scaled)
    alone = read_first(tmp_path / "scaled" / "000-0000.dcm")  # its own slope is whole, the other's is not
    assert loader.volume.voxels.dtype != alone.volume.voxels.dtype
    assert not loader.adopt(alone.instance, alone.volume)
    assert not loader.ready.any()


def _half_slope(ds: Dataset, k: int) -> None:
    ds.RescaleSlope = 1 if k == 0 else 0.5
