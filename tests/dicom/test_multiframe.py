"""Frames of one file: each with its own place, window, unit and turn; parts of one image joined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series, SeriesIssue
from medviewer.imaging.volume import Unit
from tests.factories import make_instance, save


def item(**facts: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in facts.items():
        setattr(ds, keyword, Sequence(value) if keyword.endswith("Sequence") else value)
    return ds


def frame(z: float | None = None, **macros: Dataset) -> Dataset:
    """One per-frame group: macros by the name of their sequence without "Sequence"."""
    group = item(**{f"{name}Sequence": [content] for name, content in macros.items()})
    if z is not None:
        group.PlanePositionSequence = Sequence([item(ImagePositionPatient=[0, 0, z])])
    return group


def shared(slope: float = 1, kind: str = "HU", **macros: Dataset) -> Dataset:
    return frame(
        PlaneOrientation=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        PixelMeasures=item(PixelSpacing=[0.7, 0.6], SliceThickness=3),
        PixelValueTransformation=item(RescaleSlope=slope, RescaleIntercept=0, RescaleType=kind),
        **macros,
    )


def enhanced(
    *groups: Dataset, common: Dataset | None = None, first: int = 0, modality: str = "CT"
) -> Dataset:
    """Frame k holds the constant ``first`` + k."""
    values = np.arange(first, first + len(groups))
    ds = make_instance(pixels=np.repeat(values.astype(np.int16), 16 * 12).reshape(-1, 12))
    ds.Rows, ds.NumberOfFrames, ds.Modality = 16, len(groups), modality
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(ds, keyword)
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType", "WindowCenter", "WindowWidth"):
        delattr(ds, keyword)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    ds.SharedFunctionalGroupsSequence = Sequence([common or shared()])
    return ds


def opened(folder: Path, *images: Dataset) -> list[Series]:
    return scan([save(ds, folder / f"{k}.dcm") for k, ds in enumerate(images)]).all_series()


def shown(series: Series) -> list[float]:
    return [float(x) for x in load_series(series).voxels[:, 0, 0]]


def test_each_frame_has_its_own_window_and_its_own_slope(tmp_path: Path) -> None:
    groups = [
        frame(
            3.0 * k,
            FrameVOILUT=item(WindowCenter=10 * k, WindowWidth=100 + k),
            PixelValueTransformation=item(RescaleSlope=k + 1, RescaleIntercept=-k, RescaleType="HU"),
        )
        for k in range(3)
    ]
    (series,) = opened(tmp_path, enhanced(*groups, first=7))
    assert shown(series) == [9 * 3 - 2, 8 * 2 - 1, 7]
    assert [(i.windows[0].centre, i.windows[0].width) for i in series.instances] == [
        (20, 102),
        (10, 101),
        (0, 100),
    ]
    assert series.unit is Unit.HU


def test_what_frames_share_needs_no_group_of_their_own(tmp_path: Path) -> None:
    ds = enhanced(frame())
    del ds.PerFrameFunctionalGroupsSequence
    (series,) = opened(tmp_path, ds)
    assert series.instances[0].pixel_spacing == (0.7, 0.6)


def test_a_deflated_file_has_its_frames_in_their_places(tmp_path: Path) -> None:
    ds = enhanced(*(frame(3.0 * k) for k in range(4)))
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    (series,) = opened(tmp_path, ds)
    assert series.is_volume
    assert shown(series) == [3, 2, 1, 0]


def test_frames_without_a_place_come_in_the_order_of_their_dimensions(tmp_path: Path) -> None:
    order = [(2, 1), (1, 2), (1, 1), (2, 2)]
    groups = [frame(FrameContent=item(DimensionIndexValues=list(values))) for values in order]
    (series,) = opened(tmp_path, enhanced(*groups))
    assert shown(series) == [2, 1, 0, 3]


def test_two_films_of_one_series_are_not_shuffled_into_each_other(tmp_path: Path) -> None:
    films = []
    for k in range(2):
        groups = [frame(FrameContent=item(DimensionIndexValues=[1, n])) for n in (1, 2)]
        films.append(enhanced(*groups, first=10 * k))
        films[k].SOPInstanceUID = films[k].file_meta.MediaStorageSOPInstanceUID = f"1.2.{k}"
    (series,) = opened(tmp_path, *films)
    assert shown(series) == [0, 1, 10, 11]


@pytest.mark.parametrize("macro", ["StackID", "TemporalPositionIndex"])
def test_stacks_and_times_are_set_apart(tmp_path: Path, macro: str) -> None:
    groups = [
        frame(3.0 * (k % 3), FrameContent=item(**{macro: "12"[k // 3] if macro == "StackID" else k // 3 + 1}))
        for k in range(6)
    ]
    parts = opened(tmp_path, enhanced(*groups))
    assert [shown(part) for part in parts] == [[2, 1, 0], [5, 4, 3]]
    assert all(part.is_volume for part in parts)


def test_times_of_several_b_values_are_set_apart_by_both(tmp_path: Path) -> None:
    """Two places, two times, two b-values: four volumes, none of them mixed."""
    groups = [
        frame(
            3.0 * (k % 2),
            FrameContent=item(TemporalPositionIndex=k // 4 + 1),
            MRDiffusion=item(DiffusionBValue=1000.0 * (k // 2 % 2)),
        )
        for k in (0, 5, 2, 7, 4, 1, 6, 3)
    ]
    parts = opened(tmp_path, enhanced(*groups, modality="MR"))
    found = sorted(shown(part) for part in parts)
    stored = [0, 5, 2, 7, 4, 1, 6, 3]
    sets = sorted([float(stored.index(2 * n + 1)), float(stored.index(2 * n))] for n in range(4))
    assert found == sets


# ---- concatenations -------------------------------------------------------------------------------------


def part(number: int, total: int | None, frames: int = 2, start: int = 0) -> Dataset:
    ds = enhanced(*(frame() for _ in range(frames)), first=start)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
    ds.ConcatenationUID, ds.InConcatenationNumber = "1.2.9", number
    if total is not None:
        ds.InConcatenationTotalNumber = total
    return ds


def test_parts_of_a_concatenation_follow_each_other_whatever_their_files_are_called(tmp_path: Path) -> None:
    (series,) = opened(tmp_path, part(3, 3, start=20), part(1, 3), part(2, 3, start=10))
    assert shown(series) == [0, 1, 10, 11, 20, 21]
    assert SeriesIssue.INCOMPLETE_CONCATENATION not in series.issues


@pytest.mark.parametrize("numbers", [(1, 3), (1, 2)])
def test_a_part_that_is_missing_is_told(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    (series,) = opened(tmp_path, *(part(n, 3) for n in numbers))
    assert SeriesIssue.INCOMPLETE_CONCATENATION in series.issues


# ---- cine -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "rate"),
    [
        ({"FrameTime": 40}, 25.0),
        ({"FrameTimeVector": [0, 50, 150]}, 10.0),
        ({"CineRate": 12, "FrameTime": 40}, 12.0),
        ({"RecommendedDisplayFrameRate": 15, "CineRate": 12}, 15.0),
        ({"FrameTime": 0, "FrameTimeVector": [0, 0, 0]}, None),
        ({}, None),
    ],
)
def test_the_rate_of_a_film(tmp_path: Path, facts: dict[str, Any], rate: float | None) -> None:
    ds = enhanced(frame(), frame(), frame())
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    (series,) = opened(tmp_path, ds)
    assert series.acquisition.frame_rate == rate


def test_a_film_of_frames_that_tell_their_own_time_takes_that(tmp_path: Path) -> None:
    groups = [frame(0.0, FrameContent=item(FrameAcquisitionDuration=d)) for d in (40.0, 60.0)]
    (series,) = opened(tmp_path, enhanced(*groups))
    assert series.acquisition.frame_rate == 20.0


def test_slices_of_a_volume_are_no_film(tmp_path: Path) -> None:
    groups = [frame(3.0 * k, FrameContent=item(FrameAcquisitionDuration=500.0)) for k in range(3)]
    (series,) = opened(tmp_path, enhanced(*groups))
    assert series.acquisition.frame_rate is None


# ---- enhanced PET ---------------------------------------------------------------------------------------


def units(code: str, slope: float = 2.5) -> Dataset:
    return item(
        MeasurementUnitsCodeSequence=[item(CodeValue=code, CodingSchemeDesignator="UCUM", CodeMeaning=code)],
        RealWorldValueSlope=slope,
        RealWorldValueIntercept=0.0,
    )


def pet(code: str = "Bq/ml", slope: float = 2.5, **facts: Any) -> Dataset:
    """Two frames of 2000 stored, 5000 Bq/mL: the patient and tracer of ``test_suv``."""
    common = shared(2.5, "US", RealWorldValueMapping=units(code, slope))
    ds = enhanced(frame(0.0), frame(3.0), common=common, modality="PT")
    ds.PixelData = np.full((32, 12), 2000, "<i2").tobytes()
    ds.AttenuationCorrected = ds.DecayCorrected = "YES"
    ds.PatientWeight, ds.DecayCorrectionDateTime = 70, "20240102100000"
    tracer = item(RadionuclideTotalDose=370e6, RadionuclideHalfLife=6586.2)
    tracer.RadiopharmaceuticalStartDateTime = "20240102090000"
    ds.RadiopharmaceuticalInformationSequence = Sequence([tracer])
    for keyword, value in facts.items():
        target = tracer if keyword.startswith("Radio") else ds
        if value is None:
            delattr(target, keyword)
        else:
            setattr(target, keyword, value)
    return ds


def test_enhanced_pet_is_in_suv_where_all_is_told(tmp_path: Path) -> None:
    (series,) = opened(tmp_path, pet())
    assert series.unit is Unit.SUV
    assert SeriesIssue.NO_SUV not in series.issues
    np.testing.assert_allclose(load_series(series).voxels, 1.38168, rtol=1e-5)


def test_values_that_are_suv_by_their_unit_are_taken_so(tmp_path: Path) -> None:
    (series,) = opened(tmp_path, pet("g/ml{SUVbw}", 0.001, PatientWeight=None))
    np.testing.assert_allclose(load_series(series).voxels, 2.0, rtol=1e-6)


def test_times_of_one_offset_are_of_one_clock(tmp_path: Path) -> None:
    ds = pet(
        DecayCorrectionDateTime="20240102100000+0100", RadiopharmaceuticalStartDateTime="20240102090000+0100"
    )
    assert opened(tmp_path, ds)[0].unit is Unit.SUV


@pytest.mark.parametrize(
    "facts",
    [
        {"PatientWeight": None},
        {"PatientWeight": 0},
        {"AttenuationCorrected": "NO"},
        {"DecayCorrected": None},
        {"RadionuclideTotalDose": None},
        {"RadionuclideHalfLife": None},
        {"RadiopharmaceuticalStartDateTime": None},
        {"RadiopharmaceuticalStartDateTime": "20240102110000"},
        {"DecayCorrectionDateTime": "20240102100000+0100"},
        {"code": "{counts}"},
    ],
)
def test_without_any_one_of_them_there_is_no_suv_and_that_is_said(
    tmp_path: Path, facts: dict[str, Any]
) -> None:
    (series,) = opened(tmp_path, pet(**facts))
    assert series.unit is Unit.RAW
    assert SeriesIssue.NO_SUV in series.issues
