"""300 to 341: names and identifiers, places and spacings, and files that point elsewhere."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from tests.factories import to_bytes
from tests.robust.case import OK, REJECT, WARN, Case, Check, Opened, good, good_bytes, holds, raw


def _named(name: bytes, charset: str | None) -> bytes:
    """The good file with a name's own bytes, under the character set it declares."""
    name += b" " * (len(name) % 2)
    data = good_bytes(SpecificCharacterSet=charset, PatientName="")
    at = data.index(b"\x10\x00\x10\x00PN")
    return data[: at + 6] + struct.pack("<H", len(name)) + name + data[at + 8 :]


def _is_named(expected: str) -> Check:
    def check(seen: Opened) -> None:
        holds()(seen)
        (patient,) = seen.result.patients
        assert patient.name == expected

    return check


def _unknown_set(seen: Opened) -> None:
    """Bytes that cannot be read are seen to be unreadable."""
    holds()(seen)
    assert "\ufffd" in seen.result.patients[0].name


def _uid_as_path(folder: Path) -> Path:
    (folder / "in").mkdir()
    ds = raw(raw(good(), "SeriesInstanceUID", "UI", "../../../pwn"), "SOPInstanceUID", "UI", "../pwn")
    (folder / "in" / "a.dcm").write_bytes(to_bytes(ds))
    return folder / "in" / "a.dcm"


def _nothing_written(seen: Opened) -> None:
    holds()(seen)
    folder = seen.only.instances[0].path.parent
    assert [p.name for p in folder.iterdir()] == ["a.dcm"]
    assert [p.name for p in folder.parent.iterdir()] == ["in"]


def _two_identifiers() -> bytes:
    """The meta group names another image than the dataset."""
    data = good_bytes()
    at = data.index(b"\x02\x00\x03\x00UI") + 8
    last = at + int.from_bytes(data[at - 2 : at], "little") - 2
    return data[:last] + (b"7" if data[last : last + 1] != b"7" else b"8") + data[last + 1 :]


def _dataset_wins(seen: Opened) -> None:
    instance = seen.only.instances[0]
    assert instance.sop_uid == pydicom.dcmread(instance.path).SOPInstanceUID


def _in_pixels(seen: Opened) -> None:
    """No millimetre anywhere."""
    holds()(seen)
    instance = seen.only.instances[0]
    assert (instance.pixel_spacing, instance.spacing_label) == (None, "px")
    assert seen.volume.geometry is None


def _no_planes(seen: Opened) -> None:
    """A picture, but no place: no letters, no other planes."""
    holds()(seen)
    assert seen.volume.geometry is None
    instance = seen.only.instances[0]
    assert instance.orientation is None or instance.position is None


def _turned(*cosines: float) -> Dataset:
    return good(ImageOrientationPatient=list(cosines))


def _spaced(text: str) -> Dataset:
    return raw(good(), "PixelSpacing", "LO", text)


def _directory(folder: Path) -> Path:
    """A DICOMDIR that asks for /etc/passwd."""
    home = folder / "disc"
    home.mkdir()
    (folder / "secret.dcm").write_bytes(good_bytes())
    ds, record = Dataset(), Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    record.DirectoryRecordType = "IMAGE"
    record.add(pydicom.DataElement(0x00041500, "CS", ["..", "secret.dcm"], validation_mode=0))
    ds.DirectoryRecordSequence = Sequence([record])
    ds.save_as(home / "DICOMDIR", enforce_file_format=True)
    return home / "DICOMDIR"


def _zip_slip(folder: Path) -> Path:
    home = folder / "deep" / "deeper"
    home.mkdir(parents=True)
    with zipfile.ZipFile(home / "a.zip", "w") as archive:
        archive.writestr("../../slipped.dcm", good_bytes())
    return home / "a.zip"


def _nothing_slipped(seen: Opened) -> None:
    (archive,) = (u.path for u in seen.result.unreadable)
    assert not list(archive.parents[2].rglob("slipped.dcm"))


