"""What a segmentation stores, in every kind and coding; and what is refused of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless

from medviewer.dicom.objects.seg_file import read_segmentation
from medviewer.errors import UnreadableImage
from medviewer.tasks import TaskContext
from tests.dicom.foreign_makers import Drawn, write_seg_frames
from tests.dicom.scanned import only
from tests.dicom.test_seg_placing import COLUMNS, ROWS, placed, speckle, where
from tests.factories import item, make_ct_series


def test_that_a_fraction_counts_from_a_half_up_and_its_kind_is_told(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    series = only(tmp_path / "ct")
    values = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    path = write_seg_frames(tmp_path / "s.dcm", [Drawn(values, where(series, 0))], kind="FRACTIONAL")
    found = placed(path, series)
    np.testing.assert_array_equal(found.segments[0][1].slice(0), values >= 100)
    assert found.notices == ("Fractional: outlined where the occupancy is at least 0.5.",)


def test_that_a_label_map_holds_its_segments(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    series = only(tmp_path / "ct")
    values = np.random.default_rng(1).integers(0, 3, (ROWS, COLUMNS))
    path = write_seg_frames(
        tmp_path / "s.dcm", [Drawn(values, where(series, 1))], kind="LABELMAP", labels=("A", "B")
    )
    for segment, mask in placed(path, series).segments:
        np.testing.assert_array_equal(mask.slice(1), values == segment.number)


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_that_the_transfer_syntax_makes_no_difference(tmp_path: Path, syntax: str, kind: str) -> None:
    if (kind, syntax) == ("BINARY", RLELossless):
        pytest.skip("single bits have no run lengths")
    make_ct_series(tmp_path / "ct", slices=3)
    series = only(tmp_path / "ct")
    frames = [Drawn(speckle(k) * (1 if kind == "BINARY" else 200), where(series, k)) for k in range(3)]
    ds = pydicom.dcmread(write_seg_frames(tmp_path / "s.dcm", frames, kind=kind))
    if syntax == RLELossless:
        ds.compress(RLELossless, encoding_plugin="pydicom")
        ds.save_as(tmp_path / "s.dcm")
    else:
        ds.file_meta.TransferSyntaxUID = syntax
        little = syntax != ExplicitVRBigEndian
        pydicom.dcmwrite(tmp_path / "s.dcm", ds, little_endian=little, implicit_vr=False, force_encoding=True)
    ((_, mask),) = placed(tmp_path / "s.dcm", series).segments
    for k in range(3):
        np.testing.assert_array_equal(mask.slice(k), speckle(k))


def test_that_an_empty_segment_is_kept_and_empty(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    series = only(tmp_path / "ct")
    path = write_seg_frames(
        tmp_path / "s.dcm", [Drawn(speckle(1), where(series, 0))], labels=("Liver", "<b>Cyst</b>")
    )
    names = [(s.label, m.voxel_count) for s, m in placed(path, series).segments]
    assert names == [("Liver", int(speckle(1).sum())), ("<b>Cyst</b>", 0)]


# ---- hostile --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"NumberOfFrames": 40}, "shorter"),
        ({"NumberOfFrames": 2_000_000_000}, "shorter"),
        ({"BitsAllocated": 16, "BitsStored": 16}, "shorter"),
        ({"SegmentationType": "FRACTIONAL", "MaximumFractionalValue": 1}, "contradict"),
        ({"SegmentationType": "OTHER"}, "readable"),
        ({"SegmentSequence": []}, "no segment"),
        ({"SegmentSequence": [item(SegmentNumber=1), item(SegmentNumber=1)]}, "one number"),
        ({"SegmentSequence": [item(SegmentNumber=2)]}, "does not name"),
        ({"PerFrameFunctionalGroupsSequence": []}, "incomplete"),
        ({"Rows": 60000, "Columns": 60000}, "believable"),
    ],
)
def test_that_contradictions_are_one_sentence(tmp_path: Path, facts: dict[str, object], words: str) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    series = only(tmp_path / "ct")
    path = write_seg_frames(tmp_path / "s.dcm", [Drawn(speckle(1), where(series, 0))], **facts)
    with pytest.raises(UnreadableImage, match=words):
        placed(path, series)


def test_that_a_fraction_of_nothing_is_refused(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    frame = Drawn(speckle(1), where(only(tmp_path / "ct"), 0))
    path = write_seg_frames(tmp_path / "s.dcm", [frame], kind="FRACTIONAL", MaximumFractionalValue=0)
    with pytest.raises(UnreadableImage, match="means a whole"):
        read_segmentation(path)


def test_that_reading_can_be_cancelled(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    path = write_seg_frames(tmp_path / "s.dcm", [Drawn(speckle(1), where(only(tmp_path / "ct"), 0))])
    context = TaskContext()
    context.cancel()
    with pytest.raises(Exception, match="Cancelled"):
        read_segmentation(path, context)
