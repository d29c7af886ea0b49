"""Dates, UIDs and pseudonyms of one export."""

from __future__ import annotations

from datetime import date

import pytest
from pydicom.uid import UID

from medviewer.dicom.deidentify.options import Option
from medviewer.dicom.deidentify.table import Act, act_for, rows
from medviewer.dicom.deidentify.values import Secret, shifted
from medviewer.dicom.deidentify.vocabulary import only_known_words

ONE, OTHER = Secret(b"one"), Secret(b"other")


def test_that_a_uid_is_the_same_for_the_same_one_and_for_no_other() -> None:
    made = ONE.uid("1.2.3.4")
    assert made == ONE.uid("1.2.3.4") != ONE.uid("1.2.3.5")
    assert made != OTHER.uid("1.2.3.4")
    assert UID(made).is_valid
    assert made.startswith("2.25.")


def test_that_uids_of_the_standard_stay_and_what_only_begins_like_them_does_not() -> None:
    assert ONE.uid("1.2.840.10008.5.1.4.1.1.2") == "1.2.840.10008.5.1.4.1.1.2"
    assert ONE.uid("1.2.840.10008.DOE").startswith("2.25.")
    assert ONE.uid("") == ""


def test_that_dates_of_a_patient_keep_their_distances() -> None:
    days = ONE.days("A")
    assert -366 >= days > -366 - 3650
    assert days != ONE.days("B")

    def moved(text: str) -> date:
        made = shifted(text, "DA", days)
        assert made is not None
        return date.fromisoformat(f"{made[:4]}-{made[4:6]}-{made[6:]}")

    assert moved("20240301") - moved("20240228") == date(2024, 3, 1) - date(2024, 2, 28)
    assert moved("20240101") - date(2024, 1, 1) == moved("19991231") - date(1999, 12, 31)


@pytest.mark.parametrize(
    ("text", "vr", "expected"),
    [
        ("20240301", "DA", "20240229"),
        ("20240301101500.25+0100", "DT", "20240229101500.25+0100"),
        ("20240301", "DT", "20240229"),
        ("101500.123456", "TM", "101500.123456"),
        ("20241340", "DA", None),
        ("2024", "DA", None),
        ("Doe", "DA", None),
        ("2024", "DT", None),
        ("250000", "TM", None),
        ("00010101", "DA", None),
    ],
)
def test_that_what_comes_out_is_a_valid_value_or_nothing(text: str, vr: str, expected: str | None) -> None:
    assert shifted(text, vr, -1) == expected


def test_that_only_technical_words_and_small_numbers_stay() -> None:
    said = "CHEST 1.5 mm B40f Mr. Doe, room 4711, 12.03.1970 w/o contrast"
    assert only_known_words(said) == "CHEST 1.5 mm B40f Mr 12.03 w contrast"
    assert only_known_words("Lung2 Hr44 AB12") == "Lung2 Hr44"
    assert only_known_words("Doe^John 20240301") == ""


@pytest.mark.parametrize(
    ("keyword", "basic", "options"),
    [
        ("PatientBirthDate", "Z", {}),
        ("StudyDate", "Z", {"dates": "C"}),
        ("SeriesDescription", "X", {"descriptors": "C"}),
        ("FrameOfReferenceUID", "U", {"uids": "K"}),
        ("ContentSequence", "D", {"structured": "C"}),
        ("GraphicAnnotationSequence", "D", {"graphics": "C"}),
        ("ReferencedImageSequence", "X/Z/U*", {"uids": "K"}),
        ("EncapsulatedDocument", "D", {}),
        ("DigitalSignaturesSequence", "X", {}),
        ("OriginalAttributesSequence", "X", {}),
        ("DataSetTrailingPadding", "X", {}),
        ("UnformattedTextValue", "D", {"graphics": "C"}),
        ("PatientSex", "Z", {"patients": "K"}),
    ],
)
def test_that_the_table_says_what_the_standard_says(
    keyword: str, basic: str, options: dict[str, str]
) -> None:
    row = next(row for row in rows().values() if row.keyword == keyword)
    assert row.basic == basic
    if not row.younger:
        assert row.options == options


def test_that_the_table_is_whole() -> None:
    counts = {basic: sum(row.basic == basic for row in rows().values()) for basic in ("X", "Z", "D", "U")}
    assert counts == {"X": 412, "Z": 42, "D": 93, "U": 55}


def test_that_free_text_nobody_knows_is_emptied_and_a_voice_of_the_machine_stays() -> None:
    assert act_for(0x00204000, "LT", frozenset()) is Act.REMOVE  # Image Comments, listed
    assert act_for(0x00280006 + 0x1000, "LO", frozenset(Option)) is Act.REPLACE  # listed nowhere
    assert act_for(0x00080070, "LO", frozenset()) is Act.KEEP  # Manufacturer
    assert act_for(0x00101001, "PN", frozenset(Option)) is Act.REMOVE
    assert act_for(0x60004000, "LT", frozenset(Option)) is Act.REMOVE
    assert act_for(0x50000010, "US", frozenset(Option)) is Act.REMOVE
