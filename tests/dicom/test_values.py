"""Raw bytes to values: wrong input is absent or visibly replaced, never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medviewer.dicom import plane
from medviewer.dicom import values as v
from medviewer.imaging.window import VoiFunction


@pytest.mark.parametrize(
    ("raw", "value"),
    [(b"1.5 ", 1.5), (b"-2e3", -2000.0), (b"0,5", None), (b"", None), (b"NaN", None), (b"inf", None)],
)
def test_decimals_are_numbers_or_nothing(raw: bytes, value: float | None) -> None:
    assert v.number(raw) == value


def test_one_wrong_number_spoils_a_list() -> None:
    assert v.numbers(b"1\\2\\3 ") == (1.0, 2.0, 3.0)
    assert v.numbers(b"1\\x\\3") == ()


@pytest.mark.parametrize(
    ("raw", "charset", "shown"),
    [
        (b"Doe^John ", b"", "Doe^John"),
        ("Müller".encode(), b"ISO_IR 192", "Müller"),
        ("Müller".encode("latin-1"), b"ISO_IR 100", "Müller"),
        ("Müller".encode("latin-1"), b"", "Müller"),
        ("王^小東".encode("gb18030"), b"GB18030", "王^小東"),
        (b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", b"\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎"),
        ("Müller".encode(), b"KLINGON", "Müller"),
        (b"a\x07\r\nb", b"", "a b"),
    ],
)
def test_text_in_the_headers_script(raw: bytes, charset: bytes, shown: str) -> None:
    assert v.text(raw, charset) == shown


@given(st.binary(max_size=64), st.sampled_from([b"", b"ISO_IR 192", b"\\ISO 2022 IR 87", b"ISO_IR 13", b"?"]))
def test_any_bytes_become_some_plain_text(raw: bytes, charset: bytes) -> None:
    assert v.text(raw, charset).isprintable()


@pytest.mark.parametrize(
    ("pixel", "imager", "nominal", "calibration", "expected"),
    [
        (b"0.5\\0.6", b"", b"", b"", ((0.5, 0.6), "mm")),
        (b"0.5\\0.6", b"0.5\\0.6", b"", b"", ((0.5, 0.6), "mm at detector")),
        (b"0.4\\0.4", b"0.5\\0.5", b"", b"", ((0.4, 0.4), "mm (calibrated)")),
        (b"0.4\\0.4", b"", b"", b"GEOMETRY", ((0.4, 0.4), "mm (calibrated: GEOMETRY)")),
        (b"", b"0.1\\0.1", b"", b"", ((0.1, 0.1), "mm at detector")),
        (b"", b"", b"0.1\\0.1", b"", ((0.1, 0.1), "mm (nominal)")),
        (b"", b"", b"", b"", (None, "px")),
        (b"0\\0.5", b"0.1\\0.1", b"", b"", (None, "px")),
        (b"0,5\\0,5", b"", b"", b"", (None, "px")),
        (b"0.5", b"", b"", b"", (None, "px")),
    ],
)
def test_what_the_millimetres_are(
    pixel: bytes, imager: bytes, nominal: bytes, calibration: bytes, expected: object
) -> None:
    assert plane.spacing(pixel, imager, nominal, calibration) == expected


@pytest.mark.parametrize(
    "raw",
    [b"1\\0\\0\\1\\0\\0", b"2\\0\\0\\0\\1\\0", b"1\\0\\0\\0.1\\1\\0", b"1\\0", b"nan\\0\\0\\0\\1\\0"],
)
def test_an_orientation_that_cannot_be_is_absent(raw: bytes) -> None:
    assert plane.orientation(raw) is None


def test_windows_keep_order_names_and_function() -> None:
    found = plane.windows(b"40\\-600\\1", b"400\\1500\\0", b"SOFT\\LUNG", b"LINEAR", False)
    assert [(w.centre, w.width, w.name) for w in found] == [(40.0, 400.0, "SOFT"), (-600.0, 1500.0, "LUNG")]
    (exact,) = plane.windows(b"1", b"0.5", b"", b"LINEAR_EXACT", True)
    assert (exact.function, exact.invert) == (VoiFunction.LINEAR_EXACT, True)
    assert plane.windows(b"1", b"0.5", b"", b"", False) == ()


@pytest.mark.parametrize(("slope", "intercept"), [(b"0", b"1"), (b"NaN", b"0"), (b"1", b"x")])
def test_a_rescale_that_cannot_be_is_not_applied(slope: bytes, intercept: bytes) -> None:
    assert plane.rescale(slope, intercept) == (1.0, 0.0, False)


def test_half_a_rescale_is_applied_but_vouches_for_no_unit() -> None:
    assert plane.rescale(b"2", b"") == (2.0, 0.0, False)
    assert plane.rescale(b"", b"-5 ") == (1.0, -5.0, False)
    assert plane.rescale(b"", b" ") == (1.0, 0.0, False)
    assert plane.rescale(b"2", b"-5 ") == (2.0, -5.0, True)
