"""Repair: offered where the bytes leave no doubt, opened only when asked, marked for good."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from medviewer.dicom.load import load_series
from medviewer.dicom.repair import Repair, guess, write_repaired
from medviewer.dicom.scan import scan
from medviewer.dicom.study import SeriesIssue
from medviewer.scratch import cleanup
from tests.factories import make_instance, to_bytes
from tests.robust.case import HU, RAMP, good, good_bytes, meta_syntax, nested, syntax_element
from tests.robust.makers import JPEG_LS, compressed
from tests.robust.seeds import seeds, written_as

J2K_LOSSY = "1.2.840.10008.1.2.4.91"


def _j2k() -> bytes:
    stream = bytes(imagecodecs.jpeg2k_encode(RAMP, level=0, reversible=True, codecformat="j2k"))
    return to_bytes(compressed(good(), J2K_LOSSY, [stream]))


def _implicit_called_explicit() -> bytes:
    implicit = to_bytes(written_as(good(), ImplicitVRLittleEndian))
    explicit = good_bytes()
    return explicit[: _dataset(explicit)] + implicit[_dataset(implicit) :]


def _dataset(data: bytes) -> int:
    return 144 + int.from_bytes(data[140:144], "little")


def _without_head(data: bytes) -> bytes:
    return data[_dataset(data) :]


def _big() -> bytes:
    ds = written_as(good(), ExplicitVRBigEndian)
    ds.PixelData = RAMP.astype(">i2").tobytes()
    return to_bytes(ds)


def _rle() -> bytes:
    ds = make_instance(pixels=RAMP)
    ds.compress(RLELossless, generate_instance_uid=False)
    return to_bytes(ds)


SPOILT: dict[str, tuple[Callable[[], bytes], str]] = {
    "no preamble": (lambda: good_bytes()[132:], ExplicitVRLittleEndian),
    "no head": (lambda: _without_head(good_bytes()), ExplicitVRLittleEndian),
    "no head, implicit": (
        lambda: _without_head(to_bytes(written_as(good(), ImplicitVRLittleEndian))),
        ImplicitVRLittleEndian,
    ),
    "no head, big endian": (lambda: _without_head(_big()), ExplicitVRBigEndian),
    "no syntax": (lambda: meta_syntax(b""), ExplicitVRLittleEndian),
    "called implicit": (lambda: meta_syntax(syntax_element(b"1.2.840.10008.1.2")), ExplicitVRLittleEndian),
    "called explicit": (_implicit_called_explicit, ImplicitVRLittleEndian),
    "called compressed": (
        lambda: meta_syntax(syntax_element(b"1.2.840.10008.1.2.4.90")),
        ExplicitVRLittleEndian,
    ),
    "unknown": (lambda: meta_syntax(syntax_element(b"1.2.3.4.5.6")), ExplicitVRLittleEndian),
    "no head, JPEG 2000": (lambda: _without_head(_j2k()), J2K_LOSSY),
    "no head, RLE": (lambda: _without_head(_rle()), RLELossless),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_file_is_refused_then_offered_and_opened_with_its_mark(tmp_path: Path, name: str) -> None:
    make, syntax = SPOILT[name]
    path = tmp_path / "spoilt.dcm"
    path.write_bytes(make())
    before = path.read_bytes()
    assert not scan([path]).patients, "opened without being asked"
    repair = guess(path)
    assert repair is not None
    assert repair.syntax == syntax
    copy = write_repaired(path, repair)
    try:
        (series,) = scan([copy]).all_series()
        np.testing.assert_array_equal(load_series(series).voxels, HU)
        assert SeriesIssue.REPAIRED in series.issues
        assert copy.stat().st_mode & 0o077 == 0 or copy.parent.stat().st_mode & 0o077 == 0
    finally:
        cleanup()
    assert path.read_bytes() == before
    assert not copy.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Not an image at all.\n" * 20,
        b"\x08\0" + bytes(500),
        good_bytes()[132:900],
        good_bytes()[132:-100],
        meta_syntax(b"")[:-100],
        meta_syntax(b"").replace(b"\x28\0\x10\0US", b"\x28\0\x99\0US"),
        good_bytes()[:150] + nested(100),
        random.Random(3).randbytes(4000),
    ],
)
def test_what_is_no_whole_image_is_not_offered(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(data)
    assert guess(path) is None


def test_good_files_and_other_objects_need_no_repair(tmp_path: Path) -> None:
    for seed in seeds():
        if seed.name not in ("zip", "dicomdir"):
            path = tmp_path / f"{seed.name}.dcm"
            path.write_bytes(seed.data)
            assert guess(path) is None, seed.name


def test_the_words_are_the_syntaxs_name() -> None:
    assert Repair(0, ExplicitVRLittleEndian).name == "Explicit VR Little Endian"


def test_a_stream_of_another_kind_than_its_syntax_is_read_as_what_it_is_and_told(tmp_path: Path) -> None:
    stream = bytes(imagecodecs.jpegls_encode(RAMP.view(np.uint16)))
    path = tmp_path / "a.dcm"
    path.write_bytes(to_bytes(compressed(good(), "1.2.840.10008.1.2.4.90", [stream])))
    (series,) = scan([path]).all_series()
    assert SeriesIssue.CONTRADICTORY_PIXELS in series.issues
    np.testing.assert_array_equal(load_series(series).voxels, HU)
    path.write_bytes(to_bytes(compressed(good(), JPEG_LS, [stream])))
    (series,) = scan([path]).all_series()
    assert series.issues == frozenset()
