"""Objects written from every real study: no error of ours by other people's validators, and all reads back.

What a validator says of the images themselves is inherited, and listed here by name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from medviewer.dicom.evidence.derived import write_object
from medviewer.dicom.evidence.facts import Person
from medviewer.dicom.evidence.seg_check import segmentation_faults
from medviewer.dicom.evidence.seg_writer import segmentation
from medviewer.dicom.evidence.sr_check import report_faults
from medviewer.dicom.evidence.sr_writer import report
from medviewer.dicom.evidence.written_segments import segments_of
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from tests.dicom.evidence.makers import evidence_of, new_seg, new_sr, origin_of
from tests.dicom.evidence.validators import document, entity_errors, iod_errors

STUDIES = (
    "ct_chest_A0001",
    "ct_chest_A0002",
    "ct_head_GE_gantrytilt",
    "misc",
    "mr_brain_t1_studyforrest",
    "mr_enhanced_multiframe",
)

INHERITED = {
    "ct_head_GE_gantrytilt": (
        # Patient Identity Removed is YES, and how is not said
        "</DeidentificationMethod(0012,0063)> - Missing attribute",
        "</DeidentificationMethodCodeSequence(0012,0064)> - Missing attribute",
    ),
    "misc": (
        # the X-ray of teeth has a SOP Instance UID of a root that does not exist
        "ReferencedSOPInstanceUID(0008,1155)",
    ),
}


def _ours(errors: list[str], study: str) -> list[str]:
    return [line for line in errors if not any(known in line for known in INHERITED.get(study, ()))]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("study", STUDIES)
def test_that_objects_of_a_real_study_are_sound(study: str, shared_data: Path, tmp_path: Path) -> None:
    found = scan([shared_data / "studies" / study]).all_series()
    assert found
    for number, series in enumerate(found):
        _check(series, study, tmp_path / str(number))


def _check(series: Series, study: str, folder: Path) -> None:
    evidence, origin = evidence_of(series, observer=Person("Doe^Jane", "Ward")), origin_of(series)
    seg = segmentation(origin, series, evidence, new_seg())
    seg_path = write_object(seg, folder / "seg.dcm")
    sr_path = write_object(report(origin, series, evidence, new_sr(), segments_of(seg)), folder / "sr.dcm")
    for path in (seg_path, sr_path):
        assert _ours(iod_errors(path), study) == []
    assert _ours(entity_errors([series.instances[0].path, seg_path, sr_path]), study) == []
    if not series.instances[0].sop_uid.startswith("999."):  # a root that does not exist: dsrdump stops there
        assert "Imaging Measurement Report" in document(sr_path)
    assert segmentation_faults(seg_path, series, evidence) == ()
    assert report_faults(sr_path, series, evidence, seg_path) == ()
