"""No patient in any word that is kept, however a message quotes the header."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from medviewer.redaction import Redactor

NAMES = [
    "ZZPHI^Quirinus^von",
    "Żółkiewska^Świętosława",
    "Müller-Lüdenscheidt^Öttinger",
    "山田^太郎=やまだ^たろう",
    "김^희중",
]


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.learn([*NAMES, "ID/77-ZZ", "19490131", "ACC 0815"])
    return made


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "quoted",
    [
        lambda part: part,
        lambda part: part.upper(),
        lambda part: f"/data/{part}_ct/x.dcm",
        lambda part: f"{part}: it's not a name!",
        ascii,
        quote,
        lambda part: repr(part.encode()),
        lambda part: part.encode().decode("latin-1"),
    ],
)
def test_that_no_part_of_a_name_is_left_however_it_is_quoted(
    redactor: Redactor, name: str, quoted: object
) -> None:
    for part in (p for p in name.replace("=", "^").split("^") if len(p) > 1):
        said = redactor.clean(f"error near {quoted(part)} in load")  # type: ignore[operator]
        assert part.casefold() not in said.casefold()
        assert quoted(part).casefold() not in said.casefold()  # type: ignore[operator]
        assert said.startswith("error near ")
        assert "h:" in said
        assert said.endswith("in load")


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Müller", "latin-1"),
        ("山田", "iso2022_jp"),
        ("山田", "shift_jis"),
        ("김희중", "euc_kr"),
        ("王小东", "gb18030"),
    ],
)
def test_that_bytes_of_any_character_set_are_known(name: str, encoding: str) -> None:
    redactor = Redactor()
    redactor.learn([name])
    said = redactor.clean(f"cannot decode {name.encode(encoding)!r}")
    assert repr(name.encode(encoding))[2:-1] not in said


def test_that_equal_values_stay_equal_and_another_run_has_other_hashes(redactor: Redactor) -> None:
    first, second = redactor.clean("ID/77-ZZ"), redactor.clean("id/77-zz")
    assert first == second
    other = Redactor()
    other.learn(["ID/77-ZZ"])
    assert other.clean("ID/77-ZZ") != first


def test_that_dates_are_known_in_the_usual_ways(redactor: Redactor) -> None:
    assert "1949" not in redactor.clean("born 1949-01-31, 31.01.1949, 01/31/1949, 19490131")


def test_that_uids_go_unlearned_and_those_of_the_standard_stay() -> None:
    said = Redactor().clean("1.2.826.0.1.3680043.8.498.1234 in 1.2.840.10008.1.2.4.90, version 1.2.3")
    assert "1.2.826" not in said
    assert said.endswith("in 1.2.840.10008.1.2.4.90, version 1.2.3")


def test_that_a_word_which_only_holds_a_name_stays(redactor: Redactor) -> None:
    redactor.learn(["Li^Na"])
    assert redactor.clean("the line in the final list") == "the line in the final list"


def test_that_control_characters_cannot_write_a_line_of_their_own(redactor: Redactor) -> None:
    assert redactor.clean("a\r\n2026 ERROR faked\x1b[2J\u2028b") == "a  2026 ERROR faked [2J b"
