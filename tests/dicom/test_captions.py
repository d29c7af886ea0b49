"""Captions: whose image, which study, which slice; written as people write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from medviewer.dicom.captions import age, corners, display_date, display_name, display_time, patient_line
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Patient, Series, Study
from medviewer.imaging.window import Window
from tests.factories import make_ct_series

Found = tuple[Patient, Study, Series]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    make_ct_series(tmp_path)
    result = scan([tmp_path])
    (series,) = result.all_series()
    return (*result.owner(series), series)


@pytest.mark.parametrize(
    ("pn", "shown"),
    [
        ("Doe^John", "Doe, John"),
        ("Doe^John^Q^Dr^Jr", "Doe, Dr John Q, Jr"),
        ("Doe", "Doe"),
        ("", ""),
        ("^^^^", ""),
        ("Wang^XiaoDong=王^小東", "Wang, XiaoDong (王 小東)"),
        ("=王^小明", "王 小明"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou (山田 太郎, やまだ たろう)"),
        ("Müller^Jörg", "Müller, Jörg"),
        ("Evil\x1b[31m\r\nName", "Evil [31m Name"),
    ],
)
def test_names_are_written_as_people_write_them(pn: str, shown: str) -> None:
    assert display_name(pn) == shown


@pytest.mark.parametrize(
    ("stated", "born", "then", "shown"),
    [
        ("058Y", "", "", "58\u2009y"),
        ("006M", "19700101", "20240101", "6\u2009mo"),
        ("", "19700102", "20240101", "53\u2009y"),
        ("", "19700101", "20240101", "54\u2009y"),
        ("", "", "20240101", ""),
        ("", "20250101", "20240101", ""),
        ("old", "x", "y", ""),
    ],
)
def test_age_is_stated_or_counted_never_guessed(stated: str, born: str, then: str, shown: str) -> None:
    assert age(stated, born, then) == shown


def test_dates_and_times() -> None:
    assert display_date("20070404") == "2007-04-04"
    assert display_date("2007.04.04") == "2007-04-04"
    assert display_date("spring") == "spring"
    assert display_time("102133.5") == "10:21"
    assert display_time("") == ""


def test_full_corners_say_who_what_and_which(found: Found) -> None:
    text = corners(*found, 3, Window(-600, 1500), "full", zoom=1.6)
    assert text.top_left == ("Test, Tina", "T1", "1970-01-01 · F · 54\u2009y", "Chest · Series 1 · Axial")
    assert text.top_right == ("2024-01-02 10:15", "Maker · B40f", "2.0\u2009mm · 120\u2009kV")
    assert text.bottom_left == ("Image 4 / 10   z −18.0\u2009mm", "W 1500 L −600   Zoom 160\u2009%")


@pytest.mark.parametrize(
    ("thickness", "shown"),
    [(5.0, "5.0"), (1.25, "1.25"), (0.625, "0.625"), (0.67000001, "0.67"), (0.75, "0.75")],
)
def test_thickness_is_not_rounded_to_another(found: Found, thickness: float, shown: str) -> None:
    patient, study, series = found
    series = replace(series, acquisition=replace(series.acquisition, slice_thickness_mm=thickness))
    text = "\n".join(corners(patient, study, series, 0, None).top_right)
    assert f"{shown}\u2009mm" in text


def test_minimal_and_off(found: Found) -> None:
    minimal = corners(*found, 0, None, "minimal")
    assert minimal.top_left == ("Test, Tina", "T1")
    assert minimal.bottom_left == ("Image 1 / 10   z −12.0\u2009mm",)
    off = corners(*found, 0, None, "off")
    assert (off.top_left, off.top_right, off.bottom_left, off.bottom_right) == ((), (), (), ())


@pytest.mark.parametrize("level", ["full", "minimal", "off"])
def test_loss_is_shown_at_every_level(found: Found, level: str) -> None:
    patient, study, series = found
    text = corners(patient, study, replace(series, lossy="LOSSY 12.5:1"), 0, None, level)
    assert text.bottom_left[-1] == "LOSSY 12.5:1"


def test_a_missing_id_is_loud(found: Found) -> None:
    patient, study, _ = found
    assert "NO PATIENT ID" in patient_line(replace(patient, id=""), study)


def test_an_image_without_place_claims_none(found: Found) -> None:
    patient, study, series = found
    bare = replace(series, instances=(replace(series.instances[0], position=None),))
    assert corners(patient, study, bare, 0, None).bottom_left == ("Image 1 / 1",)
