"""The tags of a file are all there, as plain short text, and no file is too hostile to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from struct import pack

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from medviewer.dicom import tag_tree
from medviewer.dicom.elements import Broken
from medviewer.dicom.tag_tree import TagRow, TagTree, matching, read_tags
from medviewer.errors import Cancelled
from medviewer.tasks import TaskContext
from tests.dicom.test_walk import nested, with_inserted
from tests.factories import make_instance, save


def rich(path: Path, syntax: str = "", tweak: Callable[[Dataset], object] | None = None) -> Path:
    """A CT image with a sequence, private elements, a long text and binary data."""
    ds = make_instance()
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = "1.2.3.4"
    ds.ReferencedImageSequence = Sequence([inner, Dataset()])
    ds.StudyComments = "word " * 300
    block = ds.private_block(0x0009, "Maker of things", create=True)
    block.add_new(1, "LO", "secret")
    block.add_new(2, "OB", bytes(100))
    ds["PixelData"].VR = "OW"
    if syntax:
        ds.file_meta.TransferSyntaxUID = syntax
    if tweak is not None:
        tweak(ds)
    return save(ds, path)


def by_keyword(tree: TagTree) -> dict[str, TagRow]:
    return {row.keyword: row for row in tree.rows if row.keyword}


def test_that_every_element_pydicom_knows_is_there_in_order(tmp_path: Path) -> None:
    path = rich(tmp_path / "a")
    tree = read_tags(path)
    whole = pydicom.dcmread(path)
    expected = [int(e.tag) for e in whole.file_meta] + [int(e.tag) for e in whole]
    assert [row.tag for row in tree.rows if row.depth == 0] == expected
    assert tree.stopped == ""


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_that_all_encodings_tell_the_same(tmp_path: Path, syntax: str) -> None:
    plain, other = (read_tags(rich(tmp_path / str(k), s)) for k, s in enumerate(("", syntax)))
    told = [
        [(r.depth, r.tag, r.value) for r in tree.rows if r.tag >> 16 not in (2, 9)] for tree in (plain, other)
    ]
    assert told[0] == told[1]


def test_what_values_look_like(tmp_path: Path) -> None:
    rows = by_keyword(read_tags(rich(tmp_path / "a")))
    assert rows["PatientName"].value == "Test^Tina"
    assert rows["ImageType"].value == "ORIGINAL\\PRIMARY\\AXIAL"
    assert (rows["Rows"].vr, rows["Rows"].value) == ("US", "16")
    assert rows["SOPClassUID"].value == "1.2.840.10008.5.1.4.1.1.2  CT Image Storage"
    assert rows["PixelData"].value == "384\u2009bytes"
    assert rows["FileMetaInformationVersion"].value == "2\u2009bytes: 00 01"
    assert rows["StudyComments"].value.endswith("…")
    assert len(rows["StudyComments"].value) < 500


def test_that_a_sequence_counts_its_items_and_holds_them(tmp_path: Path) -> None:
    tree = read_tags(rich(tmp_path / "a"))
    at = next(k for k, row in enumerate(tree.rows) if row.keyword == "ReferencedImageSequence")
    assert tree.rows[at].value == "2 items"
    assert [(r.depth, r.number or r.name) for r in tree.rows[at + 1 : at + 4]] == [
        (1, "Item 1"),
        (2, "(0008,1155)"),
        (1, "Item 2"),
    ]


def test_that_private_elements_are_named_by_their_owner(tmp_path: Path) -> None:
    rows = {row.tag: row for row in read_tags(rich(tmp_path / "a")).rows}
    assert rows[0x00090010].name == "Private creator"
    assert (rows[0x00091001].name, rows[0x00091001].value) == ("Private of Maker of things", "secret")
    assert rows[0x00091002].value == "100\u2009bytes"


def test_that_control_characters_are_stripped(tmp_path: Path) -> None:
    path = rich(tmp_path / "a")
    path.write_bytes(path.read_bytes().replace(b"Test^Tina", b"Test\x1b\x07\n\x00a"))
    assert by_keyword(read_tags(path))["PatientName"].value == "Test a"


@pytest.mark.parametrize("depth", [65, 2000, 20_000])
def test_that_deep_nesting_stops_with_a_sentence(tmp_path: Path, depth: int) -> None:
    tree = read_tags(with_inserted(rich(tmp_path / "a"), nested(depth)))
    assert tree.stopped == "The header is nested too deeply."
    assert max(row.depth for row in tree.rows) <= 128


def test_that_deep_nesting_of_defined_length_stops_too(tmp_path: Path) -> None:
    inner = b""
    for _ in range(2000):
        item = pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
        inner = pack("<HH2sHI", 0x0009, 0x1000, b"SQ", 0, len(item)) + item
    assert read_tags(with_inserted(rich(tmp_path / "a"), inner)).stopped == "The header is nested too deeply."


def test_that_a_file_cut_short_shows_what_there_is(tmp_path: Path) -> None:
    path = rich(tmp_path / "a")
    path.write_bytes(path.read_bytes()[:-100])
    tree = read_tags(path)
    assert tree.stopped == "The file is cut short."
    assert tree.rows[-1].keyword == "PixelData"


def test_that_there_is_an_end_to_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_tree, "MAX_ROWS", 20)
    tree = read_tags(rich(tmp_path / "a"))
    assert len(tree.rows) == 20
    assert tree.stopped == "Only the first 20 elements are listed."


def test_what_is_no_dicom_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("words")
    with pytest.raises(Broken, match="Not a DICOM file"):
        read_tags(tmp_path / "a")


def test_that_reading_can_be_cancelled(tmp_path: Path) -> None:
    context = TaskContext()
    context.cancel()
    with pytest.raises(Cancelled):
        read_tags(rich(tmp_path / "a"), context)


@pytest.mark.parametrize("words", ["0010,0020", "(0010,0020)", "00100020", "patientid", "patient id", "T1"])
def test_that_a_row_is_found_by_tag_keyword_name_and_value(tmp_path: Path, words: str) -> None:
    rows = read_tags(rich(tmp_path / "a")).rows
    assert "PatientID" in [rows[k].keyword for k in matching(rows, words)]


def test_that_a_match_shows_what_holds_it(tmp_path: Path) -> None:
    rows = read_tags(rich(tmp_path / "a")).rows
    found = [rows[k] for k in matching(rows, "1.2.3.4")]
    assert [r.keyword or r.name for r in found] == [
        "ReferencedImageSequence",
        "Item 1",
        "ReferencedSOPInstanceUID",
    ]
    assert matching(rows, "no such thing") == []


def test_that_every_real_file_is_listed_to_its_end(shared_data: Path) -> None:
    for path in sorted((shared_data / "objects").rglob("*.dcm")):
        tree = read_tags(path)
        assert tree.stopped == "", path.name
        assert len(tree.rows) > 40
