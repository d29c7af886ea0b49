"""What we write is valid, deterministic and comes back to the same voxels."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medviewer.dicom.load import load_series
from medviewer.dicom.objects.ct import CtFacts, write_ct_series
from medviewer.dicom.objects.seg import Algorithm, read_seg, write_seg
from medviewer.dicom.scan import scan
from medviewer.errors import NoGeometry, UnreadableImage, WriteError
from medviewer.imaging.volume import Geometry, Mask, Unit, Volume
from tests.factories import AXIAL, make_volume

FACTS = CtFacts(name="Wang^XiaoDong=王^小東", age="058Y", birth_date="19660101", kernel="B70f", contrast="")


def noisy(shape: tuple[int, int, int] = (6, 11, 13), tilt: float = 0.0) -> Volume:
    """A random HU volume, turned by ``tilt`` radians about x, with odd rows and columns."""
    c, s = np.cos(tilt), np.sin(tilt)
    orientation = (1.0, 0.0, 0.0, 0.0, c, s)
    step = -2.5 * np.array([0.0, -s, c])
    geometry = Geometry.from_planes((-5.0, 7.5, 30.0), orientation, (0.7, 0.6), step)
    values = np.random.default_rng(4).integers(-1024, 3000, shape).astype(np.int16)
    return Volume(values, geometry, Unit.HU)


def valid(path: Path) -> bool:
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    told = subprocess.run([tool, "-new", str(path)], capture_output=True, text=True, check=False)
    return "Error" not in told.stderr


@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_a_written_volume_comes_back_to_the_last_value(tmp_path: Path, tilt: float) -> None:
    volume = noisy(tilt=tilt)
    write_ct_series(volume, tmp_path, FACTS)
    (series,) = scan([tmp_path]).all_series()
    again = load_series(series)
    np.testing.assert_array_equal(again.voxels, volume.voxels)
    assert again.unit is Unit.HU
    np.testing.assert_allclose(again.require_geometry().affine, volume.require_geometry().affine, atol=1e-6)


def test_written_images_are_valid_ct(tmp_path: Path) -> None:
    paths = write_ct_series(noisy(), tmp_path, FACTS)
    assert valid(paths[0])


def test_the_same_seed_writes_the_same_bytes_and_no_patient_in_names(tmp_path: Path) -> None:
    first = write_ct_series(noisy(), tmp_path / "a", FACTS)
    second = write_ct_series(noisy(), tmp_path / "b", FACTS)
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    other = write_ct_series(noisy(), tmp_path / "c", replace(FACTS, seed=1))
    assert pydicom.dcmread(other[0]).StudyInstanceUID != pydicom.dcmread(first[0]).StudyInstanceUID
    assert not any("Wang" in p.name or "DEMO" in p.name for p in first)


def test_series_of_one_seed_share_their_study_and_frame(tmp_path: Path) -> None:
    for number in (1, 2):
        write_ct_series(noisy(), tmp_path / str(number), replace(FACTS, series_number=number))
    (patient,) = scan([tmp_path]).patients
    assert [len(study.series) for study in patient.studies] == [2]


def test_values_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="16 bit"):
        write_ct_series(make_volume(value=32_000), tmp_path, FACTS)
    with pytest.raises(NoGeometry):
        write_ct_series(Volume(np.zeros((2, 2, 2), np.int16), None), tmp_path, FACTS)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError):
        write_ct_series(make_volume(), tmp_path / "file", FACTS)


def test_writing_is_fast_enough_for_the_demo(tmp_path: Path) -> None:
    began = time.process_time()
    write_ct_series(make_volume((40, 512, 512)), tmp_path, FACTS)
    assert time.process_time() - began < 2.0


# ---- SEG ------------------------------------------------------------------------------------------------


def masks_of(volume: Volume) -> list[Mask]:
    rng = np.random.default_rng(5)
    one = rng.random(volume.shape) > 0.7
    one[[0, 3]] = False  # frames left out must not shift the others
    two = np.zeros(volume.shape, bool)
    two[4, 2, 12] = True
    geometry = volume.geometry
    return [Mask.from_full(1, "right_lung", one, geometry), Mask.from_full(2, "nodule", two, geometry)]


@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_masks_come_back_voxel_for_voxel(tmp_path: Path, tilt: float) -> None:
    volume = noisy(tilt=tilt)
    paths = write_ct_series(volume, tmp_path / "ct", FACTS)
    path = write_seg(masks_of(volume), paths[::-1], tmp_path / "seg.dcm", Algorithm("truth", "1"))
    (series,) = scan([tmp_path / "ct"]).all_series()
    for written, read in zip(masks_of(volume), read_seg(path, series), strict=True):
        assert read.name == written.name
        np.testing.assert_array_equal(read.full(), written.full())


def test_a_segmentation_is_valid_and_belongs_to_its_study(tmp_path: Path) -> None:
    volume = noisy()
    paths = write_ct_series(volume, tmp_path / "ct", FACTS)
    path = write_seg(masks_of(volume), paths, tmp_path / "seg.dcm", Algorithm("lung-ct", "1.0"))
    assert valid(path)
    source, seg = pydicom.dcmread(paths[0]), pydicom.dcmread(path)
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert seg[keyword].value == source[keyword].value
    item = seg.SegmentSequence[0]
    assert item.SegmentedPropertyTypeCodeSequence[0].CodeValue == "3341006"
    assert item.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "lung-ct"


def test_a_seeded_segmentation_keeps_its_identifiers(tmp_path: Path) -> None:
    volume = noisy()
    paths = write_ct_series(volume, tmp_path / "ct", FACTS)
    algorithm = Algorithm("truth", "1", seed="0", automatic=False)
    uids = {
        pydicom.dcmread(write_seg(masks_of(volume), paths, tmp_path / name, algorithm)).SOPInstanceUID
        for name in ("a.dcm", "b.dcm")
    }
    assert len(uids) == 1


def test_a_segmentation_of_another_grid_is_refused(tmp_path: Path) -> None:
    volume = noisy()
    paths = write_ct_series(volume, tmp_path / "ct", FACTS)
    path = write_seg(masks_of(volume), paths, tmp_path / "seg.dcm", Algorithm("a", "1"))
    (series,) = scan([tmp_path / "ct"]).all_series()
    moved = volume.require_geometry().affine.copy()
    moved[0, 3] += 0.3
    with pytest.raises(UnreadableImage, match="grid"):
        read_seg(path, replace(series, geometry=Geometry(moved)))
    with pytest.raises(UnreadableImage, match="frame of reference"):
        read_seg(path, replace(series, frame_of_reference_uid="1.2.3"))
    with pytest.raises(UnreadableImage):
        read_seg(paths[0], series)
    with pytest.raises(NoGeometry):
        read_seg(path, replace(series, geometry=None))


def test_a_segmentation_in_the_other_direction_is_turned(tmp_path: Path) -> None:
    volume = noisy()
    paths = write_ct_series(volume, tmp_path / "ct", FACTS)
    path = write_seg(masks_of(volume), paths, tmp_path / "seg.dcm", Algorithm("a", "1"))
    (series,) = scan([tmp_path / "ct"]).all_series()
    affine = volume.require_geometry().affine
    flipped = Geometry.from_planes(
        volume.require_geometry().position((5, 0, 0)), AXIAL, (0.7, 0.6), -affine[:3, 0]
    )
    read = read_seg(path, replace(series, geometry=flipped))
    np.testing.assert_array_equal(read[0].full(), masks_of(volume)[0].full()[::-1])


def test_a_segmentation_that_reaches_beyond_the_series_is_not_cut(tmp_path: Path) -> None:
    """Half a nodule would be told as a small one."""
    volume = noisy()
    paths = write_ct_series(volume, tmp_path / "ct", FACTS)
    path = write_seg(masks_of(volume), paths, tmp_path / "seg.dcm", Algorithm("a", "1"))
    for lost in paths[-2:]:
        lost.unlink()
    (series,) = scan([tmp_path / "ct"]).all_series()
    with pytest.raises(UnreadableImage, match="beyond"):
        read_seg(path, series)


@pytest.mark.parametrize(("keyword", "value"), [("PatientID", "ELSE"), ("PatientBirthDate", "19010203")])
def test_a_segmentation_of_another_patient_is_refused(tmp_path: Path, keyword: str, value: str) -> None:
    """One frame of reference and one grid are no proof: bad anonymisers repeat them."""
    volume = noisy()
    paths = write_ct_series(volume, tmp_path / "ct", replace(FACTS, birth_date="19700101"))
    path = write_seg(masks_of(volume), paths, tmp_path / "seg.dcm", Algorithm("a", "1"))
    (series,) = scan([tmp_path / "ct"]).all_series()
    seg = pydicom.dcmread(path)
    setattr(seg, keyword, value)
    seg.save_as(path)
    with pytest.raises(UnreadableImage, match="another patient"):
        read_seg(path, series)
    setattr(seg, keyword, "")
    seg.save_as(path)
    assert read_seg(path, series)


def test_a_hostile_segmentation_is_refused(tmp_path: Path) -> None:
    volume = noisy()
    paths = write_ct_series(volume, tmp_path / "ct", FACTS)
    path = write_seg(masks_of(volume), paths, tmp_path / "seg.dcm", Algorithm("a", "1"))
    (series,) = scan([tmp_path / "ct"]).all_series()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableImage, match="readable"):
        read_seg(path, series)


def test_sources_that_do_not_cover_the_masks_are_refused(tmp_path: Path) -> None:
    volume = noisy()
    paths = write_ct_series(volume, tmp_path / "ct", FACTS)
    with pytest.raises(ValueError, match="cover"):
        write_seg(masks_of(volume), paths[1:], tmp_path / "s.dcm", Algorithm("a", "1"))
    with pytest.raises(ValueError, match="no segment"):
        write_seg([], paths, tmp_path / "s.dcm", Algorithm("a", "1"))
