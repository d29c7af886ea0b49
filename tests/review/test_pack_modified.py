"""A modified finding leaves as the model made it and as the reader did: two objects, compared, validated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.facts import Evidence, Person
from medviewer.dicom.evidence.seg_check import modified_faults
from medviewer.dicom.evidence.sr_check import report_faults
from medviewer.dicom.scan import scan
from medviewer.errors import UsageError
from medviewer.imaging.volume import Mask
from medviewer.review.evidence import evidence
from medviewer.review.overlay_reading import Request
from medviewer.review.pack import Pack
from medviewer.review.report_overlays import read_object
from medviewer.review.session import Session
from tests.dicom.evidence.written import disagreements, errors_of, twisted
from tests.review.packs import packed, parts_of, read_session

FILES = ("seg.dcm", "seg-modified.dcm", "sr.dcm")


def edited(folder: Path) -> Session:
    """The right lung modified: a piece taken away, one voxel put in the last corner."""
    session = read_session(folder)
    finding = session.state.findings[1]
    session.modify(
        finding.id, Mask.from_full(9, "any", drawn(session), finding.mask and finding.mask.geometry)
    )
    return session


def drawn(session: Session) -> NDArray[np.bool_]:
    own = session.state.findings[1].mask
    assert own is not None
    full = own.full()
    full[2] = False
    full[-1, -1, -1] = True
    return full


@pytest.fixture
def session(study: Path) -> Session:
    return edited(study)


@pytest.fixture
def pack(session: Session, tmp_path: Path) -> Pack:
    return packed(session.state, tmp_path / "out", ("SEG", "SR"))


def read(pack: Pack, name: str) -> Dataset:
    return pydicom.dcmread(pack.folder / name)


def voxels(pack: Pack, name: str, session: Session, segment: int = 1) -> NDArray[np.bool_]:
    """By highdicom, on the images in display order."""
    seg = hd.seg.segread(pack.folder / name)
    assert session.state.series is not None
    uids = [instance.sop_uid for instance in session.state.series.instances]
    found = seg.get_pixels_by_source_instance(
        uids, segment_numbers=[segment], assert_missing_frames_are_empty=True, ignore_spatial_locations=True
    )
    return np.asarray(found[..., 0] > 0)


def test_that_both_outlines_are_written_voxel_for_voxel(session: Session, pack: Pack) -> None:
    assert tuple(entry.name for entry in pack.entries) == FILES
    assert pack.left_out == ()
    own = session.state.findings[1].mask
    assert own is not None
    assert np.array_equal(voxels(pack, "seg.dcm", session), own.full())
    assert np.array_equal(voxels(pack, "seg-modified.dcm", session), drawn(session))


def test_that_each_segmentation_says_who_made_it_and_the_readers_refers_to_the_models(pack: Pack) -> None:
    own, theirs = read(pack, "seg.dcm"), read(pack, "seg-modified.dcm")
    assert {s.SegmentAlgorithmType for s in own.SegmentSequence} == {"AUTOMATIC"}
    (segment,) = theirs.SegmentSequence
    assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert segment.SegmentAlgorithmName == own.SegmentSequence[0].SegmentAlgorithmName
    assert segment.SegmentLabel == "Right lung, modified"
    assert segment.SegmentDescription.startswith("Modified by Dr Reader, 2026")
    assert segment.TrackingUID not in {s.TrackingUID for s in own.SegmentSequence}
    assert (
        segment.SegmentedPropertyTypeCodeSequence == own.SegmentSequence[0].SegmentedPropertyTypeCodeSequence
    )
    (source,) = theirs.SourceImageSequence
    assert (source.ReferencedSOPInstanceUID, source.ReferencedSegmentNumber) == (own.SOPInstanceUID, 1)
    listed = {
        i.ReferencedSOPInstanceUID
        for s in theirs.ReferencedSeriesSequence
        for i in s.ReferencedInstanceSequence
    }
    assert own.SOPInstanceUID in listed
    assert own.SeriesInstanceUID != theirs.SeriesInstanceUID
    assert str(theirs.ContentCreatorName) == "Dr Reader^"


def test_that_the_report_refers_to_both_and_reads_back_with_its_own_outlines(
    session: Session, pack: Pack, study: Path
) -> None:
    found = scan([study, pack.folder])
    sr = next(o for o in found.objects if o.kind.code == "SR")
    told, *segs = read_object(Request(sr, "SR", found))
    assert len(segs) == 2
    lungs = [row for row in told.overlays if "modified" in " ".join(row.said).lower()]
    (theirs,) = (row for row in lungs if any("Modified and accepted" in text for text in row.said))
    (models,) = (row for row in told.overlays if any("Replaced by" in text for text in row.said))
    assert models.figures[0].startswith("Volume 1234.5")
    assert theirs.figures[0].startswith("Volume ")
    assert not theirs.figures[0].startswith("Volume 1234")
    assert not any("LAA" in figure for figure in theirs.figures)
    by_name = {o.name: o.mask.full() for seg in segs for o in seg.overlays if o.mask is not None}
    assert np.array_equal(by_name["Right lung, modified"], drawn(session))


@pytest.mark.parametrize("name", FILES)
def test_that_validators_find_no_error(pack: Pack, name: str) -> None:
    assert errors_of(pack.folder / name) == []


def test_that_the_objects_agree_with_the_images(pack: Pack, study: Path) -> None:
    paths = [pack.folder / name for name in FILES]
    assert disagreements([sorted(study.iterdir())[0], *paths]) == []


def told_by(session: Session) -> Evidence:
    state = session.state
    assert state.series is not None
    return evidence(state.results[0], state.series, state.decisions, reader=Person("Dr Reader^"))


def test_that_the_read_back_finds_a_mistaken_maker_or_origin(session: Session, pack: Pack) -> None:
    series = session.state.series
    assert series is not None
    facts = told_by(session)
    path, own = pack.folder / "seg-modified.dcm", pack.folder / "seg.dcm"

    def as_models(ds: Dataset) -> None:
        ds.SegmentSequence[0].SegmentAlgorithmType = "AUTOMATIC"

    def of_nothing(ds: Dataset) -> None:
        del ds.SourceImageSequence

    def tracked_alike(ds: Dataset) -> None:
        ds.SegmentSequence[0].TrackingUID = read(pack, "seg.dcm").SegmentSequence[0].TrackingUID

    def anonymous(ds: Dataset) -> None:
        ds.ContentCreatorName = ""

    assert modified_faults(path, series, facts, own) == ()
    for change, words in (
        (as_models, "whether a person changed it"),
        (of_nothing, "does not refer to the model's outlines"),
        (tracked_alike, "under the tracking identifier of the model's"),
        (anonymous, "does not name the reader"),
    ):
        faults = modified_faults(twisted(path, change), series, facts, own)
        assert any(words in fault for fault in faults), (words, faults)
    swapped = modified_faults(own, series, facts, own)
    assert any("voxels" in fault for fault in swapped)


def test_that_the_report_is_not_believed_with_the_models_figures_as_the_readers(
    session: Session, pack: Pack
) -> None:
    series = session.state.series
    assert series is not None
    facts = told_by(session)
    models, readers = facts.observations[1], facts.observations[2]
    assert readers.by_reader
    paths = [pack.folder / name for name in ("seg.dcm", "seg-modified.dcm")]

    def faults(*observations: object) -> tuple[str, ...]:
        changed = replace(facts, observations=(facts.observations[0], *observations, *facts.observations[3:]))
        return report_faults(pack.folder / "sr.dcm", series, changed, *paths)

    assert faults(models, readers) == ()
    wrong = faults(models, replace(models, tracking=readers.tracking))
    assert "A finding does not say rightly whether a model or a reader made its figures." in wrong
    assert "A finding does not refer to its own outline." in wrong
    assert "A figure of a finding is missing, or one too many." in wrong


def test_that_without_the_models_outlines_the_readers_are_left_out(session: Session, tmp_path: Path) -> None:
    """The report alone refers to neither."""
    pack = packed(session.state, tmp_path / "alone", ("SR",))
    assert [entry.name for entry in pack.entries] == ["sr.dcm"]
    named = read(pack, "sr.dcm").CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    assert len(named) == 1


def test_that_the_readers_outline_never_leaves_without_the_models(session: Session) -> None:
    """What refers to an object that could not be written is not written either."""
    (_, theirs, _), _ = parts_of(session.state, ("SEG", "SR"))
    with pytest.raises(UsageError, match="have no origin"):
        theirs.write(frozenset())


def test_that_a_finding_edited_back_and_forth_leaves_as_the_model_made_it(
    session: Session, tmp_path: Path
) -> None:
    session.reset(session.state.findings[1].id)
    pack = packed(session.state, tmp_path / "reset", ("SEG", "SR"))
    assert [entry.name for entry in pack.entries] == ["seg.dcm", "sr.dcm"]