def _zip_bomb(folder: Path) -> Path:
    """Half a GiB of zeros."""
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for k in range(2):
            with archive.open(f"{k}.dcm", "w", force_zip64=True) as file:
                for _ in range(16):
                    file.write(bytes(1 << 24))
    return folder / "a.zip"


CASES = [
    Case("300", "UTF-8", OK, lambda f: _named("Wang^XiaoDong=王^小東".encode(), "ISO_IR 192"),
         check=_is_named("Wang^XiaoDong=王^小東")),
    Case("301", "ISO 2022 IR 87", OK,
         lambda f: _named(b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", r"\ISO 2022 IR 87"),
         check=_is_named("Yamada^Tarou=山田^太郎")),
    Case("302", "GB18030", OK, lambda f: _named("Wang^XiaoDong=王^小东".encode("gb18030"), "GB18030"),
         check=_is_named("Wang^XiaoDong=王^小东")),
    Case("303", "Latin-1 that is not declared", OK, lambda f: _named("Müller^Jürgen".encode("latin-1"), None),
         check=_is_named("Müller^Jürgen")),
    Case("304", "unknown character set", WARN, lambda f: _named("Müller".encode("latin-1"), "ISO_IR 999"),
         "UNKNOWN_CHARACTERS", _unknown_set),
    Case("305", "control characters in a name", OK,
         lambda f: _named(b"Doe\x1b[31m^John\x07\r\nroot logged in", "ISO_IR 192"),
         check=_is_named("Doe [31m^John root logged in")),
    Case("306", "HTML in a name", OK, lambda f: _named(b"Doe^<b>John</b><img src=x>", "ISO_IR 192"),
         check=_is_named("Doe^<b>John</b><img src=x>")),
    Case("310", "a path for an identifier", OK, _uid_as_path, check=_nothing_written),
    Case("311", "two identifiers", WARN, lambda f: _two_identifiers(), "TWO_IDENTIFIERS", _dataset_wins),
    Case("312", "nobody's image", WARN, lambda f: good(PatientID="", PatientName=""),
         "NO_PATIENT_ID", holds()),
    Case("320", "no pixel spacing", WARN, lambda f: good(PixelSpacing=None), "NO_SPACING", _in_pixels),
    Case("321", "no place", WARN, lambda f: good(ImagePositionPatient=None, ImageOrientationPatient=None),
         "NO_POSITION", _no_planes),
    Case("322", "parallel axes", WARN, lambda f: _turned(1, 0, 0, 1, 0, 0), "NO_POSITION", _no_planes),
    Case("323", "axes of length 2", WARN, lambda f: _turned(2, 0, 0, 0, 2, 0), "NO_POSITION", _no_planes),
    Case("324", "spacing 0", WARN, lambda f: good(PixelSpacing=[0, 0]), "NO_SPACING", _in_pixels),
    Case("325", "negative spacing", WARN, lambda f: good(PixelSpacing=[-1, -1]), "NO_SPACING", _in_pixels),
    Case("326", "spacing in words", WARN, lambda f: _spaced("0.1x1\\abcde"), "NO_SPACING", _in_pixels),
    Case("326b", "decimal comma", WARN, lambda f: _spaced("0,111\\0,222"), "NO_SPACING", _in_pixels),
    Case("327", "compressed with loss before", WARN,
         lambda f: good(LossyImageCompression="01", LossyImageCompressionRatio=12.5), "LOSSY",
         lambda s: s.only.lossy == "LOSSY 12.5:1"),
    Case("328", "text burned in", WARN, lambda f: good(BurnedInAnnotation="YES"), "BURNED_IN", holds()),
    Case("330", "DICOMDIR that points outside", REJECT, _directory, "outside its folder"),
    Case("340", "zip slip", REJECT, _zip_slip, "outside the archive",
         _nothing_slipped),
    Case("341", "zip bomb", REJECT, _zip_bomb, "far more"),
]  # fmt: skip
