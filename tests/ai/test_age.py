"""How old the patient was on the day of the study: told, or counted from the birthday; never guessed."""

from __future__ import annotations

import pytest

from medviewer.ai.age import age_of
from medviewer.dicom.study import Patient, Study


def age(told: str = "", born: str = "", day: str = "20250314") -> str:
    return age_of(Patient("p", "1", "N", (), born), Study("1", (), day, patient_age=told))


@pytest.mark.parametrize(
    ("born", "years"),
    [
        ("20200314", "005Y"),  # the birthday itself
        ("20200315", "004Y"),  # the day before it
        ("20200229", "005Y"),
        ("19490101", "076Y"),
        ("20250314", "000Y"),
    ],
)
def test_years_are_counted_in_birthdays(born: str, years: str) -> None:
    assert age(born=born) == years


def test_what_the_study_tells_wins_over_the_birthday() -> None:
    assert age("058Y", "20200314") == "058Y"
    assert age("018M", "20200314") == "018M"
    assert age("58 years", "20200314") == "005Y"  # no Age String (PS3.5 6.2)


@pytest.mark.parametrize("born", ["", "2020", "1.1.2020", "20250315", "00000000", "18700101"])
def test_a_birthday_that_cannot_be_gives_no_age(born: str) -> None:
    assert age(born=born) == ""


def test_a_study_without_a_day_gives_no_age() -> None:
    assert age(born="20200314", day="") == ""
