"""Suspect pixels, and rectangles made empty without touching the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.dicom.decode import decode
from medviewer.dicom.deidentify.blanking import Rectangle, parse_rectangle
from medviewer.dicom.deidentify.plan import Decision, Verdict, make_plan, staying
from medviewer.dicom.deidentify.suspects import suspicion
from medviewer.dicom.scan import scan
from medviewer.dicom.scan_cache import remembered
from medviewer.errors import UsageError
from tests.factories import make_instance, save

BOX = Rectangle(2, 1, 4, 3)


def blanked(path: Path, out: Path) -> Path:
    plan = make_plan(scan([path]), [])
    out.write_bytes(plan.made(plan.files[0], Decision(Verdict.BLANK, (BOX,))))
    return out


def frames(path: Path) -> list[NDArray[Any]]:
    return [decode(facts.instance) for facts in remembered.facts(path)]


def changed(before: Path, after: Path) -> NDArray[np.bool_]:
    """Where any frame differs, (rows, columns); the rest is equal to the last bit."""
    pairs = zip(frames(before), frames(after), strict=True)
    different = [a != b for a, b in pairs]
    return np.any([d.any(axis=-1) if d.ndim == 3 else d for d in different], axis=0)


def test_that_exactly_the_rectangle_is_emptied(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(100, 900, (16, 12)).astype(np.int16)
    path = save(make_instance(pixels=noise), tmp_path / "a.dcm")
    out = blanked(path, tmp_path / "b.dcm")
    expected = np.zeros((16, 12), bool)
    expected[1:4, 2:6] = True
    here = changed(path, out)
    assert not here[~expected].any()
    assert (frames(out)[0][1:4, 2:6] == noise.min()).all()
    ds = pydicom.dcmread(out)
    assert ds.BurnedInAnnotation == "NO"
    assert "113101" in [code.CodeValue for code in ds.DeidentificationMethodCodeSequence]


@pytest.mark.parametrize("name", ["ultrasound", "compressed", "cine"])
def test_that_real_pictures_keep_all_but_the_rectangle(shared_data: Path, tmp_path: Path, name: str) -> None:
    files = {
        "compressed": sorted((shared_data / "studies/ct_chest_A0001/series2_5mm").glob("*.dcm"))[0],
        "ultrasound": shared_data / "studies/misc/examples_rgb_color.dcm",
        "cine": shared_data / "studies/misc/examples_ybr_color.dcm",
    }
    if not files[name].is_file():
        pytest.skip("this picture is not among the shared studies")
    out = blanked(files[name], tmp_path / "b.dcm")
    here = changed(files[name], out)
    here[1:4, 2:6] = False
    assert not here.any()
    for frame in frames(out):
        assert (
            np.ptp(frame[1:4, 2:6].reshape(-1, frame.shape[2] if frame.ndim == 3 else 1), axis=0).max() == 0
        )


def facts(**said: object) -> Dataset:
    ds = make_instance()
    for keyword, value in said.items():
        setattr(ds, keyword, value)
    return ds


def test_that_only_original_pictures_that_say_no_are_believed() -> None:
    assert suspicion(facts(BurnedInAnnotation="NO")) == ""
    assert "does not say" in suspicion(facts())
    assert "says that words" in suspicion(facts(BurnedInAnnotation="YES"))
    assert suspicion(facts(BurnedInAnnotation="NO", ImageType=["DERIVED", "SECONDARY"]))
    for capture in ("7", "7.1", "7.4"):
        said = suspicion(facts(BurnedInAnnotation="NO", SOPClassUID=f"1.2.840.10008.5.1.4.1.1.{capture}"))
        assert "secondary captures" in said
    for modality in ("XC", "CT"):
        photograph = facts(SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.4", Modality=modality)
        photograph.BurnedInAnnotation = "NO"
        assert "pictures of its kind" in suspicion(photograph), "whatever its modality is said to be"
    for modality in ("US", "SC", "XA", "ES", "OT", "DX", "CR", "MG"):
        assert suspicion(facts(BurnedInAnnotation="NO", Modality=modality)), modality
    for modality in ("MR", "PT", "NM"):
        assert suspicion(facts(BurnedInAnnotation="NO", Modality=modality)) == ""


def test_that_a_suspect_file_stays_until_it_was_decided_on(tmp_path: Path) -> None:
    plan = make_plan(scan([save(make_instance(), tmp_path / "a.dcm")]), [])
    file = plan.files[0]
    key = file.series[0]
    assert staying(file, {}).startswith("Look at its pixels")
    assert staying(file, {key: Decision(Verdict.LEAVE_OUT)}) == "Left out by you."
    assert staying(file, {key: Decision(Verdict.CLEAN)}) == ""


def test_that_a_rectangle_is_four_numbers() -> None:
    assert parse_rectangle("1,2,3,4") == Rectangle(1, 2, 3, 4)
    for wrong in ("1,2,3", "a,b,c,d", "1,2,0,4", "-1,0,2,2"):
        with pytest.raises(UsageError):
            parse_rectangle(wrong)


def test_that_overlays_in_spare_bits_of_the_pixels_keep_a_file_back(tmp_path: Path) -> None:
    ds = make_instance()
    ds.add_new(0x60000010, "US", 16)
    ds.add_new(0x60000011, "US", 12)
    ds.add_new(0x60000102, "US", 12)
    plan = make_plan(scan([save(ds, tmp_path / "a.dcm")]), [])
    assert "spare bits" in plan.files[0].refused
