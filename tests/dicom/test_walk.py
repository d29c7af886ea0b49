"""The header guard: nothing a file says of its own lengths is believed."""

from __future__ import annotations

import zlib
from pathlib import Path
from struct import pack

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from medviewer.dicom.elements import Broken
from medviewer.dicom.header import read_header
from medviewer.dicom.tags import TAG
from medviewer.dicom.walk import walk
from tests.factories import make_instance, save
from tests.robust.seeds import seeds

ROWS = frozenset({TAG["Rows"], TAG["PatientName"]})


def written(folder: Path, name: str = "a.dcm", **changes: object) -> Path:
    ds = make_instance()
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    return save(ds, folder / name)


def nested(depth: int) -> bytes:
    """A private sequence nested ``depth`` times with undefined lengths."""
    start = pack("<HH2sHI", 0x0009, 0x1000, b"SQ", 0, 0xFFFFFFFF) + pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    end = pack("<HHI", 0xFFFE, 0xE00D, 0) + pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return start * depth + end * depth


def with_inserted(path: Path, extra: bytes) -> Path:
    """Put bytes before (0010,0010), where group 9 belongs."""
    data = path.read_bytes()
    at = data.index(b"\x10\x00\x10\x00PN")
    path.write_bytes(data[:at] + extra + data[at:])
    return path


def test_place_of_the_pixels_is_found_to_the_byte(tmp_path: Path) -> None:
    path = written(tmp_path)
    header = walk(path, ROWS)
    assert header.pixel_length == 16 * 12 * 2
    data = path.read_bytes()
    assert data[header.pixel_offset : header.pixel_offset + 2] == (100).to_bytes(2, "little")
    assert header.values[TAG["PatientName"]].strip() == b"Test^Tina"


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_encodings_are_walked_too(tmp_path: Path, syntax: str) -> None:
    ds = make_instance()
    ds["PixelData"].VR = "OW"
    ds.file_meta.TransferSyntaxUID = syntax
    header = walk(save(ds, tmp_path / "a.dcm"), ROWS)
    order = "little" if header.coding.little else "big"
    assert int.from_bytes(header.values[TAG["Rows"]], order) == 16


@pytest.mark.parametrize("depth", [1, 50])
def test_ordinary_nesting_is_skipped(tmp_path: Path, depth: int) -> None:
    path = with_inserted(written(tmp_path), nested(depth))
    assert TAG["Rows"] in walk(path, ROWS).values


@pytest.mark.parametrize("vr", [b"SQ", b"UN"])
def test_nesting_is_counted_where_lengths_are_told_too(tmp_path: Path, vr: bytes) -> None:
    """Whatever parses the header after us may recurse: the same limit, however the ends are told."""
    for depth, refused in ((64, False), (65, True)):
        inner = b""
        for level in range(depth, 0, -1):
            item = pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
            explicit = level == 1 or vr == b"SQ"
            head = pack("<HH2sHI", 9, 0x1000, vr, 0, len(item))
            inner = (head if explicit else pack("<HHI", 9, 0x1000, len(item))) + item
        path = with_inserted(written(tmp_path, f"{depth}.dcm"), inner)
        if refused:
            with pytest.raises(Broken, match="nested too deeply"):
                walk(path, ROWS)
        else:
            walk(path, ROWS)


def test_a_damaged_sequence_of_told_length_is_passed_over_and_known(tmp_path: Path) -> None:
    item = pack("<HHI", 0xFFFE, 0xE000, 500) + b"no item at all.."
    path = with_inserted(written(tmp_path), pack("<HH2sHI", 9, 0x1000, b"SQ", 0, len(item)) + item)
    header = walk(path, ROWS)
    assert TAG["Rows"] in header.values
    assert not header.sound
    assert walk(written(tmp_path, "b.dcm"), ROWS).sound


def test_no_parser_that_recurses_gets_a_damaged_sequence(tmp_path: Path) -> None:
    """Plain images open, with the damage passed over; tables and frames would be parsed."""
    item = pack("<HHI", 0xFFFE, 0xE000, 500) + b"no item at all.."
    damage = pack("<HH2sHI", 9, 0x1000, b"SQ", 0, len(item)) + item
    assert read_header(with_inserted(written(tmp_path), damage))
    for name in ("palette", "value table", "enhanced"):
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(next(seed.data for seed in seeds() if seed.name == name))
        assert read_header(path)
        with pytest.raises(Broken, match="damaged"):
            read_header(with_inserted(path, damage))


@pytest.mark.parametrize("depth", [100, 20_000])
def test_deep_nesting_is_refused_without_a_crash(tmp_path: Path, depth: int) -> None:
    path = with_inserted(written(tmp_path), nested(depth))
    with pytest.raises(Broken, match="nested too deeply"):
        walk(path, ROWS)


def test_sequences_and_private_elements_do_not_hide_what_follows(tmp_path: Path) -> None:
    item = Dataset()
    item.CodeValue = "1"
    ds = make_instance()
    ds.AnatomicRegionSequence = Sequence([item])
    ds.private_block(0x11, "TEST", create=True).add_new(1, "OB", b"\0" * 200_000)
    header = walk(save(ds, tmp_path / "a.dcm"), ROWS)
    assert header.pixel_length == 16 * 12 * 2


@pytest.mark.parametrize("end", [0, 50, 131, 140, 180, 400, -10])
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, end: int) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(Broken):
        read_header(path)


def test_an_element_longer_than_the_file_is_refused(tmp_path: Path) -> None:
    path = with_inserted(written(tmp_path), pack("<HH2sHI", 9, 0x1001, b"OB", 0, 0x7FFFFFF0))
    with pytest.raises(Broken, match="cut short"):
        walk(path, ROWS)


def test_what_is_not_dicom_says_so(tmp_path: Path) -> None:
    for name, content, reason in (
        ("empty", b"", "empty"),
        ("text", b"hello", "Not a DICOM"),
        ("zip", b"PK\x03\x04" + bytes(200), "zip"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(Broken, match=reason):
            walk(path, ROWS)


def test_a_deflated_file_is_read_and_a_bomb_is_not(tmp_path: Path) -> None:
    ds = make_instance()
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = save(ds, tmp_path / "deflated.dcm")
    header = walk(path, ROWS)
    assert header.body is not None
    assert header.pixel_length == 16 * 12 * 2
    raw = path.read_bytes()
    start = raw.index(b"1.2.840.10008.1.2.1.99") + 22
    plain = pydicom.dcmread(path)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(pack("<HH2sHI", 9, 0x1001, b"OB", 0, 1 << 26) + bytes(1 << 26)) + packer.flush()
    length = 144 + int(plain.file_meta.FileMetaInformationGroupLength)
    assert length > start
    path.write_bytes(raw[:length] + bomb)
    with pytest.raises(Broken, match="far more"):
        walk(path, ROWS)


def test_a_missing_transfer_syntax_is_not_guessed(tmp_path: Path) -> None:
    path = written(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0"))
    with pytest.raises(Broken, match="transfer syntax"):
        walk(path, ROWS)
