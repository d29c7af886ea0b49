"""SUVbw where every tag is there, no SUV where one is not; the oracle is worked out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medviewer.dicom.load import load_series, read_slice
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.dicom.suv import SuvFacts, suv_factor, suv_per_bqml
from medviewer.imaging.render import apply_window
from medviewer.imaging.volume import Unit
from medviewer.imaging.window import Window
from medviewer.review.screen import first_window
from medviewer.ui.picture import Picture
from tests.factories import make_instance, save

EXPECTED = 1.38168
"""70 kg, 370 MBq of F-18, 3600 s delay, 5000 Bq/mL: 253.314 MBq are left."""


def tracer() -> Dataset:
    """370 MBq of F-18 at nine."""
    item = Dataset()
    item.RadionuclideTotalDose, item.RadionuclideHalfLife = 370e6, 6586.2
    item.RadiopharmaceuticalStartTime = "090000"
    return item


def pet(k: int = 0, **facts: Any) -> Dataset:
    """A slice of 5000 Bq/mL, scanned at ten; a fact of None is left out."""
    ds = make_instance(k, pixels=np.full((16, 12), 2000, np.int16), intercept=0)
    ds.Modality, ds.Units, ds.DecayCorrection = "PT", "BQML", "START"
    ds.CorrectedImage, ds.PatientWeight, ds.RescaleSlope = ["DECY", "ATTN", "SCAT"], 70, 2.5
    ds.SeriesDate = ds.AcquisitionDate = "20240102"
    ds.SeriesTime, ds.AcquisitionTime = "100000", "100500"
    ds.WindowCenter, ds.WindowWidth = 5000, 10000
    ds.RadiopharmaceuticalInformationSequence = Sequence([tracer()])
    del ds.RescaleType
    for keyword, value in facts.items():
        if keyword.startswith("Radio") and keyword != "RadiopharmaceuticalInformationSequence":
            target = ds.RadiopharmaceuticalInformationSequence[0]
        else:
            target = ds
        if value is None:
            delattr(target, keyword)
        else:
            setattr(target, keyword, value)
    return ds


def series_of(folder: Path, *slices: Dataset) -> Series:
    (series,) = scan([save(ds, folder / f"{k}.dcm") for k, ds in enumerate(slices)]).all_series()
    return series


def suv(ds: Dataset) -> float | None:
    """SUV of 5000 in the unit the header names."""
    factor = suv_factor(ds)
    return None if factor is None else 5000 * factor


def test_the_formula() -> None:
    scan_time = datetime(2024, 1, 2, 10)
    facts = SuvFacts(370e6, 6586.2, 70, scan_time, scan_time - timedelta(seconds=3600))
    assert 5000 * suv_per_bqml(facts) == pytest.approx(EXPECTED, abs=5e-6)


def test_voxels_are_suv(tmp_path: Path) -> None:
    series = series_of(tmp_path, pet(0), pet(1))
    volume = load_series(series)
    assert volume.unit is Unit.SUV
    assert volume.voxels == pytest.approx(EXPECTED, rel=1e-5)
    assert read_slice(series, 1).voxels == pytest.approx(EXPECTED, rel=1e-5)
    assert Picture(volume).value_text(0, 3.5, 2.5) == "SUV 1.38 @ (3, 2)"


def test_one_slice_without_suv_leaves_the_series_without(tmp_path: Path) -> None:
    volume = load_series(series_of(tmp_path, pet(0), pet(1, PatientWeight=None)))
    assert volume.unit is Unit.RAW
    assert volume.voxels == pytest.approx(5000)
    assert Picture(volume).value_text(0, 3.5, 2.5) == "Bq/mL 5000 @ (3, 2)"


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientWeight", None),
        ("PatientWeight", 0),
        ("CorrectedImage", None),
        ("CorrectedImage", ["DECY"]),
        ("CorrectedImage", ["ATTN"]),
        ("DecayCorrection", None),
        ("DecayCorrection", "NONE"),
        ("Units", None),
        ("Units", "PROPCNTS"),
        ("SUVType", "LBM"),
        ("SeriesTime", None),
        ("SeriesDate", ""),
        ("SeriesTime", "110000"),
        ("AcquisitionTime", None),
        ("RadiopharmaceuticalInformationSequence", None),
        ("RadionuclideTotalDose", None),
        ("RadionuclideTotalDose", 0),
        ("RadionuclideHalfLife", None),
        ("RadionuclideHalfLife", -1),
        ("RadiopharmaceuticalStartTime", None),
        ("RadiopharmaceuticalStartTime", "9"),
        ("RadiopharmaceuticalStartDateTime", "20240103090000"),
        ("RadiopharmaceuticalStartDateTime", "20240102090000+0100"),
    ],
)
def test_without_any_one_tag_there_is_no_suv(keyword: str, value: Any) -> None:
    assert suv_factor(pet(**{keyword: value})) is None


def test_the_date_and_time_of_the_injection_go_first() -> None:
    ds = pet(RadiopharmaceuticalStartTime="010000", RadiopharmaceuticalStartDateTime="20240102090000.00")
    assert suv(ds) == pytest.approx(EXPECTED, abs=5e-6)


def test_an_injection_before_midnight() -> None:
    ds = pet(SeriesTime="003000", AcquisitionTime="003500", RadiopharmaceuticalStartTime="233000")
    assert suv(ds) == pytest.approx(EXPECTED, abs=5e-6)


def test_values_corrected_to_the_injection_take_the_whole_dose() -> None:
    assert suv(pet(DecayCorrection="ADMIN")) == pytest.approx(5000 * 70_000 / 370e6)


def test_gml_is_suv_as_it_stands() -> None:
    assert suv_factor(pet(Units="GML")) == 1.0


def test_counts_need_the_factor_of_philips() -> None:
    assert suv_factor(pet(Units="CNTS")) is None
    ds = pet(Units="CNTS")
    ds.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "DS", "0.0005")
    assert suv_factor(ds) == 0.0005


def test_a_factor_in_anothers_private_block_is_not_believed() -> None:
    ds = pet(Units="CNTS")
    ds.private_block(0x7053, "Somebody Else", create=True).add_new(0x00, "DS", "0.0005")
    assert suv_factor(ds) is None


def test_a_derived_series_takes_the_scan_time_of_its_maker() -> None:
    ds = pet(SeriesTime="150000")
    ds.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20240102100000.00")
    assert suv(ds) == pytest.approx(EXPECTED, abs=5e-6)


def test_windows_give_the_greys_they_gave(tmp_path: Path) -> None:
    series = series_of(tmp_path, pet())
    (window,) = series.instances[0].windows
    values = np.arange(-100, 11000, 7.0)
    factor = EXPECTED / 5000
    assert (
        np.abs(
            apply_window(values, Window(5000, 10000)).astype(int) - apply_window(values * factor, window)
        ).max()
        <= 1
    )


def test_pet_without_a_window_is_shown_from_0_to_6(tmp_path: Path) -> None:
    window = first_window(series_of(tmp_path, pet(WindowCenter=None, WindowWidth=None)))
    assert window is not None
    assert apply_window(np.array([0.0, 3.0, 6.0]), window).tolist() == [0, 128, 255]


def test_other_values_go_by_the_name_they_have(tmp_path: Path) -> None:
    ds = make_instance()
    ds.Modality, ds.RescaleType = "CT", "MGML"
    (series,) = scan([save(ds, tmp_path / "one.dcm")]).all_series()
    assert (series.unit, series.unit_label) == (Unit.RAW, "mg/mL")
