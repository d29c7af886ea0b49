"""What was found, decided and exported comes back from its files: names, figures, decisions, voxels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medviewer.ai.findings import AnalysisResult, Code, Finding, Measurement, ResultState
from medviewer.dicom.evidence.facts import Evidence, Person
from medviewer.dicom.evidence.seg_writer import segmentation
from medviewer.dicom.evidence.sr_writer import report, verified
from medviewer.dicom.evidence.written_segments import segments_of
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Mask
from medviewer.review.evidence import evidence
from medviewer.review.overlay_reading import Request
from medviewer.review.report_overlays import read_object
from medviewer.review.session import Session
from medviewer.review.waiting import ImagesNotOpen
from tests.dicom.evidence.makers import WHEN, new_seg, new_sr, origin_of
from tests.dicom.scanned import only
from tests.factories import make_ct_series, save
from tests.review.makers import provenance

SIDES = ("Left", "Right", "Third")


def found_on(series: Series) -> AnalysisResult:
    """Three regions, each with a volume, its range, and a density."""
    findings = []
    for k, side in enumerate(SIDES):
        full = np.zeros((len(series.instances), *series.size), bool)
        full[k : k + 2, 2 : 7 + k, 3:9] = True
        figures = (
            Measurement("Volume", 100.5 + k, "mL", (99.25 + k, 101.75 + k), decimals=2),
            Measurement("Mean density", -800.0 - k, "HU"),
        )
        mask = Mask.from_full(k + 1, f"{side} lung", full, series.geometry)
        code = Code("SCT", "39607008", "Lung")
        findings.append(
            Finding(f"f{k}", f"{side} lung", f"{side} lung.", code=code, mask=mask, measurements=figures)
        )
    return AnalysisResult(ResultState.FINDINGS, series.key, series.patient_key, provenance(), tuple(findings))


def decided(series: Series, result: AnalysisResult) -> Evidence:
    """Accepted, rejected with a reason, not reviewed."""
    session = Session("Doe^Jane")
    session.open(scan([path.path.parent for path in series.instances[:1]]))
    session.show(series.key)
    assert session.add_result(result, session.start_analysis(series.key, result.provenance.model_id))
    session.accept("f0")
    session.reject("f1", "artefact")
    return evidence(result, series, session.state.decisions, reader=Person("Doe^Jane", "Hospital"))


def export(folder: Path, *, reviewed: bool = False) -> tuple[Series, AnalysisResult]:
    """Images in ``ct``, segmentation and report in ``out``."""
    make_ct_series(folder / "ct", slices=6)
    series = only(folder / "ct")
    result = found_on(series)
    if reviewed:
        result = AnalysisResult(
            result.state, result.series_key, result.patient_key, result.provenance, result.findings[:2]
        )
    origin, told = origin_of(series), decided(series, result)
    seg = segmentation(origin, series, told, new_seg())
    sr = report(origin, series, told, new_sr(), segments_of(seg))
    if reviewed:
        sr = verified(sr, Person("Roe^Richard", "Hospital"), WHEN)
    save(seg, folder / "out" / "seg.dcm")
    save(sr, folder / "out" / "sr.dcm")
    return series, result


def reopened(*folders: Path) -> Request:
    found = scan(list(folders))
    return Request(next(o for o in found.objects if o.kind.code == "SR"), "SR", found)


def test_that_a_result_comes_back_as_it_was_decided(tmp_path: Path) -> None:
    series, result = export(tmp_path)
    told, drawn = read_object(reopened(tmp_path / "out", tmp_path / "ct"))
    run = result.provenance
    assert {o.maker for o in told.overlays} == {f"{run.model_title} {run.model_version}"}
    words = ("accepted by the reader", "rejected by the reader", "not reviewed")
    for k, (row, finding) in enumerate(zip(told.overlays, result.findings, strict=True)):
        said = " | ".join(row.said).lower()
        assert words[k] in said
        assert sum(word in said for word in words) == 1
        assert row.figures[0] == f"Volume {100.5 + k}\u2009mL"
        assert row.figures[1] == f"Range {99.25 + k} to {101.75 + k}\u2009mL"
        assert row.figures[2].endswith(f"−{800.0 + k}\u2009HU")
        assert f"Comment: {finding.sentence}" in row.said
        assert row.target is not None
        outline = next(o for o in drawn.overlays if o.number == row.target[1])
        assert outline.mask is not None
        assert finding.mask is not None
        np.testing.assert_array_equal(outline.mask.full(), finding.mask.full())
        assert row.key_slice == outline.key_slice
    assert "Comment: Reader's reason: artefact" in told.overlays[1].said
    assert told.flags == "partial, not verified, observer Doe, Jane"
    assert told.series_key == drawn.series_key == series.key
    assert told.notices == drawn.notices == ()


def test_that_a_verified_report_says_by_whom(tmp_path: Path) -> None:
    export(tmp_path, reviewed=True)
    told, _ = read_object(reopened(tmp_path / "out", tmp_path / "ct"))
    assert told.flags == "complete, verified, by Roe, Richard, observer Doe, Jane"


def test_that_without_its_images_it_waits_for_all_of_them(tmp_path: Path) -> None:
    """Those of its segmentation too."""
    series, _ = export(tmp_path)
    with pytest.raises(ImagesNotOpen) as raised:
        read_object(reopened(tmp_path / "out"))
    named = {instance.sop_uid for instance in series.instances}
    assert raised.value.references == named
    assert raised.value.lacking == frozenset()
