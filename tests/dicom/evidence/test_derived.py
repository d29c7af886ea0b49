"""Whose a new object is: copied from the images, in any character set; repaired openly or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.derived import NewObject, begin, file_bytes, read_origin, write_object
from medviewer.dicom.evidence.seg_writer import segmentation
from medviewer.dicom.evidence.written_segments import SEG_STORAGE
from medviewer.errors import UnreadableImage, WriteError
from tests.dicom.evidence.makers import WHEN, evidence_of, new_seg, origin_of
from tests.dicom.evidence.validators import iod_errors
from tests.dicom.scanned import only
from tests.factories import make_ct_series, make_instance, save

NAMES = {
    "ISO_IR 100": "Müller^Jörg",
    "ISO_IR 144": "Люкceмбypг",
    "ISO_IR 126": "Διονυσιος",
    "ISO_IR 138": "שרון^דבורה",
    "ISO_IR 192": "Wang^XiaoDong=王^小東=",
    "GB18030": "Wang^XiaoDong=王^小东=",
    "\\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "\\ISO 2022 IR 149": "Hong^Gildong=洪^吉洞=홍^길동",
}


@pytest.mark.parametrize("charset", NAMES)
def test_that_a_name_in_any_character_set_is_the_same_name_in_utf8(charset: str, tmp_path: Path) -> None:
    def named(ds: Dataset, _: int) -> None:
        ds.SpecificCharacterSet, ds.PatientName = (
            charset.split("\\") if "\\" in charset else charset,
            NAMES[charset],
        )
        ds.PatientComments = NAMES[charset].split("=")[-1] or "x"

    make_ct_series(tmp_path / "in", slices=2, tweak=named)
    series = only(tmp_path / "in")
    path = write_object(
        segmentation(origin_of(series), series, evidence_of(series), new_seg()), tmp_path / "o.dcm"
    )
    image, made = pydicom.dcmread(series.instances[0].path), pydicom.dcmread(path)
    assert made.SpecificCharacterSet == "ISO_IR 192"
    assert (
        str(made.PatientName).rstrip("=") == str(image.PatientName).rstrip("=") == NAMES[charset].rstrip("=")
    )
    assert iod_errors(path) == []


@pytest.mark.parametrize(
    "keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]
)
def test_that_an_image_without_what_must_be_referred_to_is_refused(keyword: str, tmp_path: Path) -> None:
    ds = make_instance()
    delattr(ds, keyword)
    with pytest.raises(UnreadableImage, match="nothing can be") as caught:
        read_origin([save(ds, tmp_path / "a.dcm")])
    assert caught.value.hint


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientSex", "female"),
        ("PatientBirthDate", "1970"),
        ("StudyTime", "25:61"),
        ("PatientAge", "54 years"),
    ],
)
def test_that_a_wrong_value_is_left_empty_and_that_is_told(keyword: str, value: str, tmp_path: Path) -> None:
    ds = make_instance()
    del ds[keyword]
    ds.add(
        pydicom.DataElement(
            pydicom.datadict.tag_for_keyword(keyword) or 0, "LO", value, validation_mode=pydicom.config.IGNORE
        )
    )
    origin = read_origin([save(ds, tmp_path / "a.dcm")])
    assert not origin.header.get(keyword)
    (told,) = origin.repairs
    assert pydicom.datadict.dictionary_description(keyword) in told


def test_that_a_missing_type_2_attribute_is_empty_and_told(tmp_path: Path) -> None:
    ds = make_instance()
    del ds.StudyID
    origin = read_origin([save(ds, tmp_path / "a.dcm")])
    assert "StudyID" in origin.header
    assert origin.repairs == (
        "Left empty, because the images do not tell it, or not as the standard wants it: Study ID.",
    )


def test_that_sound_images_need_no_repair(series: Path) -> None:
    assert origin_of(only(series)).repairs == ()


@pytest.mark.parametrize("keyword", ["PatientID", "PatientName", "PatientBirthDate"])
def test_that_images_of_two_patients_are_refused(keyword: str, tmp_path: Path) -> None:
    first, second = make_instance(0), make_instance(1)
    setattr(second, keyword, "19710101" if keyword == "PatientBirthDate" else "Other")
    paths = [save(first, tmp_path / "a.dcm"), save(second, tmp_path / "b.dcm")]
    with pytest.raises(UnreadableImage, match="more than one patient") as caught:
        read_origin(paths)
    assert "Other" not in caught.value.sentence()


def test_that_images_of_two_studies_are_refused(tmp_path: Path) -> None:
    first, second = make_instance(0), make_instance(1)
    second.StudyInstanceUID = "1.2.3"
    with pytest.raises(UnreadableImage, match="more than one study"):
        read_origin([save(first, tmp_path / "a.dcm"), save(second, tmp_path / "b.dcm")])


def test_that_copies_under_one_uid_are_refused(tmp_path: Path) -> None:
    paths = [save(make_instance(0), tmp_path / name) for name in ("a.dcm", "b.dcm")]
    with pytest.raises(UnreadableImage, match="one SOP Instance UID"):
        read_origin(paths)


def test_that_no_image_makes_no_object() -> None:
    with pytest.raises(UnreadableImage, match="no image"):
        read_origin([])


def test_that_an_id_keeps_its_inner_spaces_and_any_length(tmp_path: Path) -> None:
    ds = make_instance()
    ds.PatientID = "A  1" + "7" * 60
    origin = read_origin([save(ds, tmp_path / "a.dcm")])
    made = begin(origin, NewObject(SEG_STORAGE, "SEG", 9, "x", when=WHEN))
    assert made.PatientID == ds.PatientID


def test_that_a_hostile_name_stays_text(tmp_path: Path) -> None:
    ds = make_instance()
    ds.PatientName = "A^<b>\x1b[31m\x00"
    header = read_origin([save(ds, tmp_path / "a.dcm")]).header
    assert all(c.isprintable() for c in json.loads(json.dumps(str(header.PatientName))))


def test_that_every_new_object_has_uids_of_its_own() -> None:
    made = [NewObject(SEG_STORAGE, "SEG", 9, "x") for _ in range(3)]
    assert len({uid for one in made for uid in (one.series_uid, one.sop_uid)}) == 6


def test_that_a_file_is_whole(series: Path) -> None:
    origin = origin_of(only(series))
    data = file_bytes(begin(origin, NewObject(SEG_STORAGE, "SEG", 9, "x", when=WHEN)))
    assert data[128:132] == b"DICM"


def test_that_what_cannot_be_written_leaves_nothing(series: Path, tmp_path: Path) -> None:
    ds = begin(origin_of(only(series)), NewObject(SEG_STORAGE, "SEG", 9, "x", when=WHEN))
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(WriteError, match="nothing was written"):
        write_object(ds, blocked / "seg.dcm")
    assert list(tmp_path.glob(".*")) == []
